"""New alarms sent to where people are, by Apprise; from a thread of its own, so that no cycle ever waits for a network.

Addresses are secrets: none is in the plant file, in the record or in a log. What cannot be sent is not tried again, for
by then the page knows more; that it could not be sent is an alarm until something can be.
"""

from __future__ import annotations

import importlib
import logging
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from constraints.alarms import NotifyRule, at_least, key_of
from constraints.localtime import local_time
from constraints.plant import Plant
from supervisor.alarms.rules import rule_of
from supervisor.record import CycleRecord
from supervisor.secrets import SecretError, Secrets
from supervisor.sentences import plain, span_words

WAITING_MAX: Final = 200
CLOSE_S: Final = 5.0
MISSING: Final = "Apprise is not installed: pip install 'setwise[notify]'"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to one address."""

    secret: str
    """Name of the secret that holds the address."""
    title: str
    body: str


def messages(plant: Plant, record: CycleRecord) -> tuple[Message, ...]:
    """Return what is to be sent of a cycle: its new alarms, to each address that wants ones so urgent."""
    found = []
    for step in record.alarm_steps:
        if step.step != "raised":
            continue
        rule = rule_of(plant, *key_of(step.id))
        at = local_time(record.utc_s, plant.timezone)
        title = plain(f"{step.priority.upper()} {plant.name}: {step.text or step.id}")
        lines = (
            f"{at.date} {at.minute // 60:02d}:{at.minute % 60:02d} {plant.timezone}, alarm {step.id}",
            f"do: {rule.response}",
            f"within: {span_words(rule.time_to_respond_s)}",
            f"else: {rule.consequence}",
        )
        body = "\n".join(plain(each) for each in lines)
        found += [Message(to.secret, title, body) for to in plant.notify if at_least(step.priority, to.least)]
    return tuple(found)


class Notifier:
    """Sends; starts its thread with the first message. Never raises, never waits (``close`` waits a little)."""

    def __init__(self, rules: Sequence[NotifyRule], secrets: Secrets) -> None:
        """Look the addresses up now, so that a missing one is an alarm at once."""
        self._why: dict[str, str] = {}
        self._urls: dict[str, str] = {}
        for rule in rules:
            try:
                self._urls[rule.secret] = secrets(rule.secret)
            except SecretError as error:
                self._why[rule.secret] = str(error)
        self._waiting: queue.Queue[Message | None] = queue.Queue(WAITING_MAX)
        self._thread: threading.Thread | None = None
        self._full = False

    @property
    def why(self) -> str:
        """Why something cannot be sent; empty when all could be."""
        if self._full:
            return "too many alarms wait to be sent"
        return "; ".join(dict.fromkeys(self._why.copy().values()))

    def send(self, found: Sequence[Message]) -> None:
        """Have messages sent; what there is no room for is dropped, and said by ``why``."""
        for message in found:
            if message.secret not in self._urls:
                continue
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="notify", daemon=True)
                self._thread.start()
            try:
                self._waiting.put_nowait(message)
                self._full = False
            except queue.Full:
                self._full = True

    def close(self) -> None:
        """End the thread after what it is sending; it is not waited for long, and never keeps the process."""
        if self._thread is None:
            return
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(CLOSE_S)

    def _work(self) -> None:
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it would write addresses into the log
        while (message := self._waiting.get()) is not None:
            self._full = False  # there is room again
            why = _sent(self._urls[message.secret], message)
            if why:
                self._why[message.secret] = why
            else:
                self._why.pop(message.secret, None)


def _sent(url: str, message: Message) -> str:
    """Send one message; return why it could not be."""
    try:
        apprise: Any = importlib.import_module("apprise")  # not everybody installs it, and it takes a while
    except ImportError:
        return MISSING
    client = apprise.Apprise()
    if not client.add(url):
        return f"what secret '{message.secret}' holds is not an address that Apprise knows"
    if not client.notify(title=message.title, body=message.body, body_format="text"):
        return f"the address in secret '{message.secret}' does not take messages"
    return ""
