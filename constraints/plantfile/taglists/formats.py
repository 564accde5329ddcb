"""The lists that are recognised, by their columns, and what each column is for.

Kepware: the CSV export of a device's tags in KEPServerEX and ThingWorx Kepware Server. Its header, the same in ten
public programs that write or read it: Tag Name, Address, Data Type, Respect Data Type, Client Access, Scan Rate,
Scaling, Raw Low, Raw High, Scaled Low, Scaled High, Scaled Data Type, Clamp Low, Clamp High, Eng Units, Description,
Negate Value.

Ignition 7 CSV: the 48 columns of its documented export (docs.inductiveautomation.com, 7.9, "Importing and Exporting
Tags"), numbers for types, a line ``# version=1`` below the header. Ignition 8 JSON: the properties of its tag export.

TIA Portal: the sheet "PLC Tags" of its XLSX export: Name, Path, Data Type, Logical Address, Comment, Hmi Visible, Hmi
Accessible, Hmi Writeable, Typeobject ID, Version ID.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from constraints.plantfile.taglists.keys import columns

UNUSED: Final = ""
"""Role of a column that is known and says nothing that a plant file holds."""
EXTRA_ROLES: Final = (
    "name", "path", "address", "type", "order", "scaling", "raw_lo", "raw_hi", "scaled_lo", "scaled_hi", "eng_lo",
    "eng_hi", "scan_ms", "negate", "origin",
)  # fmt: skip
"""What a column can be beside a key of the tag."""


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of list."""

    name: str
    title: str
    signature: frozenset[str]
    """Columns by which it is known, as ``normal`` writes them."""
    roles: Mapping[str, str]
    """By column, as ``normal`` writes it: what it is for; UNUSED where for nothing."""
    header: tuple[str, ...] = ()
    """All columns, in the order in which they are written."""
    open_ended: bool = False
    """Columns beyond these are no surprise."""


def normal(title: str) -> str:
    """Return a column's title without the differences that do not count: case, blanks, dots, underscores."""
    return re.sub(r"[^a-z0-9µ%]", "", title.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))


_KEPWARE_HEADER: Final = (
    "Tag Name", "Address", "Data Type", "Respect Data Type", "Client Access", "Scan Rate", "Scaling", "Raw Low",
    "Raw High", "Scaled Low", "Scaled High", "Scaled Data Type", "Clamp Low", "Clamp High", "Eng Units", "Description",
    "Negate Value",
)  # fmt: skip
_IGNITION_HEADER: Final = (
    "Path", "Name", "Owner", "TagType", "DataType", "Value", "Enabled", "AccessRights", "OPCServer", "OPCItemPath",
    "ScanClass", "DriverName", "ScaleMode", "RawLow", "RawHigh", "ScaledLow", "ScaledHigh", "ClampMode", "ScaleFactor",
    "Deadband", "DeadbandMode", "FormatString", "EngUnit", "EngLow", "EngHigh", "EngLimitMode", "Tooltip",
    "Documentation", "ExpressionType", "Expression", "OPCWriteBackServer", "OPCWriteBackItemPath",
    "SQLBindingDatasource", "HistoryEnabled", "PrimaryHistoryProvider", "HistoricalScanclass", "HistoricalDeadband",
    "HistoricalDeadbandMode", "InterpolationMode", "HistoryMaxAgeMode", "HistoryMaxAge", "HistoryTimestampSource",
    "UDTParentType", "PersistValue", "SourceDataType", "SourceTagPath", "SQLBindingPollRate", "Permissions",
)  # fmt: skip
_TIA_HEADER: Final = (
    "Name", "Path", "Data Type", "Logical Address", "Comment", "Hmi Visible", "Hmi Accessible", "Hmi Writeable",
    "Typeobject ID", "Version ID",
)  # fmt: skip


def _roles(header: tuple[str, ...], used: Mapping[str, str]) -> Mapping[str, str]:
    return {normal(title): used.get(title, UNUSED) for title in header}


