#!/bin/sh
# Write requirements.lock anew from pyproject.toml: the newest allowed versions, one file for every supported Python.
# uv resolves, in a throwaway environment; it is needed for this and nothing else.
#   tools/lock.sh            the newest versions
#   tools/lock.sh --keep     only what pyproject.toml asks for beyond the present lock
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$(tools/find-python.sh)" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip --disable-pip-version-check --quiet install 'uv>=0.13,<1'
if [ "${1:-}" = --keep ]; then
    cp requirements.lock "$scratch/lock"
fi
# `fewest`: one version of a library for all Pythons where there is one, because a decision is replayed bit for bit and
# the numbers of numpy and scipy differ between versions.
"$scratch/venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --all-extras \
    --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml -o "$scratch/lock" >/dev/null
{
    echo "# Every package of Setwise and of its development tools, for Python 3.11, 3.12 and 3.13. Made by: make lock"
    echo "# Names no index: the hashes say which files, your pip settings say from where."
    cat "$scratch/lock"
} >requirements.lock
echo "requirements.lock: $(grep -c '==' requirements.lock) packages"
