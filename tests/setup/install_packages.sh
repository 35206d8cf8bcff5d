#!/usr/bin/env bash
# Installs the system packages that building, the demo and the tests need. Installs nothing that is there already.
set -euo pipefail

# Building: FFmpeg's libraries and their bindings, whisper.cpp.
# Running: the media tools and the voice of the sample interview; Python and npm fetch models.
# Tests: RabbitMQ, of which each test starts a private one; the system's own is not started.
debian_packages=(
  build-essential pkg-config clang libclang-dev cmake
  libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libswresample-dev
  ffmpeg espeak-ng python3 python3-venv npm
  rabbitmq-server
)
homebrew_packages=(pkgconf llvm cmake ffmpeg espeak-ng python node rabbitmq)

# How to become root, where one is not.
as_root=()

need_cargo() {
  if ! command -v cargo >/dev/null; then
    echo "setup: Rust is not installed: see rust-lang.org, then run make again" >&2
    exit 2
  fi
}

install_debian() {
  local missing=() package installed
  installed=$(dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\n' "${debian_packages[@]}" 2>/dev/null || true)
  for package in "${debian_packages[@]}"; do
    # npm may have come with another Node.js than the distribution's.
    if [ "$package" = npm ] && command -v npm >/dev/null; then continue; fi
    grep -q "^ii  *$package\$" <<<"$installed" || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "setup: ask an administrator to run: apt-get install ${missing[*]}" >&2
      exit 3
    fi
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]+"${as_root[@]}"}" apt-get update -qq
  forbid_services
  "${as_root[@]+"${as_root[@]}"}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes -qq --no-install-recommends "${missing[@]}"
  leave_services_off
}

# Packages of servers start them when they are installed; Debian asks this file first. One that is there stays.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  [ ! -e "$policy" ] || return 0
  trap '"${as_root[@]+"${as_root[@]}"}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]+"${as_root[@]}"}" tee "$policy" >/dev/null
  "${as_root[@]+"${as_root[@]}"}" chmod 755 "$policy"
}

# What was just installed shall not start with the machine either. Services that were there before are left alone.
leave_services_off() {
  if [[ " ${missing[*]} " == *" rabbitmq-server "* ]] && command -v systemctl >/dev/null; then
    "${as_root[@]+"${as_root[@]}"}" systemctl disable --quiet rabbitmq-server 2>/dev/null || true
  fi
}

install_homebrew() {
  local missing=() package
  for package in "${homebrew_packages[@]}"; do
    brew list --versions "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  echo "setup: installing ${missing[*]}"
  brew install "${missing[@]}"
}

need_cargo
if command -v apt-get >/dev/null; then
  install_debian
elif command -v brew >/dev/null; then
  install_homebrew
else
  echo "setup: neither apt nor Homebrew is here; install these by other means, then run make again:" >&2
  echo "  FFmpeg with its development files, clang with libclang, cmake, a C++ compiler, pkg-config," >&2
  echo "  espeak-ng, Python 3.11 or newer with venv, npm, RabbitMQ" >&2
  exit 3
fi
