#!/usr/bin/env bash
# What the package weighs, what one call adds to a bare fetch, and what crowds cost.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

cd "$root"
tools/build.sh
node benches/call.mjs
node --expose-gc tests/js/bench/main.mjs
