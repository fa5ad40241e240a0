#!/usr/bin/env bash
# The time from navigation to the first answered call, beside the official clients. Arguments go to benches/load/main.mjs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node browsers
cd "$root"
tools/build.sh >&2
node benches/load/main.mjs "$@"
