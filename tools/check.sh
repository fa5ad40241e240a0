#!/usr/bin/env bash
# What can be said about the source without running it: format, lints, documentation, types.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust node
cd "$root"

cargo fmt --check
node_modules/.bin/biome ci --log-level=warn --error-on-warnings .
# Twice, because each target sees its own half of the dependencies; the core's own tests need the host's half.
cargo clippy --quiet --all-targets -- --deny warnings
cargo clippy --quiet --lib --target wasm32-unknown-unknown -- --deny warnings
cargo clippy --quiet --lib --target wasm32-unknown-unknown --features gateway -- --deny warnings
cargo clippy --quiet --test wasm --test wasm_page --target wasm32-unknown-unknown -- --deny warnings
RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps --document-private-items
RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps --document-private-items --target wasm32-unknown-unknown
node_modules/.bin/tsc --project tests/js/types
say "check: passed"
