"""Two accounts on the control system: who is logged in when, and what each may do (invariants I-12, I-17)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from asyncua import ua

from constraints.plant import Connection
from hil.devices import READER, WRITER
from safety.encoding import Encoding, encode
from safety.signals import Mode
from supervisor.clock import RealClock
from supervisor.drivers.moveset import Delivered, Word
from supervisor.drivers.opcua_rights import rights
from supervisor.drivers.opcua_session import Namespaces
from supervisor.drivers.opcua_writing import OpcUaWritingSession
from supervisor.secrets import secrets_beside
from tests.hil.closed_loop.cycles import wrote
from tests.hil.closed_loop.stage import Stage
from tests.supervisor.tank import setwise


def sessions(stage: Stage) -> Mapping[str, int]:
    found = stage.state()["sessions"]
    assert isinstance(found, dict)
    return found


def logins(stage: Stage) -> int:
    """Return how often the account that may write has logged in."""
    found = stage.state()["logins"]
    assert isinstance(found, dict)
    return int(found.get(WRITER, 0))


def watched(stage: Stage, mode: Mode) -> None:
    """Let six cycles go by in ``mode``, in which the account that may write is never logged in. The other one may be
    seen twice or not at all where a busy machine made it log in anew.
    """
    control, before = stage.control, logins(stage)
    first = control.until(mode.name, lambda record: record.mode.actual is mode, stage.now_utc_s)
    for number in range(1, 7):
        control.until("a cycle", lambda record, least=first.cycle + number: record.cycle >= least, first.utc_s)  # type: ignore[misc]
        assert WRITER not in sessions(stage)
    stage.until_state("the reader logged in", lambda state: state["sessions"] == {READER: 1})
    assert logins(stage) == before


def test_i17_the_server_sees_a_writing_session_while_armed_and_at_no_other_time(stage: Stage) -> None:
    stage.control.process.stop()
    stage.until_state("nobody logged in", lambda state: state["sessions"] == {})
    before = logins(stage)
    control = stage.start_control()
    watched(stage, Mode.MONITOR)
    control.mode(Mode.ADVISORY)
    watched(stage, Mode.ADVISORY)
    assert logins(stage) == before
    assert wrote(control.arm())
    stage.until_state("both logged in", lambda state: state["sessions"] == {READER: 1, WRITER: 1})  # positive control
    assert control.mode(Mode.OFF).accepted
    stage.until_state("the writer logged out", lambda state: state["sessions"] == {READER: 1})
    stage.until_shed()
    watched(stage, Mode.OFF)
    assert wrote(control.arm())


async def tried(connection: Connection, secret: str, stage: Stage) -> Delivered:
    """Log in with ``secret`` as if it may write, and write a setpoint register that nobody commits."""
    clock, point = RealClock(), stage.plant.mvs["fan_sp"].writes
    session = OpcUaWritingSession(
        replace(connection, write_user_secret=secret),
        base_dir=stage.folder,
        secrets=secrets_beside(stage.folder),
        namespaces=Namespaces(),
        now_s=lambda: clock.now().mono_s,
    )
    await session.open()
    try:
        word = Word(point, encode(61.5, Encoding("float32")))
        return await session.write([word], [ua.NodeId.from_string(point.address)], float("inf"))
    finally:
        await session.close()


@pytest.mark.parametrize(("secret", "told"), [("dcs", "refused"), ("dcs-write", "done")])
def test_i12_the_reading_account_is_refused_by_the_server(stage: Stage, secret: str, told: str) -> None:
    connection, address = stage.plant.connections["dcs"], stage.plant.mvs["fan_sp"].writes.address
    stage.control.mode(Mode.OFF)
    stage.until_shed()
    mark = stage.mark()
    delivered = asyncio.run(tried(connection, secret, stage))
    assert delivered.delivery.value == told
    assert list(delivered.refused.values()) == (["BadUserAccessDenied"] if told == "refused" else [])
    assert [event["value"] for event in stage.written(mark)] == ([] if told == "refused" else [61.5])
    base, secrets = stage.folder, secrets_beside(stage.folder)
    said = asyncio.run(rights(connection, secret, [address], base_dir=base, secrets=secrets))
    assert said == {address: told == "done"}
    assert wrote(stage.control.arm())


ACCOUNTS = {
    "as they are": (
        {},
        {
            "account dcs": (True, False, "can only read"),
            "account dcs-write for writing": (True, False, "may write the 10 places it must"),
        },
    ),
    "the wrong way round": (
        {
            "    user: {secret: dcs} ": "    user: {secret: dcs-write} ",
            "    write_user: {secret: dcs-write} ": "    write_user: {secret: dcs} ",
        },
        {
            "account dcs-write": (True, True, "only has to read and may write ns=2;s=APC.COMMIT and 9 more"),
            "account dcs for writing": (False, False, "may not write ns=2;s=APC.COMMIT and 9 more"),
        },
    ),
    "one for both": (
        {"    write_user: {secret: dcs-write} ": "    # "},
        {
            "account dcs": (True, True, "reads and writes"),
            "account dcs for writing": (False, False, "may not write"),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCOUNTS)
def test_the_doctor_tells_what_each_account_may(judged: Stage, case: str) -> None:
    edits, expected = ACCOUNTS[case]
    text = judged.plant_path.read_text(encoding="utf-8")
    for before, after in edits.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    path = judged.folder / "doctored.yaml"
    path.write_text(text, encoding="utf-8")
    judged.control.mode(Mode.OFF)
    judged.until_state("the writer logged out", lambda state: state["sessions"] == {READER: 1})
    judged.until_shed()
    mark = judged.mark()
    said = json.loads(setwise("doctor", "-c", path, "--data", judged.folder / "nothing", "--json").stdout)
    found = {each["what"]: each for each in said["findings"] if each["what"].startswith("account")}
    assert set(found) == set(expected)
    for what, (well, warning, told) in expected.items():
        assert (found[what]["well"], found[what]["warning"]) == (well, warning)
        assert found[what]["text"].startswith(told)
    assert judged.events("write", mark) == []


def test_every_tag_of_the_bench_is_as_the_file_says_and_a_reading_account_may_not_write(judged: Stage) -> None:
    judged.control.mode(Mode.OFF)
    judged.until_shed()
    mark = judged.mark()
    done = setwise("check", "--live", "--json", judged.plant_path)
    found = json.loads(done.stdout)["findings"]
    assert (done.returncode, found) == (0, []), found
    text = judged.plant_path.read_text(encoding="utf-8")
    path = judged.folder / "one-account.yaml"
    path.write_text(text.replace("    write_user: {secret: dcs-write} ", "    # "), encoding="utf-8")
    done = setwise("check", "--live", "--json", path)
    found = json.loads(done.stdout)["findings"]
    assert (done.returncode, {each["kind"] for each in found}, len(found)) == (1, {"write"}, 10)
    assert judged.events("write", mark) == []
