"""Commands called in this process."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from supervisor.cli.app import app


def call(*arguments, **more):
    return CliRunner().invoke(app, [str(each) for each in arguments], **more)


def one_object(done):
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert isinstance(found, dict)
    return found
