# Sourced by every script here: the pinned versions, and where the tools of this project live.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
tools="$root/.tools"
stamps="$tools/stamps"

rust_channel="$(sed -n 's/^channel = "\(.*\)"/\1/p' "$root/rust-toolchain.toml")"
# The command line has to be of exactly the version that the crate is, so it is written down once, in Cargo.toml.
wasm_bindgen_version="$(sed -n 's/^wasm-bindgen = "=\(.*\)"/\1/p' "$root/Cargo.toml")"
wasm_pack_version="0.15.1"
geckodriver_version="0.37.1"
node_minimum="20"

# Ours come first; nothing is installed outside the tree.
export PATH="$tools/bin:$PATH"

# Set when set-up had to build the wasm target from Debian's sources (tools/toolchain-debian.sh).
if [ -f "$tools/toolchain" ]; then
  RUSTUP_TOOLCHAIN="$(cat "$tools/toolchain")"
  export RUSTUP_TOOLCHAIN
fi

say() { printf '%s\n' "mcp-tether: $*" >&2; }

fail() {
  say "$*"
  exit 1
}
