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
inputs=("$built" "${package_sources[@]}" LICENSE-* package-lock.json docs/toolchains.md wasm-pack.toml tools/build.sh tools/module.sh tools/check-package.mjs tools/pack-help.mjs tools/pack-module.mjs tools/pack-readme.mjs tools/trim-glue.mjs tools/name-imports.mjs tools/order-functions.mjs tools/environment.sh)
[ -f README.md ] && inputs+=(README.md)
inputs+=(tools/third-party-notices.mjs Cargo.lock)
fingerprint="$(sha256sum "${inputs[@]}" | sha256sum)"
# What is in pkg/ counts, too: `wasm-pack build` replaces it by a package of its own.
contents() { (cd "$root/pkg" 2>/dev/null && find . -type f | sort | xargs sha256sum | sha256sum); }
if [ "$(cat "$stamps/pkg" 2>/dev/null)" = "$fingerprint $(contents)" ]; then
  exec node tools/check-package.mjs pkg --unoptimized "$root/target/pkg.unoptimized.wasm"
fi

staging="$root/target/pkg"
bind_module "$staging" "${small[@]}"
order_functions "$staging/mcp_tether_bg.wasm"

cp -r npm/* "$staging/"
node tools/third-party-notices.mjs "$staging/THIRD-PARTY-NOTICES" "$staging"/{slim,diagnose,oauth,oauth-more}.js
node tools/pack-module.mjs "$staging/mcp_tether_bg.wasm" "$staging/packed.js"

package="$root/target/package"
rm -rf "$package"
mkdir "$package"
esbuild=("$root/node_modules/.bin/esbuild" --minify --format=esm --log-level=warning --outdir="$package")
# A page gets one file, which compresses better than several and costs one round trip. The names of the exported classes go too; npm/slim.js gives them
# back.
# Loaded on demand, each a file of its own.
lazy=(diagnose.js elicitation.js base64.js list-pages.js oauth-more.js)
# Entries of their own. A page must not get a second copy of slim.js with one of them: what they need of the package is small, and bundled in.
alone=(cookies.js devtools.js lists.js openai-agents.js output-schema.js page.js react.js snapshot.js storage.js yaml.js)
# These share slim.js and base64.js.
sharing=(doctor.js edge.js node.js)
"${esbuild[@]}" --bundle "${lazy[@]/#/--external:./}" "$staging/browser.js"
# Node prints the line of an uncaught error.
"${esbuild[@]}" --bundle --line-limit=160 "${lazy[@]/#/--external:./}" "$staging/slim.js"
# A second time, for 50 bytes less in brotli: without the names that only npm/transport.js uses, and with the shortest variables where they are used most.
again=("${esbuild[@]}" --allow-overwrite --mangle-props='^(settleWith|relayTo|isCancelled|hasProgressed|fitness|settled)$')
"${again[@]}" "$package/browser.js"
"${again[@]}" --line-limit=160 "$package/slim.js"
"${esbuild[@]}" --bundle "${lazy[@]/#/$staging/}"
# Of each other they import what is public.
"${esbuild[@]}" --bundle --packages=external --external:./lists.js --external:./snapshot.js "${alone[@]/#/$staging/}"
"${esbuild[@]}" --bundle --external:./oauth-more.js "$staging/oauth.js"
# As above: names that only npm/oauth/ uses, and that are neither stored nor used by oauth-more.js.
inner='^(keepClient|withoutDocument|isBound|handed|refreshes|flights|aborter|failure|logins|since|waiting|isOfPage|hints|locate|load|store|edit|alone|entry|prepare|release|scopes|grants|opened|stored)$'
"${esbuild[@]}" --allow-overwrite --mangle-props="$inner" "$package/oauth.js"
# npm sorts a tarball's files by their names. Beside browser.js, within gzip's window, what both have in common takes 7 KB less. base64.js, which is longer
# than the window, comes before all other code for the same reason: 0.9 KB less.
mv "$package/slim.js" "$package/core.js"
printf '%s\n' "export * from './core.js';" "export { default } from './core.js';" >"$staging/slim.js"
"${esbuild[@]}" "$staging/slim.js" "${sharing[@]/#/$staging/}"
"${esbuild[@]}" --bundle --external:./slim.js --external:./mcp_tether_bg.wasm "$staging/workerd.js"
chmod +x "$package/doctor.js"
cp "$staging"/{mcp_tether_bg.wasm,package.json,THIRD-PARTY-NOTICES,*.d.ts} LICENSE-* "$package/"
[ -f README.md ] && node tools/pack-readme.mjs README.md "$package"
# Errors name it.
node tools/pack-help.mjs "$package"

rm -rf pkg "$staging"
mv "$package" pkg
printf '%s\n' "$fingerprint $(contents)" >"$stamps/pkg"
node tools/check-package.mjs pkg --unoptimized "$root/target/pkg.unoptimized.wasm"
