#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds patron, makes a Python with the peers in it, and runs works: ours (bench_kmeans alone), those of works.py, and
# features-… of features.py, or features for all of these.
# Nothing is written into the source tree; the last lines say how to bring the numbers into bench/RESULTS.md.
#
#   run.sh [--repeats N] [--budget SECONDS] [--limit SECONDS] [--threads N] [--peers A,B] [--scale X] WORK … | all
#
#   PATRON_PEERS_BUILD    where everything goes: build-peers
#   PATRON_PEERS_PYTHON   a python3 that has requirements.txt, instead of a new environment
#   CC                    the compiler: gcc-12 where there is one, else cc
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$here/../.." && pwd)
folder=${PATRON_PEERS_BUILD:-$source/build-peers}

given=()
works=()
features=()
ours=no
threads=2
repeats=7
scale=1
while [ $# -gt 0 ]; do
    case "$1" in
    --threads | --repeats | --scale | --budget | --limit | --peers)
        [ $# -ge 2 ] || { echo "run.sh: $1 needs a value" >&2; exit 2; }
        [ "$1" = --threads ] && threads=$2
        [ "$1" = --repeats ] && repeats=$2
        [ "$1" = --scale ] && scale=$2
        given+=("$1" "$2")
        shift
        ;;
    -h | --help) sed -n '3,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    -*) echo "run.sh: $1 is no option; see --help" >&2; exit 2 ;;
    ours) ours=yes ;;
    all) ours=yes; works+=(all); features+=(all) ;;
    features) features+=(all) ;;
    features-*) features+=("$1") ;;
    *) works+=("$1") ;;
    esac
    shift
done
if [ "$ours" = no ] && [ ${#works[@]} -eq 0 ] && [ ${#features[@]} -eq 0 ]; then
    echo "run.sh: name a work, or all; see --help" >&2
    exit 2
fi

compiler=${CC:-$(command -v gcc-12 || command -v cc)}
mkdir -p "$folder/results"
cmake -S "$source" -B "$folder/patron" -G Ninja -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release \
    -DPATRON_BUILD_TESTS=OFF -DPATRON_BUILD_EXAMPLES=OFF >"$folder/build.log"
cmake --build "$folder/patron" >>"$folder/build.log" || { cat "$folder/build.log" >&2; exit 1; }
bench=$folder/patron/bench/bench_kmeans

# What bench_kmeans alone says: every k, and memory's speed beside one run's.
run_ours() {
    local rows cols dtype
    for cols in 8 2 24; do
        for rows in 100000 1000000 10000000; do
            [ "$cols" = 8 ] || [ "$rows" = 1000000 ] || continue
            rows=$(awk -v n="$rows" -v x="$scale" 'BEGIN { printf "%d", n * x < 1000 ? 1000 : n * x }')
            for dtype in f32 f64; do
                echo "== ours: $rows x $cols $dtype" >&2
                "$bench" --json --bandwidth --rows "$rows" --cols "$cols" --dtype "$dtype" --threads "$threads" \
                    --repeats "$repeats"
            done
        done
    done
}
if [ "$ours" = yes ]; then
    run_ours | tee "$folder/results/ours.jsonl.part"
    mv "$folder/results/ours.jsonl.part" "$folder/results/ours.jsonl"
fi

if [ ${#works[@]} -gt 0 ] || [ ${#features[@]} -gt 0 ]; then
    python=${PATRON_PEERS_PYTHON:-$folder/venv/bin/python}
    if [ -z "${PATRON_PEERS_PYTHON:-}" ]; then
        [ -x "$python" ] || python3 -m venv "$folder/venv"
        "$python" -m pip install --quiet --requirement "$here/requirements.txt"
    fi
    given+=(--library "$folder/patron/libpatron.so" --folder "$folder" --compiler
            "$("$compiler" --version | head -n 1)")
    [ ${#works[@]} -eq 0 ] || "$python" -B "$here/peers.py" --bench "$bench" "${given[@]}" "${works[@]}"
    [ ${#features[@]} -eq 0 ] || "$python" -B "$here/features.py" --bench "$folder/patron/bench/bench_features" \
        "${given[@]}" "${features[@]}"
fi
echo "Tables: python3 bench/peers/table.py $folder/results    (into RESULTS.md: … bench/RESULTS.md)" >&2
