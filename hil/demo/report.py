"""The demo's report: one HTML file that carries its pictures, and the same pictures as PNG beside it."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#222;background:#f4f4f4;max-width:1180px;margin:2em auto;padding:0 1em}
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}table{border-collapse:collapse}
td,th{padding:.25em .9em .25em 0;text-align:left;border-bottom:1px solid #ddd}td:nth-child(2){text-align:right}
img{max-width:100%;background:#fff;border:1px solid #ddd}ol{padding-left:1.4em}
"""


def write(
    path: Path,
    *,
    title: str,
    summary: str,
    figures: Sequence[tuple[str, str, str]],
    events: Sequence[tuple[float, str]],
    pictures: Mapping[str, Path],
    why: Sequence[str],
) -> None:
    """Write the report. ``figures`` are (name, value, what it means); ``why`` are sentences of one decision record."""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td><td>{html.escape(meaning)}</td></tr>"
        for name, value, meaning in figures
    )
    acts = "".join(f"<li>minute {minute:.0f}: {html.escape(text)}</li>" for minute, text in events)
    drawn = "".join(
        f'<h2>{html.escape(name)}</h2><img alt="{html.escape(name)}" src="data:image/png;base64,'
        f'{base64.b64encode(picture.read_bytes()).decode()}">'
        for name, picture in pictures.items()
    )
    reasons = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in why)
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><h1>{html.escape(title)}</h1><p>{html.escape(summary)}</p>"
        f"<h2>Figures</h2><table>{rows}</table><h2>What happened</h2><ol>{acts}</ol>{drawn}"
        f"<h2>Why: the last closed-loop decision, in words</h2><ul>{reasons}</ul></html>",
        encoding="utf-8",
    )
