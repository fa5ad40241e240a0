# Sourced by the builds of the npm package and of the Worker: builds the wasm module of each.

# Compiles the crate with features in addition to `package`, in a profile of Cargo.toml; leaves the path of the module in $built.
compile_module() {
  local features="$1" profile="$2" cargo_home sysroot remaps target
  cargo_home="${CARGO_HOME:-$HOME/.cargo}"
  sysroot="$(rustc --print sysroot)"
  # Otherwise the module contains paths of the build machine, as the locations of panics.
  remaps="--remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sysroot=/rust --remap-path-prefix=$root=/mcp-tether"
  # The published module is built with a standard library of its own: one optimized for size, in which a panic is a trap
  # without a message. That is 8 KB less to download in brotli, most of it formatting of messages for panics that must
  # not happen anyway. Cargo still calls it unstable, hence the bootstrap flag; the compiler is pinned, so the behaviour
  # is stable. It has a folder of its own because tests and lints are built without it.
  target="$root/target/published"
  RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none $remaps" \
    cargo build --quiet --profile "$profile" --lib --features "package $features" --target wasm32-unknown-unknown --target-dir "$target" \
    -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size
  built="$target/wasm32-unknown-unknown/$profile/mcp_tether.wasm"
}

# The passes that make the module small: almost no inlining, because similar calls compress better than bodies that were
# merged, which is 4 KB less in brotli than -Oz. Values are left in their locals for the same reason: another 0.2 KB.
small=(-O2 --shrink-level 2 --always-inline-max-function-size 5 --one-caller-inline-max-function-size 0 --flexible-inline-max-function-size 0 --skip-pass=simplify-locals)
# And the passes that make it fast.
fast=(-O4)

# Writes the compiled module and its glue to a new folder, optimized by the rest of the arguments; copies wasm-opt's
# input to $unoptimized.
bind_module() {
  local folder="$1" wasm_opt="$root/node_modules/.bin/wasm-opt"
  shift
  [ -x "$wasm_opt" ] || fail "wasm-opt is missing from node_modules: run npm ci, then this again"
  unoptimized="$folder.unoptimized.wasm"
  rm -rf "$folder"
  wasm-bindgen "$built" --target web --no-typescript --remove-name-section --remove-producers-section --out-dir "$folder" --out-name mcp_tether
  mv "$folder/mcp_tether_bg.wasm" "$unoptimized"
  "$wasm_opt" "$@" --strip-target-features --minify-imports-and-exports-and-modules "$unoptimized" --output "$folder/mcp_tether_bg.wasm" |
    node tools/trim-glue.mjs "$folder/mcp_tether.js" "$folder/mcp_tether_bg.wasm"
}

# Features of the module beyond the first WebAssembly; the section that lists them is stripped, so wasm-opt needs the
# flags.
features=(--enable-reference-types --enable-bulk-memory --enable-multivalue --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals)

# Puts similar functions next to each other: 3 KB less to download (tools/order-functions.mjs).
order_functions() {
  node tools/order-functions.mjs "$1" "$root/node_modules/.bin/wasm-opt" "${features[@]}"
}
