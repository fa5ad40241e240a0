#!/usr/bin/env bash
# The gateway's overhead and capacity on this machine: compared with no gateway and plain JavaScript, with 1,000 users,
# and in a soak. benches/gateway/main.mjs lists the settings that shorten it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node load
cd "$root"
tools/build-worker.sh
node benches/gateway/main.mjs
