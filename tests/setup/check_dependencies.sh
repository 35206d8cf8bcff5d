#!/usr/bin/env bash
# check_dependencies.sh CARGO-DENY: licences, sources and bans of all dependencies, which needs nothing but the lock
# files; then known security holes, which needs the database of advisories. Where the database cannot be had the check
# says so and goes on, unless ADVISORIES=required. A mirror of it is named in git's own settings (url.….insteadOf).
set -euo pipefail
deny=$(realpath "$1")
check() {
  local manifest
  for manifest in Cargo.toml tests/fuzz/Cargo.toml; do
    echo "$manifest:"
    "$deny" --manifest-path "$manifest" --config deny.toml --locked --all-features check "$@"
  done
}
check bans licenses sources
if timeout 120 "$deny" --config deny.toml --all-features fetch db; then
  check advisories
elif [ "${ADVISORIES:-}" = required ]; then
  echo "the database of advisories cannot be had" >&2
  exit 1
else
  echo "advisories NOT CHECKED: their database cannot be had here" >&2
fi
