"""The control process of the demo: the very one of ``setwise run``, on the bench's fast clock.

Only the bench can make time run faster: ``setwise run`` has no such option, for on a plant a minute is a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hil.clock import FastClock
from supervisor.control import run_until_told
from supervisor.names import refuse_collisions
from supervisor.site import Site


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m hil.demo.control``."""
    refuse_collisions()
    parser = argparse.ArgumentParser(prog="python -m hil.demo.control")
    parser.add_argument("plant", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--controller", default="", help="which one, where the plant file has several")
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--anchor-mono", type=float, required=True)
    parser.add_argument("--anchor-utc", type=float, required=True)
    parsed = parser.parse_args(arguments)
    clock = FastClock(parsed.speed, parsed.anchor_mono, parsed.anchor_utc)
    return run_until_told(Site.of(parsed.plant, parsed.data, parsed.controller), clock)


if __name__ == "__main__":
    sys.exit(main())
