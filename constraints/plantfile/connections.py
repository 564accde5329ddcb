"""Section ``connections`` -> Connections, and what of them is unprotected."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from constraints.plant import Connection
from constraints.plantfile.document import Path
from constraints.plantfile.schema_plant import ConnectionSection, ModbusTcp, Mqtt, OpcUa
from constraints.plantfile.scope import Scope

RECONNECT_S_MAX: Final = 10.0
"""Reference F30: a client that waits longer before it tries again leaves the plant blind."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def connections(scope: Scope) -> dict[str, Connection]:
    """Return every connection whose form is right."""
    return {name: _connection(scope, name, given) for name, given in scope.file.connections.items()}


def _connection(scope: Scope, name: str, given: ConnectionSection) -> Connection:
    path: Path = ("connections", name)
    if not _NAME.fullmatch(name):
        scope.issues.at_key("E015", path, f"{name!r} cannot be a connection's name", "letters, digits, _ and - only")
    timeout = scope.positive((*path, "timeout"), scope.seconds((*path, "timeout"), given.timeout))
    reconnect = scope.positive((*path, "reconnect_max"), scope.seconds((*path, "reconnect_max"), given.reconnect_max))
    if reconnect > RECONNECT_S_MAX:
        message = f"reconnect_max of {reconnect:g} s is longer than {RECONNECT_S_MAX:g} s"
        scope.issues.at_value("E065", (*path, "reconnect_max"), message, "10 s or less")
    if given.waive_security is not None and not given.waive_security.strip():
        scope.issues.at_value("E014", (*path, "waive_security"), "a waiver needs its reason", "write why")
    if isinstance(given, OpcUa):
        _check_certificates(scope, path, given)
    return Connection(
        name=name,
        protocol=given.type,
        url=given.url if isinstance(given, OpcUa) else "",
        host=given.host if isinstance(given, ModbusTcp | Mqtt) else "",
        port=given.port if isinstance(given, ModbusTcp | Mqtt) else 0,
        unit_id=given.unit_id if isinstance(given, ModbusTcp) else 1,
        security=given.security if isinstance(given, OpcUa) else "None",
        user_secret=given.user.secret if isinstance(given, OpcUa | Mqtt) and given.user else None,
        write_user_secret=given.write_user.secret if isinstance(given, OpcUa) and given.write_user else None,
        certificate=given.certificate if isinstance(given, OpcUa) else None,
        private_key=given.private_key if isinstance(given, OpcUa) else None,
        server_certificate=given.server_certificate if isinstance(given, OpcUa) else None,
        waive_security=given.waive_security,
        timeout_s=timeout,
        reconnect_s_max=reconnect,
    )


def _check_certificates(scope: Scope, path: Path, given: OpcUa) -> None:
    if given.security == "None":
        return
    missing = [key for key in ("certificate", "private_key", "server_certificate") if getattr(given, key) is None]
    if missing:
        message = f"security {given.security} needs {' and '.join(missing)} in connections.{path[-1]}"
        hint = "name the files; ours are made when missing, the server's keeps others from answering in its place"
        scope.issues.at_value("E016", (*path, "security"), message, hint)


def warn_unprotected(scope: Scope, written: Iterable[str]) -> None:
    """Warn of connections without protection or a waiver; those that are written to keep CLOSED_LOOP away."""
    targets = frozenset(written)
    for name, given in scope.file.connections.items():
        if name in targets:
            _warn_one_account(scope, name, given)
        if given.waive_security is not None:
            continue
        open_opcua = isinstance(given, OpcUa) and given.security == "None"
        at: Path = ("connections", name, "security" if open_opcua else "type")
        if name in targets and (open_opcua or isinstance(given, ModbusTcp)):
            message = f"connection {name!r} is written to without protection: CLOSED_LOOP will be refused"
            hint = "set security, or waive_security: reason" if open_opcua else "add waive_security: reason"
            scope.issues.at_value("W103", at, message, hint)
        elif open_opcua:
            message = f"connection {name!r} is not protected: anyone on the network could forge its readings"
            scope.issues.at_value("W109", at, message, "set security, or waive_security: reason")


def _warn_one_account(scope: Scope, name: str, given: ConnectionSection) -> None:
    """Warn where the account that reads may write too: then the server would let it write in any mode."""
    if not isinstance(given, OpcUa) or (given.user is None and given.security == "None"):
        return  # a protocol without accounts, or a server that anyone may write to
    if given.write_user is None or given.write_user == given.user:
        key = "type" if given.user is None else "user" if given.write_user is None else "write_user"
        message = f"connection {name!r}: one account reads and writes, so the server lets it write in any mode"
        hint = "user: an account that can only read; write_user: the one that may write"
        scope.issues.at_value("W110", ("connections", name, key), message, hint)
