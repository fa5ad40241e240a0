#!/usr/bin/env bash
# Builds a Rust toolchain with the wasm target from Debian's packages, for machines that cannot reach rustup's server.
# Its name goes to .tools/toolchain. Debian has a recent compiler (rustc-web) and the matching sources, but no standard
# library for wasm32-unknown-unknown: that is built here.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
source "$root/tools/debian-packages.sh"

name=mcp-tether-debian
toolchain="$tools/debian-rust"
host=x86_64-unknown-linux-gnu
target=wasm32-unknown-unknown
linker_version=19

main() {
  [ "$(uname -m)" = x86_64 ] || fail "the toolchain from Debian's packages is for x86_64 only: install Rust $rust_channel with rustup"
  command -v rustup >/dev/null || fail "rustup is missing: install it (it needs no server for this), then run this again"
  install_debian_packages \
    /usr/bin/rustc:rustc-web /usr/bin/cargo:cargo-web /usr/lib/rustlib/src/rust/library/Cargo.toml:rust-web-src \
    /usr/bin/clippy-driver:rust-web-clippy /usr/bin/rustfmt:rustfmt-web "/usr/bin/lld-$linker_version:lld-$linker_version"

  local version
  version="$(/usr/bin/rustc --version)"
  if [ "$(cat "$toolchain/version" 2>/dev/null)" != "$version" ]; then
    say "building the standard library for $target from Debian's sources ($version)"
    rm -rf "$toolchain"
    lay_out_sysroot
    write_wrappers
    build_standard_library
    printf '%s\n' "$version" >"$toolchain/version"
  fi
  rustup toolchain link "$name" "$toolchain" || fail "rustup could not link $toolchain"
  printf '%s\n' "$name" >"$tools/toolchain"
}

# Debian's own sysroot belongs to its packages; ours links the host's part and adds the target.
lay_out_sysroot() {
  mkdir -p "$toolchain/lib/rustlib/$host/bin" "$toolchain/lib/rustlib/$target/lib" "$toolchain/bin"
  ln -s "/usr/lib/rustlib/$host/lib" "$toolchain/lib/rustlib/$host/lib"
  ln -s /usr/lib/rustlib/src "$toolchain/lib/rustlib/src"
  # rustc looks for the wasm linker under this name; lld takes its flavor from an argument.
  ln -s "/usr/bin/lld-$linker_version" "$toolchain/lib/rustlib/$host/bin/rust-lld"
}

write_wrappers() {
  local program
  for program in rustc rustdoc; do
    printf '#!/bin/sh\nexec /usr/bin/%s --sysroot "%s" "$@"\n' "$program" "$toolchain" >"$toolchain/bin/$program"
    chmod +x "$toolchain/bin/$program"
  done
  # Clippy starts its own driver, which reads the sysroot from the environment only.
  printf '#!/bin/sh\nSYSROOT="%s" exec /usr/bin/cargo "$@"\n' "$toolchain" >"$toolchain/bin/cargo"
  chmod +x "$toolchain/bin/cargo"
  for program in cargo-clippy clippy-driver cargo-fmt rustfmt; do
    ln -s "/usr/bin/$program" "$toolchain/bin/$program"
  done
}

build_standard_library() {
  local empty="$toolchain/empty"
  mkdir -p "$empty/src"
  printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n' >"$empty/Cargo.toml"
  : >"$empty/src/lib.rs"
  # Building std is an unstable feature of cargo, which RUSTC_BOOTSTRAP enables on a stable one. The bitcode is for our
  # link-time optimisation; no path of this machine may end up in a package.
  local flags="-C embed-bitcode=yes --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=/usr/src=/rustc"
  (
    cd "$empty"
    RUSTC="$toolchain/bin/rustc" RUSTC_BOOTSTRAP=1 RUSTFLAGS="$flags" CARGO_TARGET_DIR="$empty/target" \
      /usr/bin/cargo build --quiet --release -Zbuild-std=std,panic_abort,test --target "$target"
  ) || fail "the standard library did not build from Debian's sources"
  find "$empty/target/$target/release/deps" -name '*.rlib' -not -name 'libempty-*' -exec cp {} "$toolchain/lib/rustlib/$target/lib/" \;
  rm -rf "$empty"
}

main
