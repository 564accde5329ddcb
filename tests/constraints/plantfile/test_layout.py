"""fmt: canonical, idempotent, and never another meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.plantfile import load_text
from constraints.plantfile.layout import laid_out
from constraints.plantfile.layout_parts import LayoutError
from constraints.plantfile.yamltext import parse

HOME = Path(__file__).parents[3]
EXAMPLES = sorted(
    path
    for path in HOME.rglob("*.yaml")
    if not any(part.startswith(".") for part in path.relative_to(HOME).parts)
    and path.read_text("utf-8").startswith(("version: 1", "# yaml-language-server"))
)


def out(text):
    return laid_out(parse(text, "plant.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_means_the_same_before_and_after(path):
    before = path.read_text("utf-8")
    after = out(before)
    old, new = load_text(before, "x").plants, load_text(after, "x").plants
    assert old.keys() == new.keys()
    for name, plant in old.items():
        assert (plant.config_hash, plant.limits_hash) == (new[name].config_hash, new[name].limits_hash)
    assert out(after) == after
    assert before.count("#") == after.count("#")


def test_the_examples_are_found():
    assert {HOME / "hil" / "demo" / "plant.yaml", HOME / "hil" / "templates" / "blank" / "plant.yaml"} <= set(EXAMPLES)


@pytest.mark.parametrize(
    "path", [path for path in EXAMPLES if "tests" not in path.parts], ids=lambda path: path.parts[-2]
)
def test_the_demo_and_the_templates_are_laid_out_already(path):
    assert out(path.read_text("utf-8")) == path.read_text("utf-8")


MESSY = """\
---
# the plant of my uncle
# yaml-language-server: $schema=x

tags:   # the tags


    # first
    a:  {source: "dcs:ns=2;s=A",  unit: degC, uncertain: good}   # inline
    # about b
    b:
        unit:   degC     # unit
        source: "dcs:ns=2;s=B"
        desc: |
            Two


            lines # no comment
        range:
        - 0
        - 10
            # deep after b
    NO: {source: "dcs:ns=2;s=C", unit: "1",
          desc: 'multi',   # in brackets
          range: [0, 1]}
# before version
version: 1
plant: {name: Kettle,   timezone: Europe/Berlin}
connections:
  dcs:
    timeout: 1 s
    url: "opc.tcp://10.0.0.1:4840"
    type: opcua
mvs:
  x:
    available_when: {node: "dcs:ns=2;s=T", is: ON}
    writes: "dcs:ns=2;s=W"
interlocks:
- name: Hot
  when: "a > 1"
  # before then
  then: hold
-   {name: Cold, when: "a < 1", then: hold}

-   name: x   # named

    then: hold
    when: "b > 3 and
      a > 2"
schedule: []
dvs: [a]
# the end
"""
TIDY = """\
# the plant of my uncle
# yaml-language-server: $schema=x

# before version
version: 1
plant: {name: Kettle,   timezone: Europe/Berlin}

connections:
  dcs:
    type: opcua
    url: "opc.tcp://10.0.0.1:4840"
    timeout: 1 s

tags:   # the tags
  # first
  a:  {source: "dcs:ns=2;s=A",  unit: degC, uncertain: good}   # inline
  # about b
  b:
    source: "dcs:ns=2;s=B"
    unit: degC       # unit
    desc: |
        Two


        lines # no comment
    range:
      - 0
      - 10
          # deep after b
  "NO": {source: "dcs:ns=2;s=C", unit: "1",
        desc: 'multi',   # in brackets
        range: [0, 1]}

mvs:
  x:
    writes: "dcs:ns=2;s=W"
    available_when: {node: "dcs:ns=2;s=T", is: "ON"}

dvs: [a]

interlocks:
  - name: Hot
    when: "a > 1"
    # before then
    then: hold
  - {name: Cold, when: "a < 1", then: hold}

  - name: x   # named
    when: "b > 3 and
      a > 2"

    then: hold

schedule: []
# the end
"""


def test_order_spacing_quotes_and_comments():
    assert out(MESSY) == TIDY
    assert out(TIDY) == TIDY


def test_line_ends_stay():
    assert out(MESSY.replace("\n", "\r\n")) == TIDY.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: on\n", 'a: "on"\n'),
        ("a: 12:30\n", 'a: "12:30"\n'),
        ("a: 0x1F\n", 'a: "0x1F"\n'),
        ("a: 1_000\n", 'a: "1_000"\n'),
        ("a: .inf\n", 'a: ".inf"\n'),
        ("a: true\n", "a: true\n"),
        ("a: null\n", "a: null\n"),
        ("a: 2026-01-01\n", "a: 2026-01-01\n"),
        ("a: [yes, {b: off}, 'no']\n", 'a: ["yes", {b: "off"}, \'no\']\n'),
        ("a:\n  once\n", "a: once\n"),
        ("a:\n# why\n- 1\n", "a:\n  # why\n  - 1\n"),
        ("a: 1 # why\n", "a: 1  # why\n"),
        ("a:\n\nb: 1\n\n\n\n", "a:\n\nb: 1\n"),
        ("a: >-\n    many\n\n    words\n", "a: >-\n    many\n\n    words\n"),
        ("a:\n  - - 1\n    - 2\n", "a:\n  - - 1\n    - 2\n"),
        ("{a: 1}", "{a: 1}\n"),
    ],
)
def test_small_pieces(text, after):
    assert out(text) == after
    assert out(after) == after


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a:\n  -\n    b: 1\n", "behind its dash"),
        ("a:\n  # why\n  once\n", "on the line of its key"),
        ("? a\n: 1\n", "on the line of its key"),
    ],
)
def test_what_cannot_be_laid_out_safely_is_refused(text, says):
    with pytest.raises(LayoutError, match=says):
        out(text)


LEAVES = st.sampled_from(["1", "on", "'x'", '"a # b"', "[1, no]", "{k: v}", "2 kg/h", "", "[]", "{}"])
KEYS = st.sampled_from(["version", "tags", "a", "b1", "NO", "unit", "source", "plant"])
NOISE = st.sampled_from(["", "", "  # why", "   ", " # x"])


@st.composite
def blocks(draw, indent=0, depth=3):
    lines = []
    keys = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    step = draw(st.sampled_from([1, 2, 4]))
    for key in keys:
        lines += draw(
            st.lists(
                st.sampled_from(["", " " * indent + "# above", "# far left", " " * (indent + 3) + "# deep"]), max_size=2
            )
        )
        if depth and draw(st.booleans()):
            lines += [" " * indent + key + ":" + draw(NOISE), *draw(blocks(indent + step, depth - 1))]
        elif depth and draw(st.booleans()):
            lines.append(" " * indent + key + ":" + draw(NOISE))
            for _ in range(draw(st.integers(1, 3))):
                lines.append(" " * (indent + step - 1) + "- " + (draw(LEAVES) or "0") + draw(NOISE))
        else:
            lines.append(" " * indent + key + ":" + " " * draw(st.integers(1, 3)) + draw(LEAVES) + draw(NOISE))
    return lines


@given(blocks())
def test_any_layout_keeps_meaning_and_comments_and_settles_at_once(lines):
    text = "\n".join(lines) + "\n"
    document = parse(text, "x")
    after = laid_out(document)
    assert parse(after, "x").data == document.data
    assert after.count("#") == text.count("#")
    assert laid_out(parse(after, "x")) == after
