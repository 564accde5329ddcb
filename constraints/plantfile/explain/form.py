"""Pages of what is wrong with keys and values."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="E010",
        means="A key that a plant file does not have at this place. The hint names the nearest one that it has.",
        matters="An ignored key is a wish that nobody fulfils: a misspelt stale_after would leave a dead transmitter "
        "trusted for the usual time.",
        wrong="""
tags:
  T_out: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150], stale_afer: 20 s}
""",
        right="""
tags:
  T_out: {source: "dcs:ns=2;s=TI2.PV", unit: degC, range: [0, 150], stale_after: 20 s}
""",
        do="Correct the spelling, or move the key to where it belongs. 'setwise schema' lists every key with its meaning. "
        "Inside { } a comma ends a text: a description with a comma needs quotes.",
    ),
    Page(
        code="E011",
        means="A key is missing that has no default, because no value would be right for every plant.",
        matters="Setwise does not guess units, addresses or how long a PLC waits.",
        wrong="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV"}
""",
        right="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV", unit: bar}
""",
        do="Add the key. 'setwise schema' says what it means.",
    ),
    Page(
        code="E012",
        means="A value of another kind is needed: a number, a text, true or false, a list, or keys and values. yes, no, "
        "on and off are texts; 1,5 with a comma, 1_000 and 12:30 are no numbers; .nan and .inf are never values.",
        matters="Other readers turn 'no' into false, 12:30 into 750 and 1,5 into two numbers. Setwise converts nothing "
        "silently, for each of these has once been a limit on some plant.",
        wrong="""
mvs:
  T_in_sp:
    critical: yes
""",
        right="""
mvs:
  T_in_sp:
    critical: true
""",
        do="Write true or false, numbers with a decimal point, times with a unit such as 45 min, and texts that look like "
        "numbers in quotes.",
    ),
    Page(
        code="E013",
        means="The value is none of the words that are possible here; the hint lists them, or names the nearest.",
        matters="What should happen on a bad measurement or a trip must not be left to a guess.",
        wrong="""
mvs:
  T_in_sp:
    on_bad: holt
""",
        right="""
mvs:
  T_in_sp:
    on_bad: hold
""",
        do="Use one of the words in the hint.",
    ),
    Page(
        code="E014",
        means="A number, a list or a text is of the right kind, but outside what is possible: a rank of 0, a negative "
        "time, three limits, a scale of 0.",
        matters="The value has no meaning on a plant, so it is a slip, and the value that was meant is not known.",
        wrong="""
cvs:
  T_out:
    rank: {hi: 0, lo: 3}
""",
        right="""
cvs:
  T_out:
    rank: {hi: 1, lo: 3}
""",
        do="Correct the number; the message says what is possible.",
    ),
    Page(
        code="E015",
        means="A name that cannot be used in expressions: it has other characters than letters, digits and _, begins with "
        "a digit, or is a word of the expression language (in, and, max, rate).",
        matters="In an interlock T-out > 95 means T minus out.",
        wrong="""
tags:
  T-feed: {source: "dcs:ns=2;s=TI4.PV", unit: degC}
""",
        right="""
tags:
  T_feed: {source: "dcs:ns=2;s=TI4.PV", unit: degC, desc: "T-feed, TI 4"}
""",
        do="Choose a name such as T_feed; what people call it goes into desc.",
    ),
    Page(
        code="E016",
        means="Two keys exclude each other, or one needs another that is not there.",
        matters="A PLC that is told to go to a safe value must know which.",
        wrong="""
mvs:
  T_in_sp:
    shed: safe_value
""",
        right="""
mvs:
  T_in_sp:
    shed: safe_value
    safe_value: 170
""",
        do="Add the key that the hint names, or remove one of the two.",
    ),
)
