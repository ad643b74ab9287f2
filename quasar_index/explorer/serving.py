"""Serving an explorer's page on this machine: the address, a thread with the server, the browser."""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..arguments import checked
from ..errors import DataError, reason
from .explorer import Explorer

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """Where an explorer is served.

    Attributes:
        host: As it stands in an address.
        port: The port.
        token: What lets the first request in.
    """

    host: str
    port: int
    token: str

    @property
    def url(self) -> str:
        """The first address, with the token; whoever has it may look and mark."""
        return f"http://{self.host}:{self.port}/?token={self.token}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@checked
def check_server() -> None:
    """Find out whether what serves the page is installed.

    Raises:
        DataError: When it is not.
    """
    try:
        import starlette
        import uvicorn  # noqa: F401

        del starlette
    except ImportError:
        raise DataError("the explorer needs its extra", "pip install -e '.[explore]'") from None


@contextmanager
def serving(explorer: Explorer, *, host: str = LOOPBACK, port: int = 0) -> Iterator[Address]:
    """Serve an explorer's page until the block ends.

    Args:
        explorer: The explorer.
        host: Address of this machine; others than loopback let other machines try.
        port: The port; 0 for a free one.

    Yields:
        Where it is served.

    Raises:
        DataError: When the extra is missing, the port is taken, or the host is none of this machine's.
    """
    check_server()
    import uvicorn

    from .app import make_app
    from .safety import Gate

    listening = _listen(host, port)
    port = listening.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    names = [LOOPBACK, "localhost", "[::1]"] if is_loopback(host) else []
    gate = Gate(make_app(explorer), [f"{one}:{port}" for one in [*names, shown]], port)
    settings = uvicorn.Config(
        gate,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(settings)
    # Signals stay with the main thread, which scores.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="explorer", daemon=True)
    thread.start()
    try:
        yield Address(shown, port, gate.token)
    finally:
        server.should_exit = True
        thread.join(timeout=3)
        listening.close()
        explorer.close()


def _listen(host: str, port: int) -> socket.socket:
    bare = host.strip("[]")
    if bare in ("", "0.0.0.0", "::"):  # noqa: S104
        raise DataError(f"--host {host or repr(host)} is no address of its own", "name the one that others reach")
    try:
        family = socket.AF_INET6 if ":" in bare else socket.AF_INET
        return socket.create_server((bare, port), family=family)
    except OverflowError:
        raise DataError(f"there is no port {port}", "give one up to 65535") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise DataError(f"port {port} is taken", "give another --port, or none for a free one") from None
        why, mend = reason(error), "give another --port" if error.errno == errno.EACCES else "check --host"
        raise DataError(f"nothing can be served on {host}:{port} ({why})", mend) from None
