"""One catalogue for every word, the same keys in every language."""

import re
from pathlib import Path

import pytest

from supervisor.web import texts
from supervisor.web.texts import Texts

WEB = Path(texts.__file__).parent
TEXTS = Texts.load()


@pytest.mark.parametrize("language", TEXTS.languages[1:])
def test_every_language_has_every_key_with_the_same_places_to_fill_in(language):
    english, other = TEXTS.of["en"], TEXTS.of[language]
    assert set(other) == set(english)
    fields = {key: set(re.findall(r"{(\w+)}", text)) for key, text in english.items()}
    assert {key: set(re.findall(r"{(\w+)}", text)) for key, text in other.items()} == fields


def test_every_key_that_a_template_names_is_there():
    named = {
        (key, path.name)
        for path in (WEB / "templates").rglob("*.html")
        for key in re.findall(r'\bt\(["\']([\w.]+[a-z0-9_])["\'][,)]', path.read_text(encoding="utf-8"))
    }
    assert named
    assert {each for each in named if each[0] not in TEXTS.of["en"]} == set()


def test_templates_hold_no_words_of_their_own():
    """Text between tags is a value, a sign or a name of the product."""
    loose = {}
    for path in (WEB / "templates").rglob("*.html"):
        if path.name == "trend_words.html":
            continue  # attributes for the inside of a tag
        text = re.sub(
            r"{%.*?%}|{{.*?}}|{#.*?#}|<script.*?</script>|<!--.*?-->|<[^>]*>",
            " ",
            path.read_text("utf-8"),
            flags=re.DOTALL,
        )
        words = {
            word
            for word in re.findall(r"[A-Za-zÄÖÜäöüß]{3,}", text)
            if word not in {"Setwise", "OFF", "APC", "OPR", "JSON"}
        }
        if words:
            loose[path.name] = words
    assert loose == {}
