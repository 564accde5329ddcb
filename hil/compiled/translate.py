"""Structured text, checked and put into C.

Types are held apart as the strictest controllers do: both sides of an operation and of an assignment have one type, and
conversions are written out. AND and OR of BOOL evaluate both sides, because some controllers do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hil.compiled.language import (
    BITS,
    INTEGER,
    ArrayOf,
    Assign,
    Binary,
    BlockName,
    Call,
    Expression,
    For,
    If,
    Index,
    Invoke,
    Kind,
    Literal,
    Member,
    Name,
    Return,
    Section,
    Statement,
    StructuredTextError,
    Type,
    Unary,
    Unit,
    Variable,
    While,
)
from hil.compiled.operations import C_TYPES, Code, alike, binary, converted, fitted, literal, number, unary
from hil.compiled.runtime import HEAD

TON_INPUTS: Mapping[str, Kind] = MappingProxyType({"IN": Kind.BOOL, "PT": Kind.TIME})
TON_OUTPUTS: Mapping[str, Kind] = MappingProxyType({"Q": Kind.BOOL, "ET": Kind.TIME})


def translate(units: Sequence[Unit]) -> str:
    """Return one C file with a type, ``<NAME>_start`` and ``<NAME>_run`` for each function block.

    Raises StructuredTextError where a name is unknown or types do not go together.
    """
    functions: dict[str, Unit] = {}
    parts = [HEAD]
    for unit in units:
        parts.append(_Writer(unit, functions).unit())
        if unit.result is not None:
            functions[unit.name] = unit
    return "\n".join(parts)


class _Writer:
    def __init__(self, unit: Unit, functions: Mapping[str, Unit]) -> None:
        self._unit = unit
        self._functions = functions
        self._variables: dict[str, Type] = {variable.name: variable.type for variable in unit.variables}
        if len(self._variables) < len(unit.variables):
            raise StructuredTextError(unit.line, f"{unit.name} declares a name twice")
        if unit.result is not None:
            self._variables[unit.name] = unit.result
        self._loops = 0

    def unit(self) -> str:
        """Return the C of the unit."""
        if self._unit.result is not None:
            return self._function(self._unit.result)
        name = self._unit.name
        fields = "\n".join(f"  {_declared(variable)};" for variable in self._unit.variables)
        start = "\n".join(
            f"  self->{each.name} = {self._value(each.initial, each.type, each.line)};"
            for each in self._unit.variables
            if each.initial is not None
        )
        return (
            f"typedef struct {{\n{fields}\n}} {name};\n"
            f"int {name}_size(void) {{ return (int)sizeof({name}); }}\n"
            f"void {name}_start({name} *self) {{\n  *self = ({name}){{0}};\n{start}\n}}\n"
            f"void {name}_run({name} *self, int64_t now) {{\n  (void)now;\n{self._block(self._unit.body)}}}\n"
        )

    def _function(self, result: Kind) -> str:
        name, c_type = self._unit.name, C_TYPES[result]
        inputs = [each for each in self._unit.variables if each.section is Section.INPUT]
        others = [each for each in self._unit.variables if each.section is not Section.INPUT]
        own = "".join(f"  {_declared(each)} = 0;\n" for each in others)
        return (
            f"static {c_type} {name}({', '.join(_declared(each) for each in inputs)}) {{\n"
            f"  {c_type} {name}_result = 0;\n{own}{self._block(self._unit.body)}  return {name}_result;\n}}\n"
        )

    # -- statements --------------------------------------------------------------------------------------------------

    def _block(self, statements: Sequence[Statement]) -> str:
        return "".join(self._statement(statement) + "\n" for statement in statements)

    def _statement(self, statement: Statement) -> str:
        match statement:
            case Assign(line, target, value):
                place, kind = self._place(target)
                return f"{place} = {self._value(value, kind, line)};"
            case If(line, branches, otherwise):
                text = " else ".join(
                    f"if ({self._value(condition, Kind.BOOL, line)}) {{\n{self._block(body)}}}"
                    for condition, body in branches
                )
                return f"{text} else {{\n{self._block(otherwise)}}}"
            case For(line, name, first, last, body):
                place, kind = self._place(Name(line, name))
                if kind not in INTEGER:
                    raise StructuredTextError(line, "FOR counts an integer")
                self._loops += 1
                end = f"end_{self._loops}"
                return (
                    f"{{ int64_t {end} = {self._value(last, kind, line)};\n"
                    f"for ({place} = {self._value(first, kind, line)}; {place} <= {end}; {place}++) {{\n"
                    f"{self._block(body)}}} }}"
                )
            case While(line, condition, body):
                test = self._value(condition, Kind.BOOL, line)
                return f"{{ int turns = 0; while ({test} && st_turn(&turns, {line})) {{\n{self._block(body)}}} }}"
            case Invoke(line, name, inputs):
                return self._invoke(line, name, inputs)
            case Return():
                return "return;" if self._unit.result is None else f"return {self._unit.name}_result;"

    def _invoke(self, line: int, name: str, inputs: Sequence[tuple[str, Expression]]) -> str:
        if self._variables.get(name) != BlockName("TON"):
            raise StructuredTextError(line, f"{name} is no TON")
        if {each for each, _ in inputs} - TON_INPUTS.keys():
            raise StructuredTextError(line, f"TON has the inputs {', '.join(TON_INPUTS)}")
        given = (f"self->{name}.{each} = {self._value(value, TON_INPUTS[each], line)};" for each, value in inputs)
        return "\n".join([*given, f"TON_run(&self->{name}, now);"])

    def _place(self, target: Name | Index) -> tuple[str, Kind]:
        found = self._variables.get(target.name)
        if found is None:
            raise StructuredTextError(target.line, f"{target.name} is not declared")
        if self._unit.result is None:
            name = f"self->{target.name}"
        else:
            name = f"{target.name}_result" if target.name == self._unit.name else target.name
        if isinstance(target, Name) and isinstance(found, Kind):
            return name, found
        if isinstance(target, Index) and isinstance(found, ArrayOf):
            at = self._value(target.at, Kind.INT, target.line)
            return f"{name}[st_at({at}, {found.lo}, {found.hi}, {target.line})]", found.kind
        raise StructuredTextError(target.line, f"{target.name} is not used as what it is declared")

    # -- expressions -------------------------------------------------------------------------------------------------

    def _value(self, expression: Expression, wanted: Type, line: int) -> str:
        code = self._code(expression)
        if not isinstance(wanted, Kind):
            raise StructuredTextError(line, "an elementary type expected")
        return fitted(code, wanted, line).text

    def _code(self, expression: Expression) -> Code:
        match expression:
            case Literal(line, value, kind):
                return literal(value, kind, line)
            case Name() | Index():
                return Code(*self._place(expression))
            case Member(line, name, member):
                if self._variables.get(name) != BlockName("TON") or member not in TON_OUTPUTS:
                    raise StructuredTextError(line, f"{name}.{member} is no output of a function block")
                return Code(f"self->{name}.{member}", TON_OUTPUTS[member])
            case Unary(line, operator, operand):
                return unary(operator, self._code(operand), line)
            case Binary(line, operator, left, right):
                return binary(operator, self._code(left), self._code(right), line)
            case Call(line, name, arguments):
                return self._call(line, name, arguments)

    def _call(self, line: int, name: str, arguments: Sequence[Expression]) -> Code:
        if (unit := self._functions.get(name)) is not None:
            inputs = [each for each in unit.variables if each.section is Section.INPUT]
            if len(inputs) != len(arguments):
                raise StructuredTextError(line, f"{name} takes {len(inputs)} arguments")
            given = (self._value(each, to.type, line) for each, to in zip(arguments, inputs, strict=True))
            return Code(f"{name}({', '.join(given)})", unit.result)
        codes = [self._code(each) for each in arguments]
        match name, codes:
            case "ABS", [one]:
                real = one.kind is Kind.REAL
                return number(f"{'fabsf' if real else 'st_abs'}({one.text})", one, line)
            case (("MIN" | "MAX"), [left, right]):
                left, right = alike(left, right, line)
                call = f"st_{'f' if left.kind is Kind.REAL else ''}{name.lower()}"
                return number(f"{call}({left.text}, {right.text})", left, line)
            case (("SHL" | "SHR"), [bits, by]) if bits.kind in BITS:
                width = BITS[bits.kind]
                shift = f"st_by({fitted(by, Kind.INT, line).text}, {width}, {line})"
                sign = "<<" if name == "SHL" else ">>"
                return Code(f"(({C_TYPES[bits.kind]})((uint32_t){bits.text} {sign} {shift}))", bits.kind)
            case _, [one]:
                return converted(name, one, line)
        raise StructuredTextError(line, f"no function {name} of these types")


def _declared(variable: Variable) -> str:
    match variable.type:
        case Kind() as kind:
            return f"{C_TYPES[kind]} {variable.name}"
        case ArrayOf(lo, hi, kind):
            return f"{C_TYPES[kind]} {variable.name}[{hi - lo + 1}]"
        case BlockName("TON"):
            return f"TON {variable.name}"
    raise StructuredTextError(variable.line, f"{variable.name}: no such type")
