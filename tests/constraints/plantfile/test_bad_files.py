"""Files with one mistake each: the right code, at the right place. ``§`` marks where the finding must point."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from constraints.plantfile import CODES, PlantFileError, load_text, render

GOOD = (Path(__file__).parent / "good.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Bad:
    """``old`` in the good file becomes ``new``; the finding ``code`` stands where ``§`` is in ``new``."""

    name: str
    code: str
    old: str
    new: str
    hint: str = ""


MULTIPLIER = "multipliers: {load: {by: flow, points: [[500, 1.5], [4000, 0.8]]}}\n"
BLOCK = "state_space: [{name: b, inputs: [hum], cvs: [gas], A: [[-0.01]], B: [[1]], C: [[0.5]]}]\n"
PROBE_B = 'T_bed_b: {source: "dcs:ns=2;s=TI3.PV", unit'
ADDRESS = "'a.b:c'"
FUNCTION = "functions:\n  f: {call: 'a.b:c', mvs: [flow_sp], dvs: [hum], cvs: [gas], at: {hum: 8}}\n"
POWER = GOOD[GOOD.index("  power: {limits") : GOOD.index('"power <=')]
POWER_LOG = f"{POWER.replace('disturbance: ramp,', 'disturbance: ramp, transform: {kind: log, at: 50},')}§"
BAD = [
    # form of the text
    Bad("duplicate key", "E004", "  site: {type: mqtt", "  §dcs: {type: memory}\n  site: {type: mqtt", "line 5"),
    Bad("anchor", "E005", "readback: T_jacket", "readback: §&x T_jacket"),
    Bad("alias", "E005", "dvs: [hum]", "dvs: [§*hum]"),
    Bad("merge key", "E005", "  meter: {type", "  meter: {§<<: {port: 5}, type"),
    Bad("custom tag", "E006", "user: {secret: dcs}", "user: §!secret dcs"),
    Bad("tab", "E003", "    url:", "  §\turl:", "spaces"),
    Bad("directive", "E006", "version: 1\n", "§%YAML 1.1\n---\nversion: 1\n"),
    Bad("second document", "E007", "dvs: [hum]", "§---\ndvs: [hum]"),
    Bad("open bracket", "E002", "dvs: [hum]\n", "dvs: [hum\n", ""),
    Bad("colon in text", "E002", 'desc: "Feed, wet"', "desc: a: b", ""),
    Bad("collection as key", "E007", "dvs: [hum]", "? §[hum]\n: 1"),
    Bad("escaped control character", "E003", "name: Kettle", 'name: §"a\\x1b[31m"'),
    Bad("escaped half of a character", "E002", "name: Kettle", 'name: "a§\\uD800"'),
    Bad("escape beyond Unicode", "E002", "name: Kettle", 'name: "a§\\U00110000"'),
    Bad("leading zero", "E008", "min_active_mvs: 2", "min_active_mvs: §02", "write 2"),
    Bad("leading zero of a text", "E008", "name: Kettle", "name: §0815", "quotes"),
    # form of the values
    Bad("unknown key", "E010", "hold: 30 s", "§holt: 30 s", "did you mean 'hold'?"),
    Bad("unknown key far from all", "E010", "hold: 30 s", "§colour: red"),
    Bad("unknown section", "E010", "dvs: [hum]", "§dvz: [hum]", "did you mean 'dvs'?"),
    Bad("comma in text", "E010", 'desc: "Feed, wet"', "desc: Feed, §wet", "quotes"),
    Bad("unknown register", "E010", 'root: "dcs:ns=2;s=APC."', 'root: "dcs:ns=2;s=APC.", points: {§BEAT: "a:b"}'),
    Bad("missing unit", "E011", "  hum: {source", '  §nox: {source: "site:a"}\n  hum: {source'),
    Bad("missing type", "E011", "  meter: {type: modbus-tcp, ", "  §meter: {"),
    Bad("missing setpoint", "E011", '    setpoint: "dcs:ns=2;s=FIC4.SP"\n', "", ""),
    Bad("number as text", "E012", "min_active_mvs: 2", 'min_active_mvs: §"2"'),
    Bad("text as number", "E012", "name: Kettle", "name: §12", "quotes"),
    Bad("yes for true", "E012", "    critical: true\n    limit", "    critical: §yes\n    limit"),
    Bad("list for number", "E012", "concern: 1.5 K", "concern: §[1]"),
    Bad("nothing there", "E012", "dvs: [hum]", "§dvs:"),
    Bad("infinite", "E012", "cost: 0.25", "cost: §.inf"),
    Bad("huge", "E012", "cost: 0.25", "cost: §1e999"),
    Bad("three limits", "E014", "operator: [78, 92]", "operator: §[78, 80, 92]"),
    Bad("three lags", "E014", "lags: [300]", "lags: §[1, 2, 3]"),
    Bad("rank 0", "E014", "rank: {hi: 1,", "rank: {hi: §0,"),
    Bad("unknown type", "E013", "type: mqtt", "type: §mqqt", "did you mean 'mqtt'?"),
    Bad("unknown shed", "E013", "shed: safe_value", "shed: §save_value", "did you mean 'safe_value'?"),
    Bad("closed loop at start", "E066", "start_in: advisory", "start_in: §closed_loop", "person"),
    Bad("name with a dot", "E015", "  hum: {source", '  §a.b: {source: "site:a", unit: K}\n  hum: {source'),
    Bad("name of a function", "E015", "  hum: {source", '  §rate: {source: "site:a", unit: K}\n  hum: {source'),
    Bad("name of a keyword", "E015", "  hum: {source", '  §in: {source: "site:a", unit: K}\n  hum: {source'),
    Bad("secret's value", "E014", "user: {secret: dcs}", "user: {secret: §me:pass}"),
    Bad("no certificate", "E016", "    certificate: pki/own.der\n", "", ""),
    Bad("a distance from nothing", "E016", "target: 3.8,", "target: 3.8, cost_quadratic: §2,", "ideal"),
    Bad("a distance that earns", "E014", "cost: 0.25", "cost: 0.25\n    cost_quadratic: §-0.04"),
    Bad("no safe value", "E016", "    safe_value: 120\n", "", ""),
    Bad("price and tariff", "E016", "power: power, tariff: grid", "power: power, tariff: grid, price: 1 EUR/kWh"),
    Bad("empty schedule entry", "E016", ", mode: monitor}", "}"),
    # units
    Bad("unknown unit", "E020", 'unit: g/kg}', "unit: §g/gk}", ""),
    Bad("unknown unit, near", "E020", "unit: kW}", "unit: §KW}", "did you mean 'kW'?"),
    Bad("coulomb", "E020", 'TI3.PV", unit: degC', 'TI3.PV", unit: §C', "degC"),
    Bad("wrong kind of unit", "E021", "max_distance: 15", "max_distance: §15 kg"),
    Bad("time in degrees", "E021", "plc_timeout: 0.5 min", "plc_timeout: §30 degC"),
    Bad("MV and readback", "E021", "readback: flow\n    unit: kg/h", "readback: flow\n    unit: §t/h"),
    Bad("price without unit", "E022", "price: 300 EUR/t", "price: §300"),
    Bad("price in no money", "E021", "price: 300 EUR/t", "price: §300 kg"),
    Bad("price in other money", "E021", "price: 300 EUR/t", "price: §300 USD/t"),
    # expressions
    Bad("unknown tag", "E030", "max(T_bed, T_bed_b)", "max(T_bed, §T_bedb)", "did you mean 'T_bed_b'?"),
    Bad("MV in an interlock", "E030", '"T_bed > 96"', '"§T_jacket_sp > 96"', "T_jacket"),
    Bad("unknown tag in rate", "E030", '"T_bed > 96"', '"rate(§Tbed, 60) > 1"', "T_bed"),
    Bad("adds units", "E031", '"T_bed > 96"', '"§T_bed + flow > 96"', ""),
    Bad("compares kW and W", "E031", '"T_bed > 96"', '"§T_bed < power"', ""),
    Bad("not Python", "E032", '"T_bed > 96"', '"T_bed > §> 96"', ""),
    Bad("attribute", "E032", '"T_bed > 96"', '"§T_bed.value > 96"', ""),
    Bad("call", "E032", '"T_bed > 96"', '"§open(T_bed) > 96"', ""),
    Bad("not a condition", "E032", '"T_bed > 96"', '§"T_bed + 1"', "compare"),
    Bad("never changes", "E033", '"T_bed > 96"', '§"3 > 2"', ""),
    Bad("cancels out", "E033", '"0 <= flow - 10 * abs(T_bed - 80)"', '§"T_bed - T_bed <= 1"', ""),
    Bad("always tripped", "E036", '"T_bed > 96"', '§"T_bed >= 0"', "range"),
    Bad("division by zero", "E034", "2 * (T_jacket_sp - T_bed)", "§gas / 0"),
    Bad("product of variables", "E039", "2 * (T_jacket_sp - T_bed)", "§flow * gas", "use: linearised"),
    Bad("ratio of variables", "E039", "2 * (T_jacket_sp - T_bed)", "§flow / gas", "a <= r * b"),
    Bad("not convex", "E039", "0 <= flow - 10 * abs(T_bed - 80)", "§flow <= max(T_bed, 3)", "use: monitor"),
    Bad("constraint on a tag", "E035", "(T_jacket_sp - T_bed)", "(§T_bed_b - 3)"),
    # limits
    Bad("operator outside", "E040", "operator: [78, 92]", "operator: §[78, 99]", "inside engineering"),
    Bad("engineering outside", "E040", "engineering: [110, 180]", "engineering: §[90, 180]", "inside safety"),
    Bad("wrong way round", "E041", "safety: [60, 105]", "safety: §[105, 60]", "[low, high]"),
    Bad("range wrong way round", "E041", "range: [0, 6 t/h]", "range: §[7000, 6 t/h]"),
    Bad("target outside", "E042", "target: 3.8,", "target: §4.8,"),
    Bad("safe value outside", "E042", "safe_value: 120", "safe_value: §99"),
    Bad("schedule outside", "E042", "operator.hi: 0.105 MW", "operator.hi: §0.305 MW"),
    Bad("no safety limits", "E043", "limits: {safety: [500, 4000]}", "§limits: {engineering: [500, 4000]}"),
    Bad("back-off too large", "E044", "    rank: {hi: 1, lo: 3}", "    §back_off: {hi: 7, lo: 7}"),
    Bad(
        "table of one point",
        "E045",
        "limits: {safety: [500, 4000]}",
        "limits: {safety: [500, 4000], scheduled: {by: T_bed, points: §[[0, 600, 900]]}}",
        "such as",
    ),
    Bad("rate of 0", "E014", "down: 120}", "down: §0}"),
    # names and places
    Bad("unknown connection", "E050", '"site:southmill', '"§sight:southmill', "did you mean 'site'?"),
    Bad("unknown readback", "E051", "readback: flow", "readback: §flov", "did you mean 'flow'?"),
    Bad("CV without tag", "E051", "  gas: {limits: {op", "  §gass: {limits: {op", "did you mean 'gas'?"),
    Bad("DV without tag", "E051", "dvs: [hum]", "dvs: [§humm]", "did you mean 'hum'?"),
    Bad("unknown MV", "E052", "block_up T_jacket_sp", "block_up §T_jacket_s", "did you mean 'T_jacket_sp'?"),
    Bad("block without target", "E013", "block_up T_jacket_sp", "§block_up"),
    Bad("unknown action", "E013", "then: shed", "then: §sched", "did you mean 'shed'?"),
    Bad("unknown tariff", "E053", "tariff: grid", "tariff: §gird", "did you mean 'grid'?"),
    Bad("band without price", "E053", "          night: {days", "          §nite: {days", "did you mean 'night'?"),
    Bad("tag and MV", "E054", "  hum: {source", '  flow_sp: {source: "site:a", unit: kg/h}\n  hum: {source', ""),
    Bad("same interlock name", "E054", "name: Enough, when: \"T_bed", "name: §Hot, when: \"T_bed"),
    Bad("same DV", "E054", "dvs: [hum]", "dvs: [hum, §hum]"),
    Bad("DV is CV", "E054", "dvs: [hum]", "dvs: [hum, §gas]"),
    Bad("bad node", "E055", "ns=3;i=1021", "§ns=3;1021"),
    Bad("namespace beyond 16 bits", "E055", "ns=3;i=1021", "§ns=65536;i=1021"),
    Bad("number beyond 32 bits", "E055", "ns=3;i=1021", "§ns=3;i=4294967296"),
    Bad("register without type", "E055", "input/100:int16", "§input/100"),
    Bad("register type", "E055", "input/100:int16", "§input/100:int24"),
    Bad("register beyond the last", "E055", "input/100:int16", "§input/65536:int16"),
    Bad("not a register", "E055", "input/100:int16", "§coil/100"),
    Bad("word order", "E055", "float32:CDAB", "float32:DCAB", ""),
    Bad("wildcard topic", "E055", "southmill/air#humidity", "§southmill/+/x"),
    Bad("no connection in address", "E055", '"dcs:ns=2;s=TI2.PV"', '§"TI2.PV"'),
    Bad("write to MQTT", "E056", 'writes: "dcs:ns=2;s=APC.SP.flow_sp"', 'writes: §"site:a/b"'),
    Bad("write to input", "E056", 'writes: "dcs:ns=2;s=APC.SP.flow_sp"', 'writes: §"meter:input/9:float32"'),
    Bad("same address", "E057", "APC.SP.flow_sp", "APC.SP.T_jacket_sp", ""),
    Bad("handshake register", "E057", '"dcs:ns=2;s=APC.SP.flow_sp"', '§"dcs:ns=2;s=APC.COMMIT"'),
    Bad("safety system", "E058", '"dcs:ns=2;s=APC.SP.flow_sp"', '§"dcs:ns=2;s=SIS.SP1"'),
    Bad("fail-safe program", "E058", '"dcs:ns=2;s=APC.SP.flow_sp"', '§"dcs:ns=2;s=APC.F_MAIN"'),
    Bad("alarm of nothing", "E059", "\nmodes:", "\nalarms: {§hmu: {}}\nmodes:", "did you mean 'hum'?"),
    # time and handshake
    Bad("PLC never sheds", "E060", "plc_timeout: 0.5 min", "plc_timeout: §0", "more than twice 10 s"),
    Bad("PLC sheds at once", "E060", "plc_timeout: 0.5 min", "plc_timeout: §10 s", "lost beat"),
    Bad("PLC sheds between cycles", "E060", "plc_timeout: 0.5 min", "plc_timeout: §19 s", "lost beat"),
    Bad("beat slower than cycle", "E061", "every: 5 s,", "every: §11 s,"),
    Bad("no root", "E062", 'root: "dcs:ns=2;s=APC.", ', "", ""),
    Bad("root on Modbus", "E062", 'root: "dcs:ns=2;s=APC."', 'root: §"meter:holding/100"', "HB, EPOCH"),
    Bad("registers missing", "E062", 'root: "dcs:ns=2;s=APC."', '§points: {HB: "dcs:ns=2;s=HB"}', "or a root"),
    Bad("beat to MQTT", "E056", 'root: "dcs:ns=2;s=APC."', 'root: "dcs:ns=2;s=APC.", points: {HB: §"site:a"}'),
    Bad("root in a safety system", "E058", 'root: "dcs:ns=2;s=APC."', 'root: §"dcs:ns=2;s=ESD."'),
    Bad("two registers in one place", "E057", 's=APC."', 's=APC.", points: {EPOCH: §"dcs:ns=2;s=APC.HB"}'),
    Bad("blocks back in time", "E014", "blocking: [1, 3, 6, 12]", "blocking: [1, 3, §3, 12]"),
    Bad("first block too long", "E014", "blocking: [1, 3, 6, 12]", "blocking: §[2, 3, 6, 12]"),
    Bad("no block", "E014", "blocking: [1, 3, 6, 12]", "blocking: §[]"),
    Bad("points back in time", "E014", "points: [2, 6, 12, 130]", "points: [2, 6, §5, 130]"),
    Bad("one point", "E014", "points: [2, 6, 12, 130]", "points: §1"),
    Bad("pushed from the target", "E014", "pull: 0.5", "pull: §-1"),
    Bad("unknown solver", "E013", "solver: daqp", "solver: §gurobi"),
    Bad("funnel of no time", "E014", "funnel: 3 min", "funnel: §0 s"),
    Bad("fade of no time", "E014", "fade: 4 min", "fade: §0 s"),
    Bad("filter back in time", "E014", "filter: 20 s", "filter: §-20 s"),
    Bad("unknown slack", "E013", "slack: peak", "slack: §worst"),
    Bad("think too long", "E063", "think: 6000 ms", "think: §10 s"),
    Bad("always stale", "E064", "stale_after: 5 min", "stale_after: §30 s", "60 s"),
    Bad("stale inside the cycle", "E064", "stale_after: 25 s", "stale_after: §9 s", "10 s"),
    Bad("always frozen", "E064", "frozen_after: 0.5 h", "frozen_after: §1 min"),
    Bad("reconnect", "E065", "reconnect_max: 5 s", "reconnect_max: §300 s", "10 s"),
    # models
    Bad("model of no CV", "E070", "  quality: {T_jacket_sp", "  §qualite: {T_jacket_sp", "did you mean 'quality'?"),
    Bad("model of a readback", "E070", "quality: {T_jacket_sp:", "quality: {§T_jacket:", "T_jacket_sp"),
    Bad("calculated in a circle", "E037", PROBE_B, "T_bed_b: {calc: §T_bed_b + 1, unit", "break it"),
    Bad("2oo3 of two", "E038", PROBE_B, "T_bed_b: {vote: {of: §[T_bed, hum], by: 2oo3, max_spread: 2}, unit", "median"),
    Bad("included into text", "E009", "version: 1\n", "version: 1\ninclude: [§tags.csv]\n", "path"),
    Bad("gain 0", "E071", "gain: -0.05,", "gain: §0,"),
    Bad("negative lag", "E014", "lags: [300]", "lags: [§-300]"),
    Bad("no model at all", "E011", "T_jacket_sp: {gain: -0.05, lags: [300]}", "§T_jacket_sp: {lags: [300]}", "step"),
    Bad("gain and step", "E016", "gain: -0.05, lags: [300]", "gain: -0.05, step: §[[0, 0], [60, 1]]", "remove"),
    Bad("step and lags", "E016", "gain: -0.05, lags: [300]", "step: [[0, 0], [60, 1]], lags: §[300]", "remove"),
    Bad("step of one point", "E072", "gain: -0.05, lags: [300]", "step: §[[0, 0]]", "such as"),
    Bad("step of three columns", "E072", "gain: -0.05, lags: [300]", "step: [[0, 0], §[1, 2, 3]]", "such as"),
    Bad("step back in time", "E072", "gain: -0.05, lags: [300]", "step: [[0, 0], [60, 1], §[30 s, 2]]", "ascending"),
    Bad("step that begins late", "E072", "gain: -0.05, lags: [300]", "step: [§[5, 0], [60, 1]]", "such as"),
    Bad("step that does nothing", "E071", "gain: -0.05, lags: [300]", "step: §[[0, 0], [60, 0]]"),
    Bad("unit of a step", "E021", "gain: -0.05, lags: [300]", "step: [[0, 0], [60, §1 kg]]"),
    Bad("unknown multiplier", "E070", "gain: -0.05, lags", "gain: -0.05, multiplier: §load, lags", "declare"),
    Bad("multiplier of 0", "E014", "dvs: [hum]\n", f"dvs: [hum]\n{MULTIPLIER.replace('1.5', '§0')}"),
    Bad("multiplier of no tag", "E051", "dvs: [hum]\n", f"dvs: [hum]\n{MULTIPLIER.replace('flow', '§flov')}", "flow"),
    Bad("block of no CV", "E070", "dvs: [hum]\n", f"dvs: [hum]\n{BLOCK.replace('[gas]', '[§gass]')}", "gas"),
    Bad("block too wide", "E073", "dvs: [hum]\n", f"dvs: [hum]\n{BLOCK.replace('[[1]]', '§[[1, 2]]')}", "1 states"),
    Bad("function of no DV", "E070", "dvs: [hum]\n", f"dvs: [hum]\n{FUNCTION.replace('[hum]', '[§humm]')}", "hum"),
    Bad("function without a point", "E074", "dvs: [hum]\n",
        f"dvs: [hum]\n{FUNCTION.replace('{hum: 8}', '{flow_sp: 9}').replace('  f:', '  §f:')}", "hum"),
    Bad("function of something else", "E070", "gain: -0.05, lags", "function: §f, lags", "declare"),
    Bad("function's address", "E074", "dvs: [hum]\n", f"dvs: [hum]\n{FUNCTION.replace(ADDRESS, '§a-b')}", "package"),
    Bad("adaptation without a range", "E087", "dvs: [hum]\n",
        "dvs: [hum]\n§adaptation: {mode: correct, mvs: [flow_sp], accuracy: 1}\n", "dv_range"),
    Bad("gain of the wrong sign", "E076", "gain: -0.05, lags", "gain: §-0.05, expects: positive, lags", "step test"),
    Bad("transformed in a constraint", "E075", POWER, POWER_LOG, "remove"),
    Bad("transform that falls", "E072", "[null, 4]}, target",
        "[null, 4]}, transform: {kind: table, points: [[0, 0], §[1, -1]]}, target", "rises"),
    Bad("log of nothing", "E014", "[null, 4]}, target", "[null, 4]}, transform: {kind: log, at: §0}, target"),
    Bad("transform of no kind", "E011", "[null, 4]}, target", "[null, 4]}, §transform: {at: 3}, target", "log"),
    Bad("unknown transform", "E013", "[null, 4]}, target", "[null, 4]}, transform: {kind: §logg}, target", "log"),
    Bad("rangeability", "E014", "    suppression: 2\n",
        "    suppression: 2\n    transform: {kind: equal_percentage, rangeability: §1}\n", "usual"),
    Bad("share of a laboratory", "E014", "[null, 4]}, target",
        "[null, 4]}, lab: {limits: [0, 9], max_difference: 1, share: §1.5}, target", "half"),
    Bad("laboratory's limits", "E041", "[null, 4]}, target",
        "[null, 4]}, lab: {limits: §[9, 0], max_difference: 1}, target", "low"),
    *[Bad(f"laboratory: {name}", code, "[null, 4]}, target",
          f"[null, 4]}}, lab: {{limits: [0, 9], max_difference: 1, {keys}}}, target", hint)
      for name, code, keys, hint in [
          ("spread", "E014", "sdev: §0", ""),
          ("one of one agrees", "E014", "agree: §1", ""),
          ("ramp back", "E014", "ramp: §-1 min", ""),
          ("unit of the spread", "E021", "steady: {sdev: §3 kg}", "percent"),
          ("tag", "E051", "value: §qualitee", "did you mean 'quality'?"),
          ("its own tag", "E054", "value: §quality", "laboratory's result"),
          ("unit of the tag", "E021", "value: §hum", "one unit"),
          ("count alone", "E016", "§count: power", "remove"),
          ("time twice", "E016", "value: loop, sampled: power, §count: power", "remove count"),
          ("delay of a known time", "E016", "value: loop, sampled: power, delay: §1 h", "remove"),
      ]],
    Bad("external target without an end", "E011", "    suppression: 2\n",
        "    suppression: 2\n    external: {§tag: T_bed}\n", "max_age"),
    Bad("external target of no speed", "E014", "    suppression: 2\n",
        "    suppression: 2\n    external: {max_rate: §0}\n"),
    Bad("external target's rank", "E014", "    suppression: 2\n", "    suppression: 2\n    external: {rank: §0}\n"),
    Bad("an undated target", "E016", "    suppression: 2\n",
        "    suppression: 2\n    §external: {tag: gas, max_age: 20 s}\n", "add issued"),
    *[Bad(f"forecast: {name}", code, "dvs: [hum]", f"dvs: {{hum: {{{keys}}}}}", hint)
      for name, code, keys, hint in [
          ("key", "E010", "§forcast: hold", "did you mean 'forecast'?"),
          ("word", "E013", "forecast: §held", "did you mean 'hold'?"),
          ("key inside", "E010", "forecast: {max_age: 1 h, file: a.csv, §colum: x}", "did you mean 'column'?"),
          ("without an end", "E011", "§forecast: {file: a.csv}", ""),
          ("nowhere", "E016", "§forecast: {max_age: 1 h}", "weather.csv"),
          ("twice", "E016", "§forecast: {max_age: 1 h, file: a.csv, tags: {hum: 0}}", "remove one"),
          ("column of tags", "E016", "forecast: {max_age: 20 s, tags: {hum: 0}, §column: x}", "remove"),
          ("count of a file", "E016", "forecast: {max_age: 1 h, file: a.csv, §count: power}", "remove"),
          ("tag", "E051", "forecast: {max_age: 20 s, tags: {§humm: 0}}", "did you mean 'hum'?"),
          ("unit of a tag", "E021", "forecast: {max_age: 20 s, tags: {§T_bed: 0}}", "one unit"),
          ("backward", "E014", "forecast: {max_age: 20 s, tags: §{hum: 1 h, hum_b: 30 min}}", "later"),
      ]],
    Bad("unknown DV by name", "E051", "dvs: [hum]", "dvs: {hum: {}, §humm: {}}", "did you mean 'hum'?"),
    Bad("DV that is a CV by name", "E054", "dvs: [hum]", "dvs: {hum: {}, §power: {}}", "CV"),
    Bad("delay in the future", "E014", "[null, 4]}, target", "[null, 4]}, analyser: {delay: §-5}, target"),
    # calendar, tariffs, money
    Bad("time zone", "E080", "Europe/Berlin", "§Europe/Berln", "did you mean 'Europe/Berlin'?"),
    Bad("time zone folder", "E080", "Europe/Berlin", "§../../etc"),
    Bad("currency", "E080", "currency: EUR}", "currency: §EURO}", "did you mean 'EUR'?"),
    Bad("hours", "E081", 'hours: "06:00-10:00"', 'hours: §"6-10"', "07:00-12:00"),
    Bad("hour 25", "E081", 'hours: "06:00-10:00"', 'hours: §"06:00-25:00"'),
    Bad("days", "E081", "days: sat,", "days: §sad,", "mon-fri"),
    Bad("schedule leaves nothing", "E044", "operator.hi: 0.105 MW", "operator.lo: §125"),
    Bad("hours of a tariff", "E081", '"17:00-20:00"', '§"17-20"'),
    Bad("days of a tariff", "E081", "days: mon-fri, h", "days: §weekdays, h"),
    Bad("unit of a price", "E020", "night: 80 EUR/MWh", "night: §80 EUR/MWhh"),
    Bad("unit of a heating value", "E020", "36 MJ/m**3", "§36 MJ/mm3h"),
    Bad("hysteresis in no money", "E021", "hysteresis: 0.5 EUR/h", "hysteresis: §0.5 kg/h"),
    Bad("too few MVs", "E014", "min_active_mvs: 2", "min_active_mvs: §3"),
    Bad("lead alone", "E014", "lags: [300]}", "lead: §5}"),
    Bad("waiver without a reason", "E014", "timeout: 250 ms", 'timeout: 250 ms\n    waive_security: §" "'),
    Bad("scale 0", "E014", "scale: 0.1,", "scale: §0,"),
    Bad("current in other units", "E021", "unit: mA", "unit: §A"),
    Bad("date", "E081", "valid_from: 2026-07-01", "valid_from: §2026-13-01"),
    Bad("overlap", "E082", 'hours: ["22:00-06:00"]', 'hours: ["22:00-07:30"]', ""),
    Bad("two rests", "E082", "{all: 0.2 EUR/kWh}", "{all: 0.2 EUR/kWh, §more: 1 EUR/kWh}", "bands.more"),
    Bad("gap", "E083", ", day: 0.15 EUR/kWh}", "}", "without a band"),
    Bad("order of versions", "E084", "valid_from: 2026-07-01", "valid_from: §2025-07-01", "oldest first"),
    Bad("inside a settlement", "E088", '  grid:\n    versions:\n      - valid_from: 2026-01-01\n',
        "  grid:\n    settlement: 1 h\n    versions:\n      - valid_from: 2026-01-01\n"
        "        demand: {price: 9 EUR/kW, window: §15 min}\n", "multiple"),
    Bad("schedule sets safety", "E085", "cvs.power.limits.operator.hi", "§cvs.power.limits.safety.hi", "operator"),
    Bad("schedule sets nothing known", "E052", "cvs.power.limits.operator.hi", "§cvs.powr.limits.operator.hi", "power"),
    Bad("no heating value", "E086", "    gas: {flow: gas, heating_value: 36 MJ/m**3,", "    §gas: {flow: gas,", "heat"),
    Bad("no controllers", "E090", "alarm: high}", "alarm: high, controllers: [§north]}", "remove the key"),
    Bad("money of a DV", "E035", "cost:\n    elec", "cost:\n    water: {flow: §hum, price: 1 EUR/kg}\n    elec"),
]  # fmt: skip
PLACES = {  # for changes that take away what the finding would point at, or point elsewhere
    "open bracket": "dvs: §[hum\n",
    "colon in text": "desc: a§: b",
    "missing unit": "  §nox: {",
    "missing setpoint": "  §flow_sp:\n    writes",
    "no certificate": "    security: §Basic",
    "no safe value": "    shed: §safe",
    "price and tariff": "    §electricity:",
    "empty schedule entry": "  - §{name: Cleaning",
    "tag and MV": "  §flow_sp:\n",
    "word order": "§holding/3054",
    "same address": '    writes: §"dcs:ns=2;s=APC.SP.T_jacket_sp"\n    setpoint: "dcs:ns=2;s=FIC4',
    "no root": "§heartbeat: {",
    "overlap": "          §night",
    "gap": "        §bands:\n",
}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_one_mistake_is_found_where_it_is(bad: Bad) -> None:
    assert GOOD.count(bad.old) == 1, f"{bad.old!r} must occur once in the good file"
    text = GOOD.replace(bad.old, bad.new.replace("§", ""))
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "bad.yaml")
    errors = [each for each in caught.value.diagnostics if each.severity == "error"]
    found = [each for each in errors if each.code == bad.code]
    assert found, f"no {bad.code}:\n{caught.value}"
    anchor = bad.new if "§" in bad.new else PLACES[bad.name]
    assert text.count(anchor.replace("§", "")) == 1
    at = text.index(anchor.replace("§", "")) + anchor.index("§")
    place = (text[:at].count("\n") + 1, at - (text[:at].rfind("\n") + 1) + 1)
    assert place in [(each.line, each.column) for each in found], str(caught.value)
    assert any(bad.hint in each.hint for each in found), [each.hint for each in found]
    assert len(errors) <= 3, f"one mistake, many findings:\n{caught.value}"
    assert render(caught.value.diagnostics, text).count("-->") == len(caught.value.diagnostics)


def test_all_mistakes_of_a_file_are_told_at_once_in_order_and_as_the_command_shows_them() -> None:
    text = GOOD
    for old, new in (
        ("hold: 30 s", "holt: 30 s"),
        ("operator: [78, 92]", "operator: [78, 99]"),
        ("flow_sp: {gain: -0.02", "flow: {gain: -0.02"),
        ("max(T_bed, T_bed_b)", "max(T_bed, T_bedb)"),
        ("days: sat,", "days: someday,"),
    ):
        text = text.replace(old, new)
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "bad.yaml")
    assert [(each.code, each.line) for each in caught.value.diagnostics] == [
        ("E010", 23), ("E040", 61), ("E070", 75), ("E030", 104), ("E081", 113),
    ]  # fmt: skip
    assert str(caught.value).startswith(
        """error[E010]: unknown key 'holt' in tags.T_bed
  --> bad.yaml:23:69
   |
 23|   T_bed: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150], holt: 30 s, uncertain: good}
   |                                                                     ^^^^ help: did you mean 'hold'?
