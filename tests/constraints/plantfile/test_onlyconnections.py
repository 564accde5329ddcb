"""Connections of an unfinished plant file."""

from __future__ import annotations

import pytest

from constraints.plantfile.diagnostics import PlantFileError
from constraints.plantfile.onlyconnections import connections_of
from constraints.plantfile.yamltext import parse


def test_connections_are_there_before_anything_else_is():
    found = connections_of(parse("connections:\n  m: {type: modbus-tcp, host: h, unit_id: 8}\ntags: oh\n", "x"))
    assert (found["m"].host, found["m"].unit_id) == ("h", 8)
    assert connections_of(parse("version: 1\n", "x")) == {}


def test_what_is_wrong_with_them_is_told_with_its_place():
    with pytest.raises(PlantFileError) as told:
        connections_of(parse("connections:\n  m: {type: modbus-tcp, host: h, hots: h}\n", "x"))
    assert {(each.line, each.code) for each in told.value.diagnostics} == {(2, "E010")}
