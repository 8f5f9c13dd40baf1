#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make_shop.sh MAKE_SHOP: the program that writes the sample shop, from the outside.
set -euo pipefail
make_shop=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
    echo "make_shop.sh: $*" >&2
    exit 1
}
expect() { # expect CODE ARGUMENT …
    local code=0 wanted=$1
    shift
    "$make_shop" "$@" >out 2>err || code=$?
    [ "$code" -eq "$wanted" ] || fail "make_shop $*: exit code $code, not $wanted"
}

expect 0 --help
grep -q -- --kinds out || fail "--help does not name --kinds"
expect 2 --customers many
grep -q "give a whole number" err || fail "a bad number is not explained"
expect 2 --days 3
expect 2 --nonsense
expect 2 leftover
expect 4 --customers 10 --kinds missing/kinds.csv
grep -q "missing/kinds.csv" err || fail "a file that cannot be written is not named"

expect 0 --customers 40 --seed 9 --kinds kinds.csv
mv out first
expect 0 --customers 40 --seed 9
cmp out first || fail "the same options, other bytes"
expect 0 --customers 40 --seed 9 --dirty
cmp -s out first && fail "--dirty changes nothing"
head -1 first | grep -qx "customer_id,order_id,timestamp,product_id,category,quantity,unit_price,discount" ||
    fail "the header is not as documented"
[ "$(wc -l <kinds.csv)" -eq 41 ] || fail "not one kind for each customer"
if [ -e /dev/full ]; then
    code=0
    "$make_shop" --customers 40 >/dev/full 2>err || code=$?
    [ "$code" -eq 4 ] || fail "a full disk: exit code $code, not 4"
fi
echo "fine"
