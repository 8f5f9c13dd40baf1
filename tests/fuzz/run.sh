#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs each fuzz target for some time under address and undefined-behaviour sanitizers, in build-fuzz/. What it finds is
# kept there; an input that fails is named at the end and is to be added to the corpus with its fix.
#   tests/fuzz/run.sh [SECONDS [TARGET …]]     60 seconds for each of fuzz_append, fuzz_arrow, fuzz_options, fuzz_csv
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- fuzz_append fuzz_arrow fuzz_options fuzz_csv

bash examples/install.sh build test
cmake -S . -B build-fuzz -G Ninja -DCMAKE_C_COMPILER=clang-14 -DCMAKE_BUILD_TYPE=Release -DPATRON_FUZZ=ON \
    -DPATRON_SANITIZE=fuzzer-no-link,address,undefined -DPATRON_BUILD_BENCH=OFF >/dev/null
cmake --build build-fuzz -j "$(nproc)" --target "$@"

failed=()
for target in "$@"; do
    found=build-fuzz/corpus/$target
    mkdir -p "$found" build-fuzz/failures
    log=build-fuzz/$target.log
    echo "== $target for $seconds s"
    build-fuzz/tests/fuzz/"$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=3000 \
        -artifact_prefix=build-fuzz/failures/"$target"- "$found" tests/fuzz/corpus/"$target" >"$log" 2>&1 ||
        { failed+=("$target") && grep -vE '^#|NEW|REDUCE' "$log" | tail -n 40; }
    grep -E '^#[0-9]+' "$log" | tail -n 1
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "FAILED: ${failed[*]}; the inputs are in build-fuzz/failures/" && exit 1
fi
echo "Nothing found"
