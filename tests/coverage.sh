#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Line and branch coverage of lib/ by the tests, without optimisation, in build-coverage/. Prints, for each file, what
# is not reached, and last the two figures; fails below the bars. No branch is left out of the count.
#   tests/coverage.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

least_lines=95
least_branches=85
build=build-coverage
compiler=gcc-12

bash examples/install.sh build test coverage
mkdir -p $build
cmake --fresh -S . -B $build -G Ninja -DCMAKE_C_COMPILER=$compiler -DCMAKE_BUILD_TYPE=Debug -DPATRON_SANITIZE= \
    -DPATRON_BUILD_BENCH=OFF -DCMAKE_C_FLAGS="--coverage -O0 -fprofile-update=atomic -fprofile-abs-path" \
    -DCMAKE_EXE_LINKER_FLAGS=--coverage -DCMAKE_SHARED_LINKER_FLAGS=--coverage >$build/build.log
cmake --build $build -j "$(nproc)" >>$build/build.log 2>&1 || { tail -n 40 $build/build.log >&2 && exit 1; }
find $build -name '*.gcda' -delete

# What runs the library in this process's folder; the driver's, the examples' and the installed one's runs add nothing.
ctest --test-dir $build --output-on-failure --no-tests=error --timeout 900 -j "$(nproc)" \
    -R '^(unit|fault|host|fuzz|property|golden|kernels)[.]' | tee $build/test.log | tail -n 5
[ "${PIPESTATUS[0]}" -eq 0 ] || { cat $build/test.log >&2 && exit 1; }

measure=(gcovr -r . --filter lib/ --gcov-executable "gcov-${compiler#gcc-}" $build)
echo
echo "Lines not reached:"
"${measure[@]}" | awk '$4 ~ /%$/ && NF > 4'
echo "Lines with a branch not taken:"
"${measure[@]}" --branches | awk '$4 ~ /%$/ && NF > 4'
echo
"${measure[@]}" --print-summary --fail-under-line $least_lines --fail-under-branch $least_branches |
    grep -E '^(lines|branches): '
echo "The bars: lines $least_lines %, branches $least_branches %"
