#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs patron into a folder of its own and uses it from programs outside the tree: by find_package, by pkg-config
# and by the compiler alone, shared and static; after the folder was moved; beside a GSL, BLAS and jansson of the
# program's own; and from Debian packages. Each must print what the others print.
#   tests/install/run.sh BUILD [COMPILER]   from a build folder that is built
#   tests/install/run.sh                    builds one first: build-install/
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${1:-}
compiler=${2:-gcc}

if [ -z "$build" ]; then
    bash "$root/examples/install.sh" build test
    build=$root/build-install
    cmake -S "$root" -B "$build" -G Ninja -DPATRON_BUILD_TESTS=OFF -DPATRON_BUILD_BENCH=OFF >/dev/null
    cmake --build "$build"
fi

place=$(mktemp -d "${TMPDIR:-/tmp}/patron-install.XXXXXX")
trap 'rm -rf "$place"' EXIT
ways=0

# same WAY PROGRAM …: what it prints is what the first one printed.
same() {
    local way=$1
    shift
    "$@" >"$place/said"
    [ -e "$place/expected" ] || { cat "$place/said" && cp "$place/said" "$place/expected"; }
    diff "$place/expected" "$place/said" || { echo "install: $way prints something else" >&2 && exit 1; }
    ways=$((ways + 1))
    echo "fine: $way"
}

# needs PROGRAM yes|no: whether it needs libpatron.so.
needs() {
    local found=no
    readelf -d "$1" | grep -q 'NEEDED.*libpatron[.]so[.]0' && found=yes
    [ "$found" = "$2" ] || { echo "install: $1 needs libpatron.so: $found, not $2" >&2 && exit 1; }
}

