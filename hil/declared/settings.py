"""What the engineer may say of the simulated plant beyond the plant file: ``bench.yaml`` beside it, and ``--start``.

Everything in it is optional; a plant file alone is enough.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from safety.expressions import Expression, ExpressionError, parse

BENCH_FILE = "bench.yaml"
_BYTES_MAX = 1_000_000
Finite = Annotated[float, Field(allow_inf_nan=False)]


class WishesError(Exception):
    """``bench.yaml`` or ``--start`` cannot be followed; the message says what to change."""


class _BenchFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    process: Literal["model", "dryer"] = "model"
    start: dict[str, Finite] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    noise: dict[str, Annotated[Finite, Field(ge=0.0)]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """All values in the units of their tags."""

    process: Literal["model", "dryer"] = "model"
    """``model``: the plant file's models; ``dryer``: the physical dryer line of the demo, for its tags."""
    start: Mapping[str, float] = field(default_factory=dict)
    """Where an MV, CV, DV or another tag rests at the beginning."""
    tags: Mapping[str, Expression] = field(default_factory=dict)
    """Tags that no model speaks of, worked out from others."""
    noise: Mapping[str, float] = field(default_factory=dict)
    """Standard deviation of a tag's measurement noise."""

    @classmethod
    def of(cls, plant_path: Path, start: Sequence[str] = ()) -> Wishes:
        """Return what stands beside the plant file, with ``NAME=VALUE`` texts on top. Raises WishesError."""
        path = plant_path.with_name(BENCH_FILE)
        given = _read(path) if path.exists() else _BenchFile()
        tags: dict[str, Expression] = {}
        for name, text in given.tags.items():
            try:
                tags[name] = parse(text)
            except ExpressionError as error:
                raise WishesError(f"{path}: tags.{name}: {error}") from error
            if tags[name].sort != "number":
                raise WishesError(f"{path}: tags.{name}: {text!r} is a condition, not a number")
        return cls(process=given.process, start={**given.start, **_starts(start)}, tags=tags, noise=given.noise)

    def check(self, path: Path, names: Sequence[str], driven: Sequence[str]) -> None:
        """Raise WishesError where it speaks of what is not there; ``driven`` tags are the models', or loops'."""
        for key, given in (("start", self.start), ("tags", self.tags), ("noise", self.noise)):
            for name in given:
                if name not in names:
                    raise WishesError(f"{path.with_name(BENCH_FILE)}: {key}: the plant file has no {name!r}")
        for name, expression in self.tags.items():
            if name in driven:
                raise WishesError(f"{path.with_name(BENCH_FILE)}: tags.{name}: a model or a loop already gives {name}")
            for other in expression.names:
                if other not in names or other in self.tags:
                    message = f"{path.with_name(BENCH_FILE)}: tags.{name}: {other!r} is no tag that can be used here"
                    raise WishesError(message)


def _read(path: Path) -> _BenchFile:
    try:
        text = path.read_text(encoding="utf-8")
        if len(text) > _BYTES_MAX:
            raise WishesError(f"{path}: larger than {_BYTES_MAX} characters")
        return _BenchFile.model_validate(YAML(typ="safe", pure=True).load(text) or {})
    except (OSError, UnicodeDecodeError, YAMLError, RecursionError) as error:
        raise WishesError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise WishesError("\n".join(lines)) from error


def _starts(texts: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in texts:
        name, equals, value = each.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip() or not math.isfinite(found[name.strip()]):
            raise WishesError(f"--start {each!r}: write NAME=VALUE, such as --start T_in_sp=182")
    return found
