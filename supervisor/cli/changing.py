"""``setwise plan``, ``sign``, ``apply``, ``keep``, ``rollback``, ``versions``: how a running plant file is changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from constraints.plant import CvSpec, MvSpec, Plant
from constraints.plantfile import PlantFileError, render
from supervisor.changes.applying import Order, RefusedError
from supervisor.changes.areas import Areas
from supervisor.changes.disk import bundle, side_of
from supervisor.changes.drawing import drawn
from supervisor.changes.keeping import keep, on_trial
from supervisor.changes.making import Side, Who, cvs_of, mvs_of, planned
from supervisor.changes.plan import ChangePlan, Part, PlanError, from_text, to_text
from supervisor.changes.signing import SigningError, account, sign, signatures
from supervisor.changes.versions import Version, Versions, VersionsError
from supervisor.changes.weight import in_words
from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json, tell
from supervisor.cli.exits import Exit
from supervisor.cli.records import local, span_s
from supervisor.cli.requests import ANSWER_S_MAX, blank
from supervisor.cli.running import control_runs
from supervisor.cli.which import began_here, running_here, site_of
from supervisor.clock import machine_utc_s
from supervisor.history.read import History, HistoryError
from supervisor.mailbox import Mailbox, MailboxError
from supervisor.sentences import reason as reason_words
from supervisor.site import Site

_MARKS = {"added": "+", "changed": "~", "removed": "-"}


def make_plan(
    file: Path | None, about: About, *, replay: str, out: Path | None, as_json: bool, exit_code: bool
) -> None:
    """Print what ``file`` (default: the plant file as it is now) would change, and save the plan."""
    path = about.plant.resolve()
    then = _side(_bundle(file or path, as_name=path.name), str(file or about.plant))
    bases, now = _running(about, then)
    plan = planned(bases, now, then, Who(_me(), machine_utc_s()))
    _finish(about, plan, now, then, replay=replay, out=out, as_json=as_json, exit_code=exit_code)


def plan_rollback(about: About, to: int, *, out: Path | None, as_json: bool) -> None:
    """Print and save the plan that goes back to version ``to``; it needs the same signatures as any other."""
    site = site_of(about)
    try:
        files = Versions(site.data).files(to)
    except VersionsError as error:
        fail(Exit.USAGE, f"{error}; setwise versions lists them")
    then = _side(files, f"version {to}")
    bases, now = _running(about, then)
    plan = planned(bases, now, then, Who(_me(), machine_utc_s()), undoes=to)
    _finish(about, plan, now, then, replay="", out=out, as_json=as_json, exit_code=False)


def sign_plan(path: Path, about: About, reason: str) -> None:
    """Put this account's signature to the plan in ``path``."""
    data, plan = _signatures(about), _plan(path)
    try:
        sign(data, plan.sha256, reason, machine_utc_s())
    except SigningError as error:
        fail(Exit.REFUSED, str(error))
    signed = signatures(data, plan.sha256)
    say(f"signed by {', '.join(each.who for each in signed)}: {len(signed)} of {plan.signatures}")


def apply_plan(path: Path, about: About, reason: str, *, keep_after: str, as_json: bool) -> None:
    """Bring exactly the plan in ``path`` into force, or refuse."""
    plan, data = _plan(path), _signatures(about)
    areas, now_s = _areas(about, [part.controller for part in plan.parts]), machine_utc_s()
    keep_s = span_s("--keep-after", keep_after, "15 min or 24 h") if keep_after else None
    signed = signatures(data, plan.sha256)
    if plan.signatures == 1 and not signed:
        signed = (sign(data, plan.sha256, reason, now_s),)  # whoever applies it, signs it
    running = frozenset(part.controller for part in plan.parts if control_runs(_site(about, part.controller)))
    try:
        areas.check_may(plan, signed, running)
        order = Order(_me(), reason, now_s, now_s + keep_s if keep_s else None, tuple(each.who for each in signed))
    except RefusedError as error:
        fail(Exit.REFUSED, f"refused: {error}")
    try:
        made = areas.apply(plan, order)
    except (VersionsError, OSError) as error:
        fail(Exit.UNREACHABLE, f"nothing was changed: {error}")
    for part in plan.parts:
        if part.controller in running and (part.changed or not part.controller):
            _reload(about, areas, plan, part, reason)
    said = "; ".join(_in_force(name, version, name in running) for name, version in made.items())
    if keep_s:
        said += f"; it goes back to {plan.base_words} by itself in {keep_s:g} s unless: setwise keep"
    facts = {name: _fact(version, name in running) for name, version in made.items()}
    if as_json:
        say_json(facts.get("", {"controllers": facts}))
    else:
        say(said)


def _in_force(name: str, version: Version, running: bool) -> str:  # noqa: FBT001 - a fact, not a switch
    what = f"version {version.number}" + (f" of {name}" if name else "")
    return f"{what} is in force" if running else f"{what} holds from the next start"


