"""``setwise audit verify``."""

from __future__ import annotations

from dataclasses import asdict

from supervisor.audit.verify import verify
from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.which import site_of
from supervisor.clock import machine_utc_s
from supervisor.site import DATABASE_FILE, DATABASE_VARIABLE


def verify_record(about: About, *, as_json: bool) -> None:
    """Print what the check of the record found; exit 1 when it is not intact."""
    site = about.site(site_of(about).controller)
    sqlite = site.data / DATABASE_FILE
    if site.database_url.startswith("sqlite") and not sqlite.exists():
        fail(Exit.UNREACHABLE, f"there is no record {sqlite}: name --data, or set {DATABASE_VARIABLE}")
    report = verify(site.database_url, site.heads, machine_utc_s())
    if as_json:
        say_json({**asdict(report), "intact": report.intact})
    else:
        say(report.text())
    if not report.intact:
        raise SystemExit(int(Exit.FINDING))
