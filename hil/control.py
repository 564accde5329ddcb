"""The bench's remote control: one JSON object per line over TCP on 127.0.0.1.

Request ``{"token": ..., "do": <command>, "args": {...}}``, answer ``{"ok": true, "result": ...}`` or
``{"ok": false, "error": ...}``. The token is in ``bench.json``, which only its owner can read.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from hil.faults import FAULTS, subjects
from hil.plants.pid import Mode
from hil.proxy import Pass, Pulled

if TYPE_CHECKING:
    from hil.bench import Bench

Args = Mapping[str, object]
LINE_BYTES_MAX = 65_536


class ControlError(Exception):
    """A request that could not be carried out; the message goes back to who asked."""


class ControlServer:
    """Takes commands for one bench."""

    def __init__(self, bench: Bench, token: str) -> None:
        """Prepare; nothing listens yet."""
        self.token = token
        self._bench = bench
        self._server: asyncio.Server | None = None
        self._port = 0
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def port(self) -> int:
        """The port it listens on (after start)."""
        return self._port

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LINE_BYTES_MAX)
        self._port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Hang up."""
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._open):
                writer.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while line := await reader.readline():
                answer = await self._answer(line)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # gone, or a line without end
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, object]:
        try:
            command, args = self._understood(line)
            result = await command(self._bench, args)
        except (ControlError, KeyError, ValueError, OSError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}
        return {"ok": True, "result": _sayable(result)}

    def _understood(self, line: bytes) -> tuple[Command, Args]:
        """Return command and arguments of one request. ControlError or ValueError where it is not a good one."""
        request = json.loads(line)
        if not isinstance(request, dict) or not hmac.compare_digest(str(request.get("token")), self.token):
            raise ControlError("wrong token")
        command = COMMANDS.get(str(request.get("do")))
        if command is None:
            raise ControlError(f"no command {request.get('do')!r}; there are: {', '.join(COMMANDS)}")
        args = request.get("args") or {}
        if not isinstance(args, dict):
            raise ControlError("args must be an object")
        return command, args


def _sayable(value: object) -> object:
    """Return ``value`` with NaN and infinities as None, which JSON can say."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): _sayable(item) for key, item in value.items()}
        case list() | tuple():
            return [_sayable(item) for item in value]
        case _:
            return value


def _text(args: Args, name: str) -> str:
    value = args.get(name)
    if not isinstance(value, str):
        raise ControlError(f"{name} must be a text")
    return value


def _number(args: Args, name: str, default: float | None = None) -> float:
    value = args.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ControlError(f"{name} must be a number")
    return float(value)


def _loop(bench: Bench, args: Args) -> str:
    """Return the line's name of the loop that ``mv`` names by its MV, its tag or its own name."""
    wanted = _text(args, "mv")
    for wiring in (each for cabinet in bench.rig.cabinets.values() for each in cabinet.loops):
        if wanted in (wiring.rule.name, wiring.tag, wiring.loop):
            return wiring.loop
    raise ControlError(f"no loop {wanted!r}")


def _note(bench: Bench, what: str, args: Args) -> None:
    bench.rig.trace.add({"event": what, **args})


async def _state(bench: Bench, _args: Args) -> object:
    return bench.state()


async def _disturb(bench: Bench, args: Args) -> object:
    bench.rig.line.disturb(_text(args, "name"), _number(args, "value"), _number(args, "ramp_s", 0.0))
    _note(bench, "disturb", args)
    return None


async def _pull(bench: Bench, args: Args) -> object:
    bench.rig.devices.cables[_text(args, "cable")].set(Pulled())
    _note(bench, "pull_cable", args)
    return None


async def _restore(bench: Bench, args: Args) -> object:
    bench.rig.devices.cables[_text(args, "cable")].set(Pass())
    _note(bench, "restore_cable", args)
    return None


async def _local(bench: Bench, args: Args) -> object:
    for cabinet in bench.rig.cabinets.values():  # one switch for all that this PLC has
        cabinet.remote = False
    _note(bench, "plc_local", args)
    return None


async def _remote(bench: Bench, args: Args) -> object:
    for cabinet in bench.rig.cabinets.values():
        cabinet.remote = True
    _note(bench, "plc_remote", args)
    return None


async def _loop_mode(bench: Bench, args: Args) -> object:
    bench.rig.line.mode(_loop(bench, args), Mode(_text(args, "mode")))
    _note(bench, "loop_mode", args)
    return None


async def _operator_setpoint(bench: Bench, args: Args) -> object:
    taken = bench.rig.line.operator_setpoint(_loop(bench, args), _number(args, "value"))
    _note(bench, "operator_setpoint", {**args, "taken": taken})
    return taken


async def _fault(bench: Bench, args: Args) -> object:
    await bench.faults.inject(bench.rig, _text(args, "name"), _text(args, "subject"))
    _note(bench, "fault", args)
    return None


async def _clear(bench: Bench, args: Args) -> object:
    await bench.faults.clear(bench.rig, _text(args, "name"), _text(args, "subject"))
    _note(bench, "clear", args)
    return None


async def _check(bench: Bench, args: Args) -> object:
    return bench.faults.took_effect(bench.rig, _text(args, "name"), _text(args, "subject"))


async def _faults(bench: Bench, _args: Args) -> object:
    return {
        name: {"catalogue": fault.catalogue, "kind": fault.kind, "subjects": list(fitting)}
        for name, fault in FAULTS.items()
        if (fitting := subjects(fault, bench.rig))
    }


async def _stop(bench: Bench, _args: Args) -> object:
    bench.stopping.set()
    return None


Command = Callable[["Bench", Args], Awaitable[object]]
COMMANDS: dict[str, Command] = {
    "state": _state,
    "disturb": _disturb,
    "pull_cable": _pull,
    "restore_cable": _restore,
    "plc_local": _local,
    "plc_remote": _remote,
    "loop_mode": _loop_mode,
    "operator_setpoint": _operator_setpoint,
    "fault": _fault,
    "clear": _clear,
    "check": _check,
    "faults": _faults,
    "stop": _stop,
}
