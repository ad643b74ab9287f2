"""A store that speaks Google's protocol, as far as an index needs it: JSON to write, XML to read, generations."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class GoogleStore:
    """What is there.

    Attributes:
        url: Of the server.
        objects: By bucket and name, with their generations.
    """

    url: str = ""
    objects: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    generation: int = 1000

    def put(self, path: str, data: bytes, expected: str | None) -> bool:
        """Put an object on a condition; return whether it held."""
        with self.lock:
            there = self.objects.get(path)
            if expected is not None and int(expected) != (0 if there is None else there[1]):
                return False
            self.generation += 1
            self.objects[path] = data, self.generation
            return True

    def facts(self, path: str) -> dict[str, str]:
        """Return what is said of an object."""
        data, generation = self.objects[path]
        bucket, _, name = path.partition("/")
        digest = base64.b64encode(hashlib.md5(data).digest()).decode()  # noqa: S324 - as the protocol has it
        return {
            "kind": "storage#object",
            "bucket": bucket,
            "name": name,
            "size": str(len(data)),
            "generation": str(generation),
            "md5Hash": digest,
            "updated": "2026-01-01T00:00:00.000Z",
            "timeCreated": "2026-01-01T00:00:00.000Z",
        }


@contextmanager
def serving_google() -> Iterator[GoogleStore]:
    """Serve an empty store."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.store = store = GoogleStore(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _take(self) -> None:
        self.store: GoogleStore = self.server.store  # type: ignore[attr-defined]
        parts = urlsplit(self.path)
        self.words = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = parts.path
        if path.startswith("/upload/storage/v1/b/"):
            self._upload(path.split("/")[5], body)
        elif path.startswith("/storage/v1/b/"):
            bucket, _, rest = path.removeprefix("/storage/v1/b/").partition("/")
            self._json_api(unquote(bucket), unquote(rest.removeprefix("o").removeprefix("/")))
        elif path.startswith("/download/storage/v1/b/"):
            bucket, _, rest = path.removeprefix("/download/storage/v1/b/").partition("/o/")
            self._object(f"{bucket}/{unquote(rest)}")
        elif "list-type" in self.words:
            self._list_xml(path.strip("/"))
        else:
            self._object(unquote(path.lstrip("/")))

    def _upload(self, bucket: str, body: bytes) -> None:
        name, data = self.words.get("name"), body
        if self.words["uploadType"] == "multipart":
            head, data = body.split(b"\n\n", 3)[1].split(b"\n--==0==")[0], body.split(b"\n\n", 2)[2]
            name = json.loads(head)["name"]
            data = data.rsplit(b"\n--==0==--", 1)[0]
        path = f"{bucket}/{name}"
        if self.store.put(path, data, self.words.get("ifGenerationMatch")):
            self._send(200, json.dumps(self.store.facts(path)).encode())
        else:
            said = "At least one of the pre-conditions you specified did not hold."
            self._send(412, json.dumps({"error": {"code": 412, "message": said}}).encode())

    def _json_api(self, bucket: str, name: str) -> None:
        path = f"{bucket}/{name}"
        if name and self.command == "DELETE":
            self._send(204 if self.store.objects.pop(path, None) else 404, b"")
        elif name and path in self.store.objects:
            if self.words.get("alt") == "media":
                self._object(path)
            else:
                self._send(200, json.dumps(self.store.facts(path)).encode())
        elif name:
            self._send(404, json.dumps({"error": {"code": 404, "message": "No such object"}}).encode())
        else:
            files, folders = self._below(bucket)
            items = [self.store.facts(path) for path in files]
            self._send(200, json.dumps({"kind": "storage#objects", "items": items, "prefixes": folders}).encode())

    def _below(self, bucket: str) -> tuple[list[str], list[str]]:
        prefix, mark = self.words.get("prefix", ""), self.words.get("delimiter", "")
        files, folders = [], set()
        for path in sorted(self.store.objects):
            rest = path.removeprefix(f"{bucket}/{prefix}")
            if rest == path:
                continue
            if mark and mark in rest:
                folders.add(prefix + rest.partition(mark)[0] + mark)
            else:
                files.append(path)
        return files, sorted(folders)

    def _list_xml(self, bucket: str) -> None:
        files, folders = self._below(bucket)
        one = "<Contents><Key>{}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>"  # noqa: E501
        parts = [
            one.format(escape(path.partition("/")[2]), *(self.store.objects[path][1], len(self.store.objects[path][0])))
            for path in files
        ]
        parts += [f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in folders]
        self._send(200, f"<ListBucketResult>{''.join(parts)}</ListBucketResult>".encode())

    def _object(self, path: str) -> None:
        if path not in self.store.objects:
            self._send(404, b"")
            return
        data, generation = self.store.objects[path]
        headers = {"ETag": f'"{generation}"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        asked = self.headers.get("Range", "").removeprefix("bytes=")
        if not asked:
            self._send(200, data, headers)
            return
        first, _, last = asked.partition("-")
        low = int(first) if first else max(len(data) - int(last), 0)
        high = min(int(last), len(data) - 1) if first and last else len(data) - 1
        self._send(206, data[low : high + 1], headers | {"Content-Range": f"bytes {low}-{high}/{len(data)}"})

    def _send(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _take  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
