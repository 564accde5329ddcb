"""New alarms are sent by the real Apprise to a real address, and a dead one is an alarm and never a wait."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from constraints.alarms import NotifyRule
from supervisor.alarms import notify
from supervisor.alarms.notify import MISSING, Message, Notifier, messages
from supervisor.record import AlarmStep
from supervisor.secrets import secrets_beside
from tests.supervisor.tank import closed_port
from tests.supervisor.walk import Walk, demo_plant

WAIT_S = 60.0
PHONE, MAIL = NotifyRule(secret="phone"), NotifyRule(secret="mail", least="low")
PLANT = replace(demo_plant(), notify=(PHONE, MAIL))
HELLO = Message("phone", "HIGH Dryer: shed", "do: look")


@pytest.fixture
def inbox() -> Iterator[tuple[int, queue.Queue[dict[str, str]]]]:
    got: queue.Queue[dict[str, str]] = queue.Queue()

    class Post(BaseHTTPRequestHandler):
        def do_POST(self):
            got.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Post)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, got
    server.shutdown()
    server.server_close()
    thread.join()


def step(priority="high", kind="raised", id_="shed:controller"):
    text = "shed: plc_remote\x1b[2J"
    return AlarmStep(id=id_, step=kind, state="unack", occurrence=1, priority=priority, text=text)


def urls(**named):
    return lambda name: named[name]


def until(notifier, met):
    """Wait until the thread has seen to everything, then ask."""
    notifier.close()
    assert met(notifier.why), notifier.why


def test_a_new_alarm_goes_where_alarms_so_urgent_are_wanted(make_record):
    steps = (step(), step("low", id_="tag:T_out"), step(kind="acknowledged"), step("critical", "cleared"))
    found = messages(PLANT, make_record(1, alarm_steps=steps))
    assert [(each.secret, each.title.split()[0]) for each in found] == [
        ("phone", "HIGH"),
        ("mail", "HIGH"),
        ("mail", "LOW"),
    ]
    assert found[0].title == f"HIGH {PLANT.name}: shed: plc_remote [2J"  # nothing that a terminal would obey
    assert "do: take the loops over" in found[0].body
    assert "within: 5 min" in found[0].body
    assert "Europe/Berlin, alarm shed:controller" in found[0].body


def test_it_arrives(inbox):
    port, got = inbox
    notifier = Notifier([PHONE], urls(phone=f"json://127.0.0.1:{port}/x"))
    notifier.send([HELLO])
    sent = got.get(timeout=WAIT_S)
    assert (sent["title"], sent["message"]) == (HELLO.title, HELLO.body)
    until(notifier, lambda why: why == "")


def test_a_dead_address_is_said_until_it_takes_messages_again(inbox):
    port, got = inbox
    address = {"phone": f"json://127.0.0.1:{closed_port()}/geheim"}
    notifier = Notifier([PHONE], urls(**address))
    notifier.send([HELLO])
    until(notifier, lambda why: why == "the address in secret 'phone' does not take messages")
    assert "geheim" not in notifier.why
    notifier._urls["phone"] = f"json://127.0.0.1:{port}/x"
    notifier._thread = None
    notifier.send([HELLO])
    got.get(timeout=WAIT_S)
    until(notifier, lambda why: why == "")


def test_what_is_no_address_is_said_without_saying_it():
    notifier = Notifier([PHONE], urls(phone="geheim"))
    notifier.send([HELLO])
    until(notifier, lambda why: "'phone'" in why and "geheim" not in why)


def test_a_missing_secret_is_said_at_once(tmp_path):
    notifier = Notifier([PHONE], secrets_beside(tmp_path))
    assert "set SETWISE_SECRET_PHONE" in notifier.why
    notifier.send([HELLO])
    assert notifier._thread is None


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    notifier = Notifier([PHONE], urls(phone="json://127.0.0.1/x"))
    notifier.send([HELLO])
    until(notifier, lambda why: why == MISSING)


def test_a_hanging_address_holds_up_nobody_and_too_many_are_dropped(monkeypatch):
    held, begun = threading.Event(), threading.Event()

    def hang(url, message):
        begun.set()
        held.wait(WAIT_S)
        return ""

    monkeypatch.setattr(notify, "_sent", hang)
    notifier = Notifier([PHONE], urls(phone="x"))
    notifier.send([HELLO])
    assert begun.wait(WAIT_S)
    notifier.send([HELLO] * (notify.WAITING_MAX + 1))
    assert notifier.why == "too many alarms wait to be sent"
    notifier.close()  # full: nobody waits for it
    held.set()
    notifier._waiting.put(None, timeout=WAIT_S)
    notifier._thread.join(WAIT_S)


def test_a_failing_notifier_is_a_low_alarm():
    walk = Walk()
    step = walk.cycle(notify_why="the address in secret 'phone' does not take messages")
    (raised,) = [each for each in step.record.alarm_steps if each.step == "raised"]
    assert (raised.id, raised.priority) == ("notify:notify", "low")
    assert "secret 'phone'" in raised.text
