"""A count of every reason that was given, and the list of all that there are, read from the source.

A reason nobody ever saw is a reason nobody knows to work; so a new one without a story fails ``test_reasons``.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from safety.modes import NEEDS
from safety.signals import Mode

SAFETY = Path(__file__).resolve().parents[2] / "safety"


class Seen:
    """``(family, name)`` and how often."""

    def __init__(self):
        self.counts = Counter()

    def count(self, family, name, times=1):
        self.counts[family, str(name)] += times

    def of(self, family):
        return {name for (kind, name), times in self.counts.items() if kind == family and times}

    def cycle(self, done, requests, me):
        """Count all that one cycle said."""
        state = done.decision.state
        for verdict in done.verdicts:
            for refusal in verdict.refusals:
                self.count("gate", refusal.code)
        for reason in done.link.reasons:
            self.count("handshake", reason)
        for reading in done.snapshot.readings.values():
            if reading.why:
                self.count("validity", reading.why)
        for name in done.outcome.acting:
            self.count("acting", name)
        self.count("action", done.outcome.action)
        self.count("watch", done.situation.watch.action)
        self.count("transition", f"{done.before.name} {state.actual.name}")
        for reason in state.reasons:
            self.count("mode", reason)
        self.answers(done.before, done.conditions, done.decision)

    def answers(self, before, conditions, decision):
        """Count the first answer of a cycle: what later ones met, the first may have changed."""
        tripped = {"no_trip", "guard"} & {name for name, met in conditions.items() if met is not True}
        mode = Mode.TRIPPED if tripped else before
        for answer in decision.answers[:1]:
            for reason in answer.reasons or ("taken",):
                self.counts["ask", (mode.name, answer.request.ask, reason)] += 1


# --- the list of all that there are, read from the source


def parsed(name, function=None):
    tree = ast.parse((SAFETY / f"{name}.py").read_text())
    if function is None:
        return tree
    return next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function)


def words(node):
    """Every text in it, f-strings and what is only compared with left out."""
    if isinstance(node, ast.Compare | ast.JoinedStr):
        return set()
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) and node.value else set()
    return {word for child in ast.iter_child_nodes(node) for word in words(child)}


def calls(tree, *names):
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [node for node in found if getattr(node.func, "id", getattr(node.func, "attr", "")) in names]


def seconds(function):
    """The second halves of what it returns: ``memory, why``."""
    returned = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    return [pair.elts[1] for node in returned for pair in ast.walk(node) if isinstance(pair, ast.Tuple)]


def gate_codes():
    """What the gate and what it calls put first into a Refusal; from a table where that is a variable."""
    asked = {word for call in calls(parsed("envelope"), "refuse") for word in words(call.args[0])}
    found, named = set(asked), set()
    for module in ("gate", "envelope", "rules"):
        for call in calls(parsed(module), "Refusal"):
            found |= words(call.args[0])
            named |= {call.args[0].id} if isinstance(call.args[0], ast.Name) else set()
    if not named <= {"code"}:
        raise LookupError(f"codes come from {named}: tell this function where from")
    tables = [node for node in ast.walk(parsed("rules", "closed_ways")) if isinstance(node, ast.Tuple)]
    found |= {word for table in tables for each in table.elts if isinstance(each, ast.Constant) for word in words(each)}
    again = [words(each) for call in calls(parsed("gate"), "replace") for each in call.keywords if each.arg == "code"]
    if len(again) != 1:
        raise LookupError("there must be one place that says sent_")
    # What was asked for is judged first, so that limits that are none are never found by the bytes alone.
    return found | {f"sent_{code}" for code in asked - {"no_limits"}}


def handshake_reasons():
    observe, heard = parsed("handshake", "observe"), parsed("handshake", "_heard")
    keys = [key for node in ast.walk(observe) if isinstance(node, ast.Dict) for key in node.keys if key]
    return {word for node in (*keys, *seconds(heard)) for word in words(node)}


def validity_whys():
    tree, found = parsed("validity"), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("why", "none", "LOST"):
            found |= words(node.value)
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "LOST":
            found |= words(node.value)
    for name in ("_status", "_impossible_time", "_implausible", "_old"):
        function = parsed("validity", name)
        found |= {word for node in ast.walk(function) if isinstance(node, ast.Return) for word in words(node)}
        compared = [node for node in ast.walk(function) if isinstance(node, ast.Compare)]
        for node in compared:  # ``why in ("forced", "initial")``: as the driver said
            found |= {word for each in node.comparators if isinstance(each, ast.Tuple) for word in words(each)}
    return found


def interlock_answers(function):
    """What a person may hear who wants to reset, bypass or restore an interlock."""
    tree = parsed("interlocks", function)
    keys = [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys if key]
    return {"done"} | {word for node in (*seconds(tree), *keys) for word in words(node)}


def mode_answers(rules):
    """``(mode, request, outcome)``: by the table of needs, and by what each need asks for."""
    trips = [name for name, mode in rules.permits.items() if mode is Mode.TRIPPED]
    others = [name for name in rules.permits if name not in rules.waits]
    by_need = {
        "nothing": ["taken"],
        "refused": ["not_from_here"],
        "role": ["taken", "expired", "role"],
        "arm": ["taken", "expired", "role", "not_confirmed", "candidate", *(set(others) - set(trips))],
        "rearm": ["taken", "expired", "role", "not_acknowledged", *trips],
    }
    return {
        (mode.name, ask, outcome)
        for mode, row in NEEDS.items()
        for ask, need in row.items()
        for outcome in by_need[need]
    }
