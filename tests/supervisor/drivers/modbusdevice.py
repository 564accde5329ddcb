"""A real pymodbus server over a plain dictionary of registers, with a PLC behind it where asked."""

from __future__ import annotations

import asyncio

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from constraints.plant import Point
from safety.encoding import decode, encode
from tests.supervisor.drivers.field import TinyPlc

HOLDING = range(400)
INPUT = range(100, 120)


class ModbusDevice:
    """Holding registers 0 … 399, input registers 100 … 119, 16 coils, 16 discrete inputs; unit 8."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.words: dict[int, int] = dict.fromkeys(HOLDING, 0)
        self.input: dict[int, int] = dict.fromkeys(INPUT, 0)
        self.requests: list[tuple[int, int, int]] = []
        self.refuse: dict[int, ExcCodes] = {}
        """Addresses whose touch is answered with an exception."""
        self.plc: TinyPlc | None = None
        self.registers: dict[str, Point] = {}
        """What the PLC calls them."""
        self._server: ModbusTcpServer | None = None

    async def start(self) -> None:
        blocks = (
            [SimData(0, values=[True, False] * 8, datatype=DataType.BITS)],
            [SimData(0, values=[False, True] * 8, datatype=DataType.BITS)],
            [SimData(HOLDING.start, values=[0] * len(HOLDING), datatype=DataType.REGISTERS)],
            [SimData(INPUT.start, values=[0] * len(INPUT), datatype=DataType.REGISTERS)],
        )
        self._server = ModbusTcpServer(
            SimDevice(id=8, simdata=blocks, action=self._action), address=("127.0.0.1", self.port)
        )
        await self._server.serve_forever(background=True)
        self.port = self._server.transport.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            await server.shutdown()
            await asyncio.sleep(0.02)

    def put(self, point: Point, value: float) -> None:
        table, number = point.address.split("/")
        payload = encode(value, point.encoding)
        words = self.words if table == "holding" else self.input
        for offset in range(0, len(payload), 2):
            words[int(number) + offset // 2] = int.from_bytes(payload[offset : offset + 2], "big")

    def get(self, point: Point) -> float:
        number = int(point.address.split("/")[1])
        count = {"float32": 2, "uint32": 2, "int32": 2, "float64": 4}.get(point.encoding.kind, 1)
        payload = b"".join(self.words[number + offset].to_bytes(2, "big") for offset in range(count))
        return decode(payload, point.encoding)

    async def _action(self, code, start, address, count, current, new):
        self.requests.append((code, address, count))
        for touched in range(address, address + count):
            if touched in self.refuse:
                return self.refuse[touched]
        if new is not None:
            self.words.update(zip(range(address, address + count), (int(word) for word in new), strict=True))
            self._scan()
        elif code in (3, 4):
            words = self.words if code == 3 else self.input
            for touched in range(address, address + count):
                current[touched - start] = words[touched]
        return None

    def _scan(self) -> None:
        if self.plc is not None:
            before = {name: self.get(point) for name, point in self.registers.items()}
            after = dict(before)
            self.plc.scan(after)
            for name, value in after.items():
                if value != before.get(name):
                    self.put(self.registers[name], value)
