#!/usr/bin/env bash
# Installs the pinned tools: `tools/setup.sh <part>…`, parts rust, wasm-bindgen, wasm-pack, cargo-deny, cargo-fuzz,
# llvm-cov, node, browsers, webkit, python, nginx, programs, frameworks, load. Existing tools are left alone.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
source "$root/tools/debian-packages.sh"

main() {
  [ $# -gt 0 ] || fail "say what to set up: rust, wasm-bindgen, wasm-pack, cargo-deny, cargo-fuzz, llvm-cov, node, browsers, webkit, python, nginx, programs, frameworks, load"
  mkdir -p "$stamps"
  # Two targets of the Makefile may need the same tool at the same moment.
  exec 9>"$tools/setup.lock"
  flock 9
  for part in "$@"; do
    case "$part" in
      rust) set_up_rust ;;
      wasm-bindgen) set_up_cargo_tool wasm-bindgen-cli wasm-bindgen "$wasm_bindgen_version" ;;
      wasm-pack) set_up_cargo_tool wasm-pack wasm-pack "$wasm_pack_version" ;;
      cargo-deny) set_up_cargo_tool cargo-deny cargo-deny "$cargo_deny_version" --no-default-features ;;
      cargo-fuzz) set_up_cargo_tool cargo-fuzz cargo-fuzz "$cargo_fuzz_version" ;;
      llvm-cov) set_up_llvm_cov ;;
      node) set_up_node ;;
      browsers) set_up_browsers ;;
      webkit) set_up_webkit ;;
      python) set_up_python ;;
      nginx) set_up_nginx ;;
      programs) set_up_programs ;;
      frameworks) set_up_frameworks ;;
      load) set_up_load ;;
      *) fail "there is no part named $part to set up" ;;
    esac
  done
}

set_up_rust() {
  install_debian_packages cc:build-essential
  if [ "${MCP_TETHER_TOOLCHAIN:-}" = debian ]; then
    set_up_debian_rust
    return
  fi
  [ -f "$tools/toolchain" ] && debian_rust_works && return
  command -v rustup >/dev/null || fail "rustup is missing: install it, then run this again"
  rust_works && return
  say "installing Rust $rust_channel with the wasm32-unknown-unknown target"
  if rustup toolchain install "$rust_channel" --no-self-update --profile minimal --component clippy,rustfmt,rust-src --target wasm32-unknown-unknown && rust_works; then
    return
  fi
  say "rustup could not install it; building the target from Debian's sources instead"
  set_up_debian_rust
}

rust_works() {
  local libraries
  standard_library_has_source "$rust_channel" || return 1
  libraries="$(rustc "+$rust_channel" --print target-libdir --target wasm32-unknown-unknown 2>/dev/null)" || return 1
  compgen -G "$libraries/libcore-*.rlib" >/dev/null || return 1
  cargo "+$rust_channel" clippy --version >/dev/null 2>&1 && cargo "+$rust_channel" fmt --version >/dev/null 2>&1
}

# The published module is built with a standard library of its own (tools/build.sh).
standard_library_has_source() {
  [ -f "$(rustc "+$1" --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/std/Cargo.toml" ]
}

set_up_debian_rust() {
  "$root/tools/toolchain-debian.sh"
  use_linked_toolchain
}

debian_rust_works() {
  rustc "+$(cat "$tools/toolchain")" --version >/dev/null 2>&1
}

# Built from source and kept in the tree, independently of other projects' versions and of the state of the cargo home.
set_up_cargo_tool() {
  local crate="$1" program="$2" version="$3"
  shift 3
  local present
  present="$("$tools/bin/$program" --version 2>/dev/null | head -n 1 || true)"
  [ "${present##* }" = "$version" ] && return
  set_up_rust
  say "building $crate $version (a few minutes, once)"
  # Not --locked, unless a tool requires it: the lock files of most of these crates pin versions that have been yanked
  # since.
  (cd "$root" && cargo install --quiet --force --root "$tools" --version "=$version" "$@" "$crate") ||
    fail "$crate $version did not build: a C compiler and the crate registry have to be within reach"
}

# The command, and the LLVM tools of the compiler's version.
set_up_llvm_cov() {
  # It prints its version only as a subcommand of cargo.
  local present
  present="$("$tools/bin/cargo-llvm-cov" llvm-cov --version 2>/dev/null || true)"
  [ "${present##* }" = "$cargo_llvm_cov_version" ] || set_up_cargo_tool cargo-llvm-cov cargo-llvm-cov "$cargo_llvm_cov_version"
  set_up_rust
  local host="x86_64-unknown-linux-gnu"
  if [ -f "$tools/toolchain" ]; then
    install_debian_packages "/usr/lib/rustlib/$host/bin/llvm-cov:rust-web-llvm"
    return
  fi
  compgen -G "$(rustc "+$rust_channel" --print sysroot)/lib/rustlib/*/bin/llvm-cov" >/dev/null ||
    rustup component add --toolchain "$rust_channel" llvm-tools || fail "rustup could not install llvm-tools"
}

