"""The one way to control: judged by the session as it is now, done once, and never in the way of OFF."""

from __future__ import annotations

import asyncio
import math
from itertools import product

import pytest

from safety.signals import Mode
from supervisor.changes.difference import Change
from supervisor.changes.plan import ChangePlan, Part
from supervisor.changes.weight import Weight
from supervisor.letters import ACTIONS
from supervisor.mailbox import Mailbox
from supervisor.web.accounts import managing, service
from supervisor.web.accounts.sessions import ABSOLUTE_S, IDLE_S, PROOF_S
from supervisor.web.accounts.users import ROLES
from supervisor.web.acting import EXPIRES_S, Act, Acting
from supervisor.web.rights import TABLE, may
from tests.supervisor.web.accounts.rig import GOOD, enter, kinds, make_accounts, make_acting, person

LIMIT = {"variable": "moist", "side": "hi", "value": 3.9}


class Place:
    def __init__(self, folder):
        self.accounts, self.clock = make_accounts(folder)
        self.acting, self.control = make_acting(folder, self.accounts, self.clock)
        self.folder, self.keys = folder, 0

    def session(self, role="operator", name=None):
        person(self.accounts, name or role.replace("_", "."), role)
        return enter(self.accounts, name or role.replace("_", "."))[0]

    def act(self, session, action="limit", **more):
        self.keys += 1
        given = {"key": f"key-{self.keys:08d}", "why": "because", "saw_cycle": 7, "fields": LIMIT} | more
        return self.acting.do(session, Act(action=action, **given))

    def mode(self, session, mode, **more):
        return self.act(session, "mode", fields={"mode": mode, "confirmed": True}, **more)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def plan(*changes, signatures=2):
    made = [Change(tuple(path.split(".")), "changed", "1", "2", weight) for path, weight in changes]
    return ChangePlan(
        parts=(Part(controller="", base=1, config_hash="c", changed=True),), base_files_sha256="b",
        files={"plant.yaml": "x"}, changes=tuple(made),
        signatures=signatures,
    )  # fmt: skip


SAFETY = plan(("mvs.T_in_sp.limits.safety.hi", Weight.SAFETY))
TARIFF = plan(("tariffs.day.price", Weight.ENGINEERING), signatures=1)


# ------------------------------------------------------------------------------------------------------ the request


def test_control_gets_who_which_role_why_until_when_and_what_was_seen(place):
    done = place.act(place.session())
    (request,) = place.control.taken
    assert done.accepted
    assert done.id == request.id
    assert (request.who, request.role, request.why, request.saw_cycle) == ("operator", "operator", "because", 7)
    assert (request.variable, request.side, request.value) == ("moist", "hi", 3.9)
    assert request.expires_utc_s == request.asked_utc_s + EXPIRES_S == place.clock() + EXPIRES_S


def test_controls_own_refusal_is_passed_on(place):
    place.control.why = "outside_engineering"
    done = place.act(place.session())
    assert (done.accepted, done.code) == (False, "outside_engineering")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"why": " "}, "no_reason"),
        ({"why": "x" * 501}, "incomplete"),
        ({"key": ""}, "bad_key"),
        ({"key": "a b; drop"}, "bad_key"),
        ({"key": "x" * 65}, "bad_key"),
        ({"saw_cycle": None}, "no_view"),
        ({"fields": LIMIT | {"who": "boss"}}, "incomplete"),
        ({"fields": LIMIT | {"role": "admin"}}, "incomplete"),
        ({"fields": LIMIT | {"expires_utc_s": 1e12}}, "incomplete"),
        ({"fields": LIMIT | {"value": math.nan}}, "incomplete"),
        ({"fields": LIMIT | {"value": "3"}}, "incomplete"),
        ({"fields": LIMIT | {"value": object()}}, "incomplete"),
        ({"fields": LIMIT | {"side": "up"}}, "incomplete"),
        ({"fields": LIMIT | {"variable": "\ud800"}}, "incomplete"),
        ({"fields": {"mode": "closed_loop"}}, "incomplete"),
        ({"level": "engineering"}, "role"),
        ({"action": "prices"}, "role"),
        ({"action": "nonsense"}, "role"),
    ],
)
def test_what_is_not_whole_goes_no_further(place, more, code):
    done = place.act(place.session(), **more)
    assert (done.accepted, done.code) == (False, code)
    assert place.control.taken == []


