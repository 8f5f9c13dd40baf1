#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Takes what callers see now into tests/abi/abi.txt and the declarations for Python, on purpose. Say in CHANGELOG.md
# what changed.
# usage: tests/abi/update.sh [BUILD FOLDER]      (build)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=$(realpath "${1:-build}")

cmake --build "$build" --target patron segment make_shop >/dev/null
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
python3 -B tests/python/check_declarations.py --write "$compiler" include "$build/include"
new=$(mktemp)
trap 'rm -f "$new"' EXIT
python3 -B tests/abi/snapshot.py print "$compiler" "$build" >"$new"
if [ -f tests/abi/abi.txt ] && diff -u --label before --label now tests/abi/abi.txt "$new"; then
    echo "tests/abi/abi.txt is as it should be"
    exit 0
fi
cat "$new" >tests/abi/abi.txt
echo "tests/abi/abi.txt is written; commit it, and tell users in CHANGELOG.md"
