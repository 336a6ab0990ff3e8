"""A proxy as companies have it: it carries bytes and remembers what it was asked for."""

from __future__ import annotations

import base64
import socket
import threading
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer


@dataclass
class Seen:
    """What the proxy was asked for: the first line of each request and its login, if there was one."""

    requests: list[str] = field(default_factory=list)
    logins: set[str | None] = field(default_factory=set)


class Tunnel(ThreadingTCPServer):
    """Answers CONNECT by carrying bytes both ways, as a company's proxy does."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), TunnelHandler)
        self.seen = Seen()
        self.leads_to: tuple[str, int] | None = None  # wherever it was asked for; None if just there

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class TunnelHandler(StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Tunnel)
        first = self.rfile.readline().decode().strip()
        login = None
        while (line := self.rfile.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            if name.lower() == "proxy-authorization":
                login = base64.b64decode(value.split()[-1]).decode()
        self.server.seen.requests.append(first)
        self.server.seen.logins.add(login)
        host, _, port = first.split()[1].rpartition(":")
        with socket.create_connection(self.server.leads_to or (host, int(port))) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=carry, args=(far, self.connection), daemon=True)
            back.start()
            carry(self.connection, far)
            back.join(5)


def carry(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes until one side ends."""
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
