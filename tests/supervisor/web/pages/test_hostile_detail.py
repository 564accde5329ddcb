"""Names and words that attack the reader are harmless in the pages that go into detail."""

from __future__ import annotations

import pytest

from constraints.plantfile import load
from supervisor.mailbox import Mailbox
from supervisor.record import Answer, Request
from supervisor.web.app import make_app
from supervisor.web.serve import desk_for
from supervisor.web.units import units_of
from tests.supervisor.web.conftest import browser, signed_in

ATTACK = '"><script>alert(1)</script>'
PATHS = (
    "", "/why", "/why?at=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "/why?none=%22%3E%3Cscript%3E", "/interlocks",
    "/interlocks/past", "/trends", "/trends?pens=%3Cscript%3Ealert(1)", "/trends?span=%22%3E%3Cscript%3E",
    "/variable/moist", "/variable/moist/quality", "/variable/T_in_sp", "/variable/%3Cscript%3Ealert(1)",
    "/variable/moist/dry-run?side=hi&value=%3Cscript%3Ealert(1)",
)  # fmt: skip


@pytest.fixture
async def hostile(site, house):
    text = site.plant_path.read_text(encoding="utf-8")
    quoted = ATTACK.replace('"', '\\"')
    text = text.replace("desc: Powder moisture (NIR analyser)", f'desc: "{quoted}"', 1)
    text = text.replace("name: Exhaust over-temperature", f'name: "{quoted}"', 1)
    assert text.count("alert(1)") == 2
    site.plant_path.write_text(text, encoding="utf-8")
    mailbox = Mailbox(site.mailbox)
    mailbox.post(
        Request(
            id="1", action="limit", who=ATTACK, role="operator", why=ATTACK, asked_utc_s=1.0, expires_utc_s=2.0,
            saw_cycle=None, variable="moist", side="hi", value=3.9,
        )
    )  # fmt: skip
    mailbox.answer(Answer(id="1", accepted=True, why=""))
    made = make_app(desk_for(units_of({"": (site, load(site.plant_path).plant)}), 1.0), house)
    async with made.app.router.lifespan_context(made.app), browser(made, signed_in(house, "engineer")) as client:
        yield client


async def test_nothing_that_others_wrote_becomes_part_of_a_page(hostile):
    seen = 0
    for path in PATHS:
        answer = await hostile.get(f"/controller/dryer-2{path}")
        assert answer.status_code in (200, 400, 404), path
        assert "<script>alert" not in answer.text, path
        seen += "&lt;script&gt;alert(1)" in answer.text
    assert seen >= 3
