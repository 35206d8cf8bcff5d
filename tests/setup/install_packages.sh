#!/usr/bin/env bash
# Installs the system packages that building, the demo and the tests need. Installs nothing that is there already.
set -euo pipefail

# Building: FFmpeg's libraries and their bindings, whisper.cpp.
# Running: the media tools and the voice of the sample interview; Python and npm fetch models.
debian_packages=(
  build-essential pkg-config clang libclang-dev cmake
  libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libswresample-dev
  ffmpeg espeak-ng python3 python3-venv npm
)
homebrew_packages=(pkgconf llvm cmake ffmpeg espeak-ng python node)

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
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "setup: ask an administrator to run: apt-get install ${missing[*]}" >&2
      exit 3
    fi
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]+"${as_root[@]}"}" apt-get update -qq
  "${as_root[@]+"${as_root[@]}"}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes -qq --no-install-recommends "${missing[@]}"
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
  echo "  espeak-ng, Python 3.11 or newer with venv, npm" >&2
  exit 3
fi
