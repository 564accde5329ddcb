"""A bypass through real processes: asked for by command, on record, shown, and gone after a restart."""

from __future__ import annotations

import json

from supervisor.cli.exits import Exit
from tests.supervisor.tank import Control, setwise, write_tank

INTERLOCKS = """\
interlocks:
  - {name: Full, when: "level > 95", then: shed, latch: true, bypass: {longest: 1 h}}
  - {name: Empty, when: "for_time(level < 5, 10) or quality(level) < 64", then: hold}
models:
"""


def test_f68_a_bypass_is_asked_for_shown_and_ended_by_a_restart(tmp_path):
    plant = write_tank(tmp_path, **{"models:\n": INTERLOCKS})
    asked = ("bypass", "Full", "--for", "30 min", "--why", "new level sensor", "-c", plant)
    with Control(plant) as first:
        first.until(lambda record: record.cycle >= 2)
        assert setwise(*asked).stdout == "accepted\n"
        record = first.until(lambda record: record.bypassed).record
        assert record.bypassed["Full"].reason == "new level sensor"
        assert 1_700.0 < record.bypassed["Full"].until_utc_s - record.utc_s < 1_802.0
        status = setwise("status", "-c", plant)
        assert (status.returncode, "'Full' is bypassed by" in status.stdout) == (0, True)
        assert set(json.loads(setwise("status", "-c", plant, "--json").stdout)["bypassed"]) == {"Full"}
        refused = setwise("bypass", "Empty", "--for", "30 min", "--why", "x", "-c", plant)
        assert (refused.returncode, refused.stdout) == (Exit.REFUSED, "refused: no_bypass\n")
        first.process.kill()
        first.process.wait()
    with Control(plant) as second:
        found = second.until(
            lambda after: after.utc_s > record.utc_s and after.cycle >= 2 and not after.bypassed
        ).record
        assert found.bypassed == {}
        assert "interlock 'Full' was bypassed by" in second.said
        assert "the restart ends that" in second.said
        ended = setwise("bypass", "Full", "--end", "-c", plant)
        assert (ended.returncode, ended.stdout) == (Exit.REFUSED, "refused: not_bypassed\n")
        assert second.end() == 0
