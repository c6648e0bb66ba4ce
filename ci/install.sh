#!/usr/bin/env bash
# Installs the system packages that the project's checks use on Debian and Ubuntu.
# The harness itself needs none; this is for its own tests.
set -euo pipefail

packages=()          # none so far: tests of real programs will name theirs here

if [ "${#packages[@]}" -gt 0 ] && command -v apt-get >/dev/null; then
  sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -q
  "${sudo[@]}" apt-get install -y -q --no-install-recommends "${packages[@]}"
fi
