"""Fresh environments with the wheel in them, made by uv, pip and pipx; each is outside of the checkout."""

import csv
import email
import email.message
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

CACHE = "uv-cache"
"""Folder of the scratch folder that uv links its environments to."""
_SMOKE = Path(__file__).with_name("smoke.py")
_SECONDS = 1800


class InstallError(Exception):
    """Something cannot be installed, or run."""


def extras_of(wheel: Path) -> list[str]:
    """Return the extras that the metadata of a wheel names."""
    return _metadata(wheel).get_all("Provides-Extra") or []


def oldest_of(wheel: Path) -> str:
    """Return the oldest Python that a wheel can be installed for, such as 3.10."""
    return str(_metadata(wheel)["Requires-Python"]).removeprefix(">=")


def _metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def by_uv(python: str, wheel: str, room: Path, scratch: Path) -> Path:
    """Install a wheel (or WHEEL[EXTRA]) with uv; return the folder of its programs."""
    made = room / "uv"
    _uv("venv", "--quiet", "--python", find_python(python), str(made), scratch=scratch)
    _uv("pip", "install", "--quiet", "--python", str(made / "bin" / "python"), wheel, scratch=scratch)
    return made / "bin"


def by_pip(python: str, wheel: str, room: Path, scratch: Path) -> Path:
    """Install a wheel with pip; return the folder of its programs."""
    made = room / "pip"
    _run(find_python(python), "-m", "venv", str(made))
    _run(str(made / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-cache-dir", wheel)
    return made / "bin"


def by_pipx(python: str, wheel: str, room: Path, scratch: Path) -> Path:
    """Install a wheel with pipx, run it once as `pipx run` does; return the folder of its programs."""
    homes = {"PIPX_HOME": str(room / "pipx"), "PIPX_BIN_DIR": str(room / "bin"), "PIP_NO_CACHE_DIR": "1"}
    pipx = (sys.executable, "-m", "pipx")
    _run(*pipx, "install", "--quiet", "--python", find_python(python), wheel, **homes)
    said = _run(str(room / "bin" / "quasar-index"), "--version")
    if not said.startswith("quasar-index "):
        raise InstallError(f"the command that pipx links says {said!r}")
    return room / "pipx" / "venvs" / "quasar-index" / "bin"


def try_uvx(python: str, wheel: Path, room: Path, scratch: Path) -> list[str]:
    """Score two photographs with `uvx --from WHEEL quasar-index`, without installing anything."""
    from PIL import Image, ImageFilter
    from skimage.data import chelsea

    sharp = Image.fromarray(chelsea())
    sharp.save(room / "sharp.png")
    sharp.filter(ImageFilter.GaussianBlur(4)).save(room / "blurred.png")
    uvx = ("tool", "run", "--quiet", "--python", find_python(python), "--from", str(wheel), "quasar-index")
    said = _uv(*uvx, "score", "blurred.png", "sharp.png", "--format", "csv", scratch=scratch, cwd=room)
    blurred, clear = (float(row["score"]) for row in csv.DictReader(io.StringIO(said)))
    return [] if blurred < clear else [f"the blurred photograph scores {blurred}, the sharp one {clear}"]


def smoke(programs: Path, version: str, room: Path, *, demo: bool) -> list[str]:
    """Run the smoke test in an empty folder, by the Python of an environment."""
    empty = room / "elsewhere"
    empty.mkdir()
    command = [str(programs / "python"), "-I", str(_SMOKE), version, *(["--demo"] if demo else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=empty, timeout=_SECONDS)
    return [done.stdout + done.stderr] if done.returncode else []


def resolve(python: str, wheel: str, scratch: Path) -> list[str]:
    """Ask whether there are wheels of all that is needed for a Python, which need not be here."""
    asked = ("pip", "compile", "--quiet", "--python-version", python, "--only-binary", ":all:", "-")
    name, _, rest = wheel.rpartition("[")
    text = f"quasar-index[{rest} @ {Path(name).as_uri()}\n"
    try:
        _uv(*asked, scratch=scratch, stdin=text)
    except InstallError as error:
        return [str(error)]
    return []


def find_python(version: str) -> str:
    """Return the path of a Python: one of pyenv's, one that uv finds or can get, or a program of that name."""
    if os.path.sep in version:
        return version
    homes = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return str(Path(sys.base_prefix) / "bin" / f"python{version}")
    for home in sorted(homes.glob(f"{version}.*")):
        return str(home / "bin" / "python")
    done = subprocess.run([*_program(), "python", "find", version], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout.strip()
    done = subprocess.run([*_program(), "python", "install", version], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(f"no Python {version} here, and uv cannot get it: {_last(done.stderr)}")
    return version


def _last(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip())[-300:]


def _program() -> list[str]:
    found = shutil.which("uv")
    return [found] if found else [sys.executable, "-m", "uv"]


def _uv(*arguments: str, scratch: Path, cwd: Path | None = None, stdin: str | None = None) -> str:
    chosen = {"UV_CACHE_DIR": str(scratch / CACHE), "UV_LINK_MODE": "hardlink", "UV_NO_CONFIG": "1"}
    return _run(*_program(), *arguments, cwd=cwd, stdin=stdin, **chosen)


def _run(*command: str, cwd: Path | None = None, stdin: str | None = None, **environment: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        input=stdin,
        timeout=_SECONDS,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise InstallError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout
