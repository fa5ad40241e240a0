# Sourced by every script here: the pinned versions, and the location of this project's tools.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
tools="$root/.tools"
stamps="$tools/stamps"

rust_channel="$(sed -n 's/^channel = "\(.*\)"/\1/p' "$root/rust-toolchain.toml")"
# The command line tool must have exactly the crate's version, which is written once, in Cargo.lock.
wasm_bindgen_version="$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;q}' "$root/Cargo.lock")"
wasm_pack_version="0.15.1"
geckodriver_version="0.37.1"
cargo_fuzz_version="0.13.2"
cargo_deny_version="0.20.2"
cargo_llvm_cov_version="0.9.1"
oha_version="1.16.0"
node_minimum="20"

# Ours come first; nothing is installed outside the tree.
export PATH="$tools/bin:$PATH"

say() { printf '%s\n' "mcp-tether: $*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Sets up the named parts (tools/setup.sh) and uses the resulting toolchain.
set_up() {
  "$root/tools/setup.sh" "$@"
  use_linked_toolchain
}

# It exists if the wasm target had to be built from Debian's sources (tools/toolchain-debian.sh).
use_linked_toolchain() {
  [ -f "$tools/toolchain" ] || return 0
  RUSTUP_TOOLCHAIN="$(cat "$tools/toolchain")"
  export RUSTUP_TOOLCHAIN
}

use_linked_toolchain
