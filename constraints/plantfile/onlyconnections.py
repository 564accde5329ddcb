"""The connections of a plant file that need not be finished: for looking at devices before there are any tags."""

from __future__ import annotations

from pydantic import ValidationError

from constraints.plant import Connection
from constraints.plantfile.connections import connections
from constraints.plantfile.diagnostics import PlantFileError, in_order
from constraints.plantfile.document import Document
from constraints.plantfile.issues import Issues
from constraints.plantfile.schema import PlantFile
from constraints.plantfile.schema_errors import report
from constraints.plantfile.scope import Scope


def connections_of(document: Document) -> dict[str, Connection]:
    """Return the connections that a document declares, whatever else is in it; raises PlantFileError."""
    issues = Issues(document)
    declared = document.data.get("connections", {})
    only = {"version": 1, "plant": {"name": "-", "timezone": "UTC"}, "connections": declared, "tags": {}}
    try:
        file = PlantFile.model_validate(only)
    except ValidationError as error:
        report(error, issues)
        raise PlantFileError(in_order(issues.found), document.source) from error
    found = connections(Scope(document, file, issues, frozenset()))
    if issues.errors:
        raise PlantFileError(in_order(issues.found), document.source)
    return found
