"""The sdist of a checkout, and the wheel that is built from that sdist; and which files they hold."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PARTS = (
    *("cli", "quasar_index", "pyproject.toml", "MANIFEST.in"),
    *("README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "NOTICE"),
)


@dataclass(frozen=True)
class Archives:
    """Both archives.

    Attributes:
        sdist: The source archive.
        wheel: The wheel that was built from it.
    """

    sdist: Path
    wheel: Path

    def sources(self) -> dict[str, bytes]:
        """Return the files of the sdist, by their path below its folder."""
        with tarfile.open(self.sdist) as archive:
            files = [(one.name.partition("/")[2], archive.extractfile(one)) for one in archive if one.isfile()]
            return {name: file.read() for name, file in files if file is not None}

    def installed(self) -> dict[str, bytes]:
        """Return the files of the wheel, by path."""
        with zipfile.ZipFile(self.wheel) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def build_archives(folder: Path, *, isolated: bool = False) -> Archives:
    """Build the sdist of this checkout, unpack it elsewhere, and build the wheel from what it holds.

    Args:
        folder: Where both are put; it is made.
        isolated: Let the build fetch its own setuptools, as an installer does; else this environment's is used.
    """
    source = folder / "source"
    source.mkdir(parents=True)
    for name in _PARTS:  # a copy, since builds write beside what they build
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(ROOT / name, source)
    _build(source, folder / "dist", "--sdist", isolated=isolated)
    (sdist,) = (folder / "dist").glob("*.tar.gz")
    unpacked = folder / "unpacked"
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (tree,) = unpacked.iterdir()
    _build(tree, folder / "dist", "--wheel", isolated=isolated)
    (wheel,) = (folder / "dist").glob("*.whl")
    shutil.rmtree(source)
    shutil.rmtree(unpacked)
    return Archives(sdist, wheel)


def _build(source: Path, out: Path, what: str, *, isolated: bool) -> None:
    command = [sys.executable, "-m", "build", what, "--outdir", str(out), *([] if isolated else ["--no-isolation"])]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False, cwd=out.parent)
    if done.returncode:
        raise SystemExit(f"{what} cannot be built:\n{done.stdout}{done.stderr}")
