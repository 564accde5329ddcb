"""The advice panel's rows: what is advised for each MV, and what was said to it. Pure."""

from __future__ import annotations

from supervisor.record import Advised, CycleRecord
from supervisor.web.variables import MvRow


def advice_rows(mvs: tuple[MvRow, ...], record: CycleRecord) -> tuple[tuple[MvRow, Advised | None], ...]:
    """Return the MVs with a move that is advised or was spoken about."""
    return tuple(
        (row, record.advice.get(row.name)) for row in mvs if row.move is not None and row.setpoint.value is not None
    )
