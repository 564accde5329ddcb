#!/bin/sh
# See to it that the servers which the tests run for real are on this machine: mosquitto and PostgreSQL.
# Installs them by apt where it is root, says what to do where it is not. Quiet and quick when nothing is missing.
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$0")

have_postgres() {
    command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

missing=""
command -v mosquitto >/dev/null || missing="$missing mosquitto"
have_postgres || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing for the tests:$missing"
    # shellcheck disable=SC2086
    "$here/apt-install.sh" $missing
    exit 0
fi

{
    echo "The tests run real servers, and these are missing here:$missing"
    if command -v apt-get >/dev/null; then
        echo "Install them once:  sudo apt-get install$missing"
    else
        echo "Install them with this system's package manager (programs: mosquitto, initdb)."
    fi
} >&2
# On a person's machine the rest of the tests is still worth running; a CI run without them would prove too little.
if [ "${CI:-}" = true ]; then
    exit 1
fi
echo "Going on; the tests that need them are skipped and say so." >&2
