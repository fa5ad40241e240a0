#!/usr/bin/env bash
# The whole interop matrix: servers in TypeScript, Python and Rust. Argument: part of a server's name, to run that one
# only. Writes docs/interop.md.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust node python frameworks
cd "$root"

[ -x target/interop/debug/interop-rmcp-server ] || say "building the rmcp server (a few minutes, once)"
CARGO_TARGET_DIR="$root/target/interop" cargo build --quiet --locked --manifest-path tests/interop/rmcp-server/Cargo.toml
node tests/interop/run.mjs "$@"
