"""Pages of the calendar, of tariffs and of money."""

from __future__ import annotations

from typing import Final

from constraints.plantfile.explain.page import Page

PAGES: Final = (
    Page(
        code="E080",
        means="A time zone or a currency that does not exist.",
        matters="Tariffs and schedules hold in the plant's own time, through both changes of the clock in a year.",
        wrong="""
plant: {name: Dryer, timezone: Europe/Berln, currency: EUR}
""",
        right="""
plant: {name: Dryer, timezone: Europe/Berlin, currency: EUR}
""",
        do="Use an IANA name such as Europe/Berlin or America/New_York, and an ISO 4217 code such as EUR.",
    ),
    Page(
        code="E081",
        means="Hours, days or a date in another form.",
        matters="6-10 may be hours or months. What holds on which day must be read in one way.",
        wrong="""
schedule:
  - {name: Cleaning, days: sat, hours: "6-10", mode: monitor}
""",
        right="""
schedule:
  - {name: Cleaning, days: sat, hours: "06:00-10:00", mode: monitor}
""",
        do="Hours: 22:00-06:00. Days: mon-fri, or sat,sun. Dates: 2026-01-01.",
    ),
    Page(
        code="E082",
        means="Two bands of a tariff hold at the same time.",
        matters="One kilowatt-hour would have two prices.",
        wrong="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    versions:
      - valid_from: 2026-01-01
        energy: {day: 0.3 EUR/kg, night: 0.2 EUR/kg, rest: 0.25 EUR/kg}
        bands: {day: {hours: ["06:00-18:00"]}, night: {hours: ["17:00-24:00"]}}
""",
        right="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    versions:
      - valid_from: 2026-01-01
        energy: {day: 0.3 EUR/kg, night: 0.2 EUR/kg, rest: 0.25 EUR/kg}
        bands: {day: {hours: ["06:00-18:00"]}, night: {hours: ["18:00-24:00"]}}
""",
        do="Spans are half-open: one may begin where another ends. At most one price has no band; it holds for the rest.",
    ),
    Page(
        code="E083",
        means="A tariff has hours in which no price holds.",
        matters="The cost of a cycle in such an hour would be unknown.",
        wrong="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    versions:
      - valid_from: 2026-01-01
        energy: {day: 0.3 EUR/kg}
        bands: {day: {hours: ["06:00-18:00"]}}
""",
        right="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    versions:
      - valid_from: 2026-01-01
        energy: {day: 0.3 EUR/kg, rest: 0.2 EUR/kg}
        bands: {day: {hours: ["06:00-18:00"]}}
""",
        do="Add a price without a band: it holds in all other hours.",
    ),
    Page(
        code="E084",
        means="The versions of a tariff are not in order of their dates.",
        matters="A new price never rewrites last month's cost, so it must be plain which version holds when.",
        wrong="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    versions:
      - {valid_from: 2026-07-01, energy: {all: 0.3 EUR/kg}}
      - {valid_from: 2026-01-01, energy: {all: 0.2 EUR/kg}}
""",
        right="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    versions:
      - {valid_from: 2026-01-01, energy: {all: 0.2 EUR/kg}}
      - {valid_from: 2026-07-01, energy: {all: 0.3 EUR/kg}}
""",
        do="Oldest first, each date once.",
    ),
    Page(
        code="E085",
        means="A schedule sets something that a clock may not set.",
        matters="Only operator limits move with the time of day. Safety and engineering limits change with a signature.",
        wrong="""
schedule:
  - {name: Night, hours: "22:00-06:00", set: {cvs.T_out.limits.engineering.hi: 90}}
""",
        right="""
schedule:
  - {name: Night, hours: "22:00-06:00", set: {cvs.T_out.limits.operator.hi: 90}}
""",
        do="Set cvs.NAME.limits.operator.hi or .lo, the same of mvs, or a mode.",
    ),
    Page(
        code="E086",
        means="A flow or a power times its price is not money per hour.",
        matters="Terms that are not in one unit cannot be weighed against each other.",
        wrong="""
economics:
  cost: {gas: {flow: feed, price: 48 EUR/MWh}}
""",
        right="""
economics:
  cost: {gas: {flow: feed, heating_value: 13 kWh/kg, price: 48 EUR/MWh}}
""",
        do="For a fuel give heating_value, in energy per amount of the flow; or price the flow itself.",
    ),
    Page(
        code="E087",
        means="The economics cannot be adapted: nothing that is paid for is moved by these MVs, or the width of a DV's range "
        "is not known.",
        matters="What is estimated from one rest to the next would be noise, and the targets would follow it.",
        wrong="""
economics:
  value: {powder: {flow: feed, yield: 0.5, price: 0.38 EUR/kg}}
adaptation: {mode: watch, mvs: [T_in_sp], accuracy: 5 EUR/h}
""",
        right="""
tags:
  power: {source: "meter:holding/3054:float32", unit: kW, range: [0, 900]}
cvs:
  power: {limits: {operator: [100, 800]}, concern: 10 kW}
models:
  power:
    T_in_sp: {gain: 1.5 kW/delta_degC, lags: [2 min]}
economics:
  value: {powder: {flow: feed, yield: 0.5, price: 0.38 EUR/kg}}
  cost: {electricity: {power: power, price: 200 EUR/MWh}}
adaptation: {mode: watch, mvs: [T_in_sp], accuracy: 5 EUR/h}
""",
        do="Name MVs that move something that is paid for, and give dv_range or the range of each DV's tag.",
    ),
    Page(
        code="E088",
        means="A price changes inside a settlement period of the tariff, or a demand window is not made of whole ones.",
        matters="The meter counts energy by settlement periods; no bill can follow what changes inside one.",
        wrong="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    settlement: 30 min
    versions:
      - valid_from: 2026-01-01
        energy: {day: 0.3 EUR/kg, rest: 0.2 EUR/kg}
        bands: {day: {hours: ["06:15-18:00"]}}
""",
        right="""
economics:
  cost: {product: {flow: feed, tariff: contract}}
tariffs:
  contract:
    settlement: 15 min
    versions:
      - valid_from: 2026-01-01
        energy: {day: 0.3 EUR/kg, rest: 0.2 EUR/kg}
        bands: {day: {hours: ["06:15-18:00"]}}
""",
        do="Look into the contract: either the hours or the settlement period is written wrongly.",
    ),
)
