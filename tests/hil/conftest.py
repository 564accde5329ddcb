"""The PLC's block, twice: as the bench emulates it, and as its text says, compiled."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hil.compiled.block import CompiledBlock
from hil.compiled.native import Library
from hil.plc import Block, EmulatedBlock
from tests.hil.plc_rig import RULE

ST = Path(__file__).parents[2] / "docs" / "plc" / "SETWISE_APC.st"
MADE_BY_ANOTHER = os.environ.get("SETWISE_PLC_LIBRARY")
"""A library that another compiler made of the same text (tools/plc_library.py), to run these tests on."""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """docs/plc/SETWISE_APC.st, compiled once."""
    text = ST.read_text(encoding="utf-8")
    if MADE_BY_ANOTHER is not None:
        return Library(text, Path(MADE_BY_ANOTHER))
    return Library.compiled(text, tmp_path_factory.mktemp("plc"))


@pytest.fixture(params=["emulated", "compiled"])
def block(request: pytest.FixtureRequest, library: Library) -> Block:
    """The PLC's block with four loops, one per shed option, not yet started."""
    return CompiledBlock(RULE, library) if request.param == "compiled" else EmulatedBlock(RULE)
