"""An explorer that is really served on this machine, and a client that asks it as a browser does."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

import quasar_index as qi


class Client:
    """A browser that has opened the first address."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.port = parts.port
        self.host = f"{parts.hostname}:{parts.port}"
        self.token = parts.query.removeprefix("token=")
        status, headers, _ = self.ask("GET", f"/?{parts.query}", headers={})
        assert status == 303, status
        self.cookie = headers["set-cookie"].partition(";")[0]

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: dict[str, str | None] | None = None
    ):
        """Return status, headers and body; `headers` take the place of a browser's own, None leaves one out."""
        own: dict[str, str | None] = {"Host": self.host, "Cookie": getattr(self, "cookie", None)}
        if method != "GET":
            own |= {"Origin": f"http://{self.host}", "Content-Type": "application/json"}
        own |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {name: value for name, value in own.items() if value is not None})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def get(self, path: str):
        """Return what JSON says."""
        status, _, body = self.ask("GET", path)
        assert status == 200, body
        return json.loads(body)

    def post(self, path: str, **question):
        """Ask for a change, and return what JSON says."""
        status, _, body = self.ask("POST", path, json.dumps(question))
        assert status == 200, body
        return json.loads(body)

    def marks(self) -> dict[str, dict]:
        """Return all marks."""
        return self.get("/api/marks")["marks"]

    def wait(self) -> dict:
        """Return the state when all photographs are scored."""
        for _ in range(600):
            if (state := self.get("/api/state"))["done"] and state["bursts"]:
                return state
            time.sleep(0.05)
        raise AssertionError(state)


def write_photos(folder: Path, n: int = 6, *, bursts: bool = False) -> list[Path]:
    """Write JPEG photographs that differ, sharp ones and blurred ones; in bursts each twice within a second."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(n):
        rng = np.random.default_rng(number // 2 if bursts else number)
        pixels = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC)
        noise = np.random.default_rng(number).integers(-8, 9, (120, 160, 3)) * (1 + number % 3)
        made = Image.fromarray(np.clip(np.asarray(image).astype(int) + noise, 0, 255).astype(np.uint8))
        exif = Image.Exif()
        seconds = number // 2 * 20 + number % 2 if bursts else number * 60
        exif.get_ifd(0x8769)[0x9003] = f"2026:07:14 12:{seconds // 60:02}:{seconds % 60:02}"
        paths.append(folder / f"{number:02}.jpg")
        made.save(paths[-1], quality=92, exif=exif)
    return paths


def make_explorer(folder: Path, method: str = "retrieval", **more) -> qi.explorer.Explorer:
    """Return an explorer of a folder by the starter index."""
    index = qi.AnchorIndex.open("starter")
    scorer = qi.Scorer(index, qi.read_method(method), qi.load_encoder())
    files = qi.images.survey_folder(folder).images
    return qi.explorer.Explorer(scorer, index, files, folders=[folder], **more)


@contextlib.contextmanager
def served(explorer: qi.explorer.Explorer, *, run: bool = True) -> Iterator[Client]:
    """Serve an explorer whose photographs are scored."""
    with qi.explorer.serving(explorer) as address:
        if run:
            explorer.run()
        yield Client(address.url)


@contextlib.contextmanager
def explore_command(
    *arguments: str | Path, environment: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen, Client]]:
    """Run `quasar-index explore`, and yield its process and a client when the page is served."""
    # A process that a shell started by `&` ignores Ctrl-C, and so would this one.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from quasar_index.cli.main import run; run()"
    )
    command = [sys.executable, "-c", code, "explore", "--no-browser", *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        said = ""
        for line in process.stderr:
            said += line
            if found := re.search(r"http://\S+token=\S+", line):
                break
        else:
            raise AssertionError(said)
        yield process, Client(found[0])
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()
