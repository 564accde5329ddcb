"""The demo's two processes, bench and control: started in sessions of their own, steered, and always ended."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hil.bench import READY_FILE
from hil.clock import FastClock

READY_S_MAX = 60.0
STOP_S_MAX = 15.0
PLANT_TEMPLATE = Path(__file__).with_name("plant.yaml")
OPCUA_URL = "opc.tcp://127.0.0.1:4840"
PORTS = {"power": "port: 5020", "gas": "port: 5021", "site": "port: 1883"}


class DemoError(Exception):
    """A part of the demo did not start or ended too early; the message says which and where its output is."""


class Child:
    """One process, its output in a file."""

    def __init__(self, name: str, command: tuple[str, ...], log: Path) -> None:
        """Prepare; ``start`` starts it."""
        self.name = name
        self._command = command
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only the demo, which ends it in order."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.returncode is None

    def check(self) -> None:
        """Raise DemoError when it has ended."""
        if not self.running:
            code = self._process.returncode if self._process is not None else None
            raise DemoError(f"{self.name} ended (exit {code}); its output is in {self._log}")

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@dataclass(frozen=True, slots=True)
class Ready:
    """What a running bench says about itself."""

    clock: FastClock
    url: str
    ports: Mapping[str, int]
    secrets: Mapping[str, str]
    """By the names that the demo's plant file gives them."""
    certificates: Mapping[str, Path]
    control_port: int
    token: str
    trace: Path


def bench_child(folder: Path, speed: float, seed: int, start_utc_s: float) -> Child:
    """Return the bench process, its files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / READY_FILE).unlink(missing_ok=True)
    command = (sys.executable, "-m", "hil.bench", "--dir", str(folder), "--speed", str(speed), "--seed", str(seed))
    return Child("bench", (*command, "--start-utc", str(start_utc_s)), folder / "bench.log")


def control_child(plant: Path, data: Path, clock: FastClock, log: Path, controller: str = "") -> Child:
    """Return the control process on the bench's clock; ``controller``: of which one, where the file has several."""
    command = (sys.executable, "-m", "hil.demo.control", str(plant), "--data", str(data), "--controller", controller)
    anchors = ("--anchor-mono", repr(clock.anchor_real_mono), "--anchor-utc", repr(clock.anchor_utc))
    return Child(f"control{controller and ' of '}{controller}", (*command, "--speed", repr(clock.speed), *anchors), log)


def pages_child(plant: Path, data: Path, speed: float, port: int, log: Path) -> Child:
    """Return the web process, which serves the pages of the plant on ``port`` of this machine."""
    command = (sys.executable, "-m", "hil.demo.pages", str(plant), "--data", str(data))
    return Child("the pages", (*command, "--port", str(port), "--speed", repr(speed)), log)


async def wait_ready(child: Child, folder: Path) -> Ready:
    """Wait for the bench. Raises DemoError when it ends or takes too long."""
    path = folder / READY_FILE
    for _ in range(int(READY_S_MAX / 0.05)):
        if path.exists():
            break
        child.check()
        await asyncio.sleep(0.05)
    else:
        raise DemoError(f"the bench was not ready within {READY_S_MAX:.0f} s; its output is in {folder}")
    said = json.loads(path.read_text(encoding="utf-8"))
    return Ready(
        clock=FastClock(said["speed"], said["anchor_real_mono"], said["anchor_utc"]),
        url=said["opcua_url"],
        ports=said["ports"],
        secrets={"dcs": said["secret"], "dcs-write": said["write_secret"]},
        certificates={
            "setwise.der": Path(said["client_certificate"]),
            "setwise.pem": Path(said["client_private_key"]),
            "dcs.der": Path(said["server_certificate"]),
        },
        control_port=int(said["control"]["port"]),
        token=said["control"]["token"],
        trace=Path(said["trace"]),
    )


def write_plant(folder: Path, ready: Ready) -> Path:
    """Write the demo's plant file with the bench's ports, its certificates and its secrets; return its path."""
    text = PLANT_TEMPLATE.read_text(encoding="utf-8").replace(OPCUA_URL, ready.url)
    for name, port in PORTS.items():
        text = text.replace(port, f"port: {ready.ports[name]}")
    (folder / "pki").mkdir(parents=True, exist_ok=True)
    for name, source in ready.certificates.items():
        shutil.copy(source, folder / "pki" / name)
        (folder / "pki" / name).chmod(0o600)
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    secrets.chmod(0o700)  # also where an earlier run left it otherwise
    for name, secret in ready.secrets.items():
        (secrets / name).touch(mode=0o600)
        (secrets / name).chmod(0o600)
        (secrets / name).write_text(secret, encoding="utf-8")
    path = folder / "plant.yaml"
    path.write_text(text, encoding="utf-8")
    return path


class BenchRemote:
    """The bench's remote control."""

    def __init__(self, ready: Ready) -> None:
        """Keep where it listens."""
        self._ready = ready

    async def do(self, command: str, **args: object) -> object:
        """Carry out one command. Raises DemoError when the bench refuses or is gone."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._ready.control_port, limit=2**20)
        except OSError as error:
            raise DemoError(f"the bench does not answer: {error}") from error
        try:
            writer.write(json.dumps({"token": self._ready.token, "do": command, "args": args}).encode() + b"\n")
            answer = json.loads(await reader.readline() or b"{}")
        finally:
            writer.close()
        if not answer.get("ok"):
            raise DemoError(f"the bench refused {command}: {answer.get('error')}")
        return answer.get("result")
