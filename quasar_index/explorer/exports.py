"""What becomes of marks: tables, sidecars, links and copies.

Photographs are only read, and no file is overwritten but sidecars, which keep what else they say.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from ..cells import as_text, csv_line
from ..errors import DataError, ImageError, counted, reason
from ..paths import sync_file
from ..picking import Placement, check_target, percentiles, place_files
from . import xmp
from .folders import Files, check_name
from .marks import NONE, Mark
from .photos import Photos

Only: TypeAlias = Literal["picks", "rejects", "marked", "all"]
XmpName: TypeAlias = Literal["photo.xmp", "photo.jpg.xmp"]
COLUMNS = (
    *("path", "score", "percentile", "familiarity", "mos", "low", "high", "mark", "stars"),
    *("taken", "width", "height", "id", "error"),
)
_TEXT = ("path", "mark", "taken", "id", "error")
_COUNTS = ("stars", "width", "height")
_MOST_SIDECAR = 16 << 20
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@dataclass
class Export:
    """What an export did.

    Attributes:
        written: Files that were written.
        where: The file or folder.
        skipped: What was left out, and why, a line each.
    """

    written: int = 0
    where: str = ""
    skipped: list[str] = field(default_factory=list)


def chosen(only: Only, n_done: int, marks: Mapping[int, Mark]) -> list[int]:
    """Return the numbers of photographs that are exported, in order.

    Raises:
        DataError: When `only` is none of those there are.
    """
    if only == "all":
        return list(range(n_done))
    wanted: dict[str, Callable[[Mark], bool]] = {
        "picks": lambda mark: mark.mark == "pick",
        "rejects": lambda mark: mark.mark == "reject",
        "marked": lambda mark: mark != NONE,
    }
    if only not in wanted:
        raise DataError(f"there is no choice '{only}'", f"give {', '.join(wanted)} or all")
    return [number for number in sorted(marks) if wanted[only](marks[number]) and number < n_done]


def rows_of(photos: Photos, numbers: Sequence[int], marks: Mapping[int, Mark]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table: the columns of `score`, then marks and what the file says of itself."""
    scores = photos.figures["score"][: photos.n_done]
    shares = percentiles([None if score != score else score for score in scores.tolist()])  # noqa: PLR0124
    columns = {
        "score": scores,
        "percentile": shares,
        "familiarity": photos.figures["familiarity"],
        "mos": photos.figures["opinion"],
        "low": photos.figures["low"],
        "high": photos.figures["high"],
    }
    for number in numbers:
        row: dict[str, Any] = {"path": photos.files.paths[number]}
        for name, values in columns.items():
            value = float(values[number])
            row[name] = None if np.isnan(value) else value
        mark = marks.get(number, NONE)
        taken = float(photos.figures["taken"][number])
        # The camera's own clock, which knows no time zone.
        moment = "" if np.isnan(taken) else datetime.fromtimestamp(taken, timezone.utc).replace(tzinfo=None).isoformat()
        width, height = photos.sizes[number].tolist()
        row |= {"mark": mark.mark, "stars": mark.stars, "taken": moment, "width": width, "height": height}
        yield row | {"id": photos.content[number].decode(), "error": photos.errors.get(number, "")}


def csv_bytes(rows: Iterator[dict[str, Any]]) -> bytes:
    """Return rows as CSV."""
    return (
        csv_line({name: name for name in COLUMNS}, COLUMNS) + "".join(csv_line(row, COLUMNS) for row in rows)
    ).encode()


