#!/bin/sh
# The figures, one at a time: JSON and the picture of each go to $1, synthetic indexes to $1/work.
# Not a test: run it on a quiet machine, from the root of the repository. Sizes can be given as the second argument.
set -eu
out=${1:?"usage: bars.sh FOLDER [N,N,...]"}
sizes=${2:-29k,255k,840k}
mkdir -p "$out"
bench() { # name of the file, then arguments
    name=$1
    shift
    "${PYTHON:-.venv/bin/python}" -m tests.benchmarks.suite --work "$out/work" --output "$out/$name.json" --picture "$out/$name.png" "$@"
}
bench build-crops --figure build-crops --n-images 512
bench build-native --figure build-native --n-images 160
bench build-authors --figure build-authors --n-images 256 --rounds 3
for figure in adaptive adaptive-loop batch-64 static offset; do
    bench "$figure" --figure "$figure" --anchors "${BARS_AT:-255k}"
done
bench lancedb --figure lancedb --anchors 255k --rounds 3
bench select --figure select --anchors 29k
bench open --figure open --anchors "${sizes##*,}"
bench memory-adaptive --figure memory-adaptive --anchors "${sizes##*,}"
bench memory-stream --figure memory-stream
bench growth --figure static --growth --anchors 255k --rounds 3
