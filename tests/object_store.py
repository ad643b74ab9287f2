"""An S3 server on this machine for tests, and a front before it that is slow, fails, or forgets conditions."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "bucket"
SECRET = "a-secret-of-the-tests"  # noqa: S105
HOST = "127.0.0.1"
REFUSED = b'<?xml version="1.0"?><Error><Code>%s</Code><Message>%s</Message></Error>'


@dataclass
class Answer:
    """What the front does with a request in place of handing it on.

    Attributes:
        status: Its status; None to hand it on.
        code: Of the error, as S3 names it.
        text: Of the error.
        delay: Seconds to wait first.
        lose: Hand it on, and break the connection in place of answering.
        without: Headers to leave out.
    """

    status: int | None = None
    code: str = ""
    text: str = ""
    delay: float = 0.0
    lose: bool = False
    without: frozenset[str] = frozenset()


@dataclass
class Store:
    """The server as tests see it.

    Attributes:
        url: Of its front.
        client: Speaks to the server itself.
        rule: What the front does with a request, by its method and path; None to hand it on.
        requests: All requests, as `METHOD path`.
    """

    url: str
    client: Any
    rule: Callable[[str, str], Answer | None] | None = None
    requests: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What makes clients speak to it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "3",
            "NO_PROXY": HOST,
        }

    def names(self, prefix: str = "") -> list[str]:
        """Return the keys of all objects below a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        """Return an object."""
        return bytes(self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def put(self, key: str, data: bytes) -> None:
        """Put an object."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)


@contextmanager
def serving_objects() -> Iterator[Store]:
    """Serve an empty bucket."""
    server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="testing",
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    front = ThreadingHTTPServer((HOST, 0), _Front)
    front.daemon_threads = True
    store = Store(f"http://{HOST}:{front.server_port}", client)
    front.store, front.behind = store, (host, port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=front.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        front.shutdown()
        front.server_close()
        server.stop()


class _Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        store: Store = self.server.store  # type: ignore[attr-defined]
        body = self._body()
        store.requests.append(f"{self.command} {self.path}")
        told = (store.rule and store.rule(self.command, self.path)) or Answer()
        time.sleep(told.delay)
        if told.status is not None:
            self._send(told.status, [], REFUSED % (told.code.encode(), told.text.encode()))
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in told.without}
        headers.pop("Transfer-Encoding", None)
        connection = http.client.HTTPConnection(*self.server.behind)  # type: ignore[attr-defined]
        connection.request(self.command, self.path, body=body, headers=headers | {"Content-Length": str(len(body))})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if told.lose:
            self.close_connection = True
            self.connection.close()
            return
        self._send(answer.status, answer.getheaders(), data)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _send(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response_only(status)
        length = str(len(data))
        for name, value in headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            elif name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