def test_nobody_answers(tmp_path, place):
    acting = Acting(place.accounts, Mailbox(tmp_path / "m.db"), "main", utc_s=place.clock, answer_s=0.0)
    done = acting.do(place.session(), Act(action="limit", key="k" * 8, why="w", saw_cycle=1, fields=LIMIT))
    assert (done.accepted, done.code) == (False, "no_answer")


def test_a_mailbox_that_is_broken_is_said(place):
    session = place.session()
    (place.folder / "mailbox.db").write_bytes(b"no database" * 1_000)
    assert place.act(session).code == "mailbox"
    assert place.act(session, "off").code == "mailbox"


# ------------------------------------------------------------------------------------------------------ once


def test_the_same_form_sent_twice_acts_once_and_is_answered_alike(place):
    session = place.session()
    first, second = (place.act(session, key="the-same-key") for _ in range(2))
    assert first == second
    assert len(place.control.taken) == 1


def test_a_refusal_is_answered_alike_too(place):
    session = place.session()
    place.control.why = "crosses"
    first = place.act(session, key="the-same-key")
    place.control.why = ""
    assert place.act(session, key="the-same-key") == first


def test_a_key_that_was_used_for_something_else_is_refused(place):
    session = place.session()
    place.act(session, key="the-same-key")
    done = place.act(session, key="the-same-key", fields=LIMIT | {"value": 4.0})
    assert (done.accepted, done.code) == (False, "key_used")
    assert len(place.control.taken) == 1


def test_keys_of_two_people_have_nothing_to_do_with_each_other(place):
    for role in ("operator", "engineer"):
        assert place.act(place.session(role), key="the-same-key").accepted
    assert len(place.control.taken) == 2


def test_a_form_that_is_sent_again_much_later_has_expired_even_if_control_forgot_it(place, tmp_path):
    session = place.session()
    silent = Acting(place.accounts, Mailbox(tmp_path / "silent.db"), "main", utc_s=place.clock, answer_s=0.0)
    act = Act(action="limit", key="the-same-key", why="w", saw_cycle=1, fields=LIMIT)
    assert silent.do(session, act).code == "no_answer"
    place.clock.s += EXPIRES_S + 1.0
    done = place.acting.do(session, act)  # a mailbox that never saw it
    assert (done.accepted, done.code) == (False, "expired")
    assert place.control.taken == []


# ------------------------------------------------------------------------------------------------------ rights


@pytest.fixture(scope="module")
def everybody(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("everybody"))
    return place, {role: place.session(role) for role in ROLES}


def test_the_matrix_holds_at_execution(everybody):
    """Every role, every action that control knows: what reaches the mailbox is what the table says."""
    place, sessions = everybody
    for role, action in product(ROLES, sorted(ACTIONS - {"mode"})):
        before = len(place.control.taken)
        done = place.act(sessions[role], action)
        assert done.code == may(role, action), (role, action)
        assert len(place.control.taken) - before == done.accepted
    assert {each.role for each in place.control.taken} == {"operator", "engineer"}


def test_the_matrix_of_modes_holds_at_execution(everybody):
    place, sessions = everybody
    modes = (Mode.OFF, Mode.MONITOR, Mode.ADVISORY, Mode.CLOSED_LOOP)
    for released in (Mode.MONITOR, Mode.ADVISORY, Mode.CLOSED_LOOP):
        assert place.acting.release(sessions["engineer"], released, "tried for a week").accepted
        for role, mode in product(ROLES, modes):
            before = len(place.control.taken)
            done = place.mode(sessions[role], mode)
            assert done.code == may(role, "mode", mode=mode, released=released), (released, role, mode)
            assert len(place.control.taken) - before == done.accepted


def test_nothing_but_acting_reaches_the_mailbox_from_actions_that_are_not_controls(everybody):
    place, sessions = everybody
    before = len(place.control.taken)
    for role, action in product(ROLES, sorted(set(TABLE) - ACTIONS - {"off"})):
        assert not place.act(sessions[role], action).accepted
    assert len(place.control.taken) == before


def test_an_operator_arms_only_what_an_engineer_released(place):
    operator, engineer = place.session(), place.session("engineer")
    assert place.mode(operator, Mode.CLOSED_LOOP).code == "not_released"
    assert place.acting.release(operator, Mode.CLOSED_LOOP, "please").code == "role"
    assert place.acting.release(engineer, Mode.OFF, "nonsense").code == "incomplete"
    assert place.acting.release(engineer, Mode.CLOSED_LOOP, "commissioned").accepted
    assert place.mode(operator, Mode.CLOSED_LOOP).accepted
    assert "mode_released" in kinds(place.accounts)


