#!/usr/bin/env bash
# Builds the npm package into pkg/ and checks what it weighs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust wasm-bindgen node
cd "$root"

# One build at a time; whoever waits finds it done.
exec 9>"$tools/build.lock"
flock 9

cargo_home="${CARGO_HOME:-$HOME/.cargo}"
# The paths of the builder's machine would otherwise be in the module, as the places of panics.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$root=/mcp-tether"
cargo build --quiet --release --lib --target wasm32-unknown-unknown
built="$root/target/wasm32-unknown-unknown/release/mcp_tether.wasm"

inputs=("$built" npm/* LICENSE-* package-lock.json wasm-pack.toml tools/build.sh tools/check-package.mjs tools/environment.sh)
[ -f README.md ] && inputs+=(README.md)
fingerprint="$(sha256sum "${inputs[@]}" | sha256sum)"
if [ -d pkg ] && [ "$(cat "$stamps/pkg" 2>/dev/null)" = "$fingerprint" ]; then
  exec node tools/check-package.mjs pkg --unoptimized "$root/target/mcp_tether_unoptimized.wasm"
fi

staging="$root/target/pkg"
rm -rf "$staging"
wasm-bindgen "$built" --target web --no-typescript --remove-name-section --remove-producers-section --out-dir "$staging" --out-name mcp_tether
mv "$staging/mcp_tether_bg.wasm" "$root/target/mcp_tether_unoptimized.wasm"

wasm_opt="$root/node_modules/.bin/wasm-opt"
[ -x "$wasm_opt" ] || fail "wasm-opt is missing from node_modules: run npm ci, then this again"
"$wasm_opt" -Oz "$root/target/mcp_tether_unoptimized.wasm" --output "$staging/mcp_tether_bg.wasm"

# Comments and whitespace go; names stay, since a class's name shows in a console.
"$root/node_modules/.bin/esbuild" "$staging/mcp_tether.js" --minify-whitespace --minify-syntax --log-level=warning --allow-overwrite --outfile="$staging/mcp_tether.js"

cp npm/* LICENSE-* "$staging/"
[ -f README.md ] && cp README.md "$staging/"

rm -rf pkg
mv "$staging" pkg
printf '%s\n' "$fingerprint" >"$stamps/pkg"
node tools/check-package.mjs pkg --unoptimized "$root/target/mcp_tether_unoptimized.wasm"
