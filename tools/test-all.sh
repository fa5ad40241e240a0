#!/usr/bin/env bash
# What takes too long for every change: 200,000 seeds of the simulation that were never run before, the coverage of the native tests, the fault table in Firefox and
# in workerd, the page in WebKit, and the gateway with more kinds of servers and with Python's clients. `make test` runs the same in Node and Chromium.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node browsers webkit
cd "$root"
FRESH=${FRESH:-200000} SEEDS=0 cargo test --quiet --test simulation seeds_
tools/coverage.sh
node tools/run-tests.mjs --one-at-a-time tests/js/suites/*.all.mjs
tools/test-worker.sh --all
tools/toolchains.sh
