#!/bin/sh
# Print the interpreter to build the virtual environment with: the newest of 3.13, 3.12, 3.11 that can really make one.
#   tools/find-python.sh          the newest, or a message and exit 1
#   tools/find-python.sh 3.12     that version, or nothing and exit 1
set -eu

# Print the interpreter behind $1. It counts when it runs, is the version asked for, and has both venv and ensurepip,
# which Debian ships apart from it.
usable() {
    "$1" -c "
import sys
wanted = '${2:-}'
if sys.version_info < (3, 11) or (wanted and wanted != '%d.%d' % sys.version_info[:2]):
    sys.exit(1)
import ensurepip, venv
print(sys._base_executable)  # not a shim, and not the python of an environment that is about to be made anew
" 2>/dev/null
}

find_version() {
    for candidate in "$(command -v "python$1" || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/"python$1" \
        "/usr/bin/python$1" "/usr/local/bin/python$1" "$(command -v python3 || true)"; do
        if [ -n "$candidate" ] && [ -x "$candidate" ] && usable "$candidate" "$1"; then
            return 0
        fi
    done
    return 1
}

if [ $# -gt 0 ]; then
    find_version "$1"
    exit
fi
for version in 3.13 3.12 3.11; do
    find_version "$version" && exit 0
done
if command -v python3 >/dev/null && usable "$(command -v python3)"; then
    echo "note: $(python3 -V) is none of the versions that Setwise is tested on: 3.11, 3.12, 3.13" >&2
    exit 0
fi
# A Debian python without python3-venv: root can put that right.
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && command -v python3 >/dev/null &&
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "python3 has no venv module; installing python3-venv" >&2
    "$(dirname "$0")/apt-install.sh" python3-venv >&2
    usable "$(command -v python3)" && exit 0
fi
{
    echo "Setwise needs Python 3.11 or newer with the venv module. Found here:"
    command -v python3 >/dev/null && echo "  $(command -v python3): $(python3 -V 2>&1)" || echo "  no python3 at all"
    echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12"
} >&2
exit 1
