"""A parsed file -> the plant, or everything that is wrong with it.

All findings are made in one go: entries whose form is wrong are left out, and the rest is checked as if they were fine.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pydantic import ValidationError

from constraints.plant import CvSpec, MvSpec, Plant, Point
from constraints.plantfile.adaptation import adaptation
from constraints.plantfile.addresses import Place
from constraints.plantfile.alarms import alarms, notify, tag_delay_s
from constraints.plantfile.blocks import blocks
from constraints.plantfile.calendar import schedule
from constraints.plantfile.conditions import conditions
from constraints.plantfile.connections import connections, warn_unprotected
from constraints.plantfile.custom import own_constraints
from constraints.plantfile.cvs import cv_spec
from constraints.plantfile.derived import check_ways, derived_tags, is_derived, with_renewal
from constraints.plantfile.diagnostics import PlantFileError, in_order
from constraints.plantfile.document import Document, Path, Value
from constraints.plantfile.functions import functions
from constraints.plantfile.hashing import content_hash, rules_hash
from constraints.plantfile.heartbeat import handshake_points, handshake_rule
from constraints.plantfile.interlocks import interlocks
from constraints.plantfile.issues import Issues, dotted
from constraints.plantfile.lint import lint
from constraints.plantfile.loaded import Loaded
from constraints.plantfile.machines import machines
from constraints.plantfile.models import pairs, warn_loose_ends
from constraints.plantfile.money import money
from constraints.plantfile.multipliers import multipliers
from constraints.plantfile.mvs import envelope, mv_spec
from constraints.plantfile.parts import check_alone, parts
from constraints.plantfile.scheduled import scheduled_limits
from constraints.plantfile.schema import PlantFile
from constraints.plantfile.schema_errors import report
from constraints.plantfile.scope import Scope
from constraints.plantfile.sources import Variable, check_arrivals, with_moments
from constraints.plantfile.tags import instrument_range, tag_rule, tag_spec, tag_units
from constraints.plantfile.tariff_bands import tariff_quantities, tariffs
from constraints.plantfile.transforms import check_untransformed
from constraints.plantfile.tuning import tuning
from constraints.plantfile.units import USUAL, Unit, UnitError, unit
from constraints.plantfile.whole import check_plant, dvs, timing
from constraints.plantfile.writes import Written, check_between, check_writes
from safety.signals import Mode
from safety.validity import ValidityRule

_ROUNDS_MAX = 4


def compile_document(document: Document) -> Loaded:
    """Return the plant in ``document``; raises PlantFileError with every finding, warnings too."""
    issues = Issues(document)
    formed = _form(document, issues)
    plants: dict[str, Plant] = {}
    gases = USUAL
    if formed is not None:
        scope = Scope(document, formed[0], issues, formed[1])
        gases = conditions(scope)
        plants = _plants(replace(scope, conditions=gases))
    _report_empty(document, issues)
    found = in_order(issues.found)
    if not plants or issues.errors:
        raise PlantFileError(found, document.texts)
    return Loaded(plants, found, document.texts, gases)


def _plants(scope: Scope) -> dict[str, Plant]:
    """Return the plant of each controller; what is missing was reported. The only one of a file has no name."""
    if scope.file.controllers is None:
        check_alone(scope)
        plant, _ = _plant(scope)
        return {"": plant} if plant is not None else {}
    own = parts(scope)
    found: dict[str, Plant] = {}
    written: dict[str, Written] = {}
    for name, part in own.items():
        plant, written[name] = _plant(part)
        if plant is not None:
            found[name] = replace(plant, controller=name)
    _check_same_names(scope)
    check_between(scope, written)
    scope.issues.add(each for part in own.values() for each in part.issues.found)
    return found


def _form(document: Document, issues: Issues) -> tuple[PlantFile, frozenset[Path]] | None:
    """Return what has the right form, and the paths that had to be left out; None where nothing can be checked."""
    data: dict[str, Value] = document.data
    broken: frozenset[Path] = frozenset()
    for _ in range(_ROUNDS_MAX):
        try:
            return PlantFile.model_validate(data), broken
        except ValidationError as error:
            # Only the first round speaks of the file; later ones see what we left out ourselves.
            left_out = report(error, Issues(document) if broken else issues)
            broken |= left_out
            data = _without(data, left_out)
    return None


def _report_empty(document: Document, issues: Issues) -> None:
    """Report keys without a value, unless what they lack was said already: the default needs no key."""
    told = {(each.line, each.column) for each in issues.found}
    for path in document.empty:
        span = document.key_at(path)
        if (span.line, span.column) not in told:
            hint = "write it, or remove the key for the default"
            issues.at("E012", span, f"nothing stands after {dotted(path)}", hint)


def _without(data: dict[str, Value], paths: Iterable[Path]) -> dict[str, Value]:
    pruned = copy.deepcopy(data)
    # Later list items first, so that the places of earlier ones stay true.
    for path in sorted(paths, key=lambda each: [str(part).zfill(9) for part in each], reverse=True):
        inside: Value = pruned
        for part in path[:-1]:
            if isinstance(inside, dict) and isinstance(part, str):
                inside = inside.get(part)
            elif isinstance(inside, list) and isinstance(part, int) and part < len(inside):
                inside = inside[part]
        last = path[-1] if path else None
        if isinstance(inside, dict) and isinstance(last, str):
            inside.pop(last, None)
        elif isinstance(inside, list) and isinstance(last, int) and last < len(inside):
            del inside[last]
    return pruned


def _plant(scope: Scope) -> tuple[Plant | None, Written]:
    """Return the plant, None or one with gaps where findings were reported; and every place that is written."""
    file = scope.file
    check_plant(scope)
    times = timing(scope)
    wires = connections(scope)

    of_tags = tag_units(scope)
    of_mvs = {name: found for name, mv in file.mvs.items() if (found := _known_unit(scope, mv.unit)) is not None}
    known = {**of_tags, **of_mvs}
    _check_same_names(scope)
    tags = {name: spec for name, tag in file.tags.items() if (spec := tag_spec(scope, name, tag)) is not None}
    rules = {
        name: tag_rule(scope, name, tag, of_tags.get(name), times.cycle_s)
        for name, tag in file.tags.items()
        if not is_derived(tag)
    }
    ranges = {name: instrument_range(scope, name, tag, of_tags.get(name)) for name, tag in file.tags.items()}

    derived = derived_tags(scope, of_tags, ranges)
    tags = with_renewal(tags, derived)

    mvs_and_places = {name: mv_spec(scope, name, mv, of_tags) for name, mv in file.mvs.items()}
    mvs = {name: found[0] for name, found in mvs_and_places.items() if found is not None}
    places = {name: found[1] for name, found in mvs_and_places.items() if found is not None}
    cvs = {name: made for name, cv in file.cvs.items() if (made := cv_spec(scope, name, cv, of_tags)) is not None}
    disturbances = dvs(scope, of_tags)
    variables: tuple[Variable, ...] = (*mvs.values(), *cvs.values(), *disturbances.values())
    check_arrivals(scope, variables, rules)
    own = functions(scope, mvs, cvs, ranges, known)
    factors = multipliers(scope, of_tags)
    models = pairs(scope, known, own)
    state_space = blocks(scope)
    warn_loose_ends(scope)

    registers, written = handshake_points(scope)
    _check_places(scope, places, written)
    handshake = handshake_rule(scope, times.cycle_s, tuple(mvs))
    tables = {
        name: scheduled_limits(scope, mv, file.mvs[name], of_mvs.get(name), of_tags, ranges) for name, mv in mvs.items()
    }
    envelopes = {
        name: envelope(scope, mv, file.mvs[name], of_mvs.get(name), times.cycle_s, tables[name])
        for name, mv in mvs.items()
    }
    trips = interlocks(scope, of_tags, ranges)
    custom = own_constraints(scope, known, {**ranges, **{name: mv.limits.safety for name, mv in mvs.items()}})
    check_untransformed(scope, _transformed(mvs, cvs), (*custom.rows, *custom.curves, *custom.calls), own.values())
    prices = tariffs(scope)
    terms = money(scope, known, tariff_quantities(scope))
    entries = schedule(scope, {**mvs, **cvs}, known)
    floor, calls = machines(scope, of_tags, ranges), (alarms(scope, of_tags, ranges), notify(scope))
    dynamics = tuning(scope, times.think_s)
    adapted = adaptation(
        scope, mvs=mvs, cvs=cvs, pairs=models, blocks=state_space, money=terms, ranges=ranges, known=known
    )
    places_written = Written(places, written)
    if scope.issues.errors or handshake is None:
        return None, places_written
    given_envelopes = {name: each for name, each in envelopes.items() if each is not None}
    given_trips = tuple(each for each in trips if each is not None)
    validity = {name: rule for name, rule in rules.items() if rule is not None}
    inner = _inner_rule(times.cycle_s)
    inner_tags = _inner_tags(mvs, registers)
    plant = Plant(
        name=file.plant.name,
        site=file.plant.site,
        timezone=file.plant.timezone,
        currency=file.plant.currency,
        source_path=scope.document.name,
        config_hash=content_hash(scope.document.data),
        limits_hash=rules_hash(given_envelopes, given_trips, handshake, *derived),
        cycle_s=times.cycle_s,
        think_s=times.think_s,
        start_in=Mode[file.modes.start_in.upper()],
        closed_loop_needs=tuple(file.modes.closed_loop.needs),
        max_unattended_s=times.max_unattended_s,
        min_active_mvs=file.controller.min_active_mvs,
        connections=wires,
        tags=with_moments(tags, variables),
        mvs=mvs,
        cvs=cvs,
        dvs=disturbances,
        pairs=models,
        rows=custom.rows,
        money=terms,
        tariffs=prices,
        schedule=entries,
        validity={**validity, **dict.fromkeys(inner_tags, inner)},
        envelopes=given_envelopes,
        interlocks=given_trips,
        handshake=handshake,
        handshake_points=registers,
        hysteresis_eur_per_h=times.hysteresis,
        tuning=dynamics,
        blocks=state_space,
        functions=own,
        multipliers=factors,
        derived=derived,
        machines=floor,
        adaptation=adapted,
        curves=custom.curves,
        calls=custom.calls,
        alarms=calls[0],
        tag_delay_s={name: tag_delay_s(of_tags[name]) for name in tags},
        notify=calls[1],
    )
    lint(scope, plant)
    return plant, places_written


def _known_unit(scope: Scope, text: str) -> Unit | None:
    try:
        return unit(text, scope.conditions)
    except UnitError:
        return None  # reported with the MV itself


def _transformed(mvs: Mapping[str, MvSpec], cvs: Mapping[str, CvSpec]) -> list[str]:
    """Return the variables in whose transformed values the models are linear."""
    of_mvs = [name for name, mv in mvs.items() if mv.transform is not None]
    return of_mvs + [name for name, cv in cvs.items() if cv.transform is not None]


def _check_same_names(scope: Scope) -> None:
    for mv in scope.names("mvs"):
        if mv in scope.names("tags"):
            hint = "a setpoint and a measurement need different names, such as T_in_sp and T_in"
            scope.issues.at_key("E054", ("mvs", mv), f"{mv!r} is a tag and an MV", hint)
    check_ways(scope)
    owners: dict[str, str] = {}
    for name, given in scope.file.mvs.items():
        owner = owners.setdefault(given.readback, name)
        if owner != name:
            message = f"{name} and {owner} have the same readback {given.readback!r}"
            scope.issues.at_value("E054", ("mvs", name, "readback"), message, "each loop measures its own value")


def _check_places(scope: Scope, places: dict[str, Place], written: dict[str, Place]) -> None:
    check_writes(scope, places, written)
    warn_unprotected(scope, {place.connection for place in (*places.values(), *written.values())})


def _inner_tags(mvs: Mapping[str, MvSpec], registers: Mapping[str, Point]) -> list[str]:
    """Return what loops and the PLC's block answer."""
    found = [p.tag for mv in mvs.values() for p in (mv.setpoint, mv.available, mv.windup_hi, mv.windup_lo) if p]
    return found + [point.tag for point in registers.values() if point.tag.startswith("plc.")]


def _inner_rule(cycle_s: float) -> ValidityRule:
    """Return when a loop's or the PLC's own answer counts: read in this cycle or the last; its stamp tells changes."""
    return ValidityRule(stale_s=max(2.0 * cycle_s, 5.0), stamp="ignore")
