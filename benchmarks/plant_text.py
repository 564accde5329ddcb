"""The text of a plant file of any size, written as an engineer writes one: what the benchmark of ``check`` reads.

Every key is ordinary and every reference leads somewhere, so that nothing is found and everything has to be looked at.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

PAIRS_PER_CV = 6
MVS_MAX = 32
"""The mask of the PLC contract has so many bits, so one controller cannot have more."""
_KINDS = (
    ("T", "degC", "[0, 250]"),
    ("F", "kg/h", "[0, 6 t/h]"),
    ("P", "bar", "[0, 16]"),
    ("Q", "percent", "[0, 100]"),
    ("E", "kW", "[0, 0.9 MW]"),
)
"""Letter, unit and range of the tags, in turn."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything; the defaults are the goal's."""

    tags: int = 1000
    mvs: int = MVS_MAX
    cvs: int = 100
    constraints: int = 200
    controllers: int = 1
    """Each gets MVs and CVs in turn, and limits of its own ones only."""

    @property
    def interlocks(self) -> int:
        """One for every 20 tags, as in the demo plant's file about."""
        return self.tags // 20


def scaled(tags: int) -> Size:
    """Return the goal's plant, larger or smaller in every respect but for the MVs, which end at ``MVS_MAX``."""
    return Size(tags, min(tags // 10, MVS_MAX), tags // 10, tags // 5)


def shared_out(tags: int, controllers: int) -> Size:
    """Return a plant with a tenth of its tags MVs and another CVs, of several controllers."""
    return Size(tags, tags // 10, tags // 10, tags // 5, controllers)


def plant_text(size: Size, seed: int = 1) -> str:
    """Return the file; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - no secrets
    return "\n".join(
        [*_head(size), *_tags(size), *_mvs(size), *_cvs(size), *_models(size, rng), *_rules(size, rng), ""]
    )


def _tag(number: int) -> str:
    return f"{_KINDS[number % len(_KINDS)][0]}{number:04d}"


def _unit(number: int) -> str:
    return _KINDS[number % len(_KINDS)][1]


def _head(size: Size) -> Iterator[str]:
    yield "version: 1"
    yield "plant: {name: Works, site: Northmill, timezone: Europe/Berlin, currency: EUR}"
    yield "connections:"
    yield "  dcs: {type: opcua, url: 'opc.tcp://10.4.2.11:4840', security: None, waive_security: closed network}"
    yield "  meter: {type: modbus-tcp, host: 10.4.2.40, unit_id: 8, waive_security: read only}"
    beat = "handshake: full, root: 'dcs:ns=2;s=APC{}.', every: 5 s, plc_timeout: 150 s, probe: 1234.5"
    if size.controllers == 1:
        yield f"heartbeat: {{{beat.format('')}}}"
        yield "controller: {cycle: 60 s, hysteresis: 1 EUR/h}"
        return
    yield "controllers:"
    for number in range(size.controllers):
        mvs = ", ".join(f"u{mv:03d}" for mv in range(number, size.mvs, size.controllers))
        cvs = ", ".join(_tag(_cv(cv)) for cv in range(number, size.cvs, size.controllers))
        yield f"  area_{number + 1}:"
        yield "    cycle: 60 s"
        yield f"    mvs: [{mvs}]"
        yield f"    cvs: [{cvs}]"
        yield f"    heartbeat: {{{beat.format(number + 1)}}}"


def _tags(size: Size) -> Iterator[str]:
    yield "tags:"
    for number in range(size.tags):
        letter, unit, span = _KINDS[number % len(_KINDS)]
        place = f"meter:holding/{4 * number}:float32:CDAB" if number % 7 == 0 else f"dcs:ns=2;s={letter}I{number}.PV"
        yield (
            f'  {_tag(number)}: {{source: "{place}", unit: {unit}, range: {span}, stale_after: 5 min, '
            f"hold: 30 s, desc: Measurement {number} of the works}}"
        )


def _mvs(size: Size) -> Iterator[str]:
    yield "mvs:"
    for number in range(size.mvs):
        lo, hi = 10.0, 90.0
        yield f"  u{number:03d}:"
        yield f'    writes: "dcs:ns=2;s=APC.SP.u{number:03d}"'
        yield f'    setpoint: "dcs:ns=2;s=LC{number}.SP"'
        yield f'    available_when: {{node: "dcs:ns=2;s=LC{number}.MODE", is: CAS}}'
        yield f'    windup: {{hi: "dcs:ns=2;s=LC{number}.WH", lo: "dcs:ns=2;s=LC{number}.WL"}}'
        yield f"    readback: {_tag(5 * number + 3)}"
        yield "    unit: percent"
        yield f"    limits: {{safety: [{lo}, {hi}], engineering: [{lo + 5}, {hi - 5}], operator: [{lo + 9}, {hi - 9}]}}"
        yield "    move: {up: 2 percent/min, down: 4 percent/min}"
        yield "    window: {for: 10 min, change: 12 percent}"
        yield "    on_bad: hold"
        yield "    shed: last_operator"


def _cvs(size: Size) -> Iterator[str]:
    yield "cvs:"
    for number in range(size.cvs):
        limits = "{engineering: [5, 15], operator: [6, 14]}" if number % 5 == 2 else "{operator: [20, 80]}"
        yield f"  {_tag(_cv(number))}: {{limits: {limits}, rank: {{hi: {1 + number % 9}, lo: 9}}, concern: 0.5}}"


def _cv(number: int) -> int:
    """Return the number of the tag that is CV ``number``: never a readback, which are 3, 8, 13 and so on."""
    return 5 * (number // 4) + (0, 1, 2, 4)[number % 4]


def _models(size: Size, rng: random.Random) -> Iterator[str]:
    yield "models:"
    for number in range(size.cvs):
        yield f"  {_tag(_cv(number))}:"
        own = range(number % size.controllers, size.mvs, size.controllers)
        chosen = {own[number // size.controllers % len(own)], *rng.sample(own, min(PAIRS_PER_CV - 1, len(own)))}
        for mv in sorted(chosen):
            gain, dead, lag = rng.uniform(0.1, 2.0), rng.randrange(0, 300), rng.randrange(60, 900)
            yield f"    u{mv:03d}: {{gain: {gain:.3f}, dead_time: {dead}, lags: [{lag} s, 45]}}"


def _rules(size: Size, rng: random.Random) -> Iterator[str]:
    yield "economics:"
    yield "  maximise: value - cost"
    yield f"  value: {{product: {{flow: {_tag(1)}, yield: 0.5, price: 0.38 EUR/kg}}}}"
    yield f"  cost: {{electricity: {{power: {_tag(4)}, tariff: grid}}}}"
    yield "tariffs:"
    yield "  grid:"
    yield "    versions:"
    yield "      - valid_from: 2026-01-01"
    yield "        energy: {peak: 0.214 EUR/kWh, offpeak: 0.131 EUR/kWh}"
    yield '        bands: {peak: {days: mon-fri, hours: ["07:00-12:00", "17:00-20:00"]}}'
    yield "constraints:"
    for number in range(size.constraints):
        own = range(number % size.controllers, size.mvs, size.controllers)
        mv, other = rng.choice(own), rng.choice(own)
        cv = _tag(_cv(rng.choice(range(number % size.controllers, size.cvs, size.controllers))))
        factor, bound = rng.uniform(1.0, 9.0), rng.randrange(400, 900)
        text = f"{factor:.2f} * u{mv:03d} + 0.5 * u{other:03d} - 0.1 * {cv} <= {bound}"
        yield f'  - {{name: Load {number}, expr: "{text}", rank: {3 + number % 6}}}'
    yield "interlocks:"
    for number in range(size.interlocks):
        a, b = 5 * number % size.tags, (5 * number + 5) % size.tags
        then = ("hold", "shed", f"block_up u{number % size.mvs:03d}")[number % 3]
        when = f"max({_tag(a)}, {_tag(b)}) > 240 or rate({_tag(a)}, 60) > 40"
        yield f'  - {{name: Lock {number}, when: "{when}", for: 15 s, then: {then}, alarm: high}}'
    yield "schedule:"
    hi = f"cvs.{_tag(0)}.limits.operator.hi"
    yield f'  - {{name: Night, days: mon-sun, hours: "21:00-06:00", set: {{{hi}: 60}}}}'