def parquet_bytes(rows: Iterator[dict[str, Any]]) -> bytes:
    """Return rows as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {**dict.fromkeys(_TEXT, pa.string()), **dict.fromkeys(_COUNTS, pa.int64())}
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in COLUMNS])
    cleaned = [{**row, **{name: as_text(row[name]) for name in _TEXT}} for row in rows]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(cleaned, schema=schema), file)
    return file.getvalue()


def write_new(folder: Path, stem: str, ending: str, data: bytes) -> Path:
    """Write a file under the first name that is free.

    Raises:
        DataError: When it cannot be written.
    """
    try:
        for n in range(1, 10_000):
            path = folder / (f"{stem}{ending}" if n == 1 else f"{stem}-{n}{ending}")
            try:
                with path.open("xb") as file:
                    file.write(data)
            except FileExistsError:
                continue
            sync_file(path)
            return path
    except OSError as error:
        raise DataError(f"nothing can be written to '{folder}' ({reason(error)})", "mend its permissions") from error
    raise DataError(f"'{folder}' has ten thousand files of the name '{stem}{ending}'", "remove some")


def place(files: Files, numbers: Sequence[int], base: Path, name: str, how: Placement) -> Export:
    """Copy photographs into a new folder, or link to them there.

    Args:
        files: All photographs.
        numbers: Those to place.
        base: Where the folder is made; beside the photographs where it lies among them.
        name: Of the folder.
        how: Copies or links.

    Raises:
        DataError: When the name is none, or the folder cannot be written.
    """
    check_name(name)
    named = [Path(one.real) for one in files.folders if one.is_named]
    while inside := [one for one in named if base.resolve() == one or one in base.resolve().parents]:
        base = inside[0].parent
    target = base / name
    check_target(target, named)
    export = Export(where=str(target))
    sources = []
    for number in numbers:
        try:
            real, _ = files.resolve(number)
            os.close(files.open(number))
        except (ImageError, OSError) as error:
            export.skipped.append(f"{as_text(files.names[number])}: {reason(error)}")
        else:
            sources.append(real if Path(files.paths[number]).is_symlink() else files.paths[number])
    if not sources:
        raise DataError("no photograph is chosen", "mark some first")
    export.written = sum(one.is_new for one in place_files(sources, target, how))
    if n_old := len(sources) - export.written:
        export.skipped.append(f"{counted(n_old, 'file was', 'files were')} there already")
    return export


def write_sidecars(photos: Photos, numbers: Sequence[int], marks: Mapping[int, Mark], name: XmpName) -> Export:
    """Write a sidecar for each marked photograph, and bring those that were written before up to date.

    Args:
        photos: All photographs.
        numbers: Those that are exported.
        marks: The marks.
        name: "photo.xmp" takes the place of the ending (Adobe), "photo.jpg.xmp" follows it (darktable).

    Raises:
        DataError: When there is no such way to name them.
    """
    if name not in ("photo.xmp", "photo.jpg.xmp"):
        raise DataError(f"there is no name '{name}' of sidecars", "give photo.xmp or photo.jpg.xmp")
    export = Export(where="beside the photographs")
    done: dict[Path, Mark] = {}
    for number in numbers:
        mark = marks.get(number, NONE)
        shown = as_text(photos.files.names[number])
        try:
            real, _ = photos.files.resolve(number)
            path = Path(real).with_suffix(".xmp") if name == "photo.xmp" else Path(f"{real}.xmp")
            if path in done:
                if xmp.properties_of(done[path]) != xmp.properties_of(mark):
                    export.skipped.append(f"{shown}: another photograph of that name has the sidecar {path.name}")
                continue
            done[path] = mark
            if (why := _write_sidecar(path, mark)) is None:
                export.written += 1
            elif why:
                export.skipped.append(f"{shown}: {why}")
        except (ImageError, OSError) as error:
            export.skipped.append(f"{shown}: {reason(error)}")
    return export


def _write_sidecar(path: Path, mark: Mark) -> str | None:
    """Write one sidecar; return why it was not written ("" where there is nothing to say), None where it was."""
    if path.is_symlink():
        return f"{path.name} is a link"
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _NO_LINK)) as file:
            old = file.read(_MOST_SIDECAR + 1)
    except FileNotFoundError:
        if not xmp.properties_of(mark):
            return ""
        _replace(path, xmp.new_sidecar(mark))
        return None
    new = None if len(old) > _MOST_SIDECAR else xmp.changed_sidecar(old, mark)
    if new is None:
        return f"{path.name} is of another program, and nothing could be changed in it without other changes"
    if new != old:
        _replace(path, new)
    return None


def _replace(path: Path, data: bytes) -> None:
    """Put a file in the place of a sidecar, whole; a link that lies in the way of its hidden name is not followed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if error.errno == errno.ENAMETOOLONG:
            raise OSError(error.errno, "its name is too long") from error
        raise
