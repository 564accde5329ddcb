#!/bin/sh
# Make or bring up to date one virtual environment: tools/make-venv.sh DIRECTORY [PYTHON]
# Everything comes from requirements.lock, hash-checked, then the project itself, editable and without looking further.
set -eu
venv=$1
python=${2:-}
cd "$(dirname "$0")/.."

if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
    [ -n "$python" ] || python=$(tools/find-python.sh)
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "Setwise needs Python 3.11 or newer; $python is $("$python" -V 2>&1)" >&2
        exit 1
    fi
    echo "making $venv with $("$python" -V) ($python)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
pip="$venv/bin/python -m pip --disable-pip-version-check --no-input --quiet"
echo "installing requirements.lock into $venv"
# Once more after a pause: a registry that hiccups is no reason to fail a build.
$pip install --require-hashes -r requirements.lock || { sleep 5; $pip install --require-hashes -r requirements.lock; }
$pip install --no-deps --no-build-isolation --editable .
