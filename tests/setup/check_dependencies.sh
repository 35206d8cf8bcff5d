#!/usr/bin/env bash
# check_dependencies.sh CARGO-DENY: licences, sources and bans of all dependencies, which needs nothing but the lock
# file; then known security holes, which needs the database of advisories. Where the database cannot be had the check
# says so and goes on, unless ADVISORIES=required. ADVISORY_DB=url takes it from a copy elsewhere, such as file:///...
set -euo pipefail
deny=$(realpath "$1")
config=deny.toml
if [ -n "${ADVISORY_DB:-}" ]; then
  config=$(mktemp --suffix=.toml)
  trap 'rm -f "$config"' EXIT
  sed "s|^\[advisories\]$|[advisories]\ndb-urls = [\"$ADVISORY_DB\"]|" deny.toml > "$config"
fi
for manifest in Cargo.toml tests/fuzz/Cargo.toml; do
  echo "licences, sources and bans of $manifest"
  "$deny" --manifest-path "$manifest" --locked --all-features check --config "$config" bans licenses sources
done
if "$deny" --all-features fetch --config "$config" db; then
  for manifest in Cargo.toml tests/fuzz/Cargo.toml; do
    echo "advisories about $manifest"
    "$deny" --manifest-path "$manifest" --locked --all-features check --config "$config" --disable-fetch advisories
  done
elif [ "${ADVISORIES:-}" = required ]; then
  echo "the database of advisories cannot be had" >&2
  exit 1
else
  echo "advisories NOT CHECKED: their database cannot be had here" >&2
fi
