"""What this package may ask of the network, and how: offline or not, through which proxy, by how many redirections."""

from __future__ import annotations

import base64
import email.utils
import hashlib
import os
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from ..errors import DataError, first_line

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""Environment variables that forbid the network: those of the Hugging Face hub, which loads the weights."""
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
"""Longest silence of a server in the middle of a file."""
MOST_REDIRECTIONS = 5
LONGEST_WAIT = 120.0
"""Longest wait that a server may ask for before the next try."""
_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class LostError(Exception):
    """A connection that failed in a way that may pass: it is worth another try.

    Args:
        why: In a few words.
        wait: Seconds that the server asks to wait; None where it says nothing.
    """

    def __init__(self, why: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(why)


def is_offline() -> bool:
    """Return whether an environment variable forbids the network (see `OFFLINE_VARIABLES`).

    Example:
        >>> import quasar_index as qi
        >>> qi.sharing.is_offline()
        False
    """
    return any(os.environ.get(name, "").strip().upper() in {"1", "ON", "YES", "TRUE"} for name in OFFLINE_VARIABLES)


def no_network(where: str) -> DataError:
    """Return the error of something that is not here while the network is forbidden."""
    return DataError(
        f"working offline, and {where} is not here",
        "download it where there is a network, and give the path of the file: quasar-index pull FILE NAME",
    )


def shown_url(url: str) -> str:
    """Return an address as it is shown and recorded: without user, password and query, which may be secret."""
    scheme, rest = url.split("://", 1)
    plain = f"{scheme}://{rest.split('?', 1)[0].split('#', 1)[0]}"
    parts = urlsplit(plain)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def url_key(url: str) -> str:
    """Return a name of an address that tells it from others without saying what its query is."""
    query = url.partition("?")[2]
    return shown_url(url) + (f"?{hashlib.sha256(query.encode()).hexdigest()[:16]}" if query else "")


def get(url: str, headers: dict[str, str]) -> BaseHTTPResponse:
    """Ask for a file by HTTP, following redirections; its body is still to be read, and the answer to be closed.

    Args:
        url: http or https; user and password in it go to its own host only.
        headers: Further headers.

    Returns:
        An answer of status 200, 206 or 416.

    Raises:
        LostError: When another try may help.
        DataError: When none will.
    """
    import urllib3

    asked, host = url, _origin(url)
    for _ in range(MOST_REDIRECTIONS + 1):
        try:
            response: BaseHTTPResponse = _pool(url).request(
                "GET",
                _without_user(url),
                headers={**headers, **(_authorization(asked) if _origin(url) == host else {})},
                preload_content=False,
                redirect=False,
                retries=False,
            )
        except urllib3.exceptions.LocationValueError as error:
            raise DataError(f"'{shown_url(url)}' is no address ({first_line(error)})", "check it") from error
        except urllib3.exceptions.SSLError as error:
            raise DataError(
                f"the certificate of {urlsplit(url).hostname} is not trusted ({first_line(error)})",
                "name the file of your organisation's certificates in $SSL_CERT_FILE",
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise LostError(_plain(error)) from error
        location = response.headers.get("Location")
        if response.status in (301, 302, 303, 307, 308) and location:
            response.close()
            url = _next(url, location)
            continue
        if response.status in (200, 206, 416):
            return response
        wait = _wait(response.headers.get("Retry-After"))
        response.close()
        if response.status in _AGAIN and (wait is None or wait <= LONGEST_WAIT):
            raise LostError(f"status {response.status}", wait)
        raise _refused(asked, response.status, wait)
    raise DataError(
        f"{shown_url(asked)} leads to more than {MOST_REDIRECTIONS} other addresses, one after the other",
        "give the address of the file itself",
    )


def _refused(url: str, status: int, wait: float | None) -> DataError:
    """Return the error of a status that another try does not change."""
    where = shown_url(url)
    if status in (404, 410):
        return DataError(f"there is no file at {where} (status {status})", "check the address")
    if status in (401, 403, 407):
        return DataError(
            f"{where} may not be read from here (status {status})",
            "download it where you are signed in, and give the path of the file",
        )
    if status in _AGAIN:
        return DataError(
            f"{where} answers with status {status}, and asks to wait {wait or 0:.0f} seconds",
            "run the same command later, it goes on where it stopped",
        )
    return DataError(f"{where} answers with status {status}", "check the address, or give the path of the file")


def _next(url: str, location: str) -> str:
    """Return where a redirection leads.

    Raises:
        DataError: When it leads to something unsafe.
    """
    target = urljoin(url, location)
    scheme = urlsplit(target).scheme.lower()
    if scheme not in ("http", "https") or (urlsplit(url).scheme.lower() == "https" and scheme == "http"):
        raise DataError(
            f"{shown_url(url)} leads to an address that is not safe ({scheme}:)", "give an https address of the file"
        )
    return target


def _pool(url: str) -> Any:
    """Return what connects to a host: itself, or the proxy that the environment names."""
    from urllib.request import getproxies, proxy_bypass

    import urllib3

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    settings: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        "num_pools": 1,
        "maxsize": 1,
    }
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return urllib3.PoolManager(**settings)
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        raise DataError(f"the proxy '{shown_url(proxy)}' is none for HTTP", "name an http proxy in $HTTPS_PROXY")
    user = {f"proxy-{name}": value for name, value in _authorization(proxy).items()}
    return urllib3.ProxyManager(_without_user(proxy), proxy_headers=user, **settings)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def _authorization(url: str) -> dict[str, str]:
    """Return the header that sends the user and password in an address; none where it has none."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}


def _wait(text: str | None) -> float | None:
    """Return the seconds that `Retry-After` asks for: a number, or a date."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _plain(error: Exception) -> str:
    """Return what a connection failed of, without the addresses of Python objects that urllib3 puts before it."""
    return re.sub(r"^\w*Connection\w*\(.*?\): |^<.*>: ", "", first_line(error))
