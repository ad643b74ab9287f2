"""The photographs of the starter index: fetched again from where they are published, checked, and cut.

    python -m quasar_index.starter.photographs FOLDER
    python -m quasar_index.starter.photographs --notice

`photographs.csv` says where each lies, who made it and under which licence. None of them ships with this package.
Debian packages are fetched once into `FOLDER/packages`; what a Python package holds is read where that is installed.
Each file is checked by its SHA-256 before it is decoded, and cut into `FOLDER/pristine/ID_cutN.png`.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from ..arrays import ByteArray
from ..errors import DataError, counted
from ..images import decode
from ..paths import PathText, write_atomically

__all__ = ["Photograph", "cut_photograph", "fetch_photographs", "list_photographs", "write_notice"]

LICENCES = {
    "CC0-1.0": "CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/)",
    "CC-BY-2.0": "CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/)",
    "CC-BY-3.0": "CC BY 3.0 (https://creativecommons.org/licenses/by/3.0/)",
    "CC-BY-4.0": "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)",
    "LicenseRef-PublicDomain": "public domain",
}
"""What a photograph may be under, in words: this package is Apache-2.0, so nothing that binds what is made of it."""
TABLE = Path(__file__).with_name("photographs.csv")
NOTICE = Path(__file__).with_name("NOTICE")
PRISTINE = "pristine"
PACKAGES = "packages"
POOL = "https://deb.debian.org/debian/pool/main"


@dataclass(frozen=True)
class Frame:
    """How a picture is cut: the photograph is made smaller until it just covers `zoom` frames, the middle is kept.

    Attributes:
        width: Of a picture that is wider than high, in pixels; of others it is the height.
        height: The same.
        zoom: 1 keeps as much of the photograph as fits, 2 half of that in each direction.
    """

    width: int
    height: int
    zoom: float


FRAMES = (Frame(481, 321, 1.0), Frame(481, 321, 2.0))
"""The first is cut of every photograph, the others only of those that are large enough."""
REDUCTION = 1.5
"""How many times smaller a photograph becomes at least for a further picture: at full size its compression shows."""


@dataclass(frozen=True)
class Photograph:
    """A row of `photographs.csv`.

    Attributes:
        id: Its name here, of lower-case letters, digits and hyphens.
        title: What its author or its source calls it.
        author: Who made it.
        licence: SPDX identifier, one of `LICENCES`.
        licence_source: Where that is said.
        package: The Debian or Python package that holds it.
        version: Of the package.
        file: Path inside the package; inside a `.rcc` file (Qt's resources) the path goes on.
        sha256: Of the file.
        url: Where the original is, as far as known.
    """

    id: str
    title: str
    author: str
    licence: str
    licence_source: str
    package: str
    version: str
    file: str
    sha256: str
    url: str


def list_photographs() -> list[Photograph]:
    """List the photographs, by id."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [Photograph(**row) for row in csv.DictReader(file)]


def write_notice() -> str:
    """Write who made the photographs, as `NOTICE` beside this file says it.

    Returns:
        Plain text.
    """
    lines = [
        "Starter index of quasar-index: the photographs it was made of",
        "",
        "The starter index was made of the photographs below. Each was made smaller and cut into pictures, the",
        "pictures were distorted (blur, noise, compression and others, in several strengths), and each picture was",
        "turned into the numbers by which a neural network describes it. Only these numbers ship: no photograph, and",
        "no part of one. Their authors endorse neither this software nor this use.",
        "",
    ]
    for one in list_photographs():
        lines += [
            f"{one.title}",
            f"  by {one.author}; {LICENCES[one.licence]}" + (f"; {one.url}" if one.url else ""),
            f"  from {one.package} {one.version}; licence: {one.licence_source}",
        ]
    return "\n".join(lines) + "\n"


def fetch_photographs(folder: PathText) -> list[Path]:
    """Fetch the photographs as far as they are missing, and cut them.

    Args:
        folder: Where to; packages and pictures that are there already are kept.

    Returns:
        The pictures, `folder/pristine/ID_cutN.png`, in the order of the photographs.

    Raises:
        DataError: When a package cannot be had, or a file in it is not the one of the table.
    """
    folder = Path(folder)
    (folder / PRISTINE).mkdir(parents=True, exist_ok=True)
    photographs = list_photographs()
    files = _read_files(folder / PACKAGES, photographs)
    written: list[Path] = []
    for photograph in photographs:
        for number, picture in enumerate(cut_photograph(decode(files[photograph.id], rule=1)), start=1):
            path = folder / PRISTINE / f"{photograph.id}_cut{number}.png"
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, format="PNG")
            write_atomically(path, buffer.getvalue())
            written.append(path)
    return written


