#!/usr/bin/env bash
# What the package weighs, and what one call adds to a bare fetch.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

cd "$root"
tools/build.sh
node benches/call.mjs
