"""The documented order of keys."""

from __future__ import annotations

from constraints.plantfile.order import order_at
from constraints.plantfile.schema import PlantFile


def ordered(*keys, at=()):
    return list(order_at(at, dict.fromkeys(keys).keys()))


def test_sections_come_as_the_schema_has_them():
    assert list(PlantFile.model_fields)[:4] == ["version", "include", "plant", "connections"]
    assert ordered("tags", "plant", "version") == ["version", "plant", "tags"]


def test_names_that_people_choose_stay_in_their_order():
    assert ordered("b", "a", at=("tags",)) == ["b", "a"]


def test_keys_of_tags_items_and_alternatives():
    assert ordered("scale", "unit", "source", at=("tags", "a")) == ["source", "unit", "scale"]
    assert ordered("then", "name", "when", at=("interlocks", 0)) == ["name", "when", "then"]
    assert ordered("timeout", "host", "type", at=("connections", "m")) == ["type", "host", "timeout"]
    assert ordered("desc", "user", "url", "type", at=("connections", "o")) == ["type", "url", "user", "desc"]
    assert ordered("lo", "hi", at=("cvs", "x", "rank")) == ["hi", "lo"]


def test_unknown_keys_come_last_and_unknown_places_change_nothing():
    assert ordered("zzz", "unit", "aaa", at=("tags", "a")) == ["unit", "zzz", "aaa"]
    assert ordered("b", "a", at=("nowhere", 3, "x")) == ["b", "a"]
