"""``setwise explain``."""

from __future__ import annotations

from dataclasses import asdict

from constraints.plantfile.codes import CODES
from constraints.plantfile.explain import PAGES, as_text
from constraints.plantfile.issues import did_you_mean
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit


def explain_code(code: str, *, as_json: bool) -> None:
    """Print the page of ``code``, or the list of all codes where it is empty."""
    if not code:
        _list(as_json=as_json)
        return
    page = PAGES.get(code.strip().upper().strip("[]:"))
    if page is None:
        near = did_you_mean(code.upper(), PAGES)
        fail(Exit.USAGE, f"no such code: {code}{f'; {near}' if near else ''}; setwise explain lists all")
    if as_json:
        say_json({**asdict(page), "title": CODES[page.code]})
    else:
        say(as_text(page))


def _list(*, as_json: bool) -> None:
    if as_json:
        say_json(dict(CODES))
        return
    for code in PAGES:
        say(f"{code}  {CODES[code]}")
    say("\nsetwise explain E010 says what a code means and what to do.")
