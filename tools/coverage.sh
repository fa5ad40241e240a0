#!/usr/bin/env bash
# Prints how much of the crate the native tests reach, by folder: units, scenarios, and COVERAGE_SEEDS (2000) seeds of the simulation.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust llvm-cov node
cd "$root"

host="$(rustc -vV | sed -n 's/^host: //p')"
if [ ! -x "$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-cov" ]; then
  # Debian packs LLVM's tools apart, and they are not in the sysroot of tools/toolchain-debian.sh.
  export LLVM_COV="/usr/lib/rustlib/$host/bin/llvm-cov" LLVM_PROFDATA="/usr/lib/rustlib/$host/bin/llvm-profdata"
fi
report="$root/target/coverage.json"
SEEDS="${COVERAGE_SEEDS:-2000}" cargo llvm-cov --quiet --json --summary-only --output-path "$report" \
  --lib --test scenarios --test simulation --test sse_oracle >"$root/target/coverage.log" 2>&1 ||
  { tail -n 50 "$root/target/coverage.log" >&2; fail "the tests failed under coverage"; }
node tools/coverage.mjs "$report"
