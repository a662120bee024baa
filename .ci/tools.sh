# What `run`, `test` and `.ci/run` share: where things are, and what the machine must have. Sourced.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# One place for what is built, outside of the clone, so that a fresh clone does not begin anew.
set_target() {
  local target=${CARGO_TARGET_DIR:-${HOME:+$HOME/.cache/watchbell/target}}
  target=${target:-$root/target}
  mkdir -p "$target"
  CARGO_TARGET_DIR=$(cd "$target" && pwd)
  export CARGO_TARGET_DIR
}

# need_package COMMAND PACKAGE: has the command, or installs its Debian package.
need_package() {
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing $2 …"
    local log
    log=$(mktemp)
    if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$2"; } \
      </dev/null >"$log" 2>&1; then
      cat "$log" >&2
      rm -f "$log"
      die "$2 could not be installed; install it and start again"
    fi
    rm -f "$log"
  else
    die "$1 is missing. Install it (Debian: sudo apt-get install $2) and start again."
  fi
}

need_rust() {
  if ! command -v cargo >/dev/null && [ -n "${HOME:-}" ] && [ -x "$HOME/.cargo/bin/cargo" ]; then
    PATH=$HOME/.cargo/bin:$PATH
  fi
  command -v cargo >/dev/null || die "Rust is missing. Install it from https://rustup.rs and start again."
  local needed found
  needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
  found=$(cd "$root" && rustc --version | cut -d' ' -f2)
  if [ "$(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1)" != "$needed" ]; then
    die "Rust $needed or newer is needed, this is $found. Bring it up to date: rustup update"
  fi
  need_package cc build-essential
}

need_npm() {
  need_package npm npm
  local major
  major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
  [ "$major" -ge 18 ] || die "Node.js 18 or newer is needed, this is $(node --version)."
}

hash_of() { (cd "$root/web" && find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1); }

# install_web [--omit=dev]: what web/ builds with, unless it is there as the lock file says.
install_web() {
  local stamp=$root/web/node_modules/.installed wanted
  # What somebody installed for working on the pages stays.
  [ ! -d "$root/web/node_modules/typescript" ] || set --
  wanted="$(hash_of package.json package-lock.json) all"
  [ "$*" = --omit=dev ] && wanted="${wanted% all} build"
  # All holds what the build needs, too.
  if [ -f "$stamp" ] && { [ "$(cat "$stamp")" = "$wanted" ] || [ "$(cat "$stamp")" = "${wanted% build} all" ]; }; then
    return
  fi
  need_npm
  say "installing what web/ needs …"
  (cd "$root/web" && npm ci --no-audit --no-fund "$@") </dev/null >&2
  printf '%s\n' "$wanted" >"$stamp"
}

# The pages' styles and scripts, built when they have changed.
build_web() {
  local stamp=$root/web/node_modules/.built wanted
  wanted=$(hash_of src styles static build.mjs package-lock.json)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -f "$root/web/dist/app.css" ]; then
    return
  fi
  install_web "$@"
  (cd "$root/web" && npm run --silent build) </dev/null >&2
  printf '%s\n' "$wanted" >"$stamp"
  # The binary holds them; a file that was not there before is seen only when this is compiled anew.
  touch "$root/crates/server/src/web/assets.rs"
}
