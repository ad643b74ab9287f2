"""`score --save-embeddings`: embeddings go to disk one by one beside their rows, and into the file when all are there.

So an interrupted run loses none of them (`.NAME.partial.embeddings` goes on with the rows, see `resuming`), and memory
does not grow with the images.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import typer

import quasar_index as qi
from quasar_index.errors import DataError, counted, reason

from .output import check_output, new_file, note

ENDINGS = (".parquet", ".npz")


class Embeddings:
    """The embeddings of a run on disk: records of row, content id and embedding, in order, without failed images."""

    def __init__(self, path: Path, dim: int) -> None:
        """Open the file; what an interrupted run left stays until `keep`."""
        import numpy as np

        self._kind = np.dtype([("row", "<i8"), ("id", "S32"), ("embedding", "<f4", (dim,))])
        self._path = path
        self._file = path.open("ab+")
        self._row = 0

    def keep(self, has_embedding: Sequence[bool]) -> int:
        """Keep the records of the first rows, and drop those behind.

        Args:
            has_embedding: Of each row that is kept, whether it has one.

        Returns:
            Of how many rows all records are there: fewer after a power cut.
        """
        n_there = self._path.stat().st_size // self._kind.itemsize
        n_rows = n_records = 0
        for has in has_embedding:
            if n_records + has > n_there:
                break
            n_records += has
            n_rows += 1
        self._file.truncate(n_records * self._kind.itemsize)
        self._row = n_rows
        return n_rows

    def passing(self, images: Iterable[tuple[qi.ScoredImage, ...]]) -> Iterator[tuple[qi.ScoredImage, ...]]:
        """Put the embedding of each image on disk before it is handed on."""
        import numpy as np

        for row in images:
            image = row[0]
            if image.embedding is not None:
                record = np.array((self._row, image.id.encode(), image.embedding), dtype=self._kind)
                self._file.write(record.tobytes())
            self._row += 1
            yield row

    def flush(self, *, sync: bool = False) -> None:
        """Hand all to the system; with `sync`, wait until it is on the disk."""
        self._file.flush()
        if sync:
            os.fsync(self._file.fileno())

    def write(self, output: str, paths: Sequence[str], spec: qi.EncoderSpec) -> int:
        """Write the file that the user named; return how many embeddings it has.

        Raises:
            DataError: When it cannot be written.
        """
        import numpy as np

        self.flush()
        # Mapped, because all of them may be more than the memory holds.
        found: Any = np.empty(0, self._kind)
        if self._path.stat().st_size:
            found = np.memmap(self._path, self._kind, "r")
        names = [paths[row] for row in found["row"].tolist()]
        ids = [key.decode() for key in found["id"].tolist()]
        with new_file(output) as path:
            # The name that new_file offers ends in no format.
            whole = path.with_name(f"{path.name}{PurePosixPath(output).suffix.lower()}")
            qi.index.write_embedded_images(whole, names, found["embedding"], ids=ids, spec=spec)
            whole.replace(path)
        return len(found)

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            self._file.close()


def embeddings_beside(rows: Path) -> Path:
    """Return the file of the embeddings that belong to kept rows."""
    return rows.with_suffix(".embeddings")


def check_save(save: str | None, others: Iterable[str | None]) -> None:
    """Find what is wrong with the file before images are scored.

    Raises:
        DataError: When its name has another ending, or it cannot be written.
        BadParameter: When another option names it, too.
    """
    if save is None:
        return
    if PurePosixPath(save).suffix.lower() not in ENDINGS:
        raise DataError(f"--save-embeddings '{save}' does not end in {' or '.join(ENDINGS)}", "name another file")
    if save in others:
        raise typer.BadParameter(f"'{save}' is named twice: --save-embeddings needs a file of its own")
    check_output("--save-embeddings", save)


@contextlib.contextmanager
def place_for(save: str | None, beside: Path | None, encoder: qi.EncoderSpec | None) -> Iterator[Embeddings | None]:
    """Offer a place for embeddings while images stream by.

    Args:
        save: The file that is to have them; None for none.
        beside: File of the rows that an interrupted run keeps; None where it keeps none.
        encoder: Makes the embeddings.

    Yields:
        The place; None where nothing is to be saved.

    Raises:
        DataError: When nothing can be written there.
    """
    if save is None or encoder is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        try:
            if beside is not None:
                path = embeddings_beside(beside)
            else:
                near = None if "://" in save else Path(save).absolute().parent
                folder = tempfile.TemporaryDirectory(prefix=".quasar-index-", dir=near)
                path = Path(stack.enter_context(folder), "embeddings")
            place = Embeddings(path, encoder.dim)
        except OSError as error:
            raise DataError(
                f"'{save}' cannot be written ({reason(error)})", "check the place that --save-embeddings names"
            ) from error
        stack.callback(place.close)
        yield place


def write_saved(place: Embeddings | None, save: str | None, paths: Sequence[str], spec: qi.EncoderSpec | None) -> None:
    """Write the embeddings when all images have passed, and say so."""
    if place is None or save is None or spec is None:
        return
    try:
        n = place.write(save, paths, spec)
    except OSError as error:
        raise DataError(f"'{save}' cannot be written ({reason(error)})", "make room, then run it again") from error
    note(f"{counted(n, 'embedding')} in '{save}'")
