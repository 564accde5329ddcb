"""What adaptation remembers from cycle to cycle, as plain floats for ``Memory`` and back: the same bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from controllers.adapt.window import Window
from controllers.adapt.words import FloatArray, Modifiers

_HEAD = 9
_OBSERVED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many of each there are in one plant."""

    mvs: int
    """Adapted ones."""
    held: int
    """Other inputs."""
    cvs: int
    outputs: int
    """The cost and the constraints."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One steady state; engineering units. ``std`` is that of each mean in ``y``."""

    u: FloatArray
    d: FloatArray
    y: FloatArray
    std: FloatArray


@dataclass(frozen=True, slots=True)
class Course:
    """Where the economics are to go, until something changes."""

    u: FloatArray
    """(MVs,) the centre of the economics, excitation included."""
    slope: FloatArray
    """(MVs,) of the cost there, as far as limits stop it: currency per hour and unit."""
    bent: FloatArray
    """(MVs, MVs) curvature of the cost, positive."""
    gain: FloatArray
    """(CVs, MVs) corrected; NaN where the model's own is kept."""
    correction: FloatArray
    """(MVs,) what was added to what each MV earns, currency per hour and unit."""
    d: FloatArray
    limits: FloatArray
    """Per constraint, when this was found."""

    def numbers(self) -> tuple[FloatArray, ...]:
        """Return what must be finite."""
        return self.u, self.slope, self.bent, self.correction


@dataclass(frozen=True, slots=True)
class Kept:
    """All of it. The numbers of ``scheme.State`` are as there."""

    window: Window | None = None
    seen: tuple[Seen, ...] = ()
    best: int = -1
    radius: float = 0.0
    expected: float = 0.0
    expected_std: float = 0.0
    distrust: float = 0.0
    """How often the model alone predicted better than with its corrections, less how often not."""
    frozen: bool = False
    money: FloatArray | None = None
    """Prices for which the modifiers and the course were found."""
    modifiers: Modifiers | None = None
    course: Course | None = None


def packed(kept: Kept, sizes: Sizes) -> tuple[float, ...]:
    """Return ``kept`` as floats."""
    head = [
        float(len(kept.seen)),
        float(kept.best),
        kept.radius,
        kept.expected,
        kept.expected_std,
        kept.distrust,
        float(kept.frozen),
        float(kept.modifiers is not None),
        float(kept.course is not None),
    ]
    parts: list[FloatArray] = [np.array(head)]
    window = kept.window if kept.window is not None else Window.never(sizes.mvs + sizes.held, sizes.cvs)
    parts += window.arrays()
    for each in kept.seen:
        parts += [each.u, each.d, each.y, each.std]
    parts.append(kept.money if kept.money is not None else np.full(sizes.mvs + sizes.cvs, np.nan))
    if kept.modifiers is not None:
        parts += [kept.modifiers.at, kept.modifiers.value, kept.modifiers.slope]
    if kept.course is not None:
        course = kept.course
        parts += [course.u, course.slope, course.bent, course.gain, course.correction, course.d, course.limits]
    return tuple(np.concatenate([part.ravel() for part in parts]).tolist())


def unpacked(values: tuple[float, ...], sizes: Sizes) -> Kept:
    """Return what ``packed`` wrote; nothing remembered where ``values`` are empty or of another plant."""
    if len(values) < _HEAD:
        return Kept()
    data = np.array(values)
    if not np.isfinite(data[:4]).all() or not 0 <= data[0] <= _OBSERVED_MAX:
        return Kept()
    count, modified, going = int(data[0]), bool(data[7]), bool(data[8])
    n, d, c, k = sizes.mvs, sizes.held, sizes.cvs, sizes.outputs
    shapes: list[tuple[int, ...]] = [*Window.shapes(n + d, c)]
    shapes += [(n,), (d,), (c,), (c,)] * count
    shapes += [(n + c,)]
    shapes += [(n,), (k,), (k, n)] if modified else []
    shapes += [(n,), (n,), (n, n), (c, n), (n,), (d,), (k - 1,)] if going else []
    if len(data) != _HEAD + sum(int(np.prod(shape)) for shape in shapes):
        return Kept()
    parts, at = [], _HEAD
    for shape in shapes:
        size = int(np.prod(shape))
        parts.append(data[at : at + size].reshape(shape))
        at += size
    taken = iter(parts)
    window = Window.of(*(next(taken) for _ in Window.shapes(n + d, c)))
    seen = tuple(Seen(*(next(taken) for _ in range(4))) for _ in range(count))
    money = next(taken)
    modifiers = Modifiers(*(next(taken) for _ in range(3))) if modified else None
    course = Course(*(next(taken) for _ in range(7))) if going else None
    if course is not None and not all(np.isfinite(part).all() for part in course.numbers()):
        course = None
    return Kept(
        window=window,
        seen=seen,
        best=int(data[1]),
        radius=float(data[2]),
        expected=float(data[3]),
        expected_std=float(data[4]),
        distrust=float(data[5]),
        frozen=bool(data[6]),
        money=None if np.isnan(money).any() else money,
        modifiers=modifiers,
        course=course,
    )
