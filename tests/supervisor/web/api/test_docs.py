"""The examples of docs/api.md, run by curl itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from supervisor.web.app import make_app
from tests.supervisor.web.api.conftest import V1, token
from tests.supervisor.web.conftest import served

DOCS = Path(__file__).parents[4] / "docs" / "api.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_every_example_works_as_it_stands(desk, house, asked):
    seen = asked()
    blocks = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    script = "set -e\n" + "\necho\n".join(each for each in blocks if "curl -N" not in each)
    with served(make_app(desk, house).guarded) as address:
        given = {"SETWISE": address + V1, "TOKEN": token(house, scope="act"), "PATH": os.environ["PATH"]}
        done = subprocess.run(["sh", "-c", script], env=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert [each.action for each in seen] == ["limit", "mode"]
    assert "new customer specification" in seen[0].why
