"""The engineer's own mapping of a list, where the automatic one is not enough: columns, units, names, number form."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from constraints.plantfile.document import Document
from constraints.plantfile.fields import Section
from constraints.plantfile.taglists.formats import BY_NAME, EXTRA_ROLES
from constraints.plantfile.taglists.keys import columns

IGNORE = "ignore"


class MappingError(ValueError):
    """The mapping file says something that cannot be; the message says where and what can."""


class TagMapping(Section):
    """What a mapping file may say; every key is optional."""

    format: Annotated[str | None, Field(description="Kind of list, where it is not recognised")] = None
    columns: Annotated[dict[str, str], Field(description="Column of the list -> key of the tag, or ignore")] = Field(
        default_factory=dict
    )
    units: Annotated[
        dict[str, str], Field(description="Unit of the list -> unit of the plant file; '' where the list has none")
    ] = Field(default_factory=dict)
    names: Annotated[dict[str, str], Field(description="Name in the list -> name in the plant file")] = Field(
        default_factory=dict
    )
    address: Annotated[
        str | None, Field(description="Address of a tag, with {name}, {path} and {address} of the list")
    ] = None
    word_order: Annotated[
        Literal["ABCD", "CDAB", "BADC", "DCBA"] | None, Field(description="Of Modbus numbers with several registers")
    ] = None
    decimal: Literal["point", "comma"] | None = None


def mapping_of(document: Document) -> TagMapping:
    """Return the mapping in a parsed YAML file. Raises MappingError."""
    try:
        found = TagMapping.model_validate(document.data)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        known = ", ".join(TagMapping.model_fields)
        hint = f"; known are {known}" if first["type"] == "extra_forbidden" else ""
        raise MappingError(f"{document.name}: {at}: {first['msg']}{hint}") from error
    if found.format is not None and found.format not in BY_NAME:
        raise MappingError(f"{document.name}: format: {found.format!r} is none of {', '.join(BY_NAME)}")
    for title, role in found.columns.items():
        if role not in roles():
            raise MappingError(f"{document.name}: columns.{title}: {role!r} is none of {', '.join(roles())}")
    return found


def roles() -> tuple[str, ...]:
    """Return everything that a column can be mapped to."""
    return (*(column.title for column in columns()), *(role for role in EXTRA_ROLES if role != "name"), IGNORE)
