"""``setwise web``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervisor.cli.about import About
from supervisor.cli.console import fail, tell
from supervisor.cli.exits import Exit
from supervisor.cli.which import every
from supervisor.site import Site
from supervisor.web.accounts.service import FIRST, first_start
from supervisor.web.accounts.store import FILE, StoreError
from supervisor.web.serve import LOOPBACK, Serving, house_of, serve
from supervisor.web.units import units_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen, and how browsers get there."""

    host: str
    port: int
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    private_key: Path | None = None
    behind_proxy: bool = False
    metrics_on_loopback: bool = False
    speed: float = 1.0


def run_web(about: About, listening: Listening) -> None:
    """Serve the pages until Ctrl-C."""
    found = every(about)
    plant = next(iter(found.values()))[1]
    serving = Serving(
        units=units_of(found),
        host=listening.host,
        port=listening.port,
        accounts=Site.of(about.plant, about.data).data / FILE,
        plant=plant.name,
        hosts=frozenset(each.lower() for each in listening.hosts),
        certificate=listening.certificate,
        private_key=listening.private_key,
        behind_proxy=listening.behind_proxy,
        metrics_on_loopback=listening.metrics_on_loopback,
        speed=listening.speed,
    )
    _check_tls(serving)
    if serving.metrics_on_loopback and serving.behind_proxy:
        fail(Exit.USAGE, "behind a proxy all come from this machine: give Prometheus a token (setwise token add)")
    try:
        house = house_of(serving)
        password = first_start(house.accounts)
    except StoreError as error:
        fail(Exit.UNREACHABLE, str(error))
    if password:
        tell(f"first start: sign in as {FIRST} with the password  {password}  (shown this once, changed there)")
    tell(f"pages at {'https' if serving.certificate else 'http'}://{serving.host}:{serving.port}/")
    serve(serving, house)


def _check_tls(serving: Serving) -> None:
    """End where passwords would cross a network in the open."""
    for path in (serving.certificate, serving.private_key):
        if path is not None and not path.exists():
            fail(Exit.USAGE, f"there is no file {path}")
    if (serving.certificate is None) != (serving.private_key is None):
        fail(Exit.USAGE, "TLS takes both: --certificate and --private-key")
    if serving.host not in LOOPBACK and serving.host != "::1" and not serving.secure:
        fail(
            Exit.USAGE,
            f"{serving.host} is reached over a network, and passwords would cross it in the open: give --certificate "
            "and --private-key, or --behind-proxy with a proxy on this machine that speaks TLS",
        )
