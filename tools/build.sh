#!/usr/bin/env bash
# Builds the npm package into pkg/ and checks what it weighs.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
source "$root/tools/module.sh"

set_up rust wasm-bindgen node
cd "$root"

# One build at a time; whoever waits finds it done.
exec 9>"$tools/build.lock"
flock 9

compile_module "" release
mapfile -t package_sources < <(find npm -type f | sort)
inputs=("$built" "${package_sources[@]}" LICENSE-* package-lock.json wasm-pack.toml tools/build.sh tools/module.sh tools/check-package.mjs tools/trim-glue.mjs tools/order-functions.mjs tools/environment.sh)
[ -f README.md ] && inputs+=(README.md)
fingerprint="$(sha256sum "${inputs[@]}" | sha256sum)"
if [ -d pkg ] && [ "$(cat "$stamps/pkg" 2>/dev/null)" = "$fingerprint" ]; then
  exec node tools/check-package.mjs pkg --unoptimized "$root/target/pkg.unoptimized.wasm"
fi

staging="$root/target/pkg"
bind_module "$staging" "${small[@]}"
order_functions "$staging/mcp_tether_bg.wasm"

cp -r npm/* LICENSE-* "$staging/"
# Everything that all entries share becomes one file, which compresses better than four. The names of the exported classes
# go too; npm/slim.js gives them back.
esbuild=("$root/node_modules/.bin/esbuild" --minify --format=esm --log-level=warning --allow-overwrite)
"${esbuild[@]}" --bundle "$staging/slim.js" --external:./diagnose.js --outfile="$staging/slim.js"
# The diagnosis stays a file of its own, loaded by those who ask for it.
"${esbuild[@]}" --bundle "$staging/diagnose.js" --outfile="$staging/diagnose.js"
"${esbuild[@]}" "$staging"/{browser,node,page,storage,workerd,yaml,doctor}.js --outdir="$staging"
rm -r "$staging"/{mcp_tether,elicitation,error,timers,transport}.js "$staging"/{diagnosis,snippets}
[ -f README.md ] && cp README.md "$staging/"

rm -rf pkg
mv "$staging" pkg
printf '%s\n' "$fingerprint" >"$stamps/pkg"
node tools/check-package.mjs pkg --unoptimized "$root/target/pkg.unoptimized.wasm"
