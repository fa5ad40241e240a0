#!/usr/bin/env bash
# Runs tests/web.rs where it will be used: pages of Chrome and Firefox, a dedicated and a service worker, Node. Arguments narrow it to some environments.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# A run that skips everything is green too, so a count below this is a failure. Raise it when tests are added.
minimum_tests=30

set_up rust wasm-bindgen wasm-pack node browsers
cd "$root"

main() {
  local environments=("$@")
  [ $# -gt 0 ] || environments=(node chrome firefox dedicated-worker service-worker)
  start_servers
  for environment in "${environments[@]}"; do
    case "$environment" in
      node) run_tests node --node ;;
      chrome) WASM_BINDGEN_USE_BROWSER=1 run_tests chrome --headless --chrome ;;
      firefox) WASM_BINDGEN_USE_BROWSER=1 run_tests firefox --headless --firefox ;;
      dedicated-worker) WASM_BINDGEN_USE_DEDICATED_WORKER=1 run_tests dedicated-worker --headless --chrome ;;
      service-worker) WASM_BINDGEN_USE_SERVICE_WORKER=1 run_tests service-worker --headless --chrome ;;
      *) fail "there is no environment named $environment" ;;
    esac
  done
}

# The servers print their addresses as one line of JSON once they listen. The tests get that line at compile time, since a page has no environment to read.
# So the ports of the last run are asked for again: with new ones, every run would compile the tests anew.
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
  local name="$1" log="$root/target/test-wasm-$1.log"
  shift
  local driver=()
  case " $* " in
    *" --chrome "*) driver=(--chromedriver "$(command -v chromedriver)") ;;
    *" --firefox "*) driver=(--geckodriver "$(command -v geckodriver)") ;;
  esac
  if ! wasm-pack test --mode no-install "$@" "${driver[@]}" --test web >"$log" 2>&1; then
    cat "$log" >&2
    fail "wasm tests failed in $name"
  fi
  local passed
  passed="$(sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')"
  [ "$passed" -ge "$minimum_tests" ] || fail "only $passed tests ran in $name, at least $minimum_tests should"
  say "wasm tests in $name: $passed passed"
}

main "$@"
