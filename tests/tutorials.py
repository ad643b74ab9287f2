"""Pages whose commands run: their files are written, their commands are typed, and what is shown is compared.

A page holds `console` blocks of commands (`$ ...`) and what they print, and `python` blocks whose caption is the name
of a file to save. A line `...` in what is shown stands for any lines. `python -m tests.tutorials PAGE ...` runs pages
and writes into them what their commands print now, keeping the `...` that follow the first lines.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 88
FENCE = re.compile(
    r"^```(?:\{code-block\} (?P<language>\w+)\n:caption: (?P<name>\S+)\n\n?|(?P<session>console)\n)(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
VARIES = [
    (re.compile(r"in [\d.,]+ (s|min|h)\b( \([\d.,]+/s\))?"), "in N s"),
    (re.compile(r"\b\d[\d.,]* (images?/s|ms|KiB|MiB|GiB|kB|MB|GB|B)\b"), "N B"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ][\d:]+(\.\d+)?( UTC|Z|\+00:00)?)?"), "DATE"),
    (re.compile(r"\d+ of (\d+) rows were left"), r"N of \1 rows were left"),
    (re.compile(r"quasar-index \d+\.\d+\.\d+\S*"), "quasar-index VERSION"),
    (re.compile(r"127\.0\.0\.1:\d+/\S*"), "127.0.0.1:PORT/"),
    (re.compile(r"\b[0-9a-f]{8,64}\b"), "HASH"),
]
"""What no two runs or machines have in common."""
NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+")
TOLERANCE = 0.0201
"""Largest difference of two decimals: processors round differently, and intervals are drawn."""


@dataclass(frozen=True)
class Command:
    """A command and what the page shows of its output."""

    line: str
    shown: str


@dataclass(frozen=True)
class File:
    """A file that the reader saves."""

    name: str
    text: str


def page_of(name: str) -> Path:
    """Return the file of a page, such as of `tutorials/study`."""
    return DOCS / f"{name}.md"


def read_page(page: Path) -> list[Command | File]:
    """Return what a reader of the page does, in order."""
    steps: list[Command | File] = []
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["name"]:
            steps.append(File(block["name"], block["text"]))
            continue
        for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            n = 1 + next(i for i, line in enumerate(lines) if not line.endswith("\\"))
            steps.append(Command("\n".join(lines[:n]), "\n".join(lines[n:])))
    return steps


def run_step(step: Command | File, folder: Path) -> str:
    """Do one step in a folder, as at a terminal.

    Returns:
        What the terminal shows.

    Raises:
        AssertionError: When a command fails without saying so on the page.
    """
    if isinstance(step, File):
        (folder / step.name).write_text(step.text, encoding="utf-8")
        return ""
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": str(WIDTH),
        "LINES": "50",
        "TERM": "dumb",
        "BROWSER": "true",
        "OMP_NUM_THREADS": "1",
    }
    environment.pop("QUASAR_INDEX_HOME", None)
    process = subprocess.Popen(
        ["bash", "-c", step.line], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    parts, visited = [], False
    while True:
        ready, _, _ = select.select([ours], [], [], 300)
        try:
            part = os.read(ours, 65536) if ready else b""
        except OSError:  # the terminal is closed
            part = b""
        if not part:
            break
        parts.append(part)
        address = re.search(rb"http://127\.0\.0\.1:\d+/\S*(?=\s)", b"".join(parts))
        if step.line.startswith("quasar-index explore") and address and not visited:
            visited = visit(address[0].decode())
            os.killpg(process.pid, signal.SIGTERM)  # a shell lets what is in its background ignore Ctrl-C
    os.close(ours)
    code = process.wait(60)
    code = 128 - code if code < 0 else code  # a signal, as a shell says it
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", b"".join(parts).decode()).replace("\r\n", "\n")
    text = text.replace(f"{folder}/", "")
    if visited:
        text = text[: text.index("http")] + address[0].decode().split("=")[0] + "=SECRET"
        return "\n".join(part for line in text.splitlines() for part in folded(line))
    wanted = re.search(r"^# exit code (\d+)$", step.shown, re.MULTILINE)
    assert code == int(wanted[1] if wanted else 0), f"{step.line}\nended with {code}:\n{text}"
    lines = [part.rstrip() for line in text.splitlines() for part in folded(line)]
    return "\n".join([line for line in lines if line] + ([wanted[0]] if wanted else []))


def folded(line: str) -> list[str]:
    """Fold a line that is longer than the page is wide, as a terminal does, but between words; no row of Markdown."""
    return (
        textwrap.wrap(line, WIDTH, break_on_hyphens=False) if len(line) > WIDTH and not line.startswith("|") else [line]
    )


def visit(address: str) -> bool:
    """Fetch the page that a browser would open."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(address, timeout=30) as answer:
        assert b"<html" in answer.read().lower()
    time.sleep(1)
    return True


def plain(text: str) -> str:
    """Leave out what varies between two runs, and the widths of columns."""
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return re.sub(r"\s+", " ", re.sub(r"[─━]+", "─", text)).strip()


def differences(shown: str, printed: str) -> str | None:
    """Compare what a page shows with what was printed.

    Returns:
        None where they say the same, else both.
    """
    pieces = [plain(piece) for piece in re.split(r"^\.\.\.$", shown, flags=re.MULTILINE)]
    words = [NUMBER.sub("X.X", piece) for piece in pieces]
    said = plain(printed)
    pattern = ".*?".join(re.escape(word).replace(r"X\.X", r"(-?\d+\.\d+)").replace(r"\ ", r"\s*") for word in words)
    found = re.fullmatch(rf"\s*{pattern}\s*", said, re.DOTALL)
    numbers = [float(number) for piece in pieces for number in NUMBER.findall(piece)]
    if found and all(
        abs(a - float(b)) <= max(TOLERANCE, 0.02 * abs(a)) for a, b in zip(numbers, found.groups(), strict=True)
    ):
        return None
    return f"the page shows\n{shown}\nand this was printed\n{printed}"


def follow(page: Path, folder: Path) -> list[str]:
    """Follow a page in a folder; return the differences between what it shows and what was printed."""
    found = []
    for step in read_page(page):
        printed = run_step(step, folder)
        if isinstance(step, Command) and (difference := differences(step.shown, printed)):
            found.append(f"$ {step.line}\n{difference}")
    return found


def rewrite(page: Path) -> None:
    """Run a page and write into it what its commands print now."""
    text, done = page.read_text(encoding="utf-8"), 0
    with tempfile.TemporaryDirectory() as name:
        os.environ["QUASAR_INDEX_CACHE"] = f"{name}/cache"
        folder = Path(name) / "work"
        folder.mkdir()
        for step in read_page(page):
            printed = run_step(step, folder)
            if isinstance(step, File):
                continue
            print(f"$ {step.line}\n{printed}\n", flush=True)
            before = f"$ {step.line}\n" + (f"{step.shown}\n" if step.shown else "")
            at = text.index(before, done)
            lines = step.shown.splitlines()
            if "..." in lines and differences(step.shown, printed):
                kept = lines.index("...")
                tail = len(lines) - kept - 1
                all_lines = printed.splitlines()
                printed = "\n".join([*all_lines[:kept], "...", *all_lines[len(all_lines) - tail :]])
            elif "..." in lines:
                printed = step.shown
            printed = printed.rstrip()
            after = f"$ {step.line}\n" + (f"{printed}\n" if printed else "")
            text = text[:at] + after + text[at + len(before) :]
            done = at + len(after)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        rewrite(Path(argument))