def cut_photograph(photograph: ByteArray) -> list[ByteArray]:
    """Cut a photograph into pictures.

    Args:
        photograph: (H, W, 3) uint8, RGB.

    Returns:
        One (h, w, 3) uint8 picture for each of `FRAMES` that it is large enough for, at least one.
    """
    height, width = photograph.shape[:2]
    pictures: list[ByteArray] = []
    for frame in FRAMES:
        w, h = (frame.width, frame.height) if width >= height else (frame.height, frame.width)
        scale = max(w / width, h / height) * frame.zoom
        if scale * REDUCTION > 1 and pictures:
            continue
        size = max(w, round(width * scale)), max(h, round(height * scale))
        smaller = np.asarray(Image.fromarray(photograph).resize(size, Image.Resampling.LANCZOS))
        top, left = (size[1] - h) // 2, (size[0] - w) // 2
        pictures.append(smaller[top : top + h, left : left + w])
    return pictures


def _read_files(packages: Path, photographs: list[Photograph]) -> dict[str, bytes]:
    """Return the file of each photograph, by id, checked."""
    found: dict[str, bytes] = {}
    for package in dict.fromkeys(photograph.package for photograph in photographs):
        rows = [photograph for photograph in photographs if photograph.package == package]
        if package in _POOLS:
            held = {sha256(data).hexdigest(): data for data in _in_archive(_archive(packages, rows[0]), rows)}
        else:
            held = {sha256(data).hexdigest(): data for data in _in_python_package(rows)}
        for row in rows:
            if row.sha256 not in held:
                raise DataError(
                    f"{package} has no '{row.file}' with the SHA-256 of the table",
                    f"the table is of version {row.version}",
                )
            found[row.id] = held[row.sha256]
    return found


_POOLS = {
    "budgie-backgrounds": "b/budgie-backgrounds",
    "gcompris-qt-data": "g/gcompris-qt",
    "libjxl-testdata": "libj/libjxl-testdata",
    "lomiri-wallpapers-16.04": "l/lomiri-wallpapers",
    "palapeli-data": "p/palapeli",
}
"""The Debian packages, and their folders in the pool."""


def _archive(packages: Path, row: Photograph) -> Path:
    """Return the archive of a Debian package, fetched if it is not there."""
    name = f"{row.package}_{row.version.rpartition(':')[2]}_all.deb"  # the pool leaves the epoch out
    path = packages / name
    if not path.exists():
        packages.mkdir(parents=True, exist_ok=True)
        try:
            with urllib.request.urlopen(f"{POOL}/{_POOLS[row.package]}/{name}", timeout=60) as answer:  # noqa: S310
                write_atomically(path, answer.read())
        except OSError as error:
            raise DataError(
                f"cannot fetch {name} from {POOL}/{_POOLS[row.package]}: {error}",
                f"put it into '{packages}'; snapshot.debian.org keeps all versions",
            ) from error
    return path


def _in_archive(path: Path, rows: list[Photograph]) -> Iterator[bytes]:
    """Read files of a Debian package (an `ar` archive that holds a tar archive) that may be those of the rows."""
    wanted = {row.file for row in rows} | {row.file.partition(".rcc/")[0] + ".rcc" for row in rows}
    data = path.read_bytes()
    place = len(b"!<arch>\n")
    while place < len(data):
        size = int(data[place + 48 : place + 58])
        start = place + 60
        if data[place : place + 8] == b"data.tar":
            with tarfile.open(fileobj=io.BytesIO(data[start : start + size])) as archive:
                for member in archive:
                    file = archive.extractfile(member) if member.name.removeprefix("./") in wanted else None
                    if file is not None:
                        yield from _in_resources(file.read()) if member.name.endswith(".rcc") else [file.read()]
        place = start + size + size % 2


def _in_resources(data: bytes) -> Iterator[bytes]:
    """Read the WebP images in a Qt resource file, which holds them as they are, by the sizes in their own headers."""
    place = data.find(b"RIFF")
    while place >= 0:
        if data[place + 8 : place + 12] == b"WEBP":
            yield data[place : place + 8 + int.from_bytes(data[place + 4 : place + 8], "little")]
        place = data.find(b"RIFF", place + 4)


def _in_python_package(rows: list[Photograph]) -> Iterator[bytes]:
    """Read files of a Python package that this one depends on, so that it is installed."""
    for row in rows:
        module, _, inside = row.file.partition("/")
        spec = find_spec(module)
        path = Path(str(spec and spec.origin)).parent / inside
        if path.is_file():
            yield path.read_bytes()


def main(arguments: list[str] | None = None) -> None:
    """Fetch and cut the photographs into the folder of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", type=Path, nargs="?")
    parser.add_argument("--notice", action="store_true", help="write NOTICE anew, after a change of the table")
    given = parser.parse_args(arguments)
    if given.notice:
        NOTICE.write_text(write_notice(), encoding="utf-8")
        return
    if given.folder is None:
        parser.error("no FOLDER")
    written = fetch_photographs(given.folder)
    n = len({path.name.partition("_cut")[0] for path in written})
    sys.stdout.write(f"{counted(n, 'photograph')}, {counted(len(written), 'picture')} in {given.folder / PRISTINE}\n")


if __name__ == "__main__":
    main()
