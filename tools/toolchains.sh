#!/usr/bin/env bash
# Builds and opens a small application with every toolchain, from the packed tarball: docs/toolchains.md. Arguments are parts of rows' names.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node browsers
cd "$root"
tools/build.sh
node tests/toolchains/run.mjs "$@"
