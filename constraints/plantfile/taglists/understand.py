"""Which kind of list it is, where its header stands, and what each column is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from constraints.plantfile.taglists.formats import BY_NAME, FORMATS, GENERIC, UNUSED, Format, normal
from constraints.plantfile.taglists.mapping import IGNORE, TagMapping
from constraints.plantfile.taglists.sheet import Row, Sheet, SheetError

_HEADER_WITHIN: Final = 30
_PREFERRED_SHEETS: Final = ("PLC Tags", "tags")


@dataclass(frozen=True, slots=True)
class Understood:
    """A list whose columns are known."""

    format: Format
    sheet: Sheet
    header: Row
    rows: tuple[Row, ...]
    """What comes below the header."""
    roles: Mapping[int, str]
    """By number of a column, from 0: what it is for; UNUSED where for nothing."""
    strangers: tuple[str, ...] = field(default=())
    """Columns that nobody knows."""

    def cells(self, row: Row) -> dict[str, str]:
        """Return the cells of a row by what they are for, empty ones left out."""
        return {
            role: row.cells[at] for at, role in self.roles.items() if role and row.cells[at : at + 1] not in ((), ("",))
        }

    def table(self) -> tuple[tuple[str, str], ...]:
        """Return title and role of each column that has a title, for people."""
        return tuple((title, self.roles.get(at, "?")) for at, title in enumerate(self.header.cells) if title)


def understand(sheets: Sequence[Sheet], mapping: TagMapping) -> Understood:
    """Return the first sheet that is understood, those with a usual title before others. Raises SheetError."""
    ordered = sorted(sheets, key=lambda sheet: sheet.title not in _PREFERRED_SHEETS)
    for sheet in ordered:
        found = _header(sheet, mapping)
        if found is not None:
            return _columns(sheet, *found, mapping)
    seen = next((row for sheet in ordered for row in sheet.rows if not row.blank), None)
    shown = ", ".join(cell for cell in seen.cells if cell)[:300] if seen else "nothing"
    raise SheetError(
        f"no header with a name and a source, address or node id in the first {_HEADER_WITHIN} rows; found: {shown}. "
        "Name the columns in a mapping file: --map mapping.yaml"
    )


def _header(sheet: Sheet, mapping: TagMapping) -> tuple[int, Format] | None:
    """Return where the header stands, and whose it is."""
    wanted = [BY_NAME[mapping.format]] if mapping.format else [*FORMATS, GENERIC]
    for kind in wanted:
        for at, row in enumerate(sheet.rows[:_HEADER_WITHIN]):
            titles = {normal(cell) for cell in row.cells if cell}
            own = {role for title, role in mapping.columns.items() if title in row.cells}
            roles = {kind.roles.get(title) for title in titles} | own
            by_signature = bool(kind.signature) and kind.signature <= titles
            # With an address made of the name, any second column that is known makes it a header.
            needed = {"source", "address"} if mapping.address is None else roles - {"name", UNUSED, None}
            by_roles = "name" in roles and bool(roles & needed)
            if by_signature or (by_roles and (kind is GENERIC or mapping.format)):
                return at, kind
    return None


def _columns(sheet: Sheet, at: int, kind: Format, mapping: TagMapping) -> Understood:
    header = sheet.rows[at]
    roles: dict[int, str] = {}
    strangers: list[str] = []
    for number, title in enumerate(header.cells):
        if title in mapping.columns:
            given = mapping.columns[title]
            role: str | None = UNUSED if given == IGNORE else given
        else:
            role = kind.roles.get(normal(title), UNUSED if kind.open_ended or not title else None)
        if role is None:
            strangers.append(title)
        else:
            roles[number] = role
    twice = sorted({role for role in roles.values() if role and list(roles.values()).count(role) > 1})
    if twice:
        titles = ", ".join(repr(header.cells[number]) for number, role in roles.items() if role == twice[0])
        raise SheetError(f"{titles} are all taken for {twice[0]}: map all but one to 'ignore' in a mapping file")
    below = tuple(row for row in sheet.rows[at + 1 :] if not row.blank and not row.cells[0].startswith("#"))
    return Understood(kind, sheet, header, below, roles, tuple(strangers))