"""
    )
    assert str(caught.value).endswith("\nbad.yaml: 5 errors")


def test_the_rest_of_an_entry_is_checked_too() -> None:
    """A flag or a choice that is wrong hides no limit that is."""
    text = GOOD.replace("critical: true\n    limit", "critical: yes\n    limit").replace("[78, 92]", "[78, 99]")
    text = text.replace("shed: safe_value", "shed: save_value").replace("safe_value: 120", "safe_value: 99")
    text = text.replace("rank: {hi: 2,", "rank: {hi: 0,").replace("target: 3.8", "target: 4.8")
    with pytest.raises(PlantFileError) as caught:
        load_text(text, "bad.yaml")
    assert [each.code for each in caught.value.diagnostics] == ["E013", "E042", "E040", "E012", "E042", "E014"]


def test_a_broken_entry_is_still_known_by_its_name() -> None:
    """One mistake in a tag must not make every mention of the tag an unknown name."""
    with pytest.raises(PlantFileError) as caught:
        load_text(GOOD.replace('TI2.PV", unit: degC', 'TI2.PV", unit: 3'), "bad.yaml")
    assert [each.code for each in caught.value.diagnostics] == ["E012"]


def test_two_loops_cannot_have_one_readback() -> None:
    with pytest.raises(PlantFileError) as caught:
        load_text(GOOD.replace("readback: flow\n", "readback: T_jacket\n"), "bad.yaml")
    assert ("E054", 54, 15) in [(each.code, each.line, each.column) for each in caught.value.diagnostics]


def test_the_corpus_reaches_every_error_code() -> None:
    elsewhere = {"E001", "E019", "E078", "E091"}  # tests of loader, tag lists, the command, several controllers
    assert {bad.code for bad in BAD} >= {code for code in CODES if code.startswith("E")} - elsewhere


@pytest.mark.parametrize(
    "old", ["T_jacket_sp: {gain: -0.05, lags: [300]}", "flow_sp: {gain: 36 kW/(t/s), integrating: false}"]
)
def test_a_model_with_an_error_is_still_one(old: str) -> None:
    """No warning of a CV that nothing moves beside the error that says why."""
    for new in (old.partition(":")[0] + ": {gain: 0}", old.partition(":")[0] + ": {gain: no}"):
        with pytest.raises(PlantFileError) as caught:
            load_text(GOOD.replace(old, new), "bad.yaml")
        assert len(caught.value.diagnostics) == 1, str(caught.value)


def test_the_good_file_is_good() -> None:
    assert load_text(GOOD, "good.yaml").warnings == ()
