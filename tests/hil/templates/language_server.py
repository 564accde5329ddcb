"""A client of yaml-language-server over stdio: as much of the Language Server Protocol 3.17 as the tests ask for."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any, BinaryIO

WAIT_S = 120.0
"""Against what hangs."""


class LanguageServer:
    """One server for one folder, configured by the folder's ``.vscode/settings.json`` as VS Code would."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._folder = folder
        self._settings = json.loads((folder / ".vscode" / "settings.json").read_text(encoding="utf-8"))
        self._process = subprocess.Popen(
            ["node", str(program), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._answers: dict[int, queue.Queue[Any]] = {}
        self._diagnostics: queue.Queue[dict[str, Any]] = queue.Queue()
        self._next = 0
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()
        root = folder.as_uri()
        self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": folder.name}],
                "capabilities": {
                    "workspace": {"configuration": True, "didChangeConfiguration": {}},
                    "textDocument": {
                        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
                        "hover": {"contentFormat": ["markdown"]},
                        "publishDiagnostics": {},
                    },
                },
            },
        )
        self._send({"method": "initialized", "params": {}})

    def open(self, text: str, name: str = "plant.yaml") -> list[dict[str, Any]]:
        """Show a new document to the server and return its diagnostics."""
        uri = self._uri(name)
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while (found := self._diagnostics.get(timeout=WAIT_S))["uri"] != uri:
            pass
        return list(found["diagnostics"])

    def at(self, method: str, line: int, column: int, name: str = "plant.yaml") -> Any:
        """Ask ``completion`` or ``hover`` at a place, both from 0."""
        where = {
            "textDocument": {"uri": self._uri(name)},
            "position": {"line": line, "character": column},
        }
        return self.ask(f"textDocument/{method}", where)

    def ask(self, method: str, params: object) -> Any:
        self._next += 1
        answer = self._answers[self._next] = queue.Queue()
        self._send({"id": self._next, "method": method, "params": params})
        return answer.get(timeout=WAIT_S)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def _uri(self, name: str) -> str:
        return (self._folder / name).resolve().as_uri()

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _listen(self, stream: BinaryIO) -> None:
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(length))
            if "method" not in message:
                self._answers[message["id"]].put(message.get("result"))
            elif message["method"] == "textDocument/publishDiagnostics":
                self._diagnostics.put(message["params"])
            elif "id" in message:
                self._send({"id": message["id"], "result": self._answer(message)})

    def _answer(self, message: dict[str, Any]) -> Any:
        """Answer the server's question; about settings with those of the folder."""
        if message["method"] != "workspace/configuration":
            return None
        return [self._section(item.get("section", "")) for item in message["params"]["items"]]

    def _section(self, name: str) -> dict[str, Any] | None:
        """Return ``yaml.schemas`` and its like as VS Code hands them over: as objects."""
        found: dict[str, Any] = {}
        for key, value in self._settings.items():
            section, _, rest = key.partition(".")
            if section == name:
                into = found
                *above, last = rest.split(".")
                for part in above:
                    into = into.setdefault(part, {})
                into[last] = value
        return found or None
