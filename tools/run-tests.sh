# Sourced by the scripts that run test files of Node.

# Runs test files: several at once, since most of their time is waiting for browsers, servers and timers; then, one after
# the other, those that measure what a busy machine would change. Such a file has a comment that begins with "Runs alone:".
# A file that does not end fails by name after 15 minutes, before it uses up the time of CI.
run_tests() {
  [ $# -gt 0 ] || fail "there is no test to run"
  local file together=() alone=() timeout=900000
  for file in "$@"; do
    if grep -q '^// Runs alone: ' "$file"; then alone+=("$file"); else together+=("$file"); fi
  done
  local status=0
  [ ${#together[@]} -eq 0 ] || run_at_once "$(($(nproc) + 1))" "${together[@]}" || status=1
  [ ${#alone[@]} -eq 0 ] || run_alone "${alone[@]}" || status=1
  return "$status"
}

run_alone() {
  run_at_once 1 "$@"
}

run_at_once() {
  local count="$1"
  shift
  node --test --test-reporter=spec --test-concurrency="$count" --test-timeout="${timeout:-Infinity}" "$@"
}
