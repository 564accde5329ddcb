"""The page of keys says what the schema says, today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from constraints.plantfile import json_schema

HOME = Path(__file__).parents[2]


def page() -> str:
    spec = importlib.util.spec_from_file_location("plant_keys_page", HOME / "tools" / "plant_keys_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.page()


def test_the_page_is_current():
    """``python tools/plant_keys_page.py`` writes it."""
    assert (HOME / "docs" / "plant-keys.md").read_text(encoding="utf-8") == page()


def test_every_key_of_every_section_is_on_it():
    text = page()
    for name, node in json_schema()["$defs"].items():
        for key in node.get("properties", {}):
            assert f"| `{key}` |" in text.partition(f"\n## {name}\n")[2].partition("\n## ")[0], (name, key)
