"""What one code means to an engineer, and how a page of it looks on a terminal and in the documentation."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from constraints.plantfile.codes import CODES

_WIDTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The explanation of one code of ``CODES``."""

    code: str
    means: str
    """What Setwise saw."""
    matters: str
    """What it would do to a plant."""
    wrong: str
    """Lines of a plant file, to be read into ``BASE``, of which exactly this code is found."""
    right: str
    """The same put right: nothing is found."""
    do: str
    """How to get from the one to the other."""
    encoding: str = "utf-8"
    """Of the wrong file."""
    instead_of: tuple[str, ...] = ()
    """Sections of ``BASE`` that both do without."""
    beside: tuple[tuple[str, str], ...] = ()
    """Names and texts of files that lie beside both."""


def as_text(page: Page) -> str:
    """Return the page for a terminal."""
    kind = "error" if page.code.startswith("E") else "warning"
    return "\n\n".join(
        [
            f"{kind}[{page.code}]: {CODES[page.code]}",
            textwrap.fill(page.means, _WIDTH),
            textwrap.fill(page.matters, _WIDTH),
            f"Wrong:\n\n{_indented(page.wrong)}",
            f"Right:\n\n{_indented(page.right)}",
            textwrap.fill(f"What to do: {page.do}", _WIDTH),
        ]
    )


def as_markdown(pages: Sequence[Page], base: str) -> str:
    """Return the chapter of the documentation that holds every page, in the order given."""
    return "\n".join([_HEAD.format(base=base.strip("\n")), *(_section(page) for page in pages)])


def _section(page: Page) -> str:
    return f"""## {page.code}: {CODES[page.code]}

{textwrap.fill(page.means, 120)}

{textwrap.fill(page.matters, 120)}
{_without(page)}
```yaml
# wrong
{page.wrong.strip(chr(10))}
```

```yaml
# right
{page.right.strip(chr(10))}
```

{textwrap.fill(page.do, 120)}
"""


def _without(page: Page) -> str:
    return f"\nThe plant is without {' and '.join(page.instead_of)} here.\n" if page.instead_of else ""


_HEAD: Final = """# What `setwise check` says

Every finding has a code that keeps its meaning. E codes are errors: the file is not accepted. W codes are warnings: it
is, and something about it should be known. `setwise explain E010` prints the page of a code in the terminal; `setwise
explain` lists all of them. `setwise check --json` gives the same findings to a script, and `--format github` marks the
lines of a change on GitHub.

This page is made from the same text as `setwise explain` by `python tools/diagnostics_page.py`. Tests check each example:
of the wrong one exactly its code is found, of the right one nothing. The examples replace or add lines of this plant:

```yaml
{base}
```
"""


def _indented(lines: str) -> str:
    return textwrap.indent(lines.strip("\n"), "    ")
