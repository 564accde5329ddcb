"""``setwise fmt``."""

from __future__ import annotations

from supervisor.cli.exits import Exit
from tests.supervisor.cli.calls import call


def test_check_shows_and_changes_nothing_and_fmt_does_it_once(tmp_path):
    plant = tmp_path / "plant.yaml"
    plant.write_bytes(b"# mine\r\ntags:   # none\r\n    a: {unit: on}\r\n\r\nversion: 1\r\n")
    before = plant.read_bytes()
    done = call("fmt", plant, "--check")
    assert (done.exit_code, '+  a: {unit: "on"}' in done.stdout) == (Exit.FINDING, True)
    assert plant.read_bytes() == before
    assert call("fmt", plant).exit_code == 0
    assert plant.read_bytes() == b'version: 1\r\n\r\n# mine\r\ntags:   # none\r\n  a: {unit: "on"}\r\n'
    done = call("fmt", plant, "--check")
    assert (done.exit_code, done.stdout) == (0, "")


def test_a_file_with_errors_in_its_yaml_is_refused(tmp_path):
    plant = tmp_path / "plant.yaml"
    plant.write_text("a: 1\na: 2\n", encoding="utf-8")
    done = call("fmt", plant)
    assert (done.exit_code, "error[E004]" in done.stdout) == (Exit.FINDING, True)
    assert plant.read_text("utf-8") == "a: 1\na: 2\n"
    plant.write_text("a:\n  # why\n  1\n", encoding="utf-8")
    done = call("fmt", plant)
    assert (done.exit_code, "on the line of its key" in done.stderr) == (Exit.FINDING, True)
    assert call("fmt", tmp_path / "no.yaml").exit_code == Exit.FINDING
