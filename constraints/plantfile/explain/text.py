"""Pages of what is wrong with a file as text."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="E001",
        means="The file cannot be opened, is not a file but a folder, a pipe or a device, is larger than 1024 KiB, or "
        "holds bytes that are not UTF-8 text. An editor that saves as Windows-1252 or UTF-16 makes such bytes.",
        matters="A degree sign or an umlaut read in the wrong code page becomes another character, and with it another "
        "unit or another node. Nothing of such a file is used.",
        wrong="plant: {name: Trockner Süd, timezone: Europe/Berlin, currency: EUR}   # saved as Windows-1252",
        right="plant: {name: Trockner Süd, timezone: Europe/Berlin, currency: EUR}   # saved as UTF-8",
        do="Save the file as UTF-8: in Notepad, Save as, Encoding UTF-8; in VS Code, the encoding in the status bar. "
        "Split a file that is too large.",
        encoding="cp1252",
    ),
    Page(
        code="E002",
        means="The text is not valid YAML: a bracket or quote is not closed, a comma is missing, a line is indented "
        "differently from those beside it, or a text with ': ' stands without quotes.",
        matters="What follows such a place could be read in more than one way, so reading ends there and the rest of "
        "the file is not checked yet.",
        wrong="""
tags:
  T_out: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150}
""",
        right="""
tags:
  T_out: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150]}
""",
        do="Mend the place that the caret shows and check again: there may be more behind it.",
    ),
    Page(
        code="E003",
        means="A tab stands in the indentation, or a control character in the text.",
        matters="Editors show a tab as two, four or eight columns, so a person and YAML would see different nesting. A "
        "control character is invisible and makes a name that nobody can type.",
        wrong="""
tags:
\tP_steam: {source: "dcs:ns=2;s=PI5.PV", unit: bar}
""",
        right="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV", unit: bar}
""",
        do="Indent with spaces; most editors have 'convert indentation to spaces'. Remove the control character.",
    ),
    Page(
        code="E004",
        means="The same key stands twice in one mapping.",
        matters="YAML readers silently keep one of the two, mostly the last. Of two tags, limits or interlocks of one "
        "name one would be lost without a word.",
        wrong="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV", unit: bar}
  P_steam: {source: "dcs:ns=2;s=PI6.PV", unit: bar}
""",
        right="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV", unit: bar}
  P_steam_b: {source: "dcs:ns=2;s=PI6.PV", unit: bar}
""",
        do="Rename one, or remove it.",
    ),
    Page(
        code="E005",
        means="YAML's anchors (&), aliases (*) and merge keys (<<) are not used in plant files.",
        matters="They let one line change many others at a distance, which a review of a change does not show, and nine "
        "lines of them can stand for a billion values.",
        wrong="""
tags:
  P_steam: &pressure {source: "dcs:ns=2;s=PI5.PV", unit: bar}
""",
        right="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV", unit: bar}
""",
        do="Write the values out. A text that begins with & or * needs quotes.",
    ),
    Page(
        code="E006",
        means="A YAML tag (!), or a directive (a line that begins with %).",
        matters="Tags ask the reader to build something other than text, numbers, lists and keys; in other programs "
        "that has run code. Plant files are data.",
        wrong="""
tags:
  P_steam: !!map {source: "dcs:ns=2;s=PI5.PV", unit: bar}
""",
        right="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV", unit: bar}
""",
        do="Remove it. A text that begins with ! or % needs quotes.",
    ),
    Page(
        code="E007",
        means="The file is not one mapping of sections: it is empty, a list, or several documents with --- between "
        "them; or a key is not a plain word; or it is nested deeper than 24 levels.",
        matters="What a second document or a key made of a list should mean is nowhere defined, so it would be ignored "
        "without a word.",
        wrong="""
dvs: []
---
notes: {}
""",
        right="""
dvs: []
""",
        do="Keep one document per file, with version, plant, connections and tags at the left margin.",
    ),
    Page(
        code="E008",
        means="A number with a leading zero. YAML 1.1 reads 010 as octal, which is 8, and YAML 1.2 as 10.",
        matters="The same file would mean 8 to one tool and 10 to another: as a Modbus unit, another device is read.",
        wrong="""
connections:
  meter: {type: modbus-tcp, host: 10.0.0.2, unit_id: 010, waive_security: read only}
""",
        right="""
connections:
  meter: {type: modbus-tcp, host: 10.0.0.2, unit_id: 10, waive_security: read only}
""",
        do="Write the number without leading zeros. Where it is a text, such as an article number, put it in quotes.",
    ),
)
