#!/usr/bin/env bash
# Runs the official clients and ours side by side on the same faults. Arguments go to tests/js/bench/compare.mjs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node browsers
cd "$root"
tools/build.sh >&2
node tests/js/bench/compare.mjs "$@"
