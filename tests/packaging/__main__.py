"""Install quasar-index as strangers do, in fresh environments outside of the checkout, and try it.

    python -m tests.packaging                                   # this Python: uv, uvx, pip, pipx; each extra alone
    python -m tests.packaging --python 3.10 --python 3.13 --with uv --extra none
    python -m tests.packaging --resolve 3.10 --resolve 3.14     # are there wheels of everything for these Pythons?

The wheel is built from the source archive, with a setuptools that the build fetches. Packages come from PyPI; an
environment holds 8 GB, most of it CUDA's. uv links its files to its cache, so that each further environment of the
same Python costs next to nothing; pip and pipx copy them. Environments are removed as soon as they have been tried.
Each step prints how long it took, and the disk that it took. The last line counts what passed and failed.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import environments, extras
from .archives import build_archives

ROUTES = ("uv", "uvx", "pip", "pipx")


class Rehearsal:
    """Steps, each with its time and disk; one that fails does not stop the others."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.failed: list[str] = []
        self.n_passed = 0

    def step(self, name: str, do: Callable[[], list[str]]) -> bool:
        """Do a step, which returns what is wrong, and say how it ended."""
        start, free = time.monotonic(), shutil.disk_usage(self.scratch).free
        try:
            wrong = do()
        except (subprocess.SubprocessError, OSError, environments.InstallError) as error:
            wrong = [str(error)]
        seconds, taken = time.monotonic() - start, (free - shutil.disk_usage(self.scratch).free) / 1e9
        self.failed += [name] * bool(wrong)
        self.n_passed += not wrong
        print(f"{'FAILED' if wrong else 'ok':6} {name}: {seconds:.0f} s, {max(0.0, taken):.1f} GB", flush=True)
        for one in wrong:
            print(f"       {one.strip()}", flush=True)
        return not wrong

    def forget(self) -> None:
        """Remove uv's cache."""
        shutil.rmtree(self.scratch / environments.CACHE, ignore_errors=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give an empty folder, and remove it."""
        made = Path(tempfile.mkdtemp(dir=self.scratch))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


def try_route(rehearsal: Rehearsal, route: str, python: str, wheel: Path, *, demo: bool) -> None:
    """Install the wheel in one way, try it, and remove it."""
    version = wheel.name.split("-")[1]
    with rehearsal.folder() as room:
        bins: list[Path] = []
        install = {"uv": environments.by_uv, "pip": environments.by_pip, "pipx": environments.by_pipx}
        if route == "uvx":
            rehearsal.step(f"{python} uvx: score", lambda: environments.try_uvx(python, wheel, room, rehearsal.scratch))
            return

        def installed() -> list[str]:
            bins.append(install[route](python, str(wheel), room, rehearsal.scratch))
            return []

        if rehearsal.step(f"{python} {route}: install", installed):
            rehearsal.step(
                f"{python} {route}: smoke test", lambda: environments.smoke(bins[0], version, room, demo=demo)
            )


def try_extras(rehearsal: Rehearsal, python: str, wheel: Path, names: list[str]) -> None:
    """Try what needs an extra without any, then each extra alone."""
    if not names:
        return
    with rehearsal.folder() as room:
        extras.make_samples(room)
        base = environments.by_uv(python, str(wheel), room, rehearsal.scratch)
        rehearsal.step(f"{python} no extra", lambda: extras.check_without(base, names, room))
    for name in names:
        with rehearsal.folder() as room:
            extras.make_samples(room)

            def alone(name: str = name, room: Path = room) -> list[str]:
                made = environments.by_uv(python, f"{wheel}[{name}]", room, rehearsal.scratch)
                return extras.check_with(made, name, room)

            rehearsal.step(f"{python} extra {name} alone", alone)


def main() -> int:
    """Do what the arguments say; 1 where a step fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.packaging", description=__doc__.partition("\n")[0])
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser.add_argument("--python", action="append", help=f"Python to install for; default: {here}")
    parser.add_argument("--with", dest="routes", action="append", choices=ROUTES, help="how to install; default: all")
    parser.add_argument("--extra", action="append", help="extra to try alone, or none; default: all")
    parser.add_argument("--oldest", action="store_true", help="also install for the oldest Python that is let in")
    parser.add_argument("--resolve", action="append", default=[], help="only ask whether a Python finds wheels of all")
    parser.add_argument("--scratch", type=Path, help="folder with 20 GB of room; default: the system's")
    parser.add_argument("--no-demo", action="store_true", help="leave out `quasar-index demo`")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch, prefix="quasar-packaging-") as folder:
        rehearsal = Rehearsal(Path(folder).resolve())
        found: list[Path] = []

        def build() -> list[str]:
            made = build_archives(rehearsal.scratch / "archives", isolated=True)
            found.append(made.wheel)
            command = [sys.executable, "-m", "twine", "check", "--strict", str(made.sdist), str(made.wheel)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return [done.stdout + done.stderr] if done.returncode else []

        if not rehearsal.step("source archive, wheel of it, twine check", build):
            return 1
        (wheel,) = found
        names = environments.extras_of(wheel)
        if given.extra:
            if unknown := set(given.extra) - {*names, "none"}:
                parser.error(f"there is no extra {', '.join(sorted(unknown))}; there are {', '.join(names)}")
            names = [name for name in names if name in given.extra]
        everything = f"{wheel}[{','.join(environments.extras_of(wheel))}]"
        for python in given.resolve:

            def resolve(python: str = python) -> list[str]:
                return environments.resolve(python, everything, rehearsal.scratch)

            rehearsal.step(f"{python} resolve", resolve)
        chosen = given.routes or ROUTES
        for python in given.python or ([] if given.resolve else [here]):
            for route in [one for one in chosen if one.startswith("uv")]:
                try_route(rehearsal, route, python, wheel, demo=not given.no_demo)
            try_extras(rehearsal, python, wheel, names)
            rehearsal.forget()  # pip and pipx copy what they install: that needs the room of the cache
            for route in [one for one in chosen if one.startswith("pip")]:
                try_route(rehearsal, route, python, wheel, demo=False)
        oldest = environments.oldest_of(wheel)
        if given.oldest and oldest not in (given.python or [here]):
            try:
                environments.find_python(oldest)
            except environments.InstallError as error:
                print(f"not tried: {error}", flush=True)
            else:
                try_route(rehearsal, "uv", oldest, wheel, demo=not given.no_demo)
    if rehearsal.failed:
        print(f"failed: {', '.join(rehearsal.failed)}")
    print(f"{rehearsal.n_passed} passed, {len(rehearsal.failed)} failed")
    return int(bool(rehearsal.failed))


if __name__ == "__main__":
    sys.exit(main())
