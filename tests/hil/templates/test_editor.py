"""The plant file in an editor: what yaml-language-server (that of VS Code's YAML extension) makes of our schema."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hil.templates.catalogue import NAMES
from hil.templates.folder import files, write
from tests.hil.templates.language_server import LanguageServer

PINNED = Path(__file__).parent / "editor"
HEAD = """version: 1
plant: {name: P, timezone: UTC}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server, in the versions of its lock file, from the npm registry."""
    if shutil.which("npm") is None and os.environ.get("CI") != "true":
        pytest.skip("npm is not installed: make system-packages")
    folder = tmp_path_factory.mktemp("editor")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINNED / name, folder / name)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"


@dataclass(frozen=True)
class Editor:
    """A server for the folder of template ``blank``, the folders of the others beside it."""

    server: LanguageServer
    texts: dict[str, str]
    """Of the plant files, by template."""
    found: dict[str, list[dict[str, Any]]]
    """What the server complains of in each."""


@pytest.fixture(scope="module")
def editor(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    base = tmp_path_factory.mktemp("plants")
    texts = {}
    for template in NAMES:
        made, _ = files("plant", template)
        write(base / template, made)
        texts[template] = made["plant.yaml"]
    server = LanguageServer(program, base / "blank")
    try:
        yield Editor(server, texts, {name: server.open(text, f"../{name}/plant.yaml") for name, text in texts.items()})
    finally:
        server.close()


def place(text: str, before: str) -> tuple[int, int]:
    """Return line and column right after ``before``, from 0."""
    above = text[: text.index(before) + len(before)]
    return above.count("\n"), len(above) - above.rfind("\n") - 1


def offered(answer: Any) -> set[str]:
    items = answer["items"] if isinstance(answer, dict) else answer
    return {item["label"].strip('"') for item in items}


@pytest.mark.parametrize("template", NAMES)
def test_a_template_has_nothing_to_complain_of(editor: Editor, template: str) -> None:
    assert editor.found[template] == []


def test_a_slip_is_underlined_where_it_is(editor: Editor) -> None:
    # Beside no schema file: it is the folder's settings that lead to the schema.
    text = editor.texts["blank"].partition("\n")[2]
    slips = {"on_bad: hold": "on_bad: hols", "readback: T_jacket": "readbak: T_jacket", "cycle: 15 s": "cycle: soon"}
    for right, wrong in slips.items():
        assert right in text
        text = text.replace(right, wrong)
    found = editor.server.open(text, "slips/plant.yaml")
    lines = {text.split("\n")[each["range"]["start"]["line"]].strip() for each in found}
    assert all(any(wrong in line for line in lines) for wrong in slips.values()), found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HEAD, {"connections", "tags", "mvs", "cvs", "models", "interlocks", "tariffs"}),
        (HEAD + "mvs:\n  a:\n    limits:\n      ", {"safety", "engineering", "operator"}),
        (HEAD + "mvs:\n  a:\n    on_bad: ", {"hold", "shed", "drop"}),
        (HEAD + "mvs:\n  a:\n    ", {"writes", "readback", "move", "limits", "available_when"}),
        (HEAD + "heartbeat:\n  handshake: ", {"full", "heartbeat", "none"}),
        (HEAD + "connections:\n  dcs:\n    type: ", {"opcua", "modbus-tcp", "mqtt", "memory"}),
        (HEAD + "modes:\n  start_in: ", {"off", "monitor", "advisory"}),
        (HEAD + "interlocks:\n  - alarm: ", {"none", "low", "medium", "high"}),
    ],
)
def test_completion_offers_what_may_stand_there(editor: Editor, text: str, wanted: set[str]) -> None:
    name = f"{uuid.uuid4().hex}/plant.yaml"
    editor.server.open(text, name)
    line, column = text.count("\n"), len(text) - text.rfind("\n") - 1
    assert wanted <= offered(editor.server.at("completion", line, column, name))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("  T_jacket: {sour", "connection:address"),
        ("    on_b", "When its readback is bad"),
        ("limits: {saf", "the gate keeps"),
        ("move: {u", "MV's unit per minute"),
        ("dead_ti", "s, or text such as 5 min"),
        ("plc_time", "takes back control"),
        ("{gai", "CV unit per input unit"),
    ],
)
def test_hover_says_what_a_key_means_and_its_unit(editor: Editor, before: str, words: str) -> None:
    answer = editor.server.at("hover", *place(editor.texts["blank"], before), "../blank/plant.yaml")
    assert answer is not None
    assert words in answer["contents"]["value"]
