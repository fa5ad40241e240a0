#!/usr/bin/env bash
# Builds the npm package into pkg/ and checks its size.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
source "$root/tools/module.sh"

set_up rust wasm-bindgen node
cd "$root"

# One build at a time; a second one waits, and finds it done.
exec 9>"$tools/build.lock"
flock 9

compile_module "" release
mapfile -t package_sources < <(find npm -type f | sort)
inputs=("$built" "${package_sources[@]}" LICENSE-* package-lock.json wasm-pack.toml tools/build.sh tools/module.sh tools/check-package.mjs tools/trim-glue.mjs tools/order-functions.mjs tools/environment.sh)
[ -f README.md ] && inputs+=(README.md)
inputs+=(tools/third-party-notices.mjs Cargo.lock)
fingerprint="$(sha256sum "${inputs[@]}" | sha256sum)"
if [ -d pkg ] && [ "$(cat "$stamps/pkg" 2>/dev/null)" = "$fingerprint" ]; then
  exec node tools/check-package.mjs pkg --unoptimized "$root/target/pkg.unoptimized.wasm"
fi

staging="$root/target/pkg"
bind_module "$staging" "${small[@]}"
order_functions "$staging/mcp_tether_bg.wasm"

cp -r npm/* LICENSE-* "$staging/"
node tools/third-party-notices.mjs "$staging/THIRD-PARTY-NOTICES" "$staging"/{slim,diagnose,oauth,oauth-more}.js
# Everything that all entries share becomes one file, which compresses better than four. The names of the exported classes
# go too; npm/slim.js gives them back.
esbuild=("$root/node_modules/.bin/esbuild" --minify --format=esm --log-level=warning --allow-overwrite)
"${esbuild[@]}" --bundle "$staging/slim.js" --external:./diagnose.js --external:./elicitation.js --external:./list-pages.js --outfile="$staging/slim.js"
# The diagnosis, the defaults of forms and further pages of lists are files of their own, loaded on use.
"${esbuild[@]}" --bundle "$staging/diagnose.js" --outfile="$staging/diagnose.js"
# OAuth is loaded on use; oauth-more.js holds the flows that most pages do not need.
"${esbuild[@]}" --bundle "$staging/oauth.js" --external:./oauth-more.js --outfile="$staging/oauth.js"
"${esbuild[@]}" --bundle "$staging/oauth-more.js" --outfile="$staging/oauth-more.js"
"${esbuild[@]}" --bundle "$staging/page.js" --outfile="$staging/page.js"
"${esbuild[@]}" "$staging"/{browser,cookies,doctor,elicitation,list-pages,lists,node,openai-agents,output-schema,react,snapshot,storage,workerd,yaml}.js --outdir="$staging"
rm -r "$staging"/{mcp_tether,error,transport}.js "$staging"/{diagnosis,oauth,page,snippets}
[ -f README.md ] && cp README.md "$staging/"

rm -rf pkg
mv "$staging" pkg
printf '%s\n' "$fingerprint" >"$stamps/pkg"
node tools/check-package.mjs pkg --unoptimized "$root/target/pkg.unoptimized.wasm"
