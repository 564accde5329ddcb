"""``setwise plan``, ``sign``, ``apply``, ``keep``, ``rollback``, ``versions``: how a running plant file is changed."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path

from constraints.plant import Plant
from constraints.plantfile import PlantFileError, render
from supervisor.changes.applying import Order, RefusedError, apply, check_may, taken_back
from supervisor.changes.disk import bundle, side_of
from supervisor.changes.drawing import drawn
from supervisor.changes.keeping import keep, on_trial
from supervisor.changes.making import Side, Who, planned
from supervisor.changes.plan import ChangePlan, PlanError, from_text, to_text
from supervisor.changes.signing import SigningError, account, sign, signatures
from supervisor.changes.versions import Version, Versions, VersionsError
from supervisor.changes.weight import in_words
from supervisor.cli.console import fail, say, say_json, tell
from supervisor.cli.exits import Exit
from supervisor.cli.records import local, span_s
from supervisor.cli.requests import ANSWER_S_MAX, blank
from supervisor.cli.running import control_runs
from supervisor.clock import machine_utc_s
from supervisor.history.read import History, HistoryError
from supervisor.mailbox import Mailbox, MailboxError
from supervisor.sentences import reason as reason_words
from supervisor.site import Site

_MARKS = {"added": "+", "changed": "~", "removed": "-"}


def make_plan(
    file: Path | None, plant: Path, data: Path | None, *, replay: str, out: Path | None, as_json: bool, exit_code: bool
) -> None:
    """Print what ``file`` (default: the plant file as it is now) would change, and save the plan."""
    site = Site.of(plant, data)
    base, now = _running(site)
    then = _side(_bundle(file or site.plant_path, as_name=site.plant_path.name), str(file or plant))
    plan = planned(base, now, then, Who(_me(), machine_utc_s()))
    _finish(site, plan, now, then, replay=replay, out=out, as_json=as_json, exit_code=exit_code)


def plan_rollback(plant: Path, data: Path | None, to: int, *, out: Path | None, as_json: bool) -> None:
    """Print and save the plan that goes back to version ``to``; it needs the same signatures as any other."""
    site = Site.of(plant, data)
    base, now = _running(site)
    try:
        files = Versions(site.data).files(to)
    except VersionsError as error:
        fail(Exit.USAGE, f"{error}; setwise versions lists them")
    then = _side(files, f"version {to}")
    plan = planned(base, now, then, Who(_me(), machine_utc_s()), undoes=to)
    _finish(site, plan, now, then, replay="", out=out, as_json=as_json, exit_code=False)


def sign_plan(path: Path, plant: Path, data: Path | None, reason: str) -> None:
    """Put this account's signature to the plan in ``path``."""
    site, plan = Site.of(plant, data), _plan(path)
    try:
        sign(site.data, plan.sha256, reason, machine_utc_s())
    except SigningError as error:
        fail(Exit.REFUSED, str(error))
    signed = signatures(site.data, plan.sha256)
    say(f"signed by {', '.join(each.who for each in signed)}: {len(signed)} of {plan.signatures}")


def apply_plan(path: Path, plant: Path, data: Path | None, reason: str, *, keep_after: str, as_json: bool) -> None:
    """Bring exactly the plan in ``path`` into force, or refuse."""
    site, plan = Site.of(plant, data), _plan(path)
    versions, now_s = Versions(site.data), machine_utc_s()
    keep_s = span_s("--keep-after", keep_after, "15 min or 24 h") if keep_after else None
    signed = signatures(site.data, plan.sha256)
    if plan.signatures == 1 and not signed:
        signed = (sign(site.data, plan.sha256, reason, now_s),)  # whoever applies it, signs it
    try:
        check_may(plan, versions, site.plant_path, signed)
        order = Order(_me(), reason, now_s, now_s + keep_s if keep_s else None, tuple(each.who for each in signed))
    except RefusedError as error:
        fail(Exit.REFUSED, f"refused: {error}")
    running = control_runs(site)
    try:
        version = apply(plan, versions, site.plant_path, site.data, order)
    except (VersionsError, OSError) as error:
        fail(Exit.UNREACHABLE, f"nothing was changed: {error}")
    if running:
        _reload(site, plan, reason)
    said = f"version {version.number} is in force" if running else f"version {version.number} holds from the next start"
    if keep_s:
        said += f"; it goes back to version {plan.base} by itself in {keep_s:g} s unless: setwise keep"
    if as_json:
        say_json({"version": version.number, "config_hash": version.config_hash, "running": running})
    else:
        say(said)


