"""The files of a new plant's folder, by their paths in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from constraints.plantfile import json_schema
from constraints.plantfile.taglists.sheet import Sheet
from constraints.plantfile.yamltext import parse
from hil.declared.settings import BENCH_FILE
from hil.templates.catalogue import FROM_CSV, folder, plant_files
from hil.templates.taglist import with_tags

PLANT_FILE, SCHEMA_FILE = "plant.yaml", "plant.schema.json"
_EXAMPLE = "  EXAMPLE:"
_IGNORED = """# records, passwords and keys are not for a repository; neither is the bench's copy
setwise-data/
data/
secrets/
pki/*.pem
bench/
"""
_README = """# {name}

Made by `setwise init --template {template}`.

```sh
setwise check        # every error and warning in plant.yaml, with its place and what to do
setwise bench        # this plant, simulated, behind real OPC UA, Modbus and MQTT servers; leave it running
```

and in a second terminal, against that bench and not against your plant:

```sh
cd bench && setwise run
```

In a third one, also in `bench`: `setwise status`, `setwise mode advisory --reason "first look"`, `setwise why`.
`setwise bench --speed 30` runs thirty times faster than the clock, with the supervisor.

For your own plant, change `plant.yaml`: connections first, then tags, limits and models. An editor with the YAML
language server (VS Code: the recommended extension) completes keys and says what they mean, from `plant.schema.json`;
`setwise schema > plant.schema.json` renews it. `setwise doctor` tries the real connections; `setwise run` here goes
there.
"""


def files(name: str, template: str, tag_list: Sequence[Sheet] = ()) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return text by path of a new plant called ``name``, and why rows of ``tag_list`` were left out.

    Raises KeyError for an unknown template, SheetError for a list that cannot be used.
    """
    text = plant_files()[template].read_text(encoding="utf-8")
    made: dict[str, str] = {}
    skipped: tuple[str, ...] = ()
    if template == FROM_CSV and tag_list:
        bare = "\n".join(line for line in text.split("\n") if not line.startswith(_EXAMPLE))
        found = with_tags(bare, PLANT_FILE, tag_list)
        text, skipped = found.text, found.skipped
    bench = folder(template) / BENCH_FILE
    if bench.exists():
        made[BENCH_FILE] = bench.read_text(encoding="utf-8")
    editor = {"yaml.schemas": {f"./{SCHEMA_FILE}": [PLANT_FILE]}, "yaml.format.enable": False}
    return {
        PLANT_FILE: _named(text, name),
        SCHEMA_FILE: json.dumps(json_schema(), indent=1, sort_keys=True) + "\n",
        "README.md": _README.format(name=name, template=template),
        ".gitignore": _IGNORED,
        ".vscode/settings.json": json.dumps(editor, indent=2) + "\n",
        ".vscode/extensions.json": json.dumps({"recommendations": ["redhat.vscode-yaml"]}, indent=2) + "\n",
        **made,
    }, skipped


def write(path: Path, made: Mapping[str, str | bytes]) -> None:
    """Write the files into a folder that is new or empty. OSError where that cannot be; nothing is overwritten."""
    path.mkdir(exist_ok=True)
    for name, content in made.items():
        target = path / name
        target.parent.mkdir(exist_ok=True)
        with target.open("xb") as file:
            file.write(content.encode("utf-8") if isinstance(content, str) else content)


def _named(text: str, name: str) -> str:
    """Return the plant file with the plant's name changed and nothing else."""
    span = parse(text, PLANT_FILE).values["plant", "name"]
    lines = text.split("\n")
    line, begin = lines[span.line - 1], span.column - 1
    lines[span.line - 1] = f'{line[:begin]}"{name}"{line[begin + span.length :]}'
    return "\n".join(lines)
