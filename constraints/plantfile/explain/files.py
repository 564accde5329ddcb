"""Pages of plants that are split over files, and of tags that no device gives."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

_EMPTY = ("tags.csv", "")
_GOOD = ("more.csv", "name,source,unit\nT_new,dcs:ns=2;s=TI9.PV,degC\n")

PAGES: Final = (
    Page(
        code="E009",
        means="A file named under include is not there, lies outside the plant's folder, is included in a circle, or is "
        "too large.",
        matters="Half a plant would be checked, and the other half would be missing where it counts.",
        wrong="""
include: [nowhere.yaml]
""",
        right="""
include: [more.csv]
""",
        do="Name the file relative to the one that includes it, and keep all files of a plant in one folder.",
        beside=(_GOOD,),
    ),
    Page(
        code="E019",
        means="A tag list that is included (CSV or XLSX) cannot be read: it is empty, has no heading row, or holds a cell "
        "that belongs to no column.",
        matters="A cell in the wrong column is another address or another range. Nothing of such a list is used.",
        wrong="""
include: [tags.csv]   # an empty file
""",
        right="""
include: [more.csv]   # its first row names the columns: name, source, unit
""",
        do="Name the columns in row 1 as the keys of a tag are named, and quote texts that hold a separator.",
        beside=(_EMPTY, _GOOD),
    ),
    Page(
        code="E037",
        means="Calculated tags need each other in a circle.",
        matters="None of them could ever be worked out.",
        wrong="""
tags:
  a: {calc: "b + 1", unit: degC, range: [0, 300]}
  b: {calc: "a + 1", unit: degC, range: [0, 300]}
""",
        right="""
tags:
  a: {calc: "0.5 * (T_in + T_out)", unit: degC, range: [0, 300]}
""",
        do="Break the circle: a value cannot need itself, not even through others.",
    ),
    Page(
        code="E038",
        means="A vote asks for more good members than it has, for three where 2oo3 is meant, or for a way to disagree.",
        matters="A vote that cannot be decided is never good, and what depends on it never works.",
        wrong="""
tags:
  T_b: {source: "dcs:ns=2;s=TI3.PV", unit: degC, range: [0, 150]}
  T_voted: {vote: {of: [T_out, T_b], by: median, min_good: 3, max_spread: 2}, unit: degC}
""",
        right="""
tags:
  T_b: {source: "dcs:ns=2;s=TI3.PV", unit: degC, range: [0, 150]}
  T_voted: {vote: {of: [T_out, T_b], by: median, min_good: 1, max_spread: 2}, unit: degC}
""",
        do="Give min_good at most the number of members; 2oo3 has three, and a max_spread by which they may differ.",
    ),
)
