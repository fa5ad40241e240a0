#!/usr/bin/env bash
# The tests that use the built package as its users do: in every runtime, in a page, against the conformance suite.
# Arguments select files.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node browsers
cd "$root"
tools/build.sh

if [ $# -gt 0 ]; then
  files=("$@")
else
  mapfile -t files < <(find tests/js/suites -name '*.test.mjs' | sort)
fi
[ ${#files[@]} -gt 0 ] || fail "there is no test in tests/js/suites"
# One file at a time: the tests measure time, and two browsers at once on a small machine are slower than one after the
# other.
node --test --test-reporter=spec --test-concurrency=1 "${files[@]}"
