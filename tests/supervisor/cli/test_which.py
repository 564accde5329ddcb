"""Commands on a plant with several controllers say which one they are about, or ask."""

from __future__ import annotations

import fcntl

import pytest

from safety.signals import Mode
from supervisor.cli.about import About
from supervisor.cli.exits import Exit
from supervisor.cli.which import began_here, running_here, site_of
from supervisor.mailbox import Mailbox
from supervisor.record import Answer
from supervisor.site import DATABASE_VARIABLE, Site, SiteError
from tests.constraints.plantfile.two import TEXT
from tests.supervisor.cli.calls import call, one_object


@pytest.fixture
def plant(tmp_path):
    path = tmp_path / "plant.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def began(plant, *names):
    for name in names:
        site = Site.of(plant, controller=name)
        site.data.mkdir(parents=True, exist_ok=True)
        site.pid_file.write_text("1\n", encoding="utf-8")


def test_each_controller_has_a_folder_of_its_own(tmp_path, plant):
    site = Site.of(plant, controller="dryer_1")
    assert site.data == tmp_path / "setwise-data" / "dryer_1"
    assert site.database_url == f"sqlite:///{site.data / 'setwise.db'}"
    assert Site.of(plant, tmp_path / "x", "dryer_2").data == tmp_path / "x" / "dryer_2"


def test_no_two_records_in_one_database(plant, monkeypatch):
    monkeypatch.setenv(DATABASE_VARIABLE, "postgresql://plant@db/setwise")
    assert Site.of(plant).database_url == "postgresql://plant@db/setwise"
    with pytest.raises(SiteError, match="one database for all controllers"):
        _ = Site.of(plant, controller="dryer_1").database_url
    for command in ("status", "why", "doctor", "audit verify"):
        done = call(*command.split(), "-c", plant, "-C", "dryer_1")
        assert (done.exit_code, "make one for each" in done.stderr) == (Exit.USAGE, True), command
    done = call("run", plant)
    assert (done.exit_code, "make one for each" in done.stderr) == (Exit.USAGE, True)
    monkeypatch.setenv(DATABASE_VARIABLE, "postgresql://plant@db/setwise_{controller}")
    assert Site.of(plant, controller="dryer_1").database_url == "postgresql://plant@db/setwise_dryer_1"


def held(site):
    """Hold the pid file as a control process does, and have a mailbox that somebody answers."""
    lock = site.pid_file.open("a+", encoding="utf-8")
    fcntl.flock(lock, fcntl.LOCK_EX)
    Mailbox(site.mailbox)
    return lock


@pytest.fixture
def answered(monkeypatch):
    seen = []
    real = Mailbox.post

    def post(mailbox, request):
        real(mailbox, request)
        seen.append((mailbox, request.mode))
        mailbox.answer(Answer(id=request.id, accepted=True, why=""))

    monkeypatch.setattr(Mailbox, "post", post)
    return seen


@pytest.mark.parametrize("running", [("dryer_2",), ("dryer_1", "dryer_2"), ("",)])
@pytest.mark.parametrize("text", [TEXT, "nonsense: ["])
def test_off_reaches_all_that_run_whatever_the_file_and_the_database_say(plant, answered, monkeypatch, running, text):
    began(plant, "dryer_1", "dryer_2", "")
    monkeypatch.setenv(DATABASE_VARIABLE, "postgresql://plant@db/setwise")
    plant.write_text(text, encoding="utf-8")
    locks = [held(Site.of(plant, controller=name)) for name in running]
    done = call("mode", "off", "-c", plant)
    assert done.exit_code == 0, done.stderr
    assert [mode for _, mode in answered] == [Mode.OFF] * len(running)
    if running[0]:
        assert call("mode", "off", "-c", plant, "-C", running[0]).exit_code == 0
    for lock in locks:
        lock.close()


@pytest.mark.parametrize(
    "command",
    ["why", "lab moist1 4 --sampled 08:00", "target moist1 4 --for 1h", "check --history 1h"],
)
def test_what_is_about_one_asks_which(plant, command):
    at = [plant] if command.startswith("check") else ["-c", plant]
    done = call(*command.split(), *at)
    assert done.exit_code == Exit.USAGE
    assert "name one with -C, of dryer_1, dryer_2" in done.stderr


@pytest.mark.parametrize(
    "command",
    ["mode monitor", "limit moist1.hi 4.5", "reset trip", "bypass Fan --end", "audit verify", "versions", "doctor"],
)
def test_what_needs_no_plant_file_goes_by_what_ran_here(plant, command):
    began(plant, "dryer_1", "dryer_2")
    done = call(*command.split(), "-c", plant)
    assert done.exit_code == Exit.USAGE
    assert "name one with -C, of dryer_1, dryer_2" in done.stderr


def test_a_doctor_of_several_is_asked_for_one(plant):
    done = call("doctor", "-c", plant)
    assert (done.exit_code, "dryer_1, dryer_2, with -C" in done.stderr) == (Exit.USAGE, True)


def test_an_unknown_controller(plant):
    done = call("why", "-c", plant, "-C", "dryer2")
    assert done.exit_code == Exit.USAGE
    assert "did you mean 'dryer_2'?" in done.stderr
    done = call("run", plant, "-C", "dryer_3")
    assert (done.exit_code, "dryer_1, dryer_2" in done.stderr) == (Exit.USAGE, True)


def test_status_of_all_tells_of_each_that_never_ran(plant):
    done = call("status", "-c", plant)
    assert done.exit_code == Exit.UNREACHABLE
    assert done.stdout == "dryer_1:\ndryer_2:\n"
    assert done.stderr.count("cannot be read") + done.stderr.count("no such cycle") == 2
    done = call("status", "-c", plant, "--json")
    assert one_object(done) == {"controllers": {"dryer_1": None, "dryer_2": None}}


def test_off_where_nobody_runs(plant):
    began(plant, "dryer_1", "dryer_2")
    assert running_here(About(plant, None)) == ()
    done = call("mode", "off", "-c", plant)
    assert (done.exit_code, "no controller runs here" in done.stderr) == (Exit.UNREACHABLE, True)


def test_with_a_broken_file_those_that_ever_ran_count(plant):
    began(plant, "dryer_2")
    plant.write_text("nonsense: [", encoding="utf-8")
    about = About(plant, None)
    assert began_here(about) == ("dryer_2",)
    assert site_of(about).controller == "dryer_2"


def test_check_tells_of_each(plant):
    done = call("check", plant)
    assert done.exit_code == 0
    assert "dryer_1 ok - 3 tags, 1 MVs, 1 CVs, 2 interlocks, cycle 5 s" in done.stdout
    assert "dryer_2 ok - 4 tags" in done.stdout