_SCALED: Final = {"raw_lo": "RawLow", "raw_hi": "RawHigh", "scaled_lo": "ScaledLow", "scaled_hi": "ScaledHigh"}
_IGNITION_USED: Final = {
    "Path": "path", "Name": "name", "TagType": "origin", "DataType": "type", "OPCItemPath": "address",
    "ScaleMode": "scaling", **{title: role for role, title in _SCALED.items()}, "EngUnit": "unit", "EngLow": "eng_lo",
    "EngHigh": "eng_hi", "Documentation": "desc",
}  # fmt: skip

KEPWARE: Final = Format(
    "kepware",
    "Kepware (KEPServerEX) tag CSV",
    frozenset({"tagname", "address", "datatype", "respectdatatype"}),
    _roles(
        _KEPWARE_HEADER,
        {
            "Tag Name": "name", "Address": "address", "Data Type": "type", "Scan Rate": "scan_ms", "Scaling": "scaling",
            "Raw Low": "raw_lo", "Raw High": "raw_hi", "Scaled Low": "scaled_lo", "Scaled High": "scaled_hi",
            "Eng Units": "unit", "Description": "desc", "Negate Value": "negate",
        },
    ),
    _KEPWARE_HEADER,
)  # fmt: skip
IGNITION: Final = Format(
    "ignition",
    "Ignition 7 tag CSV",
    frozenset({"path", "name", "tagtype", "datatype"}),
    # Ignition 7 leaves out columns that no tag uses.
    _roles(_IGNITION_HEADER, _IGNITION_USED),
    _IGNITION_HEADER,
)
IGNITION_JSON: Final = Format(
    "ignition-json",
    "Ignition 8 tag JSON",
    frozenset({"path", "name", "tagtype", "valuesource", "opcitempath"}),
    _roles(("ValueSource", *_IGNITION_HEADER), {**_IGNITION_USED, "TagType": UNUSED, "ValueSource": "origin"}),
    open_ended=True,
)
TIA: Final = Format(
    "tia",
    "TIA Portal PLC tags",
    frozenset({"name", "path", "datatype", "logicaladdress"}),
    {
        **_roles(
            _TIA_HEADER,
            {"Name": "name", "Path": "path", "Data Type": "type", "Logical Address": "address", "Comment": "desc"},
        ),
        "hmiwritable": UNUSED,
        "belongstounit": UNUSED,
        "accessibility": UNUSED,
        "supervision": UNUSED,
    },
    _TIA_HEADER,
)
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("tag", "tagname", "tagno", "variable", "messstelle"),
    "source": ("quelle",),
    "address": ("adresse", "nodeid", "node", "register", "item", "itemid", "opcitem", "opcitempath", "topic"),
    "type": ("datatype", "datentyp", "typ"),
    "order": ("wordorder", "byteorder"),
    "unit": ("units", "eu", "engunit", "engunits", "engineeringunit", "engineeringunits", "einheit", "uom"),
    "desc": ("description", "comment", "kommentar", "beschreibung", "bezeichnung", "documentation", "service"),
    "range_lo": ("rangelow", "low", "lo", "min", "eulow", "eumin", "englow", "scaledlow", "rangemin", "lrv", "von"),
    "range_hi": (
        "rangehigh",
        "high",
        "hi",
        "max",
        "euhigh",
        "eumax",
        "enghigh",
        "scaledhigh",
        "rangemax",
        "urv",
        "bis",
    ),
    "scale": ("factor", "gain", "faktor"),
}
GENERIC: Final = Format(
    "generic",
    "a list with a header",
    frozenset(),
    {
        **{normal(column.title): column.title for column in columns()},
        **{normal(role): role for role in ("address", "type", "order")},
        **{synonym: role for role, synonyms in _SYNONYMS.items() for synonym in synonyms},
    },
    tuple(column.title for column in columns()),
)
FORMATS: Final = (KEPWARE, IGNITION_JSON, IGNITION, TIA)
"""Asked in this order; what none of them knows is GENERIC."""
BY_NAME: Final = {each.name: each for each in (*FORMATS, GENERIC)}
