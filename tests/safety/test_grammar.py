from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.grammar import DEPTH_MAX, LENGTH_MAX, NODES_MAX, ExpressionError, parse

REFUSED = {
    "": 0,
    "   ": 3,
    "T.value > 1": 0,
    "'a' > 1": 0,
    "a > b'1'": 4,
    "a[0] > 1": 0,
    "__import__('os').system('x')": 0,
    "(a > 1) + 1": 1,
    "1 + (a > 1)": 5,
    "a and b": 0,
    "a > 1 and b": 10,
    "not a": 4,
    "-(a > 1)": 2,
    "(a > 1) > 1": 1,
    "1 > (a > 1)": 5,
    "f(x) > 1": 0,
    "f.g(x) > 1": 0,
    "(lambda: 1)()": 0,
    "lambda: 1": 0,
    "a if b > 1 else c": 0,
    "[a, b]": 0,
    "(a, b)": 0,
    "{a: b}": 0,
    "[x for x in y]": 0,
    "a := 1": 2,
    "(a := 1) > 2": 1,
    "a = 1": 2,
    "a; b": 1,
    "a @ b": 0,
    "a // b": 0,
    "a % b": 0,
    "a << b": 0,
    "a | b": 0,
    "~a": 0,
    "a is b": 0,
    "a is not b": 0,
    "a in b": 0,
    "1j": 0,
    "True": 0,
    "None": 0,
    "...": 0,
    "await a": 0,
    "f'{a}' > 1": 0,
    "1e999": 0,
    "1" + "0" * 400: 0,
    "a ** b": 5,
    "a ** 10.5": 5,
    "a ** -11": 5,
    "abs()": 0,
    "abs(a, b)": 0,
    "abs(a > 1)": 4,
    "min()": 0,
    "max(*a)": 4,
    "max(a, key=b)": 0,
    "rate(a)": 0,
    "rate(a, b)": 0,
    "rate(a, 60, 1)": 0,
    "rate(a + 1, 60) > 1": 0,
    "rate(a, 0) > 1": 8,
    "rate(a, -60) > 1": 0,
    "rate(a, 86401) > 1": 8,
    "rate(a, True) > 1": 8,
    "delta(60, a) > 1": 0,
    "age(a, 1) > 1": 0,
    "age(1) > 1": 0,
    "good(a, 1)": 0,
    "good(a > 1)": 0,
    "age() > 1": 0,
    "a >": 3,
    "(a": 0,
    "a)": 1,
    "a\ud800": 0,
    "  é > 'x'": 6,
    "µ.x > 1": 0,
    "-" * (LENGTH_MAX + 1): LENGTH_MAX,
    "(" * 300: 200,
}


@pytest.mark.parametrize("text", list(REFUSED))
def test_refused_with_the_column(text):
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert error.value.column == REFUSED[text]
    assert error.value.message
    assert str(error.value).endswith(f"(column {error.value.column + 1})")


def test_a_null_is_refused():
    with pytest.raises(ExpressionError):
        parse("a > \0")


def test_messages_say_what_is_wrong():
    for text, message in {
        "T.v": "Attribute is not allowed here",
        "'x'": "only numbers are allowed here",
        "1e999": "too large a number",
        "a\ud800": "not an expression",
        "f.g(x)": "only the functions of this language can be called, without keywords",
        "x in y": "In is not allowed here",
        "f(x)": "there is no function 'f'",
        "abs(x, y)": "abs needs exactly one value",
        "min()": "min needs at least one value",
        "rate(x)": "rate needs a tag and seconds as a plain number",
        "age(1)": "age needs one tag",
        "x and y": "a condition, such as tag > 3 is needed here",
        "1 + (x > 2)": "a number is needed here",
    }.items():
        with pytest.raises(ExpressionError, match=f"^{message}".replace("(", r"\(")):
            parse(text)


