#!/bin/sh
# Install Debian packages as root, quietly, without letting them start a service: the tests start their own servers on
# ports of their own, and a broker that apt started would hold the standard one.
set -eu

# Debian asks this script before any service starts; 101 means no. One that is there already stays in charge.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
fi
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2068
install() { apt-get install -y -qq --no-install-recommends $@ >"$log" 2>&1 </dev/null; }

# The package lists of a fresh machine are empty or old: ask once with them, then bring them up to date and ask again.
if ! install "$@"; then
    apt-get update -qq >>"$log" 2>&1 </dev/null || { sleep 5; apt-get update -qq >>"$log" 2>&1 </dev/null || true; }
    install "$@" || { cat "$log" >&2; rm -f "$log"; exit 1; }
fi
rm -f "$log"
