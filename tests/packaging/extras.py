"""Each extra alone: what it is for fails without it, in a line that names the extra, and works with it."""

import contextlib
import os
import re
import subprocess
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.raw_photographs import dng

COMMANDS: dict[str, tuple[str, ...]] = {
    "explore": ("explore", "photographs", "--no-browser"),
    "formats": ("score", "photograph.heic", "photograph.jxl", "--format", "csv"),
    "hdf5": ("build", "patches", "--patches", "patches.hdf5"),
    "map": ("map", "starter", "--projection", "umap", "--sample", "50", "--output", "map.html"),
    "openvino": ("score", "photograph.png", "--precision", "openvino", "--format", "csv"),
    "raw": ("score", "photograph.dng", "--format", "csv"),
}
"""What needs an extra; extras that are not here are imported only."""
PROGRAMS = {"test": ("pytest",), "dev": ("mypy", "pre-commit", "pytest", "ruff")}
"""Programs that an extra brings."""
_SECONDS = 300
_IMPORTS = """
import importlib, re, sys
from importlib.metadata import packages_distributions, requires
of = f"extra == .{sys.argv[1]}."
names = [re.match(r"[\\w.-]+", one)[0] for one in requires("quasar-index") if re.search(of, one)]
plain = lambda name: re.sub("[-_.]+", "-", name).lower()
modules = {}
for module, owners in packages_distributions().items():
    for owner in owners:
        modules.setdefault(plain(owner), []).append(module)
for name in names:
    if plain(name) != "quasar-index":
        public = [one for one in modules[plain(name)] if one.isidentifier() and not one.startswith("_")]
        for one in public[:1] if plain(name) not in public else [plain(name)]:
            importlib.import_module(one)
            print(one, end=" ")
"""


def make_samples(folder: Path) -> None:
    """Write a photograph in the formats that extras read, and a file of patches."""
    import h5py
    import pillow_heif
    import pillow_jxl  # noqa: F401 - the import lets Pillow write JPEG XL
    import skimage.data
    from PIL import Image

    pillow_heif.register_heif_opener()
    pixels = skimage.data.astronaut()[:256, :256]
    image = Image.fromarray(pixels)
    (folder / "photographs").mkdir()
    for name in ("photograph.png", "photograph.heic", "photograph.jxl", "photographs/one.png"):
        image.save(folder / name)
    (folder / "photograph.dng").write_bytes(dng(pixels))
    patches = np.random.default_rng(0).integers(0, 256, (5, 3, 64, 64)).astype(np.float32) / np.float32(255)
    with h5py.File(folder / "patches.hdf5", "w") as file:
        file.create_dataset("data", data=patches)


def check_without(bin_folder: Path, extras: Sequence[str], folder: Path) -> list[str]:
    """Return what is wrong where no extra is installed: each command must fail in one line that names its extra."""
    wrong = []
    for extra in extras:
        if extra in COMMANDS:
            done = _run(bin_folder, *COMMANDS[extra], cwd=folder)
            said = done.stdout + done.stderr
            if f"'.[{extra}]'" not in said or "Traceback" in said:
                wrong.append(f"without {extra}: {' '.join(COMMANDS[extra])} says\n{said}")
    return wrong


def check_with(bin_folder: Path, extra: str, folder: Path) -> list[str]:
    """Return what is wrong where this extra alone is installed."""
    wrong = []
    command = [str(bin_folder / "python"), "-I", "-c", _IMPORTS, extra]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode or not done.stdout.split():
        wrong.append(f"{extra}: imports {done.stdout}\n{done.stderr}")
    wrong += [
        f"{extra}: {program} does not run"
        for program in PROGRAMS.get(extra, ())
        if subprocess.run([bin_folder / program, "--version"], capture_output=True, check=False).returncode
    ]
    if extra == "explore":
        wrong += _explore(bin_folder, folder)
    elif extra in COMMANDS:
        done = _run(bin_folder, *COMMANDS[extra], cwd=folder)
        if done.returncode or "pip install -e" in done.stderr:
            wrong.append(f"with {extra}: {' '.join(COMMANDS[extra])} says\n{done.stdout}{done.stderr}")
    return wrong


def _explore(bin_folder: Path, folder: Path) -> list[str]:
    """Start the explorer, fetch its page, and end it."""
    command = [str(bin_folder / "quasar-index"), *COMMANDS["explore"]]
    with subprocess.Popen(command, cwd=folder, env=_environment(folder), stderr=subprocess.PIPE, text=True) as process:
        said = []
        try:
            for line in process.stderr or ():
                said.append(line)
                if found := re.search(r"http://\S+", line):
                    # The token in the address is exchanged for a cookie; this machine stands behind no proxy.
                    ways = (urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
                    opener = urllib.request.build_opener(*ways)
                    with opener.open(found[0], timeout=60) as answer:
                        page = answer.read()
                    return [] if b"<script" in page else [f"explore: its page is {page[:200]!r}"]
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
    return [f"explore prints no address:\n{''.join(said)}"]


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "QUASAR_INDEX_CACHE": str(folder / "cache"), "QUASAR_INDEX_CACHE_SIZE": "0"}


def _run(bin_folder: Path, *arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(bin_folder / "quasar-index"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=_environment(cwd),
        timeout=_SECONDS,
    )
