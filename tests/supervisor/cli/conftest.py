"""A site with a record, and somebody who answers requests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supervisor.audit.writer import AuditWriter
from supervisor.mailbox import Mailbox
from supervisor.record import Answer
from supervisor.shell import RecordDesk
from supervisor.site import DATABASE_VARIABLE, Site
from tests.supervisor.walk import PLANT_FILE, UTC_S, Walk, plan_to


@pytest.fixture(autouse=True)
def no_database_of_the_environment(monkeypatch):
    monkeypatch.delenv(DATABASE_VARIABLE, raising=False)


@pytest.fixture
async def site(tmp_path):
    """The demo's plant file with a record of twelve cycles: watched, advised, armed, moved, refused, shed."""
    return await recorded(tmp_path)


async def recorded(folder):
    """Make that record in ``folder``."""
    (folder / "plant.yaml").write_bytes(PLANT_FILE.read_bytes())
    site = Site.of(folder / "plant.yaml")
    site.data.mkdir()
    walk = Walk().closed()
    walk.plans = plan_to(T_in_sp=190.0)
    walk.cycle()
    walk.cycle(plan=plan_to(T_in_sp=float("nan")))
    walk.plc.remote = False
    walk.cycle()
    audit = AuditWriter(site.database_url, site.spool, site.heads, deadline_s=20.0)
    await audit.start(UTC_S)
    for step in walk.steps:
        stored = await audit.intend(step.intent) if step.intent is not None else None
        record = replace(step.record, intent_seq=stored.seq if stored is not None else None)
        assert (await RecordDesk(audit).settle(record, step.view, walk.memory)).stored
    await audit.close(UTC_S + 1_000.0)
    Mailbox(site.mailbox)
    return site


@pytest.fixture
def asked(site, monkeypatch):
    """Answer requests in this process as control would; return what was asked."""
    seen = []

    def answer(why=""):
        real = Mailbox.post

        def post(mailbox, request):
            real(mailbox, request)
            seen.append(request)
            mailbox.answer(Answer(id=request.id, accepted=not why, why=why))

        monkeypatch.setattr(Mailbox, "post", post)
        return seen

    return answer
