from __future__ import annotations

from pathlib import Path

from tests.lanes import CLOSED_LOOP, LONG, lane, longest_first, processes

HOME = Path(__file__).resolve().parents[1]


def test_plants_in_closed_loop_follow_one_another_and_the_tests_of_a_file_stay_together():
    files = sorted(path.relative_to(HOME).as_posix() for path in (HOME / "tests").rglob("test_*.py"))
    closed = [path for path in files if path.startswith(CLOSED_LOOP)]
    assert len(closed) >= 10
    assert {lane(f"{path}::test_one[a::b]") for path in closed} == {CLOSED_LOOP}
    others = [path for path in files if path not in closed]
    assert [lane(f"{path}::TestIt::test_one") for path in others] == others


def test_what_takes_long_is_there_and_goes_first():
    assert [path for path in LONG if not (HOME / path).exists()] == []
    assert 1 <= processes() <= 4

    class Item:
        def __init__(self, nodeid: str) -> None:
            self.nodeid = nodeid

    items = [Item(nodeid) for nodeid in ("tests/a.py::b", "tests/a.py::a", f"{CLOSED_LOOP}test_z.py::z", "tests/b.py")]
    longest_first(items)
    assert [item.nodeid[6:] for item in items] == ["hil/closed_loop/test_z.py::z", "a.py::b", "a.py::a", "b.py"]
