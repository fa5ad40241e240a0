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
# The fuzz targets as plain tests: they must compile without libFuzzer's C++.
CARGO_TARGET_DIR="$root/target/fuzz" cargo test --quiet --no-default-features --manifest-path fuzz/Cargo.toml
tools/test-wasm.sh
# What tools/test-js.sh and tools/test-worker.sh run, in one go: while some files wait, others run.
tools/build.sh
tools/build-gateway-package.sh
mapfile -t files < <(find tests/js/suites tests/gateway -name '*.test.mjs' | sort)
node tools/run-tests.mjs "${files[@]}"
say "test: all suites passed in $((SECONDS - started)) s"
