#!/bin/sh
# Make or bring up to date the environment of the tools that the benchmarks compare with: make-peers-venv.sh DIRECTORY
# It stands beside the product's own environment and is never on its path: some of these tools bear licences or pins that
# Setwise does not take on, and all that is done with them is to measure them in processes of their own.
set -eu
venv=${1:-.venv-peers}
python=${2:-}
cd "$(dirname "$0")/.."

if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
    [ -n "$python" ] || python=$(tools/find-python.sh)
    echo "making $venv with $("$python" -V) ($python)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
pip="$venv/bin/python -m pip --disable-pip-version-check --no-input --quiet"
echo "installing benchmarks/peers/requirements.txt into $venv"
# Once more after a pause: a registry that hiccups is no reason to fail a build.
install() { $pip install --only-binary :all: -r benchmarks/peers/requirements.txt; }
install || { sleep 5; install; }
