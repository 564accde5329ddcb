"""The bench's own folder: a copy of the plant file that leads to the simulated plant, with its keys and passwords.

The engineer's file and secrets are neither changed nor used, so that a run on the bench cannot reach the real plant.
The copy differs from the original in where its connections lead and in nothing else.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from constraints.plant import Connection, Plant
from constraints.plantfile.document import Document
from constraints.plantfile.yamltext import parse
from hil.declared.keys import Keys
from hil.servers.pki import write_private
from supervisor.changes.disk import bundle
from supervisor.changes.versions import raw_of

MARKER = ".setwise-bench"
PLANT_FILE = "plant.yaml"


class BenchFolderError(Exception):
    """The bench cannot have this folder, or not make its copy there; the message says why."""


def prepare(folder: Path, plant_path: Path) -> None:
    """Make the folder the bench's. Raises BenchFolderError for one that holds somebody else's files."""
    if folder.resolve() == plant_path.resolve().parent:
        raise BenchFolderError(f"{folder} holds the plant file itself: name another folder with --dir")
    if folder.exists() and not folder.is_dir():
        raise BenchFolderError(f"{folder} is a file: name another folder with --dir")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise BenchFolderError(f"{folder} is not empty and not a bench's: name another folder with --dir")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text("setwise bench writes into this folder at each start\n", encoding="utf-8")
    except OSError as error:
        raise BenchFolderError(f"{folder} cannot be written: {error.strerror}") from error


def write_copy(folder: Path, plant: Plant, source: str, keys: Keys, ports: Mapping[str, int]) -> Path:
    """Write the plant file whose connections lead to ``ports`` (by connection), its keys and secrets; return its path.

    What the file includes is copied as it is. Raises BenchFolderError where a connection is not in the file itself, for
    then it would lead to the real plant.
    """
    path = folder / PLANT_FILE
    document = parse(source, plant.source_path)
    for name, text in list(bundle(Path(plant.source_path)).items())[1:]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw_of(text))
    path.write_text(redirected(document, plant, ports), encoding="utf-8")
    pki = folder / "pki"
    pki.mkdir(exist_ok=True)
    if keys.client is not None:
        shutil.copy(keys.client.certificate, pki / "setwise.der")
        write_private(pki / "setwise.pem", keys.client.private_key.read_bytes())
    for name, identity in keys.servers.items():
        shutil.copy(identity.certificate, pki / f"{name}.der")
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    secrets.chmod(0o700)
    for name, secret in keys.secrets().items():
        write_private(secrets / name, secret.encode())
    return path


def redirected(document: Document, plant: Plant, ports: Mapping[str, int]) -> str:
    """Return the file's text with each connection led to its port on this machine; the rest stays, to the letter."""
    lines = document.source.split("\n")
    edits: list[tuple[int, int, int, str]] = []
    for name, connection in plant.connections.items():
        if name not in ports:
            continue
        for key, value in _led(connection, ports[name]).items():
            edits += _edit(document, lines, name, key, value)
    for row, begin, end, text in sorted(edits, reverse=True):
        lines[row] = lines[row][:begin] + text + lines[row][end:]
    return "\n".join(lines)


def _led(connection: Connection, port: int) -> dict[str, str]:
    """Return what of a connection is written anew."""
    if connection.protocol != "opcua":
        return {"host": "127.0.0.1", "port": str(port)}
    led = {"url": f'"opc.tcp://127.0.0.1:{port}"'}
    if connection.security != "None":
        led |= {"certificate": "pki/setwise.der", "private_key": "pki/setwise.pem"}
    if connection.server_certificate is not None:
        led["server_certificate"] = f"pki/{connection.name}.der"
    return led


def _edit(document: Document, lines: list[str], name: str, key: str, value: str) -> list[tuple[int, int, int, str]]:
    """Return (row, begin, end, text) of one key's new value; a port that is not given is put after the host."""
    path = ("connections", name, key)
    span = document.values.get(path)
    if span is not None:
        return [(span.line - 1, span.column - 1, span.column - 1 + span.length, value)]
    host = document.values.get(("connections", name, "host"))
    start = document.values.get(("connections", name))
    at = document.keys.get(("connections", name, "host"))
    if key != "port" or host is None or start is None or at is None:
        raise BenchFolderError(
            f"{document.name}: connections.{name}.{key} is not in this file: the bench cannot lead it"
        )
    flow = lines[start.line - 1][start.column - 1] == "{"
    separator = ", " if flow else "\n" + " " * (at.column - 1)
    end = host.column - 1 + host.length
    return [(host.line - 1, end, end, f"{separator}port: {value}")]
