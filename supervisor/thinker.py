"""The thinker process: one controller, no drivers, no database. Started by ``supervisor.worker``, never by hand.

``python -m supervisor.thinker PLANT FD [CONTROLLER]``: answers ``(inputs, memory)`` frames with ``(plan, memory)``
until the socket closes. It is killed when it is late; nothing it holds is needed again, for control keeps the memory.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import cast

from controllers.memory import Memory
from controllers.types import Inputs
from supervisor.frames import FrameError, pack, receive
from supervisor.names import refuse_collisions


def serve(plant_path: Path, sock: socket.socket, of: str | None = None) -> None:
    """Build the controller, say ``(config_hash, fresh memory)``, then answer until control goes away.

    ``of`` names the controller where the file has several.
    """
    from constraints.plantfile import load_with_functions  # noqa: PLC0415 - heavy: only this process pays for it
    from controllers.controller import Controller  # noqa: PLC0415

    plant = load_with_functions(plant_path, of).plant
    controller = Controller(plant)
    frame = pack((plant.config_hash, controller.fresh()))
    while True:
        try:
            sock.sendall(frame)
            inputs, memory = cast("tuple[Inputs, Memory]", receive(sock))
        except (FrameError, ConnectionError):
            return  # control has gone
        frame = pack(controller.step(inputs, memory))


def main() -> None:
    """Entry of the process."""
    refuse_collisions()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; control ends this process in order
    os.nice(5)  # the beat must win where both want the last core
    with socket.socket(fileno=int(sys.argv[2])) as sock:
        serve(Path(sys.argv[1]), sock, next(iter(sys.argv[3:]), None))


if __name__ == "__main__":
    main()