set_up_node() {
  command -v node >/dev/null || fail "Node $node_minimum or newer is missing: install it, then run this again"
  local major
  major="$(node -p 'process.versions.node.split(".")[0]')"
  [ "$major" -ge "$node_minimum" ] || fail "Node $major is too old: install Node $node_minimum or newer, then run this again"
  local wanted
  wanted="$(sha256sum <"$root/package-lock.json")"
  [ -d "$root/node_modules" ] && [ "$(cat "$stamps/node" 2>/dev/null)" = "$wanted" ] && return
  say "installing the npm packages that the tests and the build need"
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error) || fail "npm ci failed: the npm registry has to be within reach"
  printf '%s\n' "$wanted" >"$stamps/node"
}

set_up_browsers() {
  install_debian_packages chromium:chromium chromedriver:chromium-driver firefox:firefox-esr
  set_up_cargo_tool geckodriver geckodriver "$geckodriver_version"
}

# It has no headless mode: xvfb provides the screen.
set_up_webkit() {
  install_debian_packages WebKitWebDriver:webkit2gtk-driver xvfb-run:xvfb xauth:xauth
}

# Load generators: wrk for closed loops, oha for open ones.
set_up_load() {
  install_debian_packages wrk:wrk
  # With its lock file: newer dependencies need a newer Rust. In a subshell: without oha the bench skips the open loop,
  # and reports that.
  (set_up_cargo_tool oha oha "$oha_version" --locked) || say "oha is missing: nothing will be measured at a fixed rate"
}

# Unpacked, not installed: the package starts a service on port 80.
set_up_nginx() {
  [ -x "$tools/nginx/usr/sbin/nginx" ] && return
  command -v apt-get >/dev/null || fail "nginx is missing and this is no Debian: put its program into .tools/nginx/usr/sbin/, then run this again"
  say "unpacking nginx for the tests of its fixes"
  local folder
  folder="$(mktemp -d)"
  (cd "$folder" && apt-get download --quiet nginx && dpkg-deb -x nginx_*.deb "$tools/nginx") >"$tools/apt-get.log" 2>&1 ||
    fail "apt-get could not fetch nginx: see $tools/apt-get.log"
  rm -r "$folder"
}

# Programs that tests use as clients. They have a folder of their own, because they need other versions of what the
# tests need.
set_up_programs() {
  local wanted="$root/tests/gateway/programs" folder="$tools/programs" requirements
  need_python
  for requirements in "$wanted"/*.txt; do
    set_up_python_environment "$requirements" "$tools/python/$(basename "$requirements" .txt)"
  done
  cmp --silent "$wanted/package-lock.json" "$folder/installed.json" && return
  say "installing the programs that the gateway is tested with"
  mkdir -p "$folder"
  cp "$wanted"/package*.json "$root/.npmrc" "$folder/"
  install_locked_packages "$folder"
  cp "$wanted/package-lock.json" "$folder/installed.json"
}

# The packages of servers that the client is tested with: in place, where the servers find them.
set_up_frameworks() {
  local folder="$root/tests/interop/frameworks" installed="$stamps/frameworks.json"
  [ -d "$folder/node_modules" ] && cmp --silent "$folder/package-lock.json" "$installed" && return
  say "installing the frameworks that the client is tested with"
  install_locked_packages "$folder"
  cp "$folder/package-lock.json" "$installed"
}

install_locked_packages() {
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || fail "npm ci failed: the npm registry has to be within reach"
}

# The servers in Python that the client is tested with, and FastAPI for the fixes of the doctor, each in an environment of its own.
set_up_python() {
  local requirements
  need_python
  for requirements in "$root"/tests/interop/python-server/*.txt "$root/tests/js/helpers/fixes/fixes.txt"; do
    set_up_python_environment "$requirements" "$tools/python/$(basename "$requirements" .txt)"
  done
}

need_python() {
  # Not a program's name: it stands for the part of Python that Debian packages separately.
  python_makes_environments || install_debian_packages python3:python3 ensurepip:python3-venv
  python_makes_environments || fail "python3 cannot make virtual environments: install Python 3.10 or newer with venv and ensurepip, then run this again"
}

python_makes_environments() {
  python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

set_up_python_environment() {
  local requirements="$1" environment="$2"
  cmp --silent "$requirements" "$environment/installed.txt" && "$environment/bin/python" -c 'import pip' 2>/dev/null && return
  say "installing $(grep -m 1 -E '^[a-z-]*mcp[a-z-]*==' "$requirements") and what $(basename "$requirements") names beside it"
  rm -rf "$environment"
  { python3 -m venv "$environment" && "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"; } ||
    fail "the packages of $requirements could not be installed: the Python package index has to be within reach"
  cp "$requirements" "$environment/installed.txt"
}

main "$@"
