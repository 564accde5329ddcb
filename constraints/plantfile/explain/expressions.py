"""Pages of units and of expressions."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="E020",
        means="A unit that is not known. Upper and lower case matter, as they do in SI: kW, not KW; mbar, not Mbar.",
        matters="M is a million and m a thousandth: a guess would be wrong by a factor of a billion.",
        wrong="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV", unit: Bar}
""",
        right="""
tags:
  P_steam: {source: "dcs:ns=2;s=PI5.PV", unit: bar}
""",
        do="Write units like kg/h, m**3/h (or m3/h), kWh/t, degC, percent, barg, Nm3/h, EUR/MWh. For a pure number write "
        "1. C and F are refused, for they are coulomb and farad: write degC and degF.",
    ),
    Page(
        code="E021",
        means="A value has a unit that cannot be turned into the one that is needed here, or two things that must have "
        "the same unit do not.",
        matters="Nothing can be compared or limited across kinds of units: kg/h is no speed of a temperature.",
        wrong="""
mvs:
  T_in_sp:
    move: {up: 2 kg/h/min, down: 4 delta_degC/min}
""",
        right="""
mvs:
  T_in_sp:
    move: {up: 2 delta_degC/min, down: 4 delta_degC/min}
""",
        do="Use a unit of the kind that the message names. A bare number is in the variable's own unit, move rates are "
        "per minute.",
    ),
    Page(
        code="E022",
        means="A bare number stands where only a unit says what is meant, mostly a price.",
        matters="48 may be per kWh or per MWh; economics would be wrong by a thousand.",
        wrong="""
economics:
  cost: {product: {flow: feed, price: 0.3}}
""",
        right="""
economics:
  cost: {product: {flow: feed, price: 0.3 EUR/kg}}
""",
        do="Write the unit, such as 48 EUR/MWh, 300 EUR/t or 10.3 kWh/m**3.",
    ),
    Page(
        code="E030",
        means="An expression uses a name that is not a tag; in an interlock only measurements can be used.",
        matters="An interlock on a tag that does not exist could never be evaluated, and what cannot be evaluated "
        "counts as tripped.",
        wrong="""
interlocks:
  - {name: Hot, when: "T_outt > 95", then: hold}
""",
        right="""
interlocks:
  - {name: Hot, when: "T_out > 95", then: hold}
""",
        do="Correct the name, or declare it under tags. Instead of an MV use its readback.",
    ),
    Page(
        code="E031",
        means="An expression adds or compares values of different units, or multiplies with a temperature in degC or a "
        "gauge pressure, whose zero is at a place of its own. Expressions do not convert.",
        matters="Degrees and kilograms per hour have no sum, and kW against W is wrong by a thousand.",
        wrong="""
interlocks:
  - {name: Hot, when: "T_out > feed", then: hold}
""",
        right="""
interlocks:
  - {name: Hot, when: "T_out > T_in", then: hold}
""",
        do="Use tags of one unit. A bare number takes the unit of what it is compared with; between kW and W write a "
        "factor of 1000. As a factor use a difference such as T_in - T_out, or a tag in K or bara.",
    ),
    Page(
        code="E032",
        means="The text is not an expression of the plant file's language: arithmetic, comparisons, and, or, not, and "
        "functions such as max, abs, rate, age and good. Or it is a number where a condition is needed.",
        matters="The language is small on purpose: what can trip a plant must be read at a glance, and must not run code.",
        wrong="""
interlocks:
  - {name: Hot, when: "T_out => 95", then: hold}
""",
        right="""
interlocks:
  - {name: Hot, when: "T_out >= 95", then: hold}
""",
        do="Write it like 'max(T_out, T_in) > 95 and not feed < 100'. The caret stands where reading stopped.",
    ),
    Page(
        code="E033",
        means="An expression without a tag, or one in which the tags cancel out.",
        matters="An interlock that never changes either blocks the plant for ever or protects nothing.",
        wrong="""
interlocks:
  - {name: Hot, when: "95 > 90", then: hold}
""",
        right="""
interlocks:
  - {name: Hot, when: "T_out > 90", then: hold}
""",
        do="Name the measurement that was meant.",
    ),
    Page(
        code="E034",
        means="A constraint asks for more than the values of this moment: a rate, an age, a quality; or it divides by 0.",
        matters="The controller holds constraints over the values that it foresees. What is only measured, it cannot hold.",
        wrong="""
constraints:
  - {name: Speed, expr: "rate(T_out, 60) <= 2"}
""",
        right="""
constraints:
  - {name: Load, expr: "feed_sp + 40 * T_out <= 7200"}
""",
        do="Write the constraint with +, -, *, /, **, abs, min and max of MVs, CVs and DVs. How fast an MV may move is said "
        "by its move; what may never happen by an interlock.",
    ),
    Page(
        code="E035",
        means="A constraint or an economic term is on something that is neither MV nor CV.",
        matters="No move has an effect on it that the controller knows, so it could neither hold the limit nor earn.",
        wrong="""
constraints:
  - {name: Contract, expr: "power <= 640"}
""",
        right="""
cvs:
  power: {limits: {operator: [0, 640]}}
models:
  power:
    feed_sp: {gain: 0.1, lags: [30 s]}
constraints:
  - {name: Contract, expr: "power <= 640"}
""",
        do="Declare it under cvs with a model, or use an MV.",
    ),
    Page(
        code="E036",
        means="The condition of an interlock is true, or cannot be evaluated, for every value inside its tags' ranges.",
        matters="The interlock would trip at once and could never be reset.",
        wrong="""
interlocks:
  - {name: Cold, when: "T_out >= 0", then: hold}
""",
        right="""
interlocks:
  - {name: Cold, when: "T_out < 40", then: hold}
""",
        do="Compare the limit with the tag's range; often the comparison is the wrong way round.",
    ),
    Page(
        code="E039",
        means="A constraint is not convex: it multiplies or divides two variables, or asks the larger side for a max.",
        matters="The controller solves every cycle to the best, with proof. For a product of variables there is none: held by "
        "its tangent, such a limit is followed closely, and may be crossed a little between two cycles.",
        wrong="""
constraints:
  - {name: Heat, expr: "feed_sp * (T_in_sp - T_out) <= 300000"}
""",
        right="""
constraints:
  - {name: Heat, expr: "feed_sp * (T_in_sp - T_out) <= 300000", use: linearised}
""",
        do="Write a ratio as a product with a number: a <= 3 * b for a / b <= 3. Else add use: linearised to have it held "
        "by its tangent of each cycle, or use: monitor to have it watched only.",
    ),
)
