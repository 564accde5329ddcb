"""Constraints that an engineer writes in Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSpec:
    """Constraints that an engineer's function makes of cvxpy variables: ``call({name: variable})`` -> constraints."""

    name: str
    address: str
    """``package.module:function``, or the name of an entry point of the group ``setwise.constraints``."""
    variables: tuple[str, ...]
    """MVs and CVs, at steady state and in their units."""
    rank: int = 5
    concern: float = 1.0
    call: Callable[..., object] | None = None
    """None until ``plantfile.load_with_functions`` has looked it up."""
