#!/usr/bin/env bash
# Everything that CI checks, the quick parts first. A suite that fails ends the run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust wasm-bindgen wasm-pack node browsers
cd "$root"

started="$SECONDS"
tools/check.sh
say "native tests"
cargo test --quiet
tools/test-wasm.sh
tools/test-js.sh
say "test: all suites passed in $((SECONDS - started)) s"