def _reload(site: Site, plan: ChangePlan, reason: str) -> None:
    """Have control start again with the new file; where it will not, everything is as it was before."""
    try:
        mailbox, request = Mailbox(site.mailbox), blank("reload", reason)
        mailbox.post(request)
        answer = mailbox.wait_answer(request.id, ANSWER_S_MAX)
        why = "control did not answer" if answer is None else "" if answer.accepted else reason_words(answer.why)
    except MailboxError as error:
        why = str(error)
    if why:
        taken_back(Versions(site.data), site.plant_path, site.data, plan.base, f"refused: {why}", machine_utc_s())
        fail(Exit.REFUSED, f"refused: {why}; version {plan.base} goes on")


def keep_change(plant: Path, data: Path | None) -> None:
    """End the trial of the last change: it stays."""
    site = Site.of(plant, data)
    trial = on_trial(site.data)
    if trial is None:
        fail(Exit.FINDING, "nothing is on trial")
    keep(site.data)
    say(f"version {trial.version} stays")


def list_versions(plant: Path, data: Path | None, *, as_json: bool) -> None:
    """Print every version that ran, the newest last, and whether the files are as they were."""
    site = Site.of(plant, data)
    versions = Versions(site.data)
    try:
        found, broken = versions.all(), versions.broken()
    except VersionsError as error:
        fail(Exit.FINDING, str(error))
    if as_json:
        say_json({"versions": [asdict(each) for each in found], "broken": broken})
    else:
        zone = _running(site)[1].loaded.plant if found else None
        for each in found:
            when = local(each.utc_s, zone) if zone is not None else ""
            by = f", signed by {', '.join(each.signed_by)}" if each.signed_by else ""
            say(f"{each.number:5d}  {when}  {each.who}{by}  {each.why}")
        say("no version yet: control has not run here" if not found else broken or "all as they were stored")
    if broken:
        raise SystemExit(int(Exit.FINDING))


def _finish(
    site: Site,
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
        plan = replace(plan, notes=(*plan.notes, *_tried(site, now.loaded.plant, then.loaded.plant, replay)))
    if out is not None and plan.changes:
        out.write_text(to_text(plan), encoding="utf-8")
    if as_json:
        body = {**asdict(plan), "files": sorted(plan.files), "sha256": plan.sha256}
        say_json({**body, "changes": [{**asdict(each), "name": each.name} for each in plan.changes]})
    else:
        for line in _lines(plan, now.loaded.plant, then.loaded.plant):
            say(line)
        if out is not None and plan.changes:
            say(f"saved to {out} (sha {plan.sha256[:12]})")
    if exit_code and plan.changes:
        raise SystemExit(int(Exit.CHANGES))


def _lines(plan: ChangePlan, old: Plant, new: Plant) -> list[str]:
    if not plan.changes:
        return [f"no changes: version {plan.base} says the same"]
    lines = []
    for each in plan.changes:
        mark = "!" if in_words(each.weight) == "SAFETY" else _MARKS[each.kind]
        what = {"added": each.after, "removed": f"was {each.before}"}.get(each.kind, f"{each.before} → {each.after}")
        lines.append(f"  {mark} {each.name:42} {what:40} {in_words(each.weight)}")
    moved = {each.path[1] for each in plan.changes if each.path[0] in ("mvs", "cvs") and "limits" in each.path}
    for name in sorted(moved):
        for side in ("mvs", "cvs"):
            before, after = getattr(old, side).get(name), getattr(new, side).get(name)
            if before is not None and after is not None:
                lines += [f"  {line}" for line in drawn(name, after.unit, before.limits, after.limits)]
    count = {kind: sum(each.kind == kind for each in plan.changes) for kind in _MARKS}
    lines += [f"  {note}" for note in plan.notes]
    if plan.widens:
        lines.append(f"  wider than before: {', '.join(plan.widens)}")
    lines.append(
        f"on version {plan.base}: {count['added']} added, {count['changed']} changed, {count['removed']} removed. "
        f"Needs {plan.signatures} signature{'s, of different people' if plan.signatures > 1 else ''}."
    )
    return lines


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


def _running(site: Site) -> tuple[Version, Side]:
    versions = Versions(site.data)
    try:
        current = versions.current()
        if current is None:
            fail(Exit.UNREACHABLE, f"no plant file has run here yet ({site.data}): start one with setwise run")
        return current, _side(versions.files(current.number), f"version {current.number}")
    except VersionsError as error:
        fail(Exit.FINDING, str(error))


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
