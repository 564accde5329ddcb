"""Why each MV moves or stands, as codes; and codes as sentences.

Codes, the variable or limit behind the colon: ``not_in_service:OPR``, ``windup_hi``, ``windup_lo``, ``blocked_up``,
``blocked_down``, ``toward_target``, ``zone:cv.moist.hi`` (a zone pushes it this way), ``held_by:cv.moist.hi`` (a zone
pushes against it), ``rate_up``, ``rate_down``, ``limit:mv.T_in_sp.hi``, ``at_target``, ``no_benefit``, ``hysteresis``,
``bound_by:cv.moist.hi`` (but for this limit its target would lie further where it earns).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from constraints.plant import Plant
from controllers.adapt.said import adaptation_sentences
from controllers.types import Plan, PlanStatus, Relief
from safety.signals import MvStatus

_SHARE = 0.1
"""A push counts when it is at least this share of the strongest one."""

_BOUNDS_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MvStory:
    """What bears on one MV in one cycle; engineering units, pushes scaled alike."""

    name: str
    status: MvStatus
    movable: bool
    locked_up: str
    """Code of what locks it, empty where nothing does; likewise down."""
    locked_down: str
    u: float
    move: float
    """0.0 where it is not sent."""
    target: float
    lo: float
    hi: float
    up: float
    down: float
    span: float
    pull: float
    pushes: Sequence[tuple[str, float]]
    """By limit name: how strongly each zone pushes, and which way."""
    bounds: Sequence[tuple[str, float]] = ()
    """By limit name: how strongly it keeps the target from going where the MV earns more."""
    earns: bool
    """It has a worth in money, itself or through its CVs."""
    kept: bool
    """The hysteresis kept the targets."""


def reasons(story: MvStory) -> tuple[str, ...]:
    """Return the codes for one MV, the strongest first."""
    if not story.movable:
        return (f"not_in_service:{story.status.value}",)
    return tuple(dict.fromkeys(_codes(story)))


def _codes(story: MvStory) -> Iterator[str]:
    if story.locked_up:
        yield story.locked_up
    if story.locked_down:
        yield story.locked_down
    way = (story.move > 0.0) - (story.move < 0.0)
    after = story.u + story.move
    small = 1e-4 * story.span
    if way:
        yield from _pushes(story, way)
        room = story.up if way > 0 else story.down
        if abs(story.move) > room - small * 1e-2:
            yield "rate_up" if way > 0 else "rate_down"
    wants = story.target - story.u
    if after >= story.hi - small and (way >= 0):
        yield f"limit:mv.{story.name}.hi"
    if after <= story.lo + small and (way <= 0):
        yield f"limit:mv.{story.name}.lo"
    if story.kept:
        yield "hysteresis"
    if not way:
        if abs(wants) > 10.0 * small:
            yield from _pushes(story, 1 if wants > 0.0 else -1)
        else:
            yield "at_target" if story.earns else "no_benefit"
    strongest = max((force for _, force in story.bounds), default=0.0)
    for name, force in sorted(story.bounds, key=lambda item: -item[1])[:_BOUNDS_TOLD]:
        if force >= _SHARE * strongest:
            yield f"bound_by:{name}"


def _pushes(story: MvStory, way: int) -> Iterator[str]:
    forces = [("toward_target", story.pull), *((f"zone:{name}", force) for name, force in story.pushes)]
    strongest = max(abs(force) for _, force in forces)
    least = max(_SHARE * strongest, 1e-12)
    for code, force in sorted(forces, key=lambda item: -abs(item[1])):
        if abs(force) < least:
            continue
        if force * way > 0.0:
            yield code
        elif code != "toward_target":
            yield code.replace("zone:", "held_by:")


_STATUS = {
    PlanStatus.ESTIMATE_ONLY: "It only watches: the mode does not ask for setpoints.",
    PlanStatus.NO_MV: "No setpoint is in its hands.",
    PlanStatus.BAD_INPUT: "It did not think: {why}.",
    PlanStatus.SOLVER_FAILED: "No solver had an acceptable answer ({why}); the plant holds.",
    PlanStatus.LATE: "The answer came too late ({why}); the plant holds.",
}
_PLAIN = {
    "windup_hi": "the loop below cannot follow upward",
    "windup_lo": "the loop below cannot follow downward",
    "blocked_up": "an interlock blocks it upward",
    "blocked_down": "an interlock blocks it downward",
    "toward_target": "it goes to its target {target}",
    "rate_up": "its rate limit upward holds it back",
    "rate_down": "its rate limit downward holds it back",
    "at_target": "it is where it should be",
    "no_benefit": "moving it would gain nothing",
    "hysteresis": "another target would earn too little more to go there",
}
_IGNORED = {
    "external_stale": "The external target of {name} is too old and was ignored.",
    "row_not_finite": "The constraint '{name}' has no finite value where the plant is, and is not held now.",
}
_ABOUT = {
    "zone": "{limit} asks for it",
    "held_by": "{limit} holds it back",
    "bound_by": "{limit} keeps its target from going further",
    "limit": "it is at its own {side} limit",
    "not_in_service": "it is not in service ({limit})",
}


def sentences(plan: Plan, plant: Plant) -> tuple[str, ...]:
    """Return what the plan says in plain sentences: status, each MV, each binding limit, each give-up,
    adaptation.
    """
    if plan.status is not PlanStatus.OK:
        return (_STATUS[plan.status].format(why=plan.why),)
    return (*_movements(plan, plant), *_limits(plan, plant), *adaptation_sentences(plan, plant))


def _movements(plan: Plan, plant: Plant) -> Iterator[str]:
    for name, spec in plant.mvs.items():
        if name not in plan.reasons:
            continue
        target = f"{plan.u_ss[name]:.5g} {spec.unit}" if name in plan.u_ss else ""
        because = "; ".join(_plain(code, target) for code in plan.reasons[name])
        if name in plan.moves:
            yield f"{name} moves to {plan.moves[name]:.5g} {spec.unit}: {because}."
        else:
            yield f"{name} stays: {because}."


def _limits(plan: Plan, plant: Plant) -> Iterator[str]:
    for binding in plan.binding:
        unit = limit_unit(binding.name, plant)
        at = f", {binding.limit:.5g} {unit}," if unit and not binding.name.startswith("row.") else ""
        yield (
            f"{_first_up(limit_words(binding.name))}{at} holds the plan: one {unit or 'unit'} more room is worth "
            f"{binding.worth:.3g} {plant.currency}/h."
        )
    for give_up in plan.give_ups:
        text = f"{_first_up(limit_words(give_up.name))} (rank {give_up.rank}) cannot be held: {give_up.amount:.3g} "
        text += f"{limit_unit(give_up.name, plant)} beyond it at steady state"
        if give_up.clashes_with:
            text += ", because of " + ", ".join(limit_words(name) for name in give_up.clashes_with)
        yield text + "."
    yield from relief_sentences(plan, plant)
    for name, beyond in plan.watched.items():
        if beyond > 0.0:
            yield (
                f"The constraint '{name}', which is only watched, is broken by {beyond:.3g} {_unit_of_row(name, plant)}"
            ).rstrip() + "."
    for code in plan.ignored:
        head, _, name = code.partition(":")
        yield _IGNORED.get(head, "{name} was ignored.").format(name=name)


def relief_sentences(plan: Plan, plant: Plant) -> tuple[str, ...]:
    """Return what more room at single limits would earn, the best first."""
    return tuple(_relieved(relief, plant, plan) for relief in plan.reliefs)


def _relieved(relief: Relief, plant: Plant, plan: Plan) -> str:
    unit = limit_unit(relief.name, plant)
    text = f"With {relief.by:.3g} {unit or 'units'} more room at {limit_words(relief.name)} it would earn "
    text += f"{relief.earns:.3g} {plant.currency}/h more"
    moves = sorted(relief.u_ss, key=lambda name: -abs(relief.u_ss[name] - plan.u_ss.get(name, relief.u_ss[name])))
    told = [f"{name} to {relief.u_ss[name]:.5g} {plant.mvs[name].unit}" for name in moves if name in plant.mvs]
    return text + (f", with {', '.join(told)}." if told else ".")


def _plain(code: str, target: str) -> str:
    head, _, about = code.partition(":")
    if head in _ABOUT:
        side = "upper" if about.endswith(".hi") else "lower"
        return _ABOUT[head].format(limit=about if head == "not_in_service" else limit_words(about), side=side)
    return _PLAIN[head].format(target=target) if head in _PLAIN else code


def limit_words(name: str) -> str:
    """Return the name of a limit (``cv.moist.hi``, ``row.NAME``) in words."""
    kind, _, rest = name.partition(".")
    if kind == "row":
        return f"the constraint '{rest}'"
    variable, _, side = rest.rpartition(".")
    words = {
        "hi": "the upper limit of",
        "lo": "the lower limit of",
        "target": "the target of",
        "balance": "the balance of",
    }
    return f"{words.get(side, side)} {variable}"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _unit_of_row(name: str, plant: Plant) -> str:
    units = {row.name: row.unit for row in plant.rows} | {curve.name: curve.unit for curve in plant.curves}
    return units.get(name, "")


def limit_unit(name: str, plant: Plant) -> str:
    """Return the unit of a limit's variable; empty where there is none."""
    if name.startswith("row."):
        return _unit_of_row(name.removeprefix("row."), plant)
    variable = name.partition(".")[2].rpartition(".")[0]
    if variable in plant.mvs:
        return plant.mvs[variable].unit
    return plant.cvs[variable].unit if variable in plant.cvs else ""
