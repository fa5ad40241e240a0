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
node tools/run-tests.mjs "${files[@]}"
