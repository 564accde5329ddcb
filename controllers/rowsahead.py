"""An engineer's own rows over the horizon: what each move does to each of them at the moments that are looked at.

A row is a sum of MVs and CVs. Its CVs answer as the model says, its MVs at once; one row is one line for each moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from constraints.plant import Plant
from controllers.horizon import POINT_POWER, Horizon, dynamic
from controllers.model import FloatArray, IntArray, Model
from controllers.rows import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsNow:
    """The rows in one cycle; engineering units."""

    of_mv: FloatArray
    """(rows, MVs): coefficients."""
    of_cv: FloatArray
    """(rows, CVs)."""
    free: FloatArray
    """(moments, rows): free response."""
    now: FloatArray
    hi: FloatArray
    """Per row; infinite where it is not held."""


class RowsAhead:
    """The rows of one plant on the grid of its dynamic layer."""

    def __init__(self, layout: Layout, model: Model, grid: Horizon, plant: Plant) -> None:
        self.at: IntArray = np.array([i for i, row in enumerate(layout.rows) if row.kind == "row"], dtype=np.intp)
        """Places of the rows among the layout's."""
        self.concern: FloatArray = layout.index.concern[self.at]
        self.rank: IntArray = layout.index.rank[self.at]
        cycle, mvs = plant.cycle_s, len(layout.mvs)
        uses = (layout.index.of_cv[self.at] != 0.0).any(axis=0)
        last = max(float(grid.settle_s[uses].max(initial=0.0)), cycle * grid.blocks.edges[-1])
        points = plant.tuning.points
        if isinstance(points, int):
            self.points_s: FloatArray = last * (np.arange(points) / max(points - 1, 1)) ** POINT_POWER
        else:
            self.points_s = cycle * np.array(points, dtype=np.float64)
        ahead = np.repeat(self.points_s[:, None], len(layout.cvs), axis=1)
        steps = model.steps_unit if model.varies else model.steps
        shape = (len(self.points_s), len(layout.cvs), len(grid.lasts), mvs)
        self._of_cv: FloatArray = dynamic(steps, ahead, grid.blocks).reshape(shape) * layout.span
        self._of_mv: FloatArray = _done(self.points_s / cycle, grid.blocks.edges)
        self._span = layout.span
        self._index = layout.index

    def anywhere(self) -> FloatArray:
        """Return (lines, blocks x MVs): not zero wherever a coefficient may ever be."""
        index = self._index
        of_mv, of_cv = np.abs(index.of_mv[self.at]), np.abs(index.of_cv[self.at])
        return self._lines(of_mv, of_cv, np.abs(self._of_cv))

    def lines(self, of_mv: FloatArray, of_cv: FloatArray, factor: FloatArray | None) -> FloatArray:
        """Return (moments x rows, blocks x MVs): change of each row, in its concern, per span of each move.

        ``factor`` (CVs, MVs) is that of this cycle's gains; None where none varies.
        """
        effect = self._of_cv if factor is None else self._of_cv * factor[None, :, None, :]
        return self._lines(of_mv, of_cv, effect)

    def room(self, now: RowsNow, closing: FloatArray) -> FloatArray:
        """Return (moments x rows,) what is left, in concerns; a violation that is there now ends along ``closing``."""
        over = np.where(np.isfinite(now.hi), np.maximum(now.now - now.hi, 0.0), 0.0)
        result: FloatArray = ((now.hi + over * closing[:, None] - now.free) / self.concern).ravel()
        return result

    def _lines(self, of_mv: FloatArray, of_cv: FloatArray, effect: FloatArray) -> FloatArray:
        through = np.einsum("rc,kcbi->krbi", of_cv, effect)
        itself = np.einsum("kb,ri->krbi", self._of_mv, of_mv * self._span)
        total: FloatArray = (through + itself) / self.concern[None, :, None, None]
        return total.reshape(total.shape[0] * total.shape[1], total.shape[2] * total.shape[3])


def _done(cycles: FloatArray, edges: tuple[int, ...]) -> FloatArray:
    """Return (moments, blocks) which share of each block's move has been made; the first is made at once."""
    first, last = np.array(edges[:-1]), np.array(edges[1:])
    made = np.floor(cycles[:, None] + 1e-9) - first + 1.0
    result: FloatArray = np.clip(made / (last - first), 0.0, 1.0)
    return result
