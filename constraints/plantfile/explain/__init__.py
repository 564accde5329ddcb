"""A page for each code: what it means, why it matters on a plant, an example wrong and right, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from constraints.plantfile.explain import (
    controllers,
    expressions,
    files,
    form,
    limits,
    lint,
    models,
    money,
    places,
    text,
    warnings,
)
from constraints.plantfile.explain.base import BASE
from constraints.plantfile.explain.page import Page, as_markdown, as_text

_GROUPS: Final = (text, files, form, expressions, limits, places, models, money, controllers, warnings, lint)
PAGES: Final[Mapping[str, Page]] = {
    page.code: page for page in sorted((page for group in _GROUPS for page in group.PAGES), key=lambda page: page.code)
}
"""By code, in the order of the codes."""

__all__ = ["BASE", "PAGES", "Page", "as_markdown", "as_text"]
