#!/usr/bin/env bash
# What the gateway costs and carries on this machine: beside no gateway and plain JavaScript, with 1,000 users, and in a soak. benches/gateway/main.mjs says how to make it shorter.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node load
cd "$root"
tools/build-worker.sh
node benches/gateway/main.mjs