# use PREFIX NAME: builds the program by each way against what is installed there, and runs it.
use() {
    local prefix=$1 name=$2 lib out
    lib=$(dirname "$(find "$prefix" -name libpatron.so | head -n 1)")
    out=$place/out-${name// /-}
    mkdir -p "$out"
    export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=
    local flags=(-O1 -Wall -Wextra -Werror -o "$out/program" "$here/outside/use.c")

    cmake -S "$here/outside" -B "$out/cmake" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$prefix" \
        -Dpatron_DIR="$lib/cmake/patron" >"$out/log" 2>&1 && cmake --build "$out/cmake" >>"$out/log" 2>&1 ||
        { cat "$out/log" >&2 && exit 1; }
    needs "$out/cmake/use_shared" yes
    needs "$out/cmake/use_static" no
    same "$name, find_package, shared" "$out/cmake/use_shared"
    same "$name, find_package, static" "$out/cmake/use_static"

    # shellcheck disable=SC2046
    "$compiler" "${flags[@]}" $(pkg-config --cflags --libs patron)
    needs "$out/program" yes
    same "$name, pkg-config, shared" env LD_LIBRARY_PATH="$lib" "$out/program"
    # shellcheck disable=SC2046
    "$compiler" "${flags[@]}" -static $(pkg-config --static --cflags --libs patron) 2>"$out/log" ||
        { cat "$out/log" >&2 && exit 1; }
    needs "$out/program" no
    same "$name, pkg-config, all static" "$out/program"

    "$compiler" "${flags[@]}" -I"$(dirname "$(find "$prefix" -name patron.h)")/.." -L"$lib" -lpatron
    same "$name, the compiler alone" env LD_LIBRARY_PATH="$lib" "$out/program"
}

# own PREFIX LINK…: a program that has its own GSL, BLAS and jansson, linked as said, beside libpatron.a.
own() {
    local prefix=$1 way=$2 lib
    shift 2
    lib=$(dirname "$(find "$prefix" -name libpatron.a)")
    "$compiler" -O1 -Dmain=patron_program -I"$prefix/include" -c -o "$place/use.o" "$here/outside/use.c"
    "$compiler" -O1 -Wall -Wextra -Werror -o "$place/own" "$here/outside/own.c" "$place/use.o" "$@" "$lib/libpatron.a" \
        -pthread -lm
    same "$way" "$place/own"
}

echo "== cmake --install"
mkdir -p "$place/prefix/bin" && echo another >"$place/prefix/bin/segment"
cmake --install "$build" --prefix "$place/prefix" >"$place/log"
[ "$(cat "$place/prefix/bin/segment")" = another ] || { echo "install: another program was overwritten" >&2 && exit 1; }
rm "$place/prefix/bin/segment"
[ -z "$(find "$place/prefix" -name '*.cmake' -o -name '*.pc' | xargs grep -lE "$place|$build")" ] ||
    { echo "install: a file names the folder it was installed or built in" >&2 && exit 1; }
use "$place/prefix" "installed"
same "patron-segment" sh -c "'$place/prefix/bin/patron-segment' --version >/dev/null && cat '$place/expected'"
archive=$(find "$place/prefix" -name libpatron.a)
leaked=$(nm --defined-only --extern-only "$archive" | awk 'NF == 3 && $3 !~ /^patron_/')
[ -z "$leaked" ] || { printf 'install: libpatron.a shows more than patron_*:\n%s\n' "$leaked" >&2 && exit 1; }
own "$place/prefix" "beside shared GSL, BLAS, jansson" -lgsl -lgslcblas -ljansson
archives=$(dirname "$(find /usr/lib /usr/local/lib -name libgsl.a 2>/dev/null | head -n 1)")
blas=$(find /usr/lib /usr/local/lib -name 'libopenblas.a' 2>/dev/null | head -n 1)
own "$place/prefix" "beside static GSL, OpenBLAS, jansson" "$archives/libgsl.a" "$blas" "$archives/libjansson.a"
own "$place/prefix" "the same, after libpatron.a" "$archive" "$archives/libgsl.a" "$blas" \
    "$archives/libjansson.a"

echo "== moved, and by DESTDIR"
mv "$place/prefix" "$place/moved to here"
same "moved, find_package" bash -c "cmake -S '$here/outside' -B '$place/again' -G Ninja \
    -DCMAKE_PREFIX_PATH='$place/moved to here' >/dev/null && cmake --build '$place/again' >/dev/null &&
    '$place/again/use_shared'"
"$place/moved to here/bin/patron-segment" --version
DESTDIR=$place/staged cmake --install "$build" --prefix /usr >"$place/log"
[ -x "$place/staged/usr/bin/patron-segment" ] && [ -e "$place/staged/usr/include/patron/version.h" ]

echo "== cpack -G DEB"
if command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null; then
    (cd "$build" && cpack -G DEB -B "$place/packages" >"$place/log" 2>&1) || { cat "$place/log" >&2 && exit 1; }
    for package in "$place"/packages/*.deb; do
        dpkg-deb -f "$package" Package Version Depends
        dpkg-deb -x "$package" "$place/debian"
    done
    for file in bin/patron-segment include/patron/patron.h include/patron/version.h share/doc/patron/LICENSE \
        share/doc/patron/CHANGELOG.md; do
        [ -e "$place/debian/usr/$file" ] || { echo "install: the packages lack /usr/$file" >&2 && exit 1; }
    done
    use "$place/debian/usr" "from the packages"
    # On a machine that is only made for this, they are installed as well.
    if [ "${PATRON_INSTALL_PACKAGES:-}" = yes ]; then
        apt-get install -y -qq "$place"/packages/*.deb >/dev/null 2>&1 ||
            { echo "install: apt-get does not install the packages" >&2 && exit 1; }
        # shellcheck disable=SC2046
        "$compiler" -O1 -o "$place/program" "$here/outside/use.c" $(PKG_CONFIG_PATH= pkg-config --cflags --libs patron)
        same "installed by apt" "$place/program"
        patron-segment --version
        apt-get remove -y -qq libpatron0 >/dev/null 2>&1
    fi
else
    echo "SKIPPED: no dpkg-deb or dpkg-shlibdeps, so the packages were not made"
fi
echo "install: $ways ways to use it, the same answer"
