#!/usr/bin/env bash
# Runs clients and frameworks through one restart of their server, which gives the table of README.md and docs/clients.md, then the
# official clients and ours side by side on the same faults: docs/compared.json and .md. With arguments, which go to tests/js/bench/compare.mjs, only the latter.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up node browsers
cd "$root"
tools/build.sh >&2
[ $# -gt 0 ] || OPENAI_AGENTS_DISABLE_TRACING=1 node tests/js/bench/restart.mjs README.md docs/clients.md
[ $# -gt 0 ] || set -- --write=docs/compared.json
node tests/js/bench/compare.mjs "$@"
