#!/usr/bin/env bash
# What takes too long for every change: FRESH (200000) seeds of the simulation that were never run before, the coverage of the native tests, the slow
# tests of the package (among them Firefox, workerd, WebKit and pages in Rust) and of the gateway (among them Python's clients and an upgrade), and every
# toolchain. A part that fails does not end the run; the last line names those that failed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node browsers webkit
cd "$root"

started="$SECONDS"
failed=()
part() {
  local name="$1"
  shift
  say "test-all: $name"
  "$@" || failed+=("$name")
}

part "fresh seeds" env FRESH="${FRESH:-200000}" SEEDS=0 cargo test --quiet --test simulation seeds_
part "coverage" tools/coverage.sh
part "slow package tests" node tools/run-tests.mjs --one-at-a-time tests/js/suites/*.all.mjs
part "slow gateway tests" tools/test-worker.sh --all
part "toolchains" tools/toolchains.sh
[ ${#failed[@]} = 0 ] || fail "test-all: failed: $(printf '%s, ' "${failed[@]}" | sed 's/, $//')"
say "test-all: all parts passed in $((SECONDS - started)) s"