def _fact(version: Version, running: bool) -> dict[str, object]:  # noqa: FBT001 - a fact, not a switch
    return {"version": version.number, "config_hash": version.config_hash, "running": running}


def _reload(about: About, areas: Areas, plan: ChangePlan, part: Part, reason: str) -> None:
    """Have control start again with the new file; where it will not, everything is as it was before."""
    try:
        mailbox, request = Mailbox(_site(about, part.controller).mailbox), blank("reload", reason)
        mailbox.post(request)
        answer = mailbox.wait_answer(request.id, ANSWER_S_MAX)
        why = "control did not answer" if answer is None else "" if answer.accepted else reason_words(answer.why)
    except MailboxError as error:
        why = str(error)
    if why:
        areas.taken_back(plan, f"refused: {why}", machine_utc_s())
        fail(Exit.REFUSED, f"refused: {why}; {plan.base_words} goes on")


def keep_change(about: About) -> None:
    """End the trial of the last change: it stays, for every controller that it is of."""
    trials = {name: trial for name in ("", *began_here(about)) if (trial := on_trial(_site(about, name).data))}
    if not trials:
        fail(Exit.FINDING, "nothing is on trial")
    for name, trial in trials.items():
        keep(_site(about, name).data)
        say(f"version {trial.version}{' of ' + name if name else ''} stays")


def list_versions(about: About, *, as_json: bool) -> None:
    """Print every version that ran, the newest last, and whether the files are as they were."""
    versions = Versions(site_of(about).data)
    try:
        found, broken = versions.all(), versions.broken()
    except VersionsError as error:
        fail(Exit.FINDING, str(error))
    if as_json:
        say_json({"versions": [asdict(each) for each in found], "broken": broken})
    else:
        zone = _zone(versions, found[-1].number) if found else None
        for each in found:
            when = local(each.utc_s, zone) if zone is not None else ""
            by = f", signed by {', '.join(each.signed_by)}" if each.signed_by else ""
            say(f"{each.number:5d}  {when}  {each.who}{by}  {each.why}")
        say("no version yet: control has not run here" if not found else broken or "all as they were stored")
    if broken:
        raise SystemExit(int(Exit.FINDING))


def _zone(versions: Versions, number: int) -> Plant:
    """Return a plant of the newest version: all have the same time zone."""
    return next(iter(_side(versions.files(number), f"version {number}").loaded.plants.values()))


def _finish(
    about: About,
    plan: ChangePlan,
    now: Side,
    then: Side,
    *,
    replay: str,
    out: Path | None,
    as_json: bool,
    exit_code: bool,
) -> None:
    if plan.changes and replay:
        plan = replace(plan, notes=(*plan.notes, *_all_tried(about, plan, now, then, replay)))
    if out is not None and plan.changes:
        out.write_text(to_text(plan), encoding="utf-8")
    if as_json:
        body = {**asdict(plan), "files": sorted(plan.files), "sha256": plan.sha256}
        say_json({**body, "changes": [{**asdict(each), "name": each.name} for each in plan.changes]})
    else:
        for line in _lines(plan, tuple(now.loaded.plants.values()), tuple(then.loaded.plants.values())):
            say(line)
        if out is not None and plan.changes:
            say(f"saved to {out} (sha {plan.sha256[:12]})")
    if exit_code and plan.changes:
        raise SystemExit(int(Exit.CHANGES))


def _lines(plan: ChangePlan, old: Sequence[Plant], new: Sequence[Plant]) -> list[str]:
    if not plan.changes:
        return [f"no changes: {plan.base_words} says the same"]
    lines = []
    for each in plan.changes:
        mark = "!" if in_words(each.weight) == "SAFETY" else _MARKS[each.kind]
        what = {"added": each.after, "removed": f"was {each.before}"}.get(each.kind, f"{each.before} → {each.after}")
        lines.append(f"  {mark} {each.name:42} {what:40} {in_words(each.weight)}")
    moved = {each.path[1] for each in plan.changes if each.path[0] in ("mvs", "cvs") and "limits" in each.path}
    before: dict[str, MvSpec | CvSpec] = {**mvs_of(old), **cvs_of(old)}
    after: dict[str, MvSpec | CvSpec] = {**mvs_of(new), **cvs_of(new)}
    for name in sorted(moved & before.keys() & after.keys()):
        lines += [f"  {line}" for line in drawn(name, after[name].unit, before[name].limits, after[name].limits)]
    if len(plan.parts) > 1:
        concerned = ", ".join(part.controller for part in plan.parts if part.changed)
        lines.append(f"  it concerns {concerned or 'none of the controllers'}")
    count = {kind: sum(each.kind == kind for each in plan.changes) for kind in _MARKS}
    lines += [f"  {note}" for note in plan.notes]
    if plan.widens:
        lines.append(f"  wider than before: {', '.join(plan.widens)}")
    lines.append(
        f"on {plan.base_words}: {count['added']} added, {count['changed']} changed, {count['removed']} removed. "
        f"Needs {plan.signatures} signature{'s, of different people' if plan.signatures > 1 else ''}."
    )
    return lines


