"""The nested-limit gauge."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from constraints.plant import NestedLimits
from supervisor.web.gauge import WIDTH, Pointers, domain, gauge

LIMITS = NestedLimits(safety=(60.0, 105.0), engineering=(70.0, 98.0), operator=(78.0, 92.0))
NOWHERE = (-math.inf, math.inf)


def marks(svg, kind):
    return [float(each) for each in re.findall(rf'class="{kind}"[^>]*? (?:c?x)="([-0-9.]+)"', svg)]


def test_the_limits_nest_in_the_picture_as_they_do_in_the_plant():
    svg = gauge(LIMITS, LIMITS.operator, Pointers(now=87.2, end=89.0, target=90.0), "T_out")
    (saf_lo, saf_hi), (eng_lo, eng_hi), (opr_lo, opr_hi) = (marks(svg, kind) for kind in ("g-saf", "g-engm", "g-oprm"))
    assert saf_lo < eng_lo < opr_lo < marks(svg, "g-now")[0] < marks(svg, "g-end")[0] < opr_hi < eng_hi < saf_hi


def test_what_is_not_known_is_not_drawn():
    svg = gauge(LIMITS, LIMITS.operator, Pointers(), "T_out")
    assert "g-now" not in svg
    assert "g-end" not in svg
    assert "g-target" not in svg


def test_a_name_cannot_break_out_of_the_picture():
    svg = gauge(LIMITS, LIMITS.operator, Pointers(), '"><script>alert(1)</script>')
    assert "<script" not in svg


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(math.inf), min_size=8, max_size=8),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_everything_stays_inside_whatever_the_limits_are(numbers, value):
    a, b, c, d, e, f, g, h = sorted(numbers)
    limits = NestedLimits(safety=(-a if math.isinf(a) else a, h), engineering=(b, g), operator=(c, f))
    svg = gauge(limits, (d, e), Pointers(now=value), "x")
    low, high = domain(limits, (d, e), Pointers(now=value))
    assert low < high
    assert "nan" not in svg
    assert all(0.0 <= at <= WIDTH for at in marks(svg, "g-now") + marks(svg, "g-saf"))
