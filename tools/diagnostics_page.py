"""Write docs/diagnostics.md anew from the pages of ``setwise explain``: python tools/diagnostics_page.py."""

from __future__ import annotations

import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from constraints.plantfile.explain import BASE, PAGES, as_markdown  # noqa: E402 - only now is it found

(HOME / "docs" / "diagnostics.md").write_text(as_markdown(tuple(PAGES.values()), BASE), encoding="utf-8")
