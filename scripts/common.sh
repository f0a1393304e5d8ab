# Sourced by the scripts beside it: the source tree's root, messages, and files made whole or not at all.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root

say() { printf '%s\n' "$*"; }

# fail MESSAGE: one sentence on stderr, exit 1.
fail() {
  printf 'vedette: %s\n' "$*" >&2
  exit 1
}

# scratch_dir: makes a temporary directory beside the build (same file system, so that `mv` is atomic), removed on exit.
scratch_dir() {
  mkdir -p "$root/build"
  scratch=$(mktemp -d "$root/build/.tmp.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
}

# need_disk MIB [DIR]: fails when the file system of DIR (the build's) has less room than that.
need_disk() {
  local where=${2:-$root} free
  free=$(df --output=avail -m "$where" | tail -n 1 | tr -d ' ')
  [ "$free" -ge "$1" ] || fail "too little disk space: $where has $free MiB free, $1 MiB are needed"
}

# apt_run ARGUMENT...: apt-get as root, through sudo where needed; silent, on failure one sentence.
apt_run() {
  local log status=0 sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "packages are missing, this isn't root and there is no sudo: run 'scripts/setup test' as root once"
    sudo=(sudo)
    sudo -v || fail "sudo refused: run 'scripts/setup test' as root once"
  fi
  log=$(mktemp)
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=2 -o DPkg::Lock::Timeout=120 "$@" \
    >"$log" 2>&1 </dev/null || status=$?
  # apt-get update only warns when a mirror can't be reached.
  if grep -qE '(W|E): (Failed to fetch|Some index files failed|Unable to fetch)' "$log"; then
    [ "$1" != update ] || say "some of apt's sources can't be reached; going on with what is known"
    [ "$status" -eq 0 ] || { rm -f "$log"; fail "the distribution's package mirror can't be reached: connect this machine, or mend apt's sources"; }
  fi
  [ "$status" -eq 0 ] || { tail -n 15 "$log" >&2; rm -f "$log"; fail "'apt-get $1' failed, see above"; }
  rm -f "$log"
}
