#!/usr/bin/env bash
# Builds the Worker into gateway/dist/: its own module, which includes the gateway's policy, and all JavaScript as one
# file.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
source "$root/tools/module.sh"

set_up rust wasm-bindgen node
cd "$root"

# The same lock as that of the package: they share cargo's folder.
exec 9>"$tools/build.lock"
flock 9

compile_module gateway worker
module="$root/target/worker-module"
mapfile -t package_sources < <(find npm -name '*.js' | sort)
fingerprint="$(sha256sum "$built" "${package_sources[@]}" npm/package.json gateway/*.js gateway/{oauth,observe,topology}/*.js gateway/landing/* tools/build-worker.sh tools/module.sh tools/trim-glue.mjs tools/name-imports.mjs tools/third-party-notices.mjs Cargo.lock package-lock.json | sha256sum)"
if [ -d gateway/dist ] && [ -d "$module" ] && [ "$(cat "$stamps/worker" 2>/dev/null)" = "$fingerprint" ]; then exit; fi

bind_module "$module" "${fast[@]}"
cp -r npm/*.js npm/diagnosis npm/oauth npm/package.json "$module/"
rm -rf gateway/dist
# The page at `/` is one file, so its script and style are texts of the bundle.
"$root/node_modules/.bin/esbuild" --bundle --minify --format=iife --target=es2022 --log-level=warning gateway/landing/page.js --outfile="$module/landing-script.txt"
"$root/node_modules/.bin/esbuild" --minify --log-level=warning gateway/landing/page.css --outfile="$module/landing-style.txt"
"$root/node_modules/.bin/esbuild" --bundle gateway/index.js --outdir=gateway/dist --format=esm --target=es2024 --log-level=warning \
  --conditions=workerd,worker,browser --alias:mcp-tether/oauth="$module/oauth.js" --alias:mcp-tether="$module/workerd.js" --alias:gateway-module="$module/mcp_tether.js" \
  --alias:raw-json="$root/gateway/raw-json.js" --alias:tldts="$root/gateway/topology/public-suffix.js" --alias:landing-script="$module/landing-script.txt" --alias:landing-style="$module/landing-style.txt" \
  --loader:.wasm=copy --loader:.txt=text --external:cloudflare:workers
node tools/third-party-notices.mjs gateway/dist/THIRD-PARTY-NOTICES --features gateway gateway/index.js "$module"/{workerd,oauth}.js
cp LICENSE-* gateway/dist/
printf '%s\n' "$fingerprint" >"$stamps/worker"
