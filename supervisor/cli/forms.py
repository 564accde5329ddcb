"""In what form a command prints its findings."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """For a person, a script, or the build of a change on GitHub."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
