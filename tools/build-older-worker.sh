#!/usr/bin/env bash
# Builds the gateway of another commit, for tests/gateway/upgrade.all.mjs: `tools/build-older-worker.sh REVISION`. Prints
# the folder of the built Worker.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

commit="$(git -C "$root" rev-parse --verify --quiet "$1^{commit}")" || fail "there is no commit $1 here"
# One folder for all commits, so that most of what is compiled can be used again.
older="$root/target/older"
out="$root/target/older-workers/$commit"
if [ ! -f "$out/index.js" ]; then
  mkdir -p "$older/.tools/stamps" "$older/.tools/bin"
  exec 8>"$older/.tools/older.lock"
  flock 8
  find "$older" -mindepth 1 -maxdepth 1 ! -name target ! -name .tools ! -name node_modules -exec rm -rf {} +
  git -C "$root" archive "$commit" | tar -x -C "$older"
  cp "$tools/bin/wasm-bindgen" "$older/.tools/bin/"
  [ ! -f "$tools/toolchain" ] || cp "$tools/toolchain" "$older/.tools/"
  # With the same dependencies, ours are used.
  if cmp --silent "$root/package-lock.json" "$older/package-lock.json"; then
    rm -rf "$older/node_modules"
    ln -s "$root/node_modules" "$older/node_modules"
    sha256sum <"$older/package-lock.json" >"$older/.tools/stamps/node"
  elif [ -L "$older/node_modules" ]; then
    rm "$older/node_modules"
  fi
  "$older/tools/build-worker.sh" >&2
  mkdir -p "$out"
  cp "$older"/gateway/dist/* "$out/"
fi
printf '%s/\n' "$out"
