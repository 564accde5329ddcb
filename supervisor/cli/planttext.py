"""A plant file's text, for commands that change it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from constraints.plantfile import ANSI, PLAIN, PlantFileError, load, render
from constraints.plantfile.document import Document
from constraints.plantfile.rawtext import BYTES_MAX
from constraints.plantfile.yamltext import parse
from supervisor.cli.console import colour, fail, say
from supervisor.cli.exits import Exit
from supervisor.rewrite import Original


@dataclass(frozen=True, slots=True)
class PlantText:
    """A plant file's text, and where the pieces of it stand."""

    original: Original
    document: Document

    @classmethod
    def read(cls, path: Path) -> PlantText:
        """Read a plant file; ends with what is wrong with its text where it does not parse."""
        try:
            original = Original.read(path)
        except OSError as error:
            fail(Exit.FINDING, f"{path} cannot be read: {error.strerror}; name the plant file with --into or -c")
        try:
            try:
                text = original.raw[: BYTES_MAX + 1].decode("utf-8-sig")
            except UnicodeDecodeError:
                text = None
            if text is None or len(original.raw) > BYTES_MAX:
                load(path)  # says what is wrong, where, and what to do
                fail(Exit.FINDING, f"{path} is not a text that can be a plant file")
            return cls(original, parse(text, str(path)))
        except PlantFileError as error:
            say(render(error.diagnostics, error.source, ANSI if colour() else PLAIN))
            fail(Exit.FINDING, f"{path} does not parse: nothing done")
