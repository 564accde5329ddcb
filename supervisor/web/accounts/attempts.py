"""Wrong passwords make the next try wait, longer each time, by account and by address. It never concerns OFF.

The account's delay is capped low, because a stranger who knows a name could otherwise keep a person out (at one try a
minute a year holds half a million tries, which no password of twelve characters fears); the address's is capped high.
"""

from __future__ import annotations

import sqlite3
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

FREE = 3
"""So many wrong tries by account cost nothing: people mistype."""
FREE_OF_ADDRESS = 10
"""By address: a control room may stand behind one."""
ACCOUNT_S_MAX = 60.0
ADDRESS_S_MAX = 900.0
FORGOTTEN_S = 86_400.0
"""Tries are forgotten after a day without one."""
SUBJECTS_MAX = 20_000
"""More than so many names and addresses are not remembered; the oldest go."""
_NETWORK_BITS = 64
"""An IPv6 customer has at least so much to choose addresses from."""


def delay_s(count: int, free: int, longest_s: float) -> float:
    """Return how long to wait after the ``count``-th wrong try: 2, 4, 8 ... s."""
    return min(2.0 ** min(count - free, 30), longest_s) if count > free else 0.0


def network(address: str) -> str:
    """Return what counts as one address: an IPv4 address, the /64 of an IPv6 one, or the text itself."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped or ip_network((int(found), _NETWORK_BITS), strict=False))
    return str(found)


def to_wait_s(connection: sqlite3.Connection, name: str, address: str, now_s: float) -> float:
    """Return the seconds to wait before the next try; 0 or less where there is no need."""
    return max(_wait_s(connection, subject, *rule, now_s) for subject, rule in _subjects(name, address).items())


def begun(connection: sqlite3.Connection, name: str, address: str, now_s: float) -> float:
    """Count a try as wrong and return 0; or return the seconds to wait, and count nothing.

    Counted before the password is looked at, and taken back by ``succeeded``: many tries at once count each.
    """
    wait_s = to_wait_s(connection, name, address, now_s)
    if wait_s > 0.0:
        return wait_s
    for subject in _subjects(name, address):
        connection.execute(
            "INSERT INTO failure (subject, count, last_utc_s) VALUES (?, 1, ?) ON CONFLICT (subject) DO UPDATE SET "
            "count = CASE WHEN last_utc_s < ? THEN 1 ELSE count + 1 END, last_utc_s = excluded.last_utc_s",
            (subject, now_s, now_s - FORGOTTEN_S),
        )
    connection.execute("DELETE FROM failure WHERE last_utc_s < ?", (now_s - FORGOTTEN_S,))
    connection.execute(
        "DELETE FROM failure WHERE subject NOT IN (SELECT subject FROM failure ORDER BY last_utc_s DESC LIMIT ?)",
        (SUBJECTS_MAX,),
    )
    return 0.0


def succeeded(connection: sqlite3.Connection, name: str, address: str) -> None:
    """Forget the account's tries, and take this one back from the address: its other tries may be at other names."""
    account, from_ = _subjects(name, address)
    connection.execute("DELETE FROM failure WHERE subject = ?", (account,))
    connection.execute("UPDATE failure SET count = count - 1 WHERE subject = ? AND count > 0", (from_,))


def _subjects(name: str, address: str) -> dict[str, tuple[int, float]]:
    return {
        f"account {name[:64]}": (FREE, ACCOUNT_S_MAX),
        f"address {network(address)}": (FREE_OF_ADDRESS, ADDRESS_S_MAX),
    }


def _wait_s(connection: sqlite3.Connection, subject: str, free: int, longest_s: float, now_s: float) -> float:
    found = connection.execute("SELECT count, last_utc_s FROM failure WHERE subject = ?", (subject,)).fetchone()
    if found is None or now_s - found[1] > FORGOTTEN_S:
        return 0.0
    # abs: a clock that was set back by a day must not make people wait for a day.
    count, last_s = int(found[0]), float(found[1])
    return delay_s(count, free, longest_s) - abs(now_s - last_s)
