#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every test, on a bare Debian 12: installs what is missing, then
#   build/        gcc 12, Release, warnings as errors: every test
#   build-clang/  clang 14, Release, warnings as errors: every test but the slow ones
#   build-asan/   address and undefined-behaviour sanitizers: every test but the longest
#   build-tsan/   thread sanitizer: unit and fuzz tests but the longest; test_threads has every station
# and prints what ctest said of each, last. --fast does build/ alone. Fails when any step fails.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fast=no
case "${1:-}" in
"") ;;
--fast) fast=yes ;;
*)
    echo "Usage: tests/run.sh [--fast]" >&2
    exit 2
    ;;
esac

bash examples/install.sh build test || exit 1

jobs=$(nproc)
summary=()
failed=0
passed_tests=0

# build NAME FOLDER COMPILER [CMAKE OPTION …]: configures and builds; complains and returns 1 when it cannot.
build() {
    local name=$1 folder=$2 compiler=$3 log
    shift 3
    echo "== $name: building into $folder/"
    mkdir -p "$folder"
    log=$folder/build.log
    if cmake --fresh -S . -B "$folder" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release \
        -DPATRON_BUILD_TESTS=ON -DPATRON_BUILD_EXAMPLES=ON -DPATRON_BUILD_BENCH=ON -DPATRON_WERROR=ON \
        "$@" >"$log" 2>&1 &&
        cmake --build "$folder" -j "$jobs" >>"$log" 2>&1; then
        return 0
    fi
    tail -n 60 "$log" >&2
    summary+=("$name: THE BUILD FAILED, see $log")
    failed=1
    return 1
}

# check NAME FOLDER [CTEST OPTION …]: runs ctest, keeps its closing lines for the end.
check() {
    local name=$1 folder=$2 log code closing
    shift 2
    echo "== $name: testing"
    log=$folder/test.log
    ctest --test-dir "$folder" --output-on-failure --no-tests=error --timeout 300 -j "$jobs" "$@" 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
    closing=$(sed -n '/tests passed, /,$p' "$log" | sed '/^[[:space:]]*$/d')
    [ -n "$closing" ] || closing="ctest ended without a summary"
    summary+=("$name: $closing")
    passed_tests=$((passed_tests + $(grep -c ' Passed ' "$log")))
    [ "$code" -eq 0 ] || failed=1
}

# Left out where they say nothing new for their time: whole fits at each level, which kernels.compilers runs too, how
# often estimates hold but with gcc, tests of numbers under sanitizers, where others of the same calls are run, and
# failures of memory under TSan, which are one thread's.
levels='^kernels[.]fits_(scalar|avx)'
numbers='shop|retail|cdnow|features|forget|briefs|math|money|kmeans_(input|labels|many|screening|quality)|_sweep'
start=$SECONDS
build "gcc 12, Release" build gcc-12 -DPATRON_SANITIZE= && check "gcc 12, Release" build -E "$levels"
if [ $fast = no ]; then
    build "clang 14, Release" build-clang clang-14 -DPATRON_SANITIZE= &&
        check "clang 14, Release" build-clang -LE slow -E "$levels|^estimate"
    build "ASan + UBSan" build-asan gcc-12 -DPATRON_SANITIZE=address,undefined &&
        check "ASan + UBSan" build-asan -E "$levels|^estimate|kmeans_(labels|many|quality)"
    build "TSan" build-tsan gcc-12 -DPATRON_SANITIZE=thread &&
        CK_EXCLUDE_TAGS=numbers check "TSan" build-tsan -R '^(unit|fuzz)[.]' -E "$numbers"
fi

echo
echo "== Summary after $((SECONDS - start)) s"
for line in "${summary[@]}"; do printf '%s\n\n' "$line"; done
if [ $failed -ne 0 ]; then
    echo "FAILED: at least one of the steps above; $passed_tests test runs passed"
    exit 1
fi
echo "All steps passed: $passed_tests test runs in ${#summary[@]} builds"