@pytest.mark.parametrize(
    ("text", "sort", "names", "windows"),
    [
        ("T > 1", "truth", {"T"}, {}),
        ("max(a, b) - 3", "number", {"a", "b"}, {}),
        ("rate(CO, 60) > 0.5 or delta(CO, 600) > 1", "truth", {"CO"}, {"CO": 600.0}),
        ("delta(CO, 600) > 1 or rate(CO, 60) > 0.5", "truth", {"CO"}, {"CO": 600.0}),
        ("good(x) and age(y) < 5", "truth", {"x", "y"}, {}),
        ("1 < a <= b", "truth", {"a", "b"}, {}),
        ("not a > 1", "truth", {"a"}, {}),
        ("rate(a, 86400)", "number", {"a"}, {"a": 86400.0}),
        ("a ** 10 + b ** -10", "number", {"a", "b"}, {}),
        ("1e3", "number", set(), {}),
    ],
)
def test_what_an_expression_speaks_of(text, sort, names, windows):
    found = parse(text)
    assert (found.text, found.sort, found.names, dict(found.windows)) == (text, sort, names, windows)


@pytest.mark.parametrize("text", ["\n  T\n > 1", "\tT > 1", "T > 1  ", "(T > 1)", "T>1"])
def test_white_space_and_brackets_do_not_matter(text):
    assert parse(text).root == parse("T > 1").root


def test_columns_count_characters_over_lines_and_letters():
    node = parse("  µé > 1 and\n  b > 2").root
    assert [node.column, *(each.column for each in node.args)] == [2, 2, 15]
    assert [each.column for each in node.args[1].args] == [15, 19]


def test_signs_fold_into_constants():
    assert parse("-3").root == parse("+-3").root
    assert parse("-3").root.number == -3.0
    assert parse("-x").root == parse("0 - x").root
    assert parse("+x").root == parse("x").root


def test_depth_and_size_are_bounded():
    deepest = "not " * (DEPTH_MAX - 2) + "a > 1"
    assert parse(deepest).names == {"a"}
    with pytest.raises(ExpressionError, match="too deep"):
        parse("not " + deepest)
    widest = " + ".join(["a"])
    assert parse(widest)
    most = f"max({', '.join(['a'] * (NODES_MAX - 1))})"
    assert len(parse(most).root.args) == NODES_MAX - 1
    with pytest.raises(ExpressionError, match="too long"):
        parse(f"max({', '.join(['a'] * NODES_MAX)})")
    assert parse("a" + " " * (LENGTH_MAX - 1))


def test_it_can_be_stored():
    expression = parse("rate(a, 60) > 1 or not good(b)")
    assert pickle.loads(pickle.dumps(expression)) == expression  # noqa: S301


WORDS = ["a", "T_1", "1", "2.5", "-", "+", "*", "/", "**", "(", ")", "<", "<=", "==", "and", "or", "not", "max(", ",",
         "rate(", "good(", "60", "é", "'", "[", "]", ".", "lambda", ":", "=", "if", "else",
         "\n", "\0", "{", "@"]  # fmt: skip


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join)))
def test_fuzz_only_an_expression_or_its_error(text):
    try:
        found = parse(text)
    except ExpressionError as error:
        assert 0 <= error.column <= len(text)
    else:
        assert found.sort in ("number", "truth")


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("1 + f(x)", 4), ("1 + abs()", 4), ("1 + f.g(x)", 4), ("1 + rate(x)", 4), ("1 + 1e999", 4),
        ("1 > 0 and x is y", 10),
        ("1 + " + "(" * 40 + "x" + "+ 1)" * 40, 36),
    ],
)  # fmt: skip
def test_trouble_inside_is_found_inside(text, column):
    with pytest.raises(ExpressionError) as error:
        parse(text)
    assert error.value.column == column
    assert error.value.args == (error.value.message, column)


@pytest.mark.parametrize(
    ("text", "op"),
    [("-3", "number"), ("-x", "-"), ("(a + b)", "+"), ("max(a)", "max"), ("good(a)", "good"), ("rate(a, 9)", "rate"),
     ("(not a > 1)", "not"), ("(a > 1 or b > 1)", "or"), ("(a < b < 3)", "chain"), ("a", "tag"), ("4", "number")],
)  # fmt: skip
def test_every_node_knows_where_it_stands(text, op):
    whole = f"min({text}, 1)" if op not in ("good", "not", "or", "chain") else f"1 > 0 and {text}"
    node = parse(whole).root.args[-1 if whole.startswith("1") else 0]
    assert (node.op, node.column) == (op, whole.index(text) + text.startswith("("))
    if text == "-x":
        assert node.args[0].column == node.column


def test_short_windows_count_too():
    assert dict(parse("rate(a, 0.5)").windows) == {"a": 0.5}
