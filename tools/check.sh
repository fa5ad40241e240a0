#!/usr/bin/env bash
# Checks the source without running it: format, lints, documentation, types, links, workflows, licences.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust node cargo-deny
cd "$root"

# Quick checks first.
node tools/check-links.mjs
node tools/check-workflows.mjs
node tools/check-release.mjs
# Not the advisories, whose database is a download: .github/workflows/nightly.yml.
cargo deny --log-level warn check bans licenses sources
stray="$(cargo package --quiet --list --allow-dirty | grep -vE '^(src/|README\.md$|LICENSE-|Cargo\.|\.cargo_vcs_info\.json$)' || true)"
[ -z "$stray" ] || fail "the crate's package has more than the crate (include in Cargo.toml): $stray"

cargo fmt --check
for example in examples/*/Cargo.toml; do cargo fmt --check --manifest-path "$example"; done
node_modules/.bin/biome ci --log-level=warn --error-on-warnings .
# Twice, because each target compiles only its own part of the dependencies; the core's tests need the host's part.
cargo clippy --quiet --all-targets -- --deny warnings
cargo clippy --quiet --lib --target wasm32-unknown-unknown -- --deny warnings
cargo clippy --quiet --lib --target wasm32-unknown-unknown --features gateway -- --deny warnings
# As a dependency of a Rust program.
cargo clippy --quiet --lib --target wasm32-unknown-unknown --no-default-features -- --deny warnings
cargo clippy --quiet --lib --target wasm32-unknown-unknown --no-default-features --features client -- --deny warnings
cargo clippy --quiet --test wasm --test wasm_page --target wasm32-unknown-unknown --features client,package -- --deny warnings
RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps --document-private-items
RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps --document-private-items --target wasm32-unknown-unknown --features client
# Not node_modules/.bin/tsc: every version of TypeScript that the tests compile with claims that name.
node node_modules/typescript/bin/tsc --project tests/js/types
node node_modules/typescript/bin/tsc
# Files and exports that nothing uses.
node_modules/.bin/knip --no-progress --include files,exports,types
say "check: passed"
