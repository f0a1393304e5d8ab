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

# as_root COMMAND...: runs it as root, through sudo where needed.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    fail "not root and there is no sudo: run 'scripts/setup' as root once, then the rest as yourself"
  fi
}

# need_disk MIB: fails when the build's file system has less room than that.
need_disk() {
  local free
  free=$(df --output=avail -m "$root" | tail -n 1 | tr -d ' ')
  [ "$free" -ge "$1" ] || fail "too little disk space: $root has $free MiB free, $1 MiB are needed"
}

# apt_run ARGUMENT...: apt-get as root, silent; on failure its last lines and one sentence.
apt_run() {
  local log
  log=$(mktemp)
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=2 -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    if grep -qE 'Could not (resolve|connect)|Temporary failure|Failed to fetch|Unable to connect|Connection (timed out|refused|failed)' "$log"; then
      rm -f "$log"
      fail "the distribution's package mirror can't be reached: connect this machine, or mend apt's sources"
    fi
    rm -f "$log"
    fail "'apt-get $1' failed, see above"
  fi
  # apt-get update only warns when a mirror can't be reached.
  if [ "$1" = update ] && grep -qE '^(W|E): (Failed to fetch|Some index files failed)' "$log"; then
    say "some of apt's sources can't be reached; going on with what is known"
  fi
  rm -f "$log"
}
