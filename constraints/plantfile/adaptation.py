"""Section ``adaptation`` -> AdaptationSpec."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from constraints.adaptation import AdaptationSpec
from constraints.plant import CvSpec, MvSpec, Pair, StateSpace
from constraints.plantfile.blocks import known_names
from constraints.plantfile.bounds import Interval
from constraints.plantfile.document import Path
from constraints.plantfile.issues import did_you_mean
from constraints.plantfile.schema_adaptation import AdaptationSection
from constraints.plantfile.scope import Scope
from constraints.plantfile.units import Unit
from constraints.plantfile.whole import money_per_hour
from constraints.terms import MoneyTerm

_AT: Path = ("adaptation",)


def adaptation(
    scope: Scope,
    *,
    mvs: Mapping[str, MvSpec],
    cvs: Mapping[str, CvSpec],
    pairs: Sequence[Pair],
    blocks: Sequence[StateSpace],
    money: Sequence[MoneyTerm],
    ranges: Mapping[str, Interval],
    known: Mapping[str, Unit],
) -> AdaptationSpec | None:
    """Return how the economics are corrected; None where they are not (and where something was reported)."""
    given = scope.file.adaptation
    if given is None or not known_names(scope, (*_AT, "mvs"), given.mvs, tuple(scope.names("mvs")), "MV"):
        return None
    accuracy = scope.positive((*_AT, "accuracy"), money_per_hour(scope, (*_AT, "accuracy"), given.accuracy))
    _check_numbers(scope, given)
    if any(name not in mvs for name in given.mvs):
        return None
    moved = _moved(pairs, blocks, given.mvs)
    levels = {pair.cv for pair in pairs if pair.integrating}
    resting = [cv for name, cv in cvs.items() if name in moved and name not in levels]
    earning = {term.variable for term in money}
    priced = tuple(cv.name for cv in resting if cv.name in earning or cv.cost_quadratic > 0.0)
    own = [name for name in given.mvs if name in earning or mvs[name].cost != 0.0 or mvs[name].cost_quadratic > 0.0]
    if not priced and not own:
        message = "nothing that these MVs move has a worth in money: there are no economics to correct"
        scope.issues.at_value("E087", (*_AT, "mvs"), message, "add an economic term of a CV that they move")
    limited = tuple(_limits(resting))
    used = {*priced, *(name for name, _ in limited)}
    _check_untransformed(scope, mvs, cvs, given.mvs, sorted(used))
    noise = {
        name: scope.positive((*_AT, "noise", name), scope.difference((*_AT, "noise", name), value, known.get(name)))
        for name, value in given.noise.items()
        if _measured(scope, (*_AT, "noise", name), name)
    }
    widths = _widths(scope, given, _effects(pairs, blocks), used, ranges, known)
    if given.mode == "off" or scope.issues.errors:
        return None
    return AdaptationSpec(
        mode=given.mode,
        mvs=tuple(given.mvs),
        priced=priced,
        limited=limited,
        dv_width=widths,
        accuracy=accuracy,
        window_s=scope.not_negative((*_AT, "window"), scope.seconds((*_AT, "window"), given.window)),
        tolerance=given.tolerance,
        noise=noise,
        filter=given.filter,
        step_max=given.step_max,
        step_min=given.step_min,
        model_error=given.model_error,
        gradient_max=given.gradient_max,
        gain_factor=(given.gain_factor[0], given.gain_factor[1]),
        back_off=given.back_off,
        caution=given.caution,
        remember=given.remember,
        patience=given.patience,
    )


def _check_numbers(scope: Scope, given: AdaptationSection) -> None:
    if given.step_min > given.step_max:
        message = f"step_min of {given.step_min:g} is above step_max of {given.step_max:g}"
        scope.issues.at_value("E014", (*_AT, "step_min"), message, "the shortest longest step")
    lo, hi = given.gain_factor
    if not lo <= 1.0 <= hi:
        message = f"gain_factor [{lo:g}, {hi:g}] does not hold the model's own gain"
        scope.issues.at_value("E014", (*_AT, "gain_factor"), message, "1 is the model's gain, such as [0.5, 2]")


def _moved(pairs: Sequence[Pair], blocks: Sequence[StateSpace], mvs: Sequence[str]) -> set[str]:
    return {cv for source, cv in _effects(pairs, blocks) if source in mvs}


def _effects(pairs: Sequence[Pair], blocks: Sequence[StateSpace]) -> set[tuple[str, str]]:
    of_blocks = {(source, cv) for block in blocks for source in block.inputs for cv in block.cvs}
    return {(pair.source, pair.cv) for pair in pairs} | of_blocks


def _limits(cvs: Sequence[CvSpec]) -> list[tuple[str, Literal["lo", "hi"]]]:
    found: list[tuple[str, Literal["lo", "hi"]]] = []
    for cv in cvs:
        lo, hi = cv.limits.operator
        found += [(cv.name, "lo")] if math.isfinite(lo) else []
        found += [(cv.name, "hi")] if math.isfinite(hi) else []
    return found


def _check_untransformed(
    scope: Scope, mvs: Mapping[str, MvSpec], cvs: Mapping[str, CvSpec], names: Sequence[str], used: Sequence[str]
) -> None:
    bad = [name for name in names if mvs[name].transform is not None]
    bad += [name for name in used if cvs[name].transform is not None]
    for name in bad:
        message = f"adaptation is of {name}, which is transformed"
        scope.issues.at_value("E075", (*_AT, "mvs"), message, "prices and rests are in engineering units")


def _measured(scope: Scope, path: Path, name: str) -> bool:
    choices = (*scope.names("cvs"), *scope.file.dvs)
    if name in choices:
        return True
    scope.issues.at_key("E052", path, f"{name!r} is neither CV nor DV", did_you_mean(name, choices))
    return False


def _widths(
    scope: Scope,
    given: AdaptationSection,
    effects: set[tuple[str, str]],
    used: set[str],
    ranges: Mapping[str, Interval],
    known: Mapping[str, Unit],
) -> dict[str, float]:
    """Return the width of the range of each DV that moves one of ``used``."""
    for name in given.dv_range:
        if name not in scope.file.dvs:
            path = (*_AT, "dv_range", name)
            scope.issues.at_key("E070", path, f"{name!r} is no DV", did_you_mean(name, scope.file.dvs))
    moving = {source for source, cv in effects if cv in used and source in scope.file.dvs}
    found: dict[str, float] = {}
    for name in scope.file.dvs:
        if name not in moving:
            continue
        path = (*_AT, "dv_range", name)
        lo, hi = ranges.get(name, (-math.inf, math.inf))
        if name in given.dv_range:
            found[name] = scope.positive(path, scope.difference(path, given.dv_range[name], known.get(name)))
        elif math.isfinite(hi - lo):
            found[name] = hi - lo
        else:
            message = f"nothing says how far the DV {name} ranges"
            scope.issues.at_key("E087", _AT, message, f"add dv_range: {{{name}: width}}, or tags.{name}.range")
    return found
