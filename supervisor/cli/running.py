"""Whether control runs."""

from __future__ import annotations

import fcntl

from supervisor.site import Site


def control_runs(site: Site) -> bool:
    """Return whether a control process holds this data folder."""
    if not site.pid_file.exists():
        return False
    with site.pid_file.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
