#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From a bare Debian 12 to the segments of a sample shop: installs what is missing, builds, makes the shop, segments it.
# Works from any directory, as root or with sudo. Everything it writes lies in build/ (PATRON_BUILD names another).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=${PATRON_BUILD:-$PWD/build}

bash examples/install.sh build

quietly() { # runs a command; shows what it said only when it fails
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        echo "quickstart: failed: $*" >&2
        exit 1
    fi
    rm -f "$log"
}

echo "Building into $build"
[ -f "$build/CMakeCache.txt" ] ||
    quietly cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DPATRON_BUILD_TESTS=OFF -DPATRON_BUILD_BENCH=OFF
quietly cmake --build "$build" --target patron make_shop segment

echo "Making a sample shop"
"$build/examples/make_shop" --kinds "$build/sample-kinds.csv" >"$build/sample-orders.csv"

echo
"$build/examples/segment" --json "$build/sample-segments.json" "$build/sample-orders.csv"
echo "The order lines:   $build/sample-orders.csv"
echo "Who is who:        $build/sample-kinds.csv"
echo "The segments:      $build/sample-segments.json"
echo "Try your own:      $build/examples/segment ORDERS.csv    (--help says more)"
