#!/usr/bin/env bash
# Builds the npm package mcp-tether-gateway into pkg-gateway/: the built Worker, its types, the command, the template.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

cd "$root"
tools/build-worker.sh
set_up node

exec 9>"$tools/build.lock"
flock 9

package="$root/target/gateway-package"
rm -rf "$package"
mkdir -p "$package/dist"
cp gateway/dist/index.js gateway/dist/*.wasm "$package/dist/"
cp gateway/dist/THIRD-PARTY-NOTICES LICENSE-* gateway/package/{package.json,index.d.ts,README.md} "$package/"
# Its dependency is installed with it: nothing of miniflare is in the Worker, only the command `dev` needs it.
node_modules/.bin/esbuild --bundle --platform=node --format=esm --target=node20 --external:miniflare --log-level=warning gateway/package/cli.mjs --outfile="$package/cli.js"
chmod +x "$package/cli.js"
cp -r gateway/template "$package/template"
# npm leaves files of this name out of packages; `init` gives it back.
mv "$package/template/.gitignore" "$package/template/gitignore"
rm -rf "$package/template"/{node_modules,.wrangler,.dev.vars,worker-configuration.d.ts,package-lock.json}
# One version for everything that is released, and the miniflare that the tests run on.
(cd "$package" && npm pkg set "version=$(node -p 'require("../../npm/package.json").version')" "dependencies.miniflare=$(node -p 'require("../../package.json").devDependencies.miniflare')")

rm -rf pkg-gateway
mv "$package" pkg-gateway
say "the package mcp-tether-gateway is in pkg-gateway/"
