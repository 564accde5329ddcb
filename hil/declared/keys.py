"""Keys, certificates and accounts for the bench of a plant file: made when it starts, worth nothing elsewhere."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from constraints.plant import Connection, Plant
from hil.devices import CLIENT_URI
from hil.servers.opcua_access import Account
from hil.servers.pki import Identity, make_identity


@dataclass(frozen=True, slots=True)
class Keys:
    """By connection, for those that are protected."""

    client: Identity | None
    """Setwise's, the same for every connection; None where no connection is protected."""
    servers: Mapping[str, Identity]
    accounts: Mapping[str, Mapping[str, Account]]
    """By user name; the user's name is that of the secret."""
    trusted: Path
    """Folder of client certificates."""

    def secrets(self) -> dict[str, str]:
        """Return ``user:password`` by name of the secret."""
        return {
            name: f"{name}:{account.password}"
            for accounts in self.accounts.values()
            for name, account in accounts.items()
            if name
        }


async def make_keys(plant: Plant, folder: Path) -> Keys:
    """Make what ``plant`` asks for in ``folder``."""
    trusted = folder / "trusted"
    await asyncio.to_thread(trusted.mkdir, parents=True, exist_ok=True)
    protected = [name for name, each in plant.connections.items() if each.security != "None"]
    made = await asyncio.gather(
        *(asyncio.to_thread(make_identity, folder, name, _uri(name), "server") for name in protected),
        *([asyncio.to_thread(make_identity, folder, CLIENT_FILE, CLIENT_URI, "client")] if protected else []),
    )
    client = made[-1] if protected else None
    if client is not None:
        (trusted / f"{CLIENT_FILE}.der").write_bytes(client.certificate.read_bytes())
    named: dict[str, str] = {}
    accounts = {name: _accounts(each, named) for name, each in plant.connections.items()}
    return Keys(client, dict(zip(protected, made, strict=False)), accounts, trusted)


CLIENT_FILE = "setwise-client"


def _uri(connection: str) -> str:
    return f"urn:setwise:bench:{connection}"


def _accounts(connection: Connection, named: dict[str, str]) -> dict[str, Account]:
    """Return the accounts; one secret has one password wherever it is named."""
    reads, writes = connection.user_secret, connection.write_user_secret
    found: dict[str, Account] = {}
    for name, may_write in ((reads, writes is None), (writes, True)):
        if name is not None:
            password = named.setdefault(name, secrets.token_urlsafe(18))
            found[name] = Account(password, may_write or (name in found and found[name].writes))
    return found or {"": Account("", writes=True)}
