#!/usr/bin/env bash
# Runs tests/web.rs where it will be used: pages of Chrome and Firefox, a dedicated and a service worker, Node. Arguments narrow it to some environments.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# A run that skips everything is green too, so a count below this is a failure. Raise it when tests are added.
minimum_tests=1

"$root/tools/setup.sh" rust wasm-bindgen wasm-pack node browsers
source "$root/tools/environment.sh"
cd "$root"

main() {
  local environments=("$@")
  [ $# -gt 0 ] || environments=(node chrome firefox dedicated-worker service-worker)
  start_servers
  for environment in "${environments[@]}"; do
    case "$environment" in
      node) run_tests node --node ;;
      chrome) run_tests chrome --headless --chrome ;;
      firefox) run_tests firefox --headless --firefox ;;
      dedicated-worker) WASM_BINDGEN_USE_DEDICATED_WORKER=1 run_tests dedicated-worker --headless --chrome ;;
      service-worker) WASM_BINDGEN_USE_SERVICE_WORKER=1 run_tests service-worker --headless --chrome ;;
      *) fail "there is no environment named $environment" ;;
    esac
  done
}

# The servers print their addresses as one line of JSON once they listen. The tests get that line at compile time, since a page has no environment to read.
# The ports are kept from run to run where they are free, or every run would compile the tests again.
start_servers() {
  local output="$root/target/wasm-servers.log" ports="$stamps/wasm-servers"
  mkdir -p "$root/target"
  : >"$output"
  MCP_TETHER_TEST_PORTS="$(cat "$ports" 2>/dev/null || true)" node tests/js/servers/for-wasm.mjs >"$output" &
  servers=$!
  trap 'kill "$servers" 2>/dev/null || true' EXIT
  for _ in $(seq 100); do
    MCP_TETHER_TEST_SERVERS="$(head -n 1 "$output")"
    [ -n "$MCP_TETHER_TEST_SERVERS" ] && break
    kill -0 "$servers" 2>/dev/null || fail "the test servers did not start"
    sleep 0.1
  done
  [ -n "$MCP_TETHER_TEST_SERVERS" ] || fail "the test servers did not say where they listen within 10 s"
  export MCP_TETHER_TEST_SERVERS
}

run_tests() {
  local name="$1" log="$root/target/test-wasm-$1.log"
  shift
  say "wasm tests: $name"
  local driver=()
  case " $* " in
    *" --chrome "*) driver=(--chromedriver "$(command -v chromedriver)") ;;
    *" --firefox "*) driver=(--geckodriver "$(command -v geckodriver)") ;;
  esac
  wasm-pack --quiet test --mode no-install "$@" "${driver[@]}" --test web 2>&1 | tee "$log" | grep --invert-match '^ *Compiling\|^ *Finished' || true
  local passed
  [ "${PIPESTATUS[0]}" -eq 0 ] || fail "wasm tests failed in $name: see $log"
  passed="$(sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')"
  [ "$passed" -ge "$minimum_tests" ] || fail "only $passed tests ran in $name, at least $minimum_tests should"
}

main "$@"
