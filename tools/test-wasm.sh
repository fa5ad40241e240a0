#!/usr/bin/env bash
# Runs tests/wasm in the hosts of the package. Arguments select some of them: `plain` is a plain `wasm-pack test`, in
# Node, Chrome and Firefox; `node`, `chrome`, `firefox`, `dedicated-worker` and `service-worker` run the same tests
# against servers of the official SDK, with the client for Rust programs and the allocator of the package.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# A run that executes nothing also exits with 0, so a count below these is a failure. Raise them when tests are added.
minimum_plain=61
minimum_with_servers=72

set_up rust wasm-bindgen wasm-pack node browsers
cd "$root"
servers=""

main() {
  if [ $# -eq 0 ]; then
    run_all
  else
    run_environments "$@"
  fi
}

# The plain run beside all others: most of the time of each goes to the start of a browser.
run_all() {
  local plain status=0
  run_environments plain &
  plain=$!
  (run_environments node chrome firefox dedicated-worker service-worker) || status=1
  wait "$plain" || status=1
  return "$status"
}

run_environments() {
  for environment in "$@"; do
    [ "$environment" = plain ] || [ -n "$servers" ] || start_servers
    case "$environment" in
      plain) run_plain ;;
      node) run_with_servers node --node ;;
      chrome) WASM_BINDGEN_USE_BROWSER=1 run_with_servers chrome --headless --chrome ;;
      firefox) WASM_BINDGEN_USE_BROWSER=1 run_with_servers firefox --headless --firefox ;;
      dedicated-worker) WASM_BINDGEN_USE_DEDICATED_WORKER=1 run_with_servers dedicated-worker --headless --chrome ;;
      service-worker) WASM_BINDGEN_USE_SERVICE_WORKER=1 run_with_servers service-worker --headless --chrome ;;
      *) fail "there is no environment named $environment" ;;
    esac
  done
}

# In this tree and not in a clone, which would compile all dependencies again. Only the environment matters, so ours is
# removed.
run_plain() {
  run_tests plain-node "$minimum_plain" env -u MCP_TETHER_TEST_SERVERS wasm-pack test --node
  run_tests plain-chrome "$minimum_plain" env -u MCP_TETHER_TEST_SERVERS wasm-pack test --headless --chrome
  run_tests plain-firefox "$minimum_plain" env -u MCP_TETHER_TEST_SERVERS wasm-pack test --headless --firefox
}

run_with_servers() {
  local name="$1"
  shift
  run_tests "$name" "$minimum_with_servers" wasm-pack test --mode no-install "$@" --test wasm --features client,package -- --include-ignored
}

# The servers print their addresses as one line of JSON once they listen. The tests get that line at compile time, since
# a page has no environment. So the ports of the last run are requested again: with new ones, every run would recompile
# the tests.
start_servers() {
  local ports=()
  [ -f "$stamps/wasm-servers" ] && mapfile -t ports < <(node --eval '
    const servers = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    for (const [name, url] of Object.entries(servers)) if (typeof url === "string") console.log(`--${name}-port\n${new URL(url).port}`);
  ' "$stamps/wasm-servers")
  try_servers "${ports[@]}" || try_servers || fail "the test servers did not start: see target/wasm-servers.log"
  printf '%s\n' "$MCP_TETHER_TEST_SERVERS" >"$stamps/wasm-servers"
}

try_servers() {
  local addresses="$root/target/wasm-servers.json"
  mkdir -p "$root/target"
  : >"$addresses"
  node tests/js/servers/for-wasm.mjs "$@" >"$addresses" 2>"$root/target/wasm-servers.log" &
  servers=$!
  trap 'kill "$servers" 2>/dev/null || true' EXIT
  for _ in $(seq 200); do
    MCP_TETHER_TEST_SERVERS="$(head -n 1 "$addresses")"
    export MCP_TETHER_TEST_SERVERS
    [ -n "$MCP_TETHER_TEST_SERVERS" ] && return
    kill -0 "$servers" 2>/dev/null || return 1
    sleep 0.1
  done
  kill "$servers"
  return 1
}

run_tests() {
  local name="$1" minimum="$2" log="$root/target/test-wasm-$1.log"
  shift 2
  mkdir -p "$root/target"
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    fail "wasm tests failed in $name"
  fi
  local passed
  passed="$(sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')"
  [ "$passed" -ge "$minimum" ] || fail "only $passed tests ran in $name, at least $minimum should: see $log"
  say "wasm tests in $name: $passed passed"
}

main "$@"
