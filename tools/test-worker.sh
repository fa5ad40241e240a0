#!/usr/bin/env bash
# The tests of the gateway: the built Worker on workerd, real servers behind it, real clients before it. `--all` runs
# the long ones; other arguments select files.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node browsers
cd "$root"
tools/build.sh
tools/build-gateway-package.sh

patterns=(-name '*.test.mjs')
order=()
if [ "${1:-}" = --all ]; then
  patterns=(-name '*.all.mjs')
  # They kill processes, count memory and load the machine on purpose.
  order=(--one-at-a-time)
  set_up python programs
  # rmcp's client; the first time takes minutes.
  CARGO_TARGET_DIR="$root/target/interop" cargo build --quiet --locked --manifest-path tests/interop/rmcp-client/Cargo.toml
  shift
fi
if [ $# -gt 0 ]; then
  files=("$@")
else
  mapfile -t files < <(find tests/gateway "${patterns[@]}" | sort)
fi
node tools/run-tests.mjs "${order[@]}" "${files[@]}"
