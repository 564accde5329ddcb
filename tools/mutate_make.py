"""Which mutants there are: cosmic-ray's operators on one module, less what Python never evaluates.

Every module of the package starts with ``from __future__ import annotations``, so its annotations stay text, and a
change in one changes nothing; docstrings are text anyhow. Nor does ``kind == "full"`` become ``kind <= "full"``: words
have an order by the alphabet only, which means nothing here. Nor does ``is`` become ``==`` before True, False and
members of an enumeration, of each of which there is one. (cosmic-ray itself leaves out the same of None and of
numbers.) Nothing else is left out: there is no comment that hides a line, a mutant that cannot be noticed has to stand
in the written list with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from parso.tree import NodeOrLeaf

Place = tuple[int, int]
"""Line from 1, column in characters from 0."""


ORDERS = ("_Lt", "_LtE", "_Gt", "_GtE")
"""How cosmic-ray's names end where something becomes a comparison by order."""
SAMES = ("_Is_Eq", "_IsNot_NotEq")
SINGLE = re.compile(r"True|False|[A-Z][A-Za-z]+\.[A-Z_]+")
"""What there is one of: the truths, and members of an enumeration as this code writes them."""


class HarnessError(Exception):
    """The mutation test itself went wrong, so it says nothing about the tests."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one module."""

    module: str
    """Path from the top of the tree, e.g. ``safety/plc.py``."""
    operator: str
    """cosmic-ray's name of it without the provider, e.g. ``NumberReplacer``."""
    occurrence: int
    """Which of the operator's places in the module, from 0."""
    at_line: int

    @property
    def key(self) -> str:
        """What it is called in the session."""
        return f"{self.module}:{self.operator}:{self.occurrence}"


def mutants(module: str, source: str) -> list[Mutant]:
    """Return the mutants of one module, in the order of its lines.

    Raises HarnessError where annotations would be evaluated, and for a comment that asks a tool to look away.
    """
    silent = list(_silent(module, source))
    tree = get_ast(source)
    nodes = list(ast_nodes(tree))
    found = []
    for name in cosmic_ray.plugins.operator_names():
        kind = cosmic_ray.plugins.get_operator(name)
        if kind.arguments():
            continue  # replaces the variables that one names; there is no set of them for a whole package
        operator = kind()
        places = ((node, place) for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (node, (start, end)) in enumerate(places):
            evaluated = not any(first <= start and end <= last for first, last in silent)
            if evaluated and _means_something(name, node, start):
                found.append(Mutant(module, name.partition("/")[2], occurrence, start[0]))
    return sorted(found, key=lambda mutant: (mutant.at_line, mutant.operator, mutant.occurrence))


def _means_something(name: str, node: NodeOrLeaf, start: Place) -> bool:
    """Return whether a change to the comparison that starts there is one of meaning; anything else always is."""
    sides = zip(node.children[1::2], node.children[2::2], strict=True) if node.type == "comparison" else ()
    for sign, right in sides:
        if sign.start_pos == start:
            if name.endswith(ORDERS):
                return bool(right.type != "string")
            return not (name.endswith(SAMES) and SINGLE.fullmatch(right.get_code(include_prefix=False)))
    return True


def changed(mutant: Mutant, source: str) -> str:
    """Return the module's text with the change in it; raises HarnessError where there is no such place."""
    operator = cosmic_ray.plugins.get_operator(f"core/{mutant.operator}")()
    text = mutate_code(source, operator, mutant.occurrence)
    if text is None or text == source:
        raise HarnessError(f"{mutant.key} changes nothing")
    return str(text)


def same_program(source: str, text: str) -> bool:
    """Return whether both are read as one program, as when 1 is added to 1e300. Raises SyntaxError for other texts."""
    return ast.dump(ast.parse(source)) == ast.dump(ast.parse(text))


def difference(source: str, text: str) -> tuple[str, str]:
    """Return the first line that differs, before and after, without its indent; "" where it was taken away."""
    before, after = source.splitlines(), text.splitlines()
    where = next((n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(after) - 1)
    new = "" if len(after) < len(before) else after[where].strip()
    return before[where].strip(), new


def _silent(module: str, source: str) -> Iterator[tuple[Place, Place]]:
    """Yield the spans that are never evaluated: annotations and texts that stand alone."""
    if "pragma: no mutate" in source:
        raise HarnessError(f"{module}: no comment hides a mutant; list it with its reason")
    tree = ast.parse(source)
    spans: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=note) | ast.arg(annotation=ast.expr() as note):
                spans.append(note)
            case ast.FunctionDef(returns=ast.expr() as note) | ast.AsyncFunctionDef(returns=ast.expr() as note):
                spans.append(note)
            case ast.Expr(value=ast.Constant(value=str()) as text):
                spans.append(text)
    lazy = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(name.name == "annotations" for name in node.names)
        for node in tree.body
    )
    lines = source.splitlines()
    for span in spans:
        if not lazy and not isinstance(span, ast.Constant):
            raise HarnessError(f"{module}: without `from __future__ import annotations` its annotations are evaluated")
        yield _place(lines, span.lineno, span.col_offset), _place(lines, span.end_lineno, span.end_col_offset)


def _place(lines: list[str], line: int | None, column: int | None) -> Place:
    """Return the place that ``ast`` tells in bytes of UTF-8 in characters, as cosmic-ray counts."""
    if line is None or column is None:
        raise HarnessError("Python told no end of an expression")
    return line, len(lines[line - 1].encode()[:column].decode())
