# Sourced: `install_debian_packages program-or-file:package…` installs the packages whose program is not on the PATH, or
# whose file is missing.

install_debian_packages() {
  local pair missing=()
  for pair in "$@"; do
    is_present "${pair%%:*}" || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "these packages are missing and this is no Debian: ${missing[*]}; install them, then run this again"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "run this once as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  {
    "${as_root[@]}" apt-get update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
  } >"$tools/apt-get.log" 2>&1 || fail "apt-get could not install ${missing[*]}: see $tools/apt-get.log"
}

is_present() {
  case "$1" in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}
