#!/bin/sh
# Everything about speed that needs a GPU, in one run of under nine minutes: see benchmarks/gpu.py for what is measured.
#
#   benchmarks/gpu.sh [FILE.json] [OPTION...]      by default benchmarks/results/gpu.json; options are those of the program
#
# PYTHON  the interpreter, by default python3
# WHEELS  a folder of wheels to use beside what is installed, for a machine that reaches no package index. Fill it by
#         python3 -m pip download --no-deps --only-binary=:all: --python-version 3.12 -d WHEELS PACKAGE...
set -eu
cd "$(dirname "$0")/.."
out=${1:-benchmarks/results/gpu.json}
[ $# -eq 0 ] || shift
python=${PYTHON:-python3}
packages=
if [ -n "${WHEELS:-}" ]; then
    packages=$(mktemp -d)
    trap 'rm -rf "$packages"' EXIT
    "$python" -m pip install --quiet --no-index --no-deps --no-compile --target "$packages" "$WHEELS"/*.whl
fi
PYTHONPATH=src:.${packages:+:$packages}${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 \
    timeout 540 "$python" -m benchmarks.gpu --out "$out" "$@"
