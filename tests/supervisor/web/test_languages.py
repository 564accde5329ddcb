"""Every language says everything that English says, and puts the same things in."""

from __future__ import annotations

from string import Formatter

import pytest

from supervisor.web.texts import ENGLISH, Texts

TEXTS = Texts.load()


def put_in(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", [each for each in TEXTS.languages if each != ENGLISH])
def test_every_text_is_there_and_takes_the_same_values(language):
    own, english = TEXTS.of[language], TEXTS.of[ENGLISH]
    assert own.keys() == english.keys()
    assert [key for key in english if put_in(own[key]) != put_in(english[key])] == []
