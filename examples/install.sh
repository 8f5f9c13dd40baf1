#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing of examples/debian-packages.txt, and nothing when all is there.
#   examples/install.sh build                 what the library and the examples need
#   examples/install.sh build test            … and what the tests need
#   examples/install.sh build test coverage   … and what tests/coverage.sh needs
set -euo pipefail
list=$(dirname "${BASH_SOURCE[0]}")/debian-packages.txt

if ! command -v dpkg-query >/dev/null; then
    echo "install: this is not a Debian; going on with what is there. Needed are the packages of $list" >&2
    exit 0
fi

missing=()
for step in "$@"; do
    while read -r of package; do
        [ "$of" = "$step" ] || continue
        status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || missing+=("$package")
    done <"$list"
done
[ ${#missing[@]} -gt 0 ] || exit 0

run=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install: these packages are missing, and installing them needs root or sudo: ${missing[*]}" >&2
        echo "install: as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    run=(sudo)
fi

echo "Installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt=("${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get)
install=("${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}")
if ! { "${apt[@]}" update -qq && "${install[@]}"; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "install: apt-get could not install them; what it said is above" >&2
    exit 1
fi