def test_a_role_that_was_taken_away_since_the_page_was_drawn_counts(place):
    session = place.session()
    managing.set_role(place.accounts, "operator", "viewer", "boss")
    assert place.act(session).code == "role"
    assert place.act(session, "off").code == "role"


@pytest.mark.parametrize(
    "end",
    [
        lambda place, session: service.sign_out(place.accounts, session),
        lambda place, session: managing.disable(place.accounts, "operator", "boss"),
        lambda place, session: managing.end_sessions(place.accounts, "operator", "boss"),
        lambda place, session: setattr(place.clock, "s", place.clock.s + ABSOLUTE_S),
    ],
)
def test_a_session_that_has_ended_does_nothing_more(place, end):
    session = place.session()
    end(place, session)
    assert [place.act(session).code, place.act(session, "off").code] == ["signed_out"] * 2
    assert place.control.taken == []


@pytest.mark.parametrize("how", ["asked", "idle"])
def test_a_locked_session_may_only_press_off(place, how):
    session = place.session("engineer")
    if how == "idle":
        place.clock.s += IDLE_S
    else:
        service.lock(place.accounts, session)
    codes = {place.act(session, action).code for action in ("limit", "reset", "acknowledge", "lab", "target")}
    codes |= {place.mode(session, mode).code for mode in (Mode.MONITOR, Mode.ADVISORY, Mode.CLOSED_LOOP)}
    codes |= {place.acting.sign(session, SAFETY, "w").code, place.acting.release(session, Mode.ADVISORY, "w").code}
    assert codes == {"locked"}
    assert place.control.taken == []
    assert place.act(session, "off").accepted
    assert place.mode(session, Mode.OFF).accepted


def test_who_must_change_the_password_may_only_press_off(place):
    person(place.accounts, "ann", must_change=True)
    session, _ = enter(place.accounts)
    assert place.act(session).code == "must_change"
    assert place.act(session, "off").accepted


def test_arming_takes_the_password_of_the_last_minutes(place):
    session = place.session("engineer")
    place.clock.s += PROOF_S + 1.0
    assert place.mode(session, Mode.CLOSED_LOOP).code == "password_again"
    assert place.act(session, "bypass", fields={"interlock": "Hot", "value": 60.0}).code == "password_again"
    assert place.mode(session, Mode.ADVISORY).accepted
    session = service.prove(place.accounts, session, GOOD, "10.0.0.1").session
    assert place.mode(session, Mode.CLOSED_LOOP).accepted


def test_a_token_that_may_only_read_does_nothing_and_one_that_may_act_never_arms(place):
    place.session("engineer")
    for scope, codes in (("read", ["role", "role", "role"]), ("act", ["", "", "password_again"])):
        text, _ = managing.add_token(place.accounts, "engineer", "mes", scope, 1.0, "boss")
        program = service.of_bearer(place.accounts, text)
        done = [place.act(program, saw_cycle=None), place.act(program, "off"), place.mode(program, Mode.CLOSED_LOOP)]
        assert [each.code for each in done] == codes


# ------------------------------------------------------------------------------------------------------ OFF


@pytest.mark.parametrize(
    "act", [Act(action="off"), Act(action="mode", fields={"mode": Mode.OFF}), Act(action="off", key=";")]
)
def test_off_needs_no_key_no_reason_no_view_and_no_password(place, act):
    session = place.session()
    place.clock.s += PROOF_S + 1.0
    assert place.acting.do(session, act).accepted
    (request,) = place.control.taken
    assert (request.action, request.mode, request.who) == ("mode", Mode.OFF, "operator")


def test_off_carries_nothing_else_along(place):
    place.acting.do(place.session(), Act(action="off", fields=LIMIT | {"role": "admin"}))
    (request,) = place.control.taken
    assert (request.mode, request.value, request.role) == (Mode.OFF, None, "operator")


def test_off_is_pressed_while_the_file_of_accounts_is_broken(place):
    session = place.session()
    for path in place.folder.glob("accounts.db*"):
        path.write_bytes(b"no database" * 1_000)
    assert place.act(session, "off").accepted


