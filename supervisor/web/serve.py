"""``setwise web``: serve the pages of a plant until a signal ends it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import uvicorn

from supervisor.clock import machine_mono_s
from supervisor.web.accounts.passwords import Hasher
from supervisor.web.accounts.service import Accounts
from supervisor.web.accounts.store import Store
from supervisor.web.app import House, make_app
from supervisor.web.cookies import Cookie
from supervisor.web.desk import Desk
from supervisor.web.guarding import Policy
from supervisor.web.live import Live
from supervisor.web.texts import Texts
from supervisor.web.units import Units

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - no name that a browser would call


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served, and where."""

    units: Units
    host: str
    port: int
    accounts: Path
    """The file of accounts."""
    plant: str
    """Name of the plant, which no password may hold."""
    hosts: frozenset[str] = frozenset()
    """Other names by which browsers may call us."""
    certificate: Path | None = None
    private_key: Path | None = None
    """TLS by our own certificate (PEM)."""
    behind_proxy: bool = False
    """Whether a proxy on this machine speaks TLS with browsers and hands requests on."""
    banner: str = ""
    metrics_on_loopback: bool = False
    """Whether programs of this machine may read ``/metrics`` without a token."""
    speed: float = 1.0
    """Plant seconds in a real second: 1, but on the bench."""

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by TLS."""
        return self.certificate is not None or self.behind_proxy


def desk_for(units: Units, speed: float) -> Desk:
    """Return the desk over ``units``."""
    return Desk(units=units, live=Live(units, machine_mono_s), texts=Texts.load(), speed=speed)


def house_of(serving: Serving) -> House:
    """Return what the pages are made with. Raises StoreError."""
    accounts = Accounts(store=Store(serving.accounts), hasher=Hasher(), plant=serving.plant)
    hosts = LOOPBACK | serving.hosts | ({serving.host.lower()} - ANY)
    return House(
        accounts=accounts,
        policy=Policy(hosts=frozenset(hosts), cookie=Cookie(secure=serving.secure)),
        banner=serving.banner,
        metrics_on_loopback=serving.metrics_on_loopback,
    )


def serve(serving: Serving, house: House) -> None:
    """Serve until SIGTERM or SIGINT."""
    desk = desk_for(serving.units, serving.speed)
    config = uvicorn.Config(
        make_app(desk, house).guarded,
        host=serving.host,
        port=serving.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=serving.behind_proxy,
        forwarded_allow_ips="127.0.0.1",
        ssl_certfile=serving.certificate,
        ssl_keyfile=serving.private_key,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run()
