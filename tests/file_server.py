"""A web server on this machine that serves files as servers do on their good and their bad days."""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A file, and how it is served.

    Attributes:
        data: Its bytes.
        etag: Its ETag, with quotes; empty for none.
        modified: Its Last-Modified; empty for none.
        ranges: Whether parts are served; else all bytes are, with status 200.
        break_at: Places at which the connection is cut, each once, in order.
        status: Statuses to answer first, each once, in order.
        always: Status of all answers; None for that which fits.
        headers: Further headers.
        length: Content-Length to claim; None for the true one, -1 for none.
        redirect: Where to send whoever asks; empty for nowhere.
        pause: Seconds between two pieces.
        type_: Content type.
    """

    data: bytes = b""
    etag: str = '"one"'
    modified: str = ""
    ranges: bool = True
    break_at: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    always: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    redirect: str = ""
    pause: float = 0.0
    type_: str = "application/zip"
    on_request: Callable[[Served], None] | None = None


@dataclass
class Asked:
    """A request that came: its path, its headers, and how many bytes of the body were sent."""

    path: str
    headers: dict[str, str]
    sent: int = 0


class FileServer:
    """Serves `files` by path; `asked` lists what was asked for."""

    def __init__(self, certificate: tuple[str, str] | None = None) -> None:
        self.files: dict[str, Served] = {}
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                outer._answer(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def add(self, path: str, data: bytes = b"", **how: object) -> Served:
        """Serve a file; return how, to be changed."""
        self.files[path] = Served(data, **how)  # type: ignore[arg-type]
        return self.files[path]

    @property
    def sent(self) -> int:
        """All bytes that were sent."""
        return sum(one.sent for one in self.asked)

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, to: BaseHTTPRequestHandler) -> None:
        asked = Asked(to.path, {name.lower(): value for name, value in to.headers.items()})
        self.asked.append(asked)
        to.close_connection = True
        served = self.files.get(to.path.partition("?")[0])
        if served is None:
            self._plain(to, 404)
            return
        if served.on_request is not None:
            served.on_request(served)
        if served.redirect:
            to.send_response(302)
            to.send_header("Location", served.redirect)
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        status = served.status.pop(0) if served.status else served.always
        if status is not None:
            self._plain(to, status, served.headers)
            return
        start = self._start(asked, served)
        if start > len(served.data) or (start and start == len(served.data)):
            to.send_response(416)
            to.send_header("Content-Range", f"bytes */{len(served.data)}")
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        self._body(to, asked, served, start)

    @staticmethod
    def _start(asked: Asked, served: Served) -> int:
        wanted = asked.headers.get("range", "")
        same = asked.headers.get("if-range") in (None, served.etag, served.modified)
        if not (wanted.startswith("bytes=") and served.ranges and same):
            return 0
        return int(wanted.removeprefix("bytes=").partition("-")[0])

    @staticmethod
    def _plain(to: BaseHTTPRequestHandler, status: int, headers: dict[str, str] | None = None) -> None:
        text = f"<html><title>{status}</title></html>".encode()
        to.send_response(status)
        to.send_header("Content-Type", "text/html")
        to.send_header("Content-Length", str(len(text)))
        for name, value in (headers or {}).items():
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(text)

    @staticmethod
    def _body(to: BaseHTTPRequestHandler, asked: Asked, served: Served, start: int) -> None:
        data = memoryview(served.data)[start:]
        to.send_response(206 if start else 200)
        length = len(data) if served.length is None else served.length
        if length >= 0:
            to.send_header("Content-Length", str(length))
        if start:
            to.send_header("Content-Range", f"bytes {start}-{len(served.data) - 1}/{len(served.data)}")
        for name, value in {
            "ETag": served.etag,
            "Last-Modified": served.modified,
            "Content-Type": served.type_,
        }.items():
            if value:
                to.send_header(name, value)
        for name, value in served.headers.items():
            to.send_header(name, value)
        to.end_headers()
        end = len(data)
        if served.break_at and served.break_at[0] >= start:
            end = served.break_at.pop(0) - start
        elif served.break_at:
            served.break_at.pop(0)
            end = 0
        with contextlib.suppress(OSError):
            for place in range(0, end, 65536):
                piece = data[place : min(place + 65536, end)]
                to.wfile.write(piece)
                asked.sent += len(piece)
                time.sleep(served.pause)
            to.wfile.flush()


@contextlib.contextmanager
def serving(certificate: tuple[str, str] | None = None) -> Iterator[FileServer]:
    """Run a server while the block lasts: of https, given the files of a certificate and its key."""
    server = FileServer(certificate)
    try:
        yield server
    finally:
        server.close()
