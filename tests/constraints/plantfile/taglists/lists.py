"""Lists as other programs write them, made up after the columns that ``formats`` cites; and how a test reads one."""

from __future__ import annotations

import json

from constraints.plantfile.taglists.drafts import drafts
from constraints.plantfile.taglists.ignition import sheet_of_json
from constraints.plantfile.taglists.mapping import TagMapping
from constraints.plantfile.taglists.places import Target
from constraints.plantfile.taglists.sheet import sheet_of
from constraints.plantfile.taglists.understand import understand

KEPWARE = """\
Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,Scaled High,\
Scaled Data Type,Clamp Low,Clamp High,Eng Units,Description,Negate Value
"TIC201.PV","400101",Word,1,RO,100,Linear,0,27648,0,300,Float,0,0,"Deg C","Inlet air temperature",0
"TI205.PV","400103",Float,1,RO,5000,,,,,,,,,"°C","Exhaust, air",
"FIC101.MODE","400105",String,1,RO,100,,,,,,,,,"","Mode of the loop",
"FAN.RUN","400106",Boolean,1,RO,100,,,,,,,,,"","Fan runs",
"LI7.PV","400107",Word,1,R/W,100,,,,,,,,,"","Level without a unit",
"""
IGNITION_CSV = """\
Path,Name,Owner,TagType,DataType,Value,Enabled,AccessRights,OPCServer,OPCItemPath,ScaleMode,RawLow,RawHigh,\
ScaledLow,ScaledHigh,EngUnit,EngLow,EngHigh,Documentation
# version=1
Dryer2/,T_in,,0,4,,TRUE,Read_Only,Ignition OPC-UA Server,[PLC1]TIC201.PV,,,,,,°C,0,300,Inlet air temperature
Dryer2/,raw,,0,1,,TRUE,Read_Only,Ignition OPC-UA Server,ns=2;s=AI9,Linear,4000,20000,0,10,bar,0,16,Header pressure
,Memo,,1,7,hello,TRUE,Read_Write,,,,,,,,,,,
"""
IGNITION_JSON = {
    "name": "",
    "tagType": "Provider",
    "tags": [
        {
            "name": "Dryer2",
            "tagType": "Folder",
            "tags": [
                {
                    "name": "T_in",
                    "tagType": "AtomicTag",
                    "valueSource": "opc",
                    "dataType": "Float4",
                    "opcServer": "Ignition OPC UA Server",
                    "opcItemPath": "ns=1;s=[PLC1]TIC201.PV",
                    "engUnit": "°C",
                    "engLow": 0,
                    "engHigh": 300.5,
                    "documentation": "Inlet air temperature",
                    "historyEnabled": True,
                },
                {
                    "name": "P",
                    "tagType": "AtomicTag",
                    "valueSource": "opc",
                    "dataType": "Float4",
                    "opcItemPath": {"bindType": "parameter", "binding": "{Base}.P"},
                    "engUnit": "bar",
                },
            ],
        },
        {"name": "Memo", "tagType": "AtomicTag", "valueSource": "memory", "dataType": "Float8", "value": 1},
        {"name": "_types_", "tagType": "Folder", "tags": [{"name": "Motor", "tagType": "UdtType", "tags": []}]},
    ],
}
TIA = [
    ("Name", "Path", "Data Type", "Logical Address", "Comment", "Hmi Visible", "Hmi Accessible", "Hmi Writeable",
     "Typeobject ID", "Version ID"),
    ("TT101 Temp", "Default tag table", "Real", "%MD100", "Inlet temperature [°C]", "True", "True", "True", "", ""),
    ("Auto", "Default tag table", "Bool", "%M10.0", "Automatic mode", "True", "True", "True", "", ""),
    ("Recipe", "Default tag table", "String", "%MB200", "Recipe name", "True", "True", "True", "", ""),
    ("LT103", "Default tag table", "Int", "%IW66", "Level", "True", "True", "False", "", ""),
]  # fmt: skip
GENERIC = "Tag;Node ID;Einheit;Min;Max;Beschreibung\nT_in;ns=2;degC;0;1,5;x\n"
OPC = Target("dcs", "opcua", "ns=2;s=Line1.PLC1.{name}")
MODBUS = Target("meter", "modbus-tcp", word_order="CDAB")


def read(text, target=None, existing=None, mapping=None):
    """Return drafts by name, skipped reasons by name in the list, and what was understood."""
    mapping = mapping or TagMapping()
    sheet = sheet_of_json(json.dumps(text)) if isinstance(text, dict) else sheet_of(text, "UTF-8")
    understood = understand([sheet], mapping)
    made, skipped = drafts(understood, mapping, target, existing or {})
    return {each.name: dict(each.keys) for each in made}, {each.listed: each.why for each in skipped}, understood