def _all_tried(about: About, plan: ChangePlan, now: Side, then: Side, replay: str) -> tuple[str, ...]:
    """Return ``_tried`` of every controller that changes, each note with its name where there are several."""
    notes: list[str] = []
    for part in plan.parts:
        old, new = (side.loaded.plants.get(part.controller) for side in (now, then))
        if part.changed and old is not None and new is not None:
            name = f"{part.controller}: " if part.controller else ""
            notes += [name + note for note in _tried(_site(about, part.controller), old, new, replay)]
    return tuple(notes)


def _tried(site: Site, old: Plant, new: Plant, replay: str) -> tuple[str, ...]:
    """Return in words what the new file makes of the last ``replay`` on record."""
    from supervisor.changes.trial import tried  # noqa: PLC0415 - loads the solvers, some seconds
    from supervisor.lookback import looked_back  # noqa: PLC0415

    lasting_s = span_s("--replay", replay, "15 min or 24 h")
    history = History(site.database_url)
    try:
        last = history.last()
        if last is None:
            return ("replay: nothing is on record yet",)
        end_s = last.record.utc_s
        tell(f"trying it on the last {replay} on record ...")
        told = looked_back(new, (each.record for each in history.between(end_s - lasting_s, end_s + 1.0)))
        trial = tried(old, new, history.between(end_s - lasting_s, end_s + 1.0))
    except HistoryError as error:
        return (f"replay: the record cannot be read: {error}",)
    notes = [f"interlocks: {each.doubt or _clear(each.name, each.true)}" for each in told if each.doubt or each.true]
    if trial.why:
        return (*notes, f"replay: {trial.why}")
    gain = trial.money[1] - trial.money[0]
    notes.append(
        f"replay of {trial.cycles} cycles: {gain:+.3g} {new.currency}/h at the targets; a limit given up in "
        f"{trial.given_up[1]} cycles (now {trial.given_up[0]}); no plan in {trial.unplanned}"
    )
    moves = [f"{mv} {was:.6g} → {to:.6g} {new.mvs[mv].unit}" for mv, (was, to) in trial.first.items() if was != to]
    notes.append(f"first cycle would move: {', '.join(moves) or 'nothing'}")
    return tuple(notes)


def _clear(name: str, cycles: int) -> str:
    return f"{name!r} would have been true in {cycles} cycles"


def _running(about: About, then: Side) -> tuple[dict[str, Version], Side]:
    """Return each controller's version, and what the file is that all of them run with."""
    areas = _areas(about, [*began_here(about), *then.loaded.plants])
    try:
        found = areas.current()
        concerned = {*then.loaded.plants, *running_here(about)}  # not a controller that was given up long ago
        bases = {name: version for name, version in found.items() if name in concerned} or found
        if not bases:
            data = Site.of(about.plant, about.data).data
            fail(Exit.UNREACHABLE, f"no plant file has run here yet ({data}): start one with setwise run")
        if len({version.files_sha256 for version in bases.values()}) > 1:
            fail(Exit.FINDING, f"{', '.join(bases)} run with different plant files: start them again with the same one")
        name, version = next(iter(bases.items()))
        now = _side(Versions(areas.data[name]).files(version.number), f"version {version.number}")
    except VersionsError as error:
        fail(Exit.FINDING, str(error))
    if ("" in now.loaded.plants) != ("" in then.loaded.plants):
        fail(
            Exit.REFUSED,
            "between one controller and several there is no plan: stop control, put the new file in place, and start",
        )
    return bases, now


def _areas(about: About, names: Sequence[str]) -> Areas:
    return Areas(about.plant.resolve(), {name: _site(about, name).data for name in names})


def _site(about: About, controller: str) -> Site:
    return Site.of(about.plant, about.data, controller)


def _signatures(about: About) -> Path:
    """Return the folder beside which people sign: a plan is of the whole file."""
    return _site(about, "").data


def _bundle(path: Path, as_name: str) -> dict[str, str]:
    try:
        first, *rest = bundle(path).items()
    except (OSError, ValueError) as error:
        fail(Exit.USAGE, f"{path} cannot be read: {error}")
    return {as_name: first[1], **dict(rest)}


def _side(files: dict[str, str], shown_as: str) -> Side:
    try:
        return side_of(files, shown_as)
    except PlantFileError as error:
        fail(Exit.FINDING, render(error.diagnostics, error.source))


def _plan(path: Path) -> ChangePlan:
    try:
        return from_text(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        fail(Exit.USAGE, f"{path} cannot be read: {error}")
    except PlanError as error:
        fail(Exit.REFUSED, f"{path}: {error}")


def _me() -> str:
    return account(os.geteuid())
