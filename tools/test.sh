#!/usr/bin/env bash
# Everything that CI checks, the quick parts first. A suite that fails ends the run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust wasm-bindgen wasm-pack node browsers
cd "$root"

started="$SECONDS"
tools/check.sh
# Most of its time is waiting for browsers, so it runs beside what follows.
wasm_output="$(mktemp)"
tools/test-wasm.sh >"$wasm_output" 2>&1 &
wasm_tests=$!
trap 'wait "$wasm_tests" || true; rm -f "$wasm_output"' EXIT
say "native tests"
cargo test --quiet
# The fuzz targets as plain tests: they must compile without libFuzzer's C++.
CARGO_TARGET_DIR="$root/target/fuzz" cargo test --quiet --no-default-features --manifest-path fuzz/Cargo.toml
# What tools/test-js.sh and tools/test-worker.sh run, in one go: while some files wait, others run.
tools/build.sh
tools/build-gateway-package.sh
mapfile -t files < <(find tests/js/suites tests/gateway -name '*.test.mjs' | sort)
status=0
node tools/run-tests.mjs "${files[@]}" || status=1
if wait "$wasm_tests"; then
  grep "^mcp-tether: wasm tests" "$wasm_output" >&2
else
  cat "$wasm_output" >&2
  fail "test: the wasm tests failed"
fi
[ "$status" = 0 ] || fail "test: failed"
say "test: all suites passed in $((SECONDS - started)) s"