async def test_off_does_not_wait_behind_others_that_wait(place, tmp_path):
    """As many acts as there is room for hang on a control that does not answer; OFF is asked all the same."""
    session = place.session()
    silent = Mailbox(tmp_path / "silent.db")
    acting = Acting(place.accounts, silent, "main", utc_s=place.clock, answer_s=600.0)
    asked = [Act(action="limit", key=f"key-{n:08d}", why="w", saw_cycle=1, fields=LIMIT) for n in range(3)]
    acting._waiting = 61  # so many wait already
    hanging = [asyncio.create_task(acting.act(session, each)) for each in asked]
    await asyncio.sleep(0)
    more = Act(action="limit", key="key-99999999", why="w", saw_cycle=1, fields=LIMIT)
    assert (await acting.act(session, more)).code == "busy"
    off = asyncio.create_task(acting.act(session, Act(action="off")))
    taken = []
    while not any(each.mode is Mode.OFF for each in taken) or len(taken) < 4:
        await asyncio.sleep(0.01)
        taken += silent.take(place.clock())
    from supervisor.record import Answer

    for each in taken:
        silent.answer(Answer(id=each.id, accepted=True, why=""))
    assert (await off).accepted
    assert all(each.accepted for each in await asyncio.gather(*hanging))


# ------------------------------------------------------------------------------------------------------ signatures


def names(place, plan_):
    return [each.who for each in place.acting.signed(plan_)]


def test_two_people_sign_what_is_of_safety(place):
    ann, bob = place.session("engineer", "ann"), place.session("engineer", "bob")
    for session in (ann, ann, bob):
        assert place.acting.sign(session, SAFETY, "HAZOP 12").accepted
    assert names(place, SAFETY) == ["ann", "bob"]
    assert names(place, TARIFF) == []
    assert kinds(place.accounts).count("plan_signed") == 3


def test_who_may_not_change_it_may_not_sign_it(place):
    sessions = {role: place.session(role) for role in ROLES}
    codes = {role: place.acting.sign(session, SAFETY, "w").code for role, session in sessions.items()}
    assert codes == {role: "" if role == "engineer" else "role" for role in ROLES}
    codes = {role: place.acting.sign(session, TARIFF, "w").code for role, session in sessions.items()}
    assert codes == {role: "" if role in ("engineer", "energy_manager") else "role" for role in ROLES}


def test_a_plan_that_hides_a_safety_limit_among_tariffs_is_no_tariff(place):
    mixed = plan(("tariffs.day.price", Weight.ENGINEERING), ("mvs.T_in_sp.limits.safety.hi", Weight.SAFETY))
    assert place.acting.sign(place.session("energy_manager"), mixed, "w").code == "role"


def test_a_signature_counts_no_more_once_its_person_may_not_sign(place):
    for name in ("ann", "bob"):
        place.acting.sign(place.session("engineer", name), SAFETY, "w")
    managing.disable(place.accounts, "ann", "boss")
    assert names(place, SAFETY) == ["bob"]
    managing.set_role(place.accounts, "bob", "operator", "boss")
    assert names(place, SAFETY) == []


def test_signing_takes_the_password_and_a_reason(place):
    session = place.session("engineer")
    assert place.acting.sign(session, SAFETY, "").code == "no_reason"
    place.clock.s += PROOF_S + 1.0
    assert place.acting.sign(session, SAFETY, "w").code == "password_again"
    assert names(place, SAFETY) == []


def test_an_applied_plan_is_loaded_by_whom_it_is_to_change(place):
    engineer, manager = place.session("engineer"), place.session("energy_manager")
    assert place.acting.reload(manager, SAFETY, "w", "key-1234567").code == "role"
    assert place.act(manager, "reload").code == "role"
    assert place.acting.reload(manager, TARIFF, "w", "key-1234567").accepted
    assert place.acting.reload(engineer, SAFETY, "w", "key-1234567").accepted
    assert [each.role for each in place.control.taken] == ["energy_manager", "engineer"]


def test_what_is_done_elsewhere_asks_here(place):
    admin, engineer = place.session("admin"), place.session("engineer")
    assert place.acting.refusal(admin, "users") == ""
    assert place.acting.refusal(engineer, "users") == "role"
    assert place.acting.refusal(engineer, "plan_make", SAFETY) == ""
    assert place.acting.refusal(admin, "plan_make", SAFETY) == "role"
    place.clock.s += PROOF_S + 1.0
    assert place.acting.refusal(admin, "users") == "password_again"
