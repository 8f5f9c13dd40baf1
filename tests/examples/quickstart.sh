#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# quickstart.sh QUICKSTART BUILD: the first command of a newcomer, from another directory, on a build that is there.
set -euo pipefail
quickstart=$1
build=$2
cd /
rm -f "$build"/sample-*
PATRON_BUILD=$build bash "$quickstart"
for file in sample-orders.csv sample-kinds.csv sample-segments.json; do
    [ -s "$build/$file" ] || {
        echo "quickstart.sh: $build/$file is missing" >&2
        exit 1
    }
done
python3 - "$build/sample-segments.json" <<'CHECK'
import json
import sys

summary = json.load(open(sys.argv[1], encoding="utf-8"))
assert summary["k"] == 3 == len(summary["segments"]), summary["k"]
assert summary["customers"] == 3000, summary["customers"]
assert abs(sum(s["share"] for s in summary["segments"]) - 1) < 1e-12
assert len({s["name"] for s in summary["segments"]}) == 3
assert summary["audit"]["rows_read"] == sum(summary["audit"]["fates"].values())
CHECK
