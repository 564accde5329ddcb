"""Findings about a plant file as a person, a script or a forge's build wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from constraints.plantfile import ANSI, CODES, PLAIN, Diagnostic, render
from constraints.plantfile.diagnostics import Sources
from supervisor.cli.console import colour, say, say_json
from supervisor.cli.forms import Form


def show(found: Sequence[Diagnostic], source: Sources, form: Form) -> None:
    """Print every finding; ``source`` is the text that they are about."""
    if form is Form.JSON:
        errors = sum(each.severity == "error" for each in found)
        facts = [{**asdict(each), "title": CODES[each.code]} for each in found]
        say_json({"errors": errors, "warnings": len(found) - errors, "findings": facts})
    elif form is Form.GITHUB:
        for each in found:
            say(annotation(each))
    elif found:
        say(render(found, source, ANSI if colour() else PLAIN))


def annotation(found: Diagnostic) -> str:
    """Return a finding as a GitHub workflow command, which marks the line in a change's diff.

    Form and escapes: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
    """
    place = {
        "file": found.path,
        "line": found.line,
        "col": found.column,
        "endColumn": found.column + found.length,
        "title": found.code,
    }
    facts = ",".join(f"{key}={_property(str(value))}" for key, value in place.items())
    text = f"{found.message} ({found.hint})" if found.hint else found.message
    return f"::{found.severity} {facts}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
