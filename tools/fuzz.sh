#!/usr/bin/env bash
# Fuzzes the event stream parser, the header readers and sequences of operations, for FUZZ_SECONDS (60) each.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust cargo-fuzz
cd "$root"

cargo +nightly --version >/dev/null 2>&1 || fail "fuzzing needs a nightly toolchain: rustup toolchain install nightly"
for target in sse headers operations; do
  cargo +nightly fuzz run "$target" -- -max_total_time="${FUZZ_SECONDS:-60}" -print_final_stats=1
  say "fuzz: $target held for ${FUZZ_SECONDS:-60} s"
done
