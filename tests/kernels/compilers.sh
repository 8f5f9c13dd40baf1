#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Whole fits by several compilers and optimisation levels, at every level of instructions: all must find the pinned
# fingerprints. Once more with glibc's own choice of AVX2 and FMA code turned off, so that libm is another.
#
# compilers.sh SOURCE HEADERS FOLDER LIBRARIES FLAGS INCLUDES: what to build, the folder with the made headers, where to
# build, and the project's libraries, compile flags and, a line each, include folders. PATRON_COMPILERS names other
# compilers ("gcc-13 -O2;clang-16 -O3").
set -uo pipefail
source=$1 headers=$2 folder=$3 libraries=$4 flags=$5
IFS=';' read -ra compilers <<<"${PATRON_COMPILERS:-gcc-12 -O0;gcc-12 -O3;clang-14 -O3}"
read -ra flags <<<"$flags -std=c11 -D_GNU_SOURCE -pthread -I$source/include -I$headers -I$source/lib -I$source/tests"
read -ra libraries <<<"$libraries"
while read -r place; do
    [ "$place" = /usr/include ] || flags+=(-isystem "$place")
done <<<"${6:-}"

rm -rf "$folder"
done=0 missing=0 failed=0
for compiler in "${compilers[@]}"; do
    read -ra compile <<<"$compiler"
    if ! command -v "${compile[0]}" >/dev/null; then
        echo "SKIPPED: there is no ${compile[0]}"
        missing=$((missing + 1))
        continue
    fi
    here=$folder/${compiler// /}
    mkdir -p "$here"
    (cd "$source/lib" && ls base/*.c kernels/*.c matrix/*.c numeric/*.c cluster/*.c) | grep -v '^kernels/detect[.]c$' |
        xargs -P 2 -I{} sh -c 'exec "$0" "$@" -c "'"$source"'/lib/{}" -o "'"$here"'/$(echo "{}" | tr / _).o"' \
            "${compile[@]}" "${flags[@]}" || failed=1
    "${compile[@]}" "${flags[@]}" -Dptn_kernels_here=ptn_kernels_detected -c "$source/lib/kernels/detect.c" \
        -o "$here/detected.o" &&
        "${compile[@]}" "${flags[@]}" -o "$here/fits" "$source/tests/kernels/fits.c" "$here"/*.o "${libraries[@]}" ||
        failed=1
    if [ ! -x "$here/fits" ]; then
        echo "FAILED: $compiler does not build it"
        failed=1
        continue
    fi
    for level in scalar avx2 avx512; do
        output=$("$here/fits" $level 2 --like "$source/tests/kernels/fits.txt")
        code=$?
        grep -E '^(SKIPPED|FAILED)' <<<"$output"
        [ $code -eq 77 ] && continue
        [ $code -eq 0 ] || failed=1
        [ $code -eq 0 ] && echo "$compiler, $level: the pinned fits" && done=$((done + 1))
    done
done

last=$folder/${compilers[1]// /}/fits
if [ -x "$last" ] && [ "$(getconf GNU_LIBC_VERSION 2>/dev/null)" ]; then
    if GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2_Usable,-FMA_Usable,-AVX2,-FMA \
        "$last" scalar 2 --like "$source/tests/kernels/fits.txt" | grep -E '^(SKIPPED|FAILED)'; then
        echo "FAILED: with glibc's AVX2 and FMA code turned off"
        failed=1
    else
        echo "${compilers[1]}, glibc's AVX2 and FMA code turned off: the pinned fits"
    fi
fi
[ $failed -eq 0 ] || exit 1
[ $missing -eq 0 ] && [ $done -gt 0 ] || exit 77
