#!/usr/bin/env bash
# Assembles the public site in target/site/: the demo page as static files, the documents under docs/, and the crate's documentation under api/.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

set_up rust node
cd "$root"
tools/build.sh
node tools/bundle-official-client.mjs

site="$root/target/site"
rm -rf "$site"
cp -r www "$site"
cp -r pkg "$site/pkg"
# What the page's `npm install` and `npx` name.
mv "$site/$(npm pack --silent "$root/pkg" --pack-destination "$site")" "$site/mcp-tether.tgz"
node tools/third-party-notices.mjs "$site/bundled/THIRD-PARTY-NOTICES" @modelcontextprotocol/client
RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps --lib
cp -r "$root/target/doc" "$site/api"
rm -f "$site/api/.lock" "$site/README.md"
printf '<!doctype html><meta http-equiv="refresh" content="0; url=mcp_tether/">\n' >"$site/api/index.html"
node tools/build-documents.mjs
# There the documents are beside the page.
sed -i -e 's|https://github.com/mcp-tether/mcp-tether#readme|docs/index.html|' \
  -e 's|https://github.com/mcp-tether/mcp-tether/blob/main/docs/\([a-z-]*\)\.md|docs/\1.html|' "$site/index.html"
# Without it GitHub Pages omits files whose names begin with an underscore.
: >"$site/.nojekyll"
say "site: $(du -sh "$site" | cut -f1) in $site"
