"""Small pieces of HTML that live pages are made of. Whatever is put in is escaped."""

from __future__ import annotations

from markupsafe import Markup

from supervisor.web.texts import Translate
from supervisor.web.variables import Shown
from supervisor.web.words import number

CALM = frozenset({"ON", "INIT", "OPR", "FFWD", "GOOD"})
"""Status words that need nobody."""


def value(found: Shown, places: int, t: Translate) -> Markup:
    """Return a value as the rule of all pages says: bold live, italic ``est``, struck dash unused, ``?`` too old."""
    text = number(found.value, places)
    if found.look == "good":
        return Markup('<b class="v">{}</b>').format(text)
    title = t("quality.why", why=found.why) if found.why else t(f"quality.{found.look}")
    if found.look == "est":
        return Markup('<i class="v v-est" title="{}">{} {}</i>').format(title, text, t("quality.est"))
    if found.look == "stale":
        return Markup('<span class="v v-bad" title="{}">?</span>').format(title)
    if found.look == "bad":
        return Markup('<span class="v v-bad" title="{}">{}</span>').format(title, t("quality.bad"))
    return Markup('<s class="v v-none" title="{}">—</s>').format(title)


def status(word: str, t: Translate) -> Markup:
    """Return a status word; what needs a person stands out."""
    kind = "st" if word in CALM else "st st-look"
    return Markup('<abbr class="{}" title="{}">{}</abbr>').format(kind, t(f"status.{word}"), word or "–")
