"""Every finding about a plant file has a stable code; this is the one table of them, with what each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CODES: Final[Mapping[str, str]] = {
    # the text
    "E001": "the file cannot be read, is too large, or is not UTF-8 text",
    "E002": "not valid YAML",
    "E003": "a tab or a control character where YAML allows none",
    "E004": "the same key twice",
    "E005": "anchors, aliases and merge keys are not used in plant files",
    "E006": "YAML tags and directives are not used in plant files",
    "E007": "not one mapping of sections, or nested too deep",
    # the form
    "E010": "unknown key",
    "E011": "a required key is missing",
    "E012": "another kind of value is needed here",
    "E013": "not one of the choices",
    "E014": "outside what is possible here",
    "E015": "a name that cannot be used",
    "E016": "keys that exclude or need each other",
    # units
    "E020": "unknown unit",
    "E021": "a unit of another kind is needed here",
    "E022": "a unit is needed here",
    # expressions
    "E030": "unknown name in an expression",
    "E031": "an expression adds or compares different units",
    "E032": "not an expression of the plant file's language",
    "E033": "an expression that never changes",
    "E034": "a constraint that is not affine, or not convex",
    "E035": "a constraint on something that is neither MV nor CV",
    "E036": "an interlock that can never clear",
    # limits
    "E040": "limits do not nest: safety contains engineering contains operator",
    "E041": "the low limit is not below the high limit",
    "E042": "a value outside the limits that it must keep",
    "E043": "an MV without safety limits",
    "E044": "nothing is left between the limits",
    "E045": "a table of scheduled limits that cannot be followed",
    # names and places
    "E050": "unknown connection",
    "E051": "unknown tag",
    "E052": "unknown MV or CV",
    "E053": "unknown tariff",
    "E054": "a name used twice",
    "E055": "an address that its protocol cannot have",
    "E056": "something that cannot be written",
    "E057": "two things written to the same place",
    "E058": "a place that looks like part of a safety system",
    # time and handshake
    "E060": "the PLC would shed too late, too early, or never",
    "E061": "the heartbeat does not fit the cycle",
    "E062": "the handshake lacks a place",
    "E063": "the thinker's deadline is not inside the cycle",
    "E064": "a tag would always be stale",
    "E065": "reconnecting would take too long",
    "E066": "a plant cannot start in this mode",
    # models
    "E070": "a model of something unknown",
    "E071": "a model without effect",
    "E072": "a table of a model that cannot be followed",
    "E073": "a state-space block whose sizes do not fit",
    "E074": "an engineer's function that cannot be used",
    "E075": "a transform that does not go with something else",
    # calendar, tariffs, money
    "E080": "unknown time zone or currency",
    "E081": "not a span of hours or a set of days",
    "E082": "tariff bands overlap",
    "E083": "a tariff leaves hours without a price",
    "E084": "tariff versions out of order",
    "E085": "a schedule sets what it cannot",
    "E086": "an economic term that is not money per hour",
    "E087": "an adaptation of economics that lacks something",
    # warnings
    "W101": "a CV that no MV moves",
    "W102": "an MV that moves nothing",
    "W103": "an unprotected connection that is written to: CLOSED_LOOP will be refused",
    "W104": "a condition that can never be true",
    "W105": "no full handshake: CLOSED_LOOP will be refused",
    "W106": "the server's certificate is not pinned",
    "W107": "a DV without a model",
    "W108": "a CV without limits and target",
    "W109": "an unprotected OPC UA connection that is only read",
    "W110": "one account reads and writes",
    "W111": "a plan may take longer than it may: many MVs and CVs for so short a cycle",
}
