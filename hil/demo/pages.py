"""The web process of a bench: the very one of ``setwise web``, which knows how fast time runs there.

``python -m hil.demo.pages PLANT --data FOLDER --port 8420 --speed 60``: on this machine only, with one person, who may
operate a plant that does not exist.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from supervisor.cli.about import About
from supervisor.cli.web import Listening, run_web
from supervisor.clock import machine_utc_s
from supervisor.names import refuse_collisions
from supervisor.site import Site
from supervisor.web.accounts import users
from supervisor.web.accounts.passwords import Hasher
from supervisor.web.accounts.store import FILE, Store

NAME, PASSWORD = "demo", "simulated plant only"
"""No secret: the plant is simulated, and nobody reaches the pages from elsewhere."""


def pages_words(port: int) -> str:
    """Return where the pages are and how to get in."""
    return f"pages at http://127.0.0.1:{port}/?tour=1 (sign in as {NAME}, password: {PASSWORD})"


def make_person(store: Store) -> None:
    """Add the demo's engineer, unless somebody is there already."""
    hash_ = Hasher().hashed(PASSWORD)
    with store.writing() as connection:
        if not users.everybody(connection):
            users.add(connection, NAME, "engineer", hash_, machine_utc_s())
            connection.execute("UPDATE user SET must_change = 0")


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m hil.demo.pages``."""
    refuse_collisions()
    parser = argparse.ArgumentParser(prog="python -m hil.demo.pages")
    parser.add_argument("plant", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--speed", type=float, required=True)
    parsed = parser.parse_args(arguments)
    make_person(Store(Site.of(parsed.plant, parsed.data).data / FILE))
    run_web(About(parsed.plant, parsed.data), Listening(host="127.0.0.1", port=parsed.port, speed=parsed.speed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
