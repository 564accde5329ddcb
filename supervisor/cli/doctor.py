"""``setwise doctor``: what is well on this machine and at this plant, and what to do about the rest. Reads only."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from constraints.plant import Connection, Plant
from constraints.plantfile import ControllerError, PlantFileError, load
from supervisor.audit.verify import verify
from supervisor.cli.about import About
from supervisor.cli.console import fail, say, say_json
from supervisor.cli.exits import Exit
from supervisor.cli.which import site_of
from supervisor.clock import RealClock, machine_utc_s
from supervisor.drivers.build import build_drivers
from supervisor.drivers.opcua_rights import AccountError, rights
from supervisor.rules import rules_of
from supervisor.secrets import SecretError, secrets_beside
from supervisor.site import DATABASE_FILE, Site

FREE_BYTES_MIN = 500 * 2**20
EXPIRY_DAYS_MIN = 30
CONNECT_S_MAX = 2.0
READ_TRIES = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    well: bool
    text: str
    """What was found, and what to do where it is not well."""
    warning: bool = False
    """Well, but worth a look."""


def examine(about: About, *, as_json: bool) -> None:
    """Print every finding; exit 1 when one is not well."""
    site = about.site(site_of(about).controller)
    findings = list(_all(site))
    if as_json:
        say_json({"well": all(each.well for each in findings), "findings": [asdict(each) for each in findings]})
    else:
        for each in findings:
            say(f"{'FAIL' if not each.well else 'warn' if each.warning else 'ok  '} {each.what}: {each.text}")
    if not all(each.well for each in findings):
        raise SystemExit(int(Exit.FINDING))


def _all(site: Site) -> Iterator[Finding]:
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])
    yield Finding("assertions", sys.flags.optimize == 0, "on" if sys.flags.optimize == 0 else "run without -O")
    yield _disk(site)
    yield _record(site)
    try:
        plant = load(site.plant_path, site.name).plant
    except ControllerError as error:
        fail(Exit.USAGE, f"{error}, with -C")
    except (PlantFileError, OSError) as error:
        yield Finding("plant file", well=False, text=f"{error}; run: setwise check {site.plant_path}")
        return
    yield Finding("plant file", well=True, text=f"{len(plant.tags)} tags, {len(plant.mvs)} MVs, {len(plant.cvs)} CVs")
    open_ones = rules_of(plant).unprotected
    yield Finding("security", not open_ones, ", ".join(open_ones) + " is open: set security" if open_ones else "ok")
    secrets_well = True
    for connection in plant.connections.values():
        for finding in _connection(connection, site):
            secrets_well = secrets_well and (finding.well or not finding.what.startswith("secret"))
            yield finding
    if secrets_well:
        yield from asyncio.run(_tags(plant, site))
        for connection in plant.connections.values():
            yield from asyncio.run(_accounts(plant, connection, site))


def _disk(site: Site) -> Finding:
    folder = site.data if site.data.exists() else site.base
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        return Finding("disk", well=False, text=f"{folder} cannot be written: give this user the right")
    gib = free / 2**30
    return Finding("disk", free >= FREE_BYTES_MIN, f"{gib:.1f} GiB free in {folder}" + _when(gib < 1, "; make room"))


def _record(site: Site) -> Finding:
    if site.database_url.startswith("sqlite") and not (site.data / DATABASE_FILE).exists():
        return Finding("record", well=True, text="none yet; setwise run begins it")
    report = verify(site.database_url, site.heads, machine_utc_s())
    return Finding("record", report.intact, report.text().splitlines()[0])


def _connection(connection: Connection, site: Site) -> Iterator[Finding]:
    for secret in filter(None, (connection.user_secret, connection.write_user_secret)):
        try:
            secrets_beside(site.base)(secret)
            yield Finding(f"secret {secret}", well=True, text="found")
        except SecretError as error:
            yield Finding(f"secret {secret}", well=False, text=str(error))
    for path in (connection.certificate, connection.server_certificate):
        if path is not None:
            yield _certificate(site.base / path)
    address = urlsplit(connection.url) if connection.url else None
    host, port = (address.hostname, address.port) if address else (connection.host, connection.port)
    if host and port:
        yield _port(connection.name, host, port)


def _certificate(path: Path) -> Finding:
    what = f"certificate {path.name}"
    try:
        now = datetime.fromtimestamp(machine_utc_s(), UTC)
        left = x509.load_der_x509_certificate(path.read_bytes()).not_valid_after_utc - now
    except (OSError, ValueError) as error:
        return Finding(what, well=False, text=f"{error}: put a DER certificate at {path}")
    renew = _when(left.days < EXPIRY_DAYS_MIN, "; renew it")
    return Finding(what, left.days >= EXPIRY_DAYS_MIN, f"valid for {left.days} more days{renew}")


def _port(name: str, host: str, port: int) -> Finding:
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S_MAX):
            return Finding(f"connection {name}", well=True, text=f"{host}:{port} answers")
    except OSError as error:
        return Finding(f"connection {name}", well=False, text=f"{host}:{port} {error}: check cable, address, firewall")


async def _tags(plant: Plant, site: Site) -> list[Finding]:
    """Read every tag through the real drivers, and write nothing."""
    clock = RealClock()
    pool = build_drivers(plant, site.base, secrets_beside(site.base), lambda: clock.now().mono_s)
    await pool.start()
    try:
        snapshot = await pool.read(0, clock.now())
        for _ in range(READ_TRIES):
            if all(reading.why not in ("comm", "late", "initial") for reading in snapshot.readings.values()):
                break
            await asyncio.sleep(0.5)
            snapshot = await pool.read(0, clock.now())
    finally:
        await pool.close()
    not_good = {tag: reading.why for tag, reading in snapshot.readings.items() if not reading.good}
    silent = [tag for tag, why in not_good.items() if why == "initial"]
    text = f"{len(snapshot.readings) - len(not_good)} of {len(snapshot.readings)} good"
    for tag, why in not_good.items():
        text += f"; {tag}: {'has not reported since we listen' if tag in silent else why}"
    return [Finding("tags", len(silent) == len(not_good), text)]


async def _accounts(plant: Plant, connection: Connection, site: Site) -> list[Finding]:
    """Ask the server what each account of a connection that is written to may write; write nothing."""
    ours = [mv.writes for mv in plant.mvs.values()]
    ours += [point for point in plant.handshake_points.values() if not point.tag.startswith("plc.")]
    written = {point.address for point in ours if point.connection == connection.name}
    read = {point.address for point in plant.points_read() if point.connection == connection.name} - written
    if connection.protocol != "opcua" or not written:
        return []
    reader, writer = connection.user_secret, connection.write_user_secret
    findings = []
    if writer is None or writer == reader:
        findings.append(Finding(f"account {reader}", True, "reads and writes: name a write_user of its own", True))
        writer = reader
    else:
        findings.append(await _reads_only(connection, written | read, site))
    findings.append(await _writes(connection, writer, written, read, site))
    return findings


async def _reads_only(connection: Connection, addresses: Set[str], site: Site) -> Finding:
    what = f"account {connection.user_secret}"
    try:
        found = await _rights(connection, connection.user_secret, addresses, site)
    except AccountError as error:
        return Finding(what, well=False, text=f"{error}: check user and password")
    if can := sorted(address for address, may in found.items() if may):
        text = f"only has to read and may write {_some(can)}: take that right away from it on the server"
        return Finding(what, well=True, text=text, warning=True)
    return Finding(what, well=True, text="can only read" if found else "the server does not tell its rights")


async def _writes(connection: Connection, secret: str | None, ours: Set[str], read: Set[str], site: Site) -> Finding:
    what = f"account {secret} for writing"
    try:
        found = await _rights(connection, secret, ours | read, site)
    except AccountError as error:
        return Finding(what, well=False, text=f"{error}: check user and password")
    if cannot := sorted(address for address in ours if found.get(address) is False):
        return Finding(what, well=False, text=f"may not write {_some(cannot)}: give it the right on the server")
    if too_much := sorted(address for address in read if found.get(address)):
        text = f"may also write {_some(too_much)}: take that right away from it on the server"
        return Finding(what, well=True, text=text, warning=True)
    text = f"may write the {len(ours)} places it must" if found else "the server does not tell its rights"
    return Finding(what, well=True, text=text)


async def _rights(connection: Connection, secret: str | None, addresses: Set[str], site: Site) -> Mapping[str, bool]:
    return await rights(connection, secret, sorted(addresses), base_dir=site.base, secrets=secrets_beside(site.base))


def _some(addresses: Sequence[str]) -> str:
    return addresses[0] + _when(len(addresses) > 1, f" and {len(addresses) - 1} more")


def _when(condition: bool, text: str) -> str:  # noqa: FBT001 - a fact, not a switch
    return text if condition else ""
