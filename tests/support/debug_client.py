"""A debugger as small as can be: it attaches over a socket, stops at a breakpoint, and lets the process continue.

https://microsoft.github.io/debug-adapter-protocol/specification
"""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class DebugClient:
    """A connection to the debugger in a process.

    Args:
        address: host and port.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=60)
        self._file = self._socket.makefile("rwb")
        self._sent = 0

    def attach(self, file: Path, line: int, root: Path) -> None:
        """Attaches as VS Code does on this machine, which maps the open folder to itself, and sets a breakpoint."""
        self._send("initialize", {"adapterID": "test", "pathFormat": "path"})
        self._response("initialize")
        self._send("attach", {"pathMappings": [{"localRoot": str(root), "remoteRoot": str(root)}]})
        self._event("initialized")
        self._send("setBreakpoints", {"source": {"path": str(file)}, "breakpoints": [{"line": line}]})
        self._response("setBreakpoints")
        self._send("configurationDone", {})
        self._response("configurationDone")

    def stopped(self) -> tuple[str, int, dict[str, str]]:
        """Waits for the breakpoint; the file, the line and the local variables there."""
        thread = self._event("stopped")["threadId"]
        frame = self._ask("stackTrace", {"threadId": thread})["stackFrames"][0]
        scope = self._ask("scopes", {"frameId": frame["id"]})["scopes"][0]
        variables = self._ask("variables", {"variablesReference": scope["variablesReference"]})["variables"]
        return frame["source"]["path"], frame["line"], {each["name"]: each["value"] for each in variables}

    def go_on(self) -> None:
        """Continues."""
        self._ask("continue", {"threadId": 1})

    def close(self) -> None:
        """Ends the connection."""
        self._file.close()
        self._socket.close()

    def _ask(self, command: str, arguments: Mapping[str, Any]) -> Any:
        self._send(command, arguments)
        return self._response(command)

    def _send(self, command: str, arguments: Mapping[str, Any]) -> None:
        self._sent += 1
        body = json.dumps({"seq": self._sent, "type": "request", "command": command, "arguments": arguments}).encode()
        self._file.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._file.flush()

    def _response(self, command: str) -> Any:
        message = self._until(lambda message: message["type"] == "response" and message["command"] == command)
        assert message["success"], message
        return message.get("body")

    def _event(self, name: str) -> Any:
        return self._until(lambda message: message["type"] == "event" and message["event"] == name).get("body")

    def _until(self, matches: Any) -> dict[str, Any]:
        while True:
            length = 0
            while (header := self._file.readline().strip()) != b"":
                length = int(header.partition(b":")[2])
            message: dict[str, Any] = json.loads(self._file.read(length))
            if matches(message):
                return message
