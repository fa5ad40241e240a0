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
sysroot="$(rustc --print sysroot)"
# The paths of the builder's machine would otherwise be in the module, as the places of panics.
remaps="--remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sysroot=/rust --remap-path-prefix=$root=/mcp-tether"
# The published module is built with a standard library of its own: one made for size, in which a panic is a trap without
# a word. That is 8 KB less to download in brotli, most of it formatting of messages for panics that must not happen
# anyway. Cargo still calls it unstable, hence the bootstrap flag; the compiler is the pinned one, so it cannot shift.
# It has a folder of its own because tests and lints are built without it.
target="$root/target/published"
RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none $remaps" \
  cargo build --quiet --release --lib --target wasm32-unknown-unknown --target-dir "$target" \
  -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size
built="$target/wasm32-unknown-unknown/release/mcp_tether.wasm"

inputs=("$built" npm/* LICENSE-* package-lock.json wasm-pack.toml tools/build.sh tools/check-package.mjs tools/shorten-names.mjs tools/environment.sh)
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
# No inlining to speak of: calls that look alike compress better than bodies that were merged. 4 KB less in brotli than -Oz.
# Values are left in their locals for the same reason: another 0.2 KB.
"$wasm_opt" -O2 --shrink-level 2 --always-inline-max-function-size 5 --one-caller-inline-max-function-size 0 --flexible-inline-max-function-size 0 \
  --skip-pass=simplify-locals --strip-target-features --minify-imports-and-exports-and-modules "$root/target/mcp_tether_unoptimized.wasm" --output "$staging/mcp_tether_bg.wasm" |
  node tools/shorten-names.mjs "$staging/mcp_tether.js"

cp npm/* LICENSE-* "$staging/"
# Everything that all entries share becomes one file, which compresses better than four. The names of the exported classes
# go too; npm/slim.js gives them back.
esbuild=("$root/node_modules/.bin/esbuild" --minify --format=esm --log-level=warning --allow-overwrite)
"${esbuild[@]}" --bundle "$staging/slim.js" --outfile="$staging/slim.js"
"${esbuild[@]}" "$staging"/{browser,node,workerd,yaml}.js --outdir="$staging"
rm "$staging"/{mcp_tether,elicitation,error,transport}.js
[ -f README.md ] && cp README.md "$staging/"

rm -rf pkg
mv "$staging" pkg
printf '%s\n' "$fingerprint" >"$stamps/pkg"
node tools/check-package.mjs pkg --unoptimized "$root/target/mcp_tether_unoptimized.wasm"
