"""``setwise check --history``: what the file's interlocks would have said on what is stored."""

from __future__ import annotations

from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.records import span_s
from supervisor.cli.which import one
from supervisor.history.read import History, HistoryError
from supervisor.lookback import looked_back


def show_lookback(about: About, span: str, *, as_json: bool) -> None:
    """Print the interlocks that were always true, or never false, over the last ``span`` on record."""
    site, plant = one(about)
    lasting_s = span_s("--history", span, "24 h or 7 d")
    history = History(site.database_url)
    try:
        last = history.last()
        if last is None:
            fail(Exit.DATA_POOR, f"nothing is on record in {site.data}; run the plant in MONITOR first")
        end_utc_s = last.record.utc_s
        cycles = history.between(end_utc_s - lasting_s, end_utc_s + 1.0)
        told = looked_back(plant, (cycle.record for cycle in cycles))
    except HistoryError as error:
        fail(Exit.UNREACHABLE, f"the record of {site.data} cannot be read: {error}")
    if as_json:
        say_json({each.name: {"true": each.true, "false": each.false, "unknown": each.unknown} for each in told})
        return
    doubts = [each.doubt for each in told if each.doubt]
    for doubt in doubts:
        say(f"warning: {doubt}")
    if not doubts:
        seen = told[0].true + told[0].false + told[0].unknown if told else 0
        say(f"{len(told)} interlocks over {seen} cycles on record: each was false at some time")
