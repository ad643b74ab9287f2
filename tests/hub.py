"""A Hugging Face hub on this machine: the calls that pushing and pulling a data set makes, with files in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_write"  # noqa: S105
READER = "hf_read"


@dataclass
class Hub:
    """What it holds.

    Attributes:
        url: Its address, for `$HF_ENDPOINT`.
        repos: Files by name, by data set.
        private: Data sets that only a token opens.
        calls: Method and path of each request.
        commits: Summary and files of each commit.
    """

    url: str = ""
    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    commits: list[tuple[str, list[str]]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def serving() -> Iterator[Hub]:
    """Serve an empty hub."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def _answer(self, code: int, body: Any = b"", **headers: str) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def _token(self) -> str:
            return self.headers.get("Authorization", "").removeprefix("Bearer ")

        def _missing(self, kind: str) -> None:
            self._answer(404, {"error": f"{kind} not found"}, X_Error_Code=f"{kind}NotFound")

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _files(self, repo: str) -> dict[str, bytes] | None:
            """Return the files of a data set that whoever asks may see."""
            hidden = repo in hub.private and self._token() not in (TOKEN, READER)
            found = None if hidden else hub.repos.get(repo)
            if found is None:
                self._answer(401, {"error": "Invalid credentials"}, X_Error_Code="RepoNotFound")
            return found

        def do_POST(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.calls.append(f"POST {path}")
            body = self._body()
            if self._token() != TOKEN:
                self._answer(401 if not self._token() else 403, {"error": "You may not write here"})
                return
            parts = path.strip("/").split("/")
            if path == "/api/repos/create":
                asked = json.loads(body)
                repo = f"{asked['organization']}/{asked['name']}"
                there = repo in hub.repos
                hub.repos.setdefault(repo, {})
                url = {"url": f"{hub.url}/datasets/{repo}"}
                self._answer(409 if there else 200, url)
            elif path.endswith(".git/info/lfs/objects/batch"):
                asked = json.loads(body)["objects"]
                objects = [
                    {**one, "actions": {"upload": {"href": f"{hub.url}/objects/{one['oid']}", "header": {}}}}
                    for one in asked
                ]
                self._answer(200, {"transfer": "basic", "objects": objects})
            elif path == "/api/validate-yaml":
                self._answer(200, {"errors": [], "warnings": []})
            elif parts[4:5] == ["preupload"]:
                modes = [
                    {
                        "path": one["path"],
                        "uploadMode": "lfs" if one["path"].endswith(".quasar") else "regular",
                        "shouldIgnore": False,
                    }
                    for one in json.loads(body)["files"]
                ]
                self._answer(200, {"files": modes})
            elif parts[4:5] == ["commit"]:
                self._commit("/".join(parts[2:4]), [json.loads(line) for line in body.splitlines()])
            else:
                self._answer(404)

        def _commit(self, repo: str, lines: list[dict[str, Any]]) -> None:
            files, summary, names = hub.repos[repo], "", []
            for line in lines:
                value = line["value"]
                if line["key"] == "header":
                    summary = value["summary"]
                    continue
                names.append(value["path"])
                is_large = line["key"] == "lfsFile"
                files[value["path"]] = hub.objects[value["oid"]] if is_large else base64.b64decode(value["content"])
            hub.commits.append((summary, names))
            self._answer(200, {"commitUrl": f"{hub.url}/{repo}/commit/{'a' * 40}", "commitOid": "a" * 40})

        def do_PUT(self) -> None:
            hub.calls.append(f"PUT {self.path}")
            data = self._body()
            oid = self.path.rpartition("/")[2]
            assert hashlib.sha256(data).hexdigest() == oid
            hub.objects[oid] = data
            self._answer(200)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.calls.append(f"{self.command} {path}")
            parts = path.strip("/").split("/")
            if parts[0] == "api" and parts[1] == "datasets":
                self._tree("/".join(parts[2:4]), parts[4:])
            elif parts[0] == "datasets" and parts[3] == "resolve":
                self._resolve("/".join(parts[1:3]), parts[4], "/".join(parts[5:]))
            else:
                self._answer(404)

        def _tree(self, repo: str, rest: list[str]) -> None:
            files = self._files(repo)
            if files is None:
                return
            if rest[1:2] not in ([], ["main"]):
                self._missing("Revision")
            elif rest[:1] == ["tree"]:
                listed = [
                    {"type": "file", "path": name, "size": len(data), "oid": "0" * 40} for name, data in files.items()
                ]
                self._answer(200, listed)
            else:
                self._answer(200, {"id": repo, "sha": "a" * 40, "siblings": [{"rfilename": name} for name in files]})

        def _resolve(self, repo: str, revision: str, name: str) -> None:
            files = self._files(repo)
            if files is None:
                return
            if revision not in ("main", "a" * 40):
                self._missing("Revision")
            elif name not in files:
                self._missing("Entry")
            else:
                etag = f'"{hashlib.sha256(files[name]).hexdigest()}"'
                self._answer(200, files[name], ETag=etag, X_Repo_Commit="a" * 40, Accept_Ranges="bytes")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
