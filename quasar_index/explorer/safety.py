"""Who may ask: the browser of the person who started the explorer, and nobody else.

A server on loopback is within reach of every page that the person has open, of other users of the machine, and of names
that point to 127.0.0.1 (DNS rebinding). So each request must name this server as its host; one that comes from another
page is refused (by `Origin`, and by `Sec-Fetch-Site`, which tells apart ports of localhost, too); one that changes
something must say that it comes from this one; and all need a cookie, which the first URL's token is exchanged for.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import parse_qs

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
"""Of every answer; one that says otherwise how it may be cached keeps that."""
_READING = ("GET", "HEAD")
# A browser leaves out a strict cookie where another page led to this server, also after a redirection; not here.
_ENTER = (
    b'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>quasar-index</title>'
)


class Gate:
    """Lets the requests of one person's browser through to an application.

    Args:
        app: The application.
        hosts: What `Host` may be, with the port.
        port: The port, for the name of the cookie: cookies are shared by all ports of a host.

    Attributes:
        token: What the first URL holds.
    """

    def __init__(self, app: App, hosts: Sequence[str], port: int) -> None:
        self._app = app
        self._hosts = frozenset(one.lower() for one in hosts)
        self._origins = frozenset(f"http://{one}" for one in self._hosts)
        self._cookie = f"quasar_index_{port}"
        self._secret = secrets.token_urlsafe(32)
        self.token = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        send = _with_headers(send)
        if why := self._refusal(scope):
            await _answer(send, 403, "application/json", json.dumps({"error": why}).encode())
        elif scope["path"] == "/" and (given := parse_qs(scope["query_string"].decode("latin-1")).get("token")):
            await self._enter(scope, given[0], send)
        elif not self._is_known(scope):
            why = "this browser is not known to the explorer; open the address that 'quasar-index explore' printed"
            await _answer(send, 403, "application/json", json.dumps({"error": why}).encode())
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> str:
        """Say why a request is refused, whoever it comes from; "" where it is not."""
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return "the request is for another host"
        origins, sites = _values(scope, b"origin"), _values(scope, b"sec-fetch-site")
        if any(one.lower() not in self._origins for one in origins):
            return "the request comes from another page"
        enters = scope["path"] == "/" and scope["method"] in _READING
        if any(one not in ("same-origin", "none") for one in sites) and not enters:
            return "the request comes from another page"
        if scope["method"] not in _READING and not origins and "same-origin" not in sites:
            return "the request does not say which page it comes from"
        return ""

    async def _enter(self, scope: Scope, given: str, send: Send) -> None:
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            why = "the token in the address is wrong; open the address that 'quasar-index explore' printed"
            await _answer(send, 403, "application/json", json.dumps({"error": why}).encode())
            return
        cookie = f"{self._cookie}={self._secret}; HttpOnly; SameSite=Strict; Path=/"
        more = [(b"set-cookie", cookie.encode())]
        if any(one in ("cross-site", "same-site") for one in _values(scope, b"sec-fetch-site")):
            await _answer(send, 200, "text/html; charset=utf-8", _ENTER, more)
        else:
            await _answer(send, 303, "text/plain", b"", [*more, (b"location", b"/")])

    def _is_known(self, scope: Scope) -> bool:
        for text in _values(scope, b"cookie"):
            try:
                found = SimpleCookie(text).get(self._cookie)
            except CookieError:
                continue
            if found is not None and hmac.compare_digest(found.value.encode(), self._secret.encode()):
                return True
        return False


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _with_headers(send: Send) -> Send:
    """Add the headers of every answer."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = {key.lower() for key, _ in message["headers"]}
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in given]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending


async def _answer(send: Send, status: int, kind: str, body: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    length = str(len(body)).encode()
    start = [(b"content-type", kind.encode()), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
