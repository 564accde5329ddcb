#!/bin/sh
# Run the tests on each Python named that is on this machine, each in an environment of its own.
set -eu
cd "$(dirname "$0")/.."
ran=0
for version in "$@"; do
    if ! python=$(tools/find-python.sh "$version"); then
        echo "Python $version: not on this machine, skipped"
        continue
    fi
    echo "Python $version: $python"
    ${MAKE:-make} --no-print-directory test VENV=".venv-$version" PYTHON="$python"
    ran=$((ran + 1))
done
[ "$ran" -gt 0 ] || { echo "none of $* is on this machine" >&2; exit 1; }
