#!/usr/bin/env bash
# The package's size, the time that one call adds to a bare fetch, and the cost of many callers.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

cd "$root"
tools/build.sh
node benches/call.mjs
node --expose-gc tests/js/bench/main.mjs
