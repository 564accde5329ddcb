#!/bin/sh
# See to it that what the tests run for real is on this machine: mosquitto, PostgreSQL, a C compiler, which turns the
# PLC's structured text into something that runs, Node with npm, for the language server behind editors, and Chromium.
# Installs them by apt where it is root, says what to do where it is not. Quiet and quick when nothing is missing.
set -eu
PATH=$PATH:/usr/sbin:/sbin
here=$(dirname "$0")

have_postgres() {
    command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

have_c_compiler() {
    compiler=$(command -v cc || command -v gcc || command -v clang) || return 1
    echo '#include <stdint.h>' | "$compiler" -fsyntax-only -x c - 2>/dev/null
}

missing=""
command -v mosquitto >/dev/null || missing="$missing mosquitto"
have_postgres || missing="$missing postgresql"
have_c_compiler || missing="$missing gcc libc6-dev"
command -v node >/dev/null && command -v npm >/dev/null || missing="$missing nodejs npm"
command -v chromium >/dev/null || missing="$missing chromium"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing for the tests:$missing"
    # shellcheck disable=SC2086
    "$here/apt-install.sh" $missing
    exit 0
fi

{
    echo "The tests run real servers and a compiler, and these are missing here:$missing"
    if command -v apt-get >/dev/null; then
        echo "Install them once:  sudo apt-get install$missing"
    else
        echo "Install them with this system's package manager (programs: mosquitto, initdb, cc, node, npm, chromium)."
    fi
} >&2
# On a person's machine the rest of the tests is still worth running; a CI run without them would prove too little.
if [ "${CI:-}" = true ]; then
    exit 1
fi
echo "Going on; the tests that need them say so." >&2
