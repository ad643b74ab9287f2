"""An explorer: photographs that are scored in the background, marks, explanations, exports; without a server.

The numbers are those of `quasar-index score` with the same options: the same scorer, files in the same order, and the
command is told beside them.
"""

from __future__ import annotations

import itertools
import os
import secrets
import shlex
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import checked
from ..arrays import DoubleArray, FloatArray
from ..cells import as_text
from ..errors import DataError, ImageError, MethodError, QuasarError
from ..images import MAX_FILE_BYTES, MAX_PIXELS, content_id, read_image_bytes, registered
from ..index.places import is_shipped
from ..methods.mean import Mean
from ..methods.method import CentroidMethod
from ..methods.scoring import ScoredImage, Scorer
from ..paths import PathText
from ..picking import Placement
from ..picking.bursts import PAUSE, leave_one_of_a_burst, moment_of
from . import exports
from .curves import Curves, methods_of_sliders
from .folders import Files
from .marks import NONE, Mark, Marks
from .photos import Photos, plain, shown_folder
from .pictures import Pictures

if TYPE_CHECKING:
    from ..index.anchor_index import AnchorIndex
    from ..report.labels import AnchorLabels
    from ..validation.calibration import IndexCalibration

N_ANCHORS = 12
"""Anchors a side of an explanation."""
MOST_DROPPED = 32
"""Images that were dropped on the page and are still known; older ones are forgotten."""
_BLOCK = 2048
_FIRST_DROPPED = 1 << 30


@dataclass(frozen=True)
class Command:
    """The command whose numbers are shown.

    Attributes:
        paths: Photographs as they were named.
        index: Its name.
        method: As it is typed.
        options: Further options, such as `--rating`.
    """

    paths: Sequence[str] = ()
    index: str = "starter"
    method: str = "mean"
    options: Sequence[str] = ()

    def of(self, paths: Sequence[str], method: str) -> str:
        """Return the line that scores some photographs by a method; `{k}` in a method stays as it is."""
        words = ["quasar-index", "score", *paths, "--index", self.index, "--method", method, *self.options]
        return " ".join(word if word == method else shlex.quote(as_text(word)) for word in words)


class _InTurns:
    """An encoder that several threads use, one at a time."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def prepare(self, image: Any) -> Any:
        """Apply the input rule."""
        return self._encoder.prepare(image)

    def forward(self, batch: Any) -> Any:
        """Embed a batch."""
        with self._lock:
            return self._encoder.forward(batch)


class Explorer:
    """Photographs that are looked at, culled and understood; `run` scores them, the rest may be called meanwhile.

    Attributes:
        photos: What is known of the photographs.
        marks: What the person thinks of them.
        run_id: A random word of this explorer.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> Path("shots").mkdir()
        >>> for level in (60, 200):
        ...     Image.new("RGB", (64, 64), (level,) * 3).save(f"shots/{level}.png")
        >>> index = qi.AnchorIndex.open("starter")
        >>> scorer = qi.Scorer(index, qi.Mean(), qi.load_encoder())
        >>> explorer = qi.explorer.Explorer(scorer, index, qi.list_images("shots"), folders=["shots"])
        >>> explorer.run()
        >>> explorer.rows(0)["name"], explorer.mark([1], mark="pick")
        (['200.png', '60.png'], {1: Mark(mark='pick', stars=0)})
    """

    @checked
    def __init__(
        self,
        scorer: Scorer,
        index: AnchorIndex,
        files: Sequence[PathText] = (),
        *,
        folders: Sequence[PathText] = (),
        calibration: IndexCalibration | None = None,
        command: Command | None = None,
        exports_to: PathText = ".",
        max_pixels: int = MAX_PIXELS,
        n_workers: int | None = None,
    ) -> None:
        """Begin; nothing is scored yet.

        Args:
            scorer: What scores, with its encoder.
            index: The index of its anchors.
            files: n photographs.
            folders: Folders that were named; only what lies in them, and files that were named themselves, is opened.
            calibration: Of the index, for opinion scores; None for none.
            command: What it is called by; None for one of these arguments.
            exports_to: Folder of exports; links and copies go beside a named folder where it lies in one.
            max_pixels: Largest image that is decoded.
            n_workers: Decoding threads; None for one a core.

        Raises:
            AnchorIndexError: When the scorer has no encoder.
            DataError: When a file is a URL.
        """
        named = [os.fspath(one) for one in folders or files]
        self.index = index
        self.command = command or Command(named, index.name, str(scorer.method))
        self.photos = Photos(Files(files, folders), scorer.fitted.dim)
        self.marks = Marks(self.photos.files)
        self.run_id = secrets.token_urlsafe(8)
        self._scorer = scorer
        self._scorer.encoder = _InTurns(scorer.encoder)
        self._calibration = calibration
        self._exports_to = Path(exports_to).absolute()
        self._max_pixels = max_pixels
        self._n_workers = n_workers
        self._pictures = Pictures(max_pixels)
        self._dropped: OrderedDict[int, tuple[ScoredImage, bytes]] = OrderedDict()
        self._dropped_numbers = itertools.count(_FIRST_DROPPED)
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def run(self) -> None:
        """Score all photographs, then find the bursts among them.

        Raises:
            QuasarError: When the encoder cannot be loaded.
        """
        files = self.photos.files
        moments: dict[int, float | None] = {}
        numbers = {path: number for number, path in enumerate(files.paths)}

        def read(path: str) -> bytes:
            data = self._read(numbers[path])
            moments[numbers[path]] = _moment(data)
            return data

        scored = self._scorer.score_files(
            files.paths, n_workers=self._n_workers, max_pixels=self._max_pixels, read=read
        )
        size = self._scorer.batch_size
        while block := list(itertools.islice(scored, size)):
            first = self.photos.n_done
            taken = [moments.pop(first + place, None) for place in range(len(block))]
            self.marks.know([one.id for one in block])
            self.photos.add(block, taken, self._opinions(block))
        self.photos.burst = self._bursts()

    def state(self) -> dict[str, Any]:
        """Return what there is, and how far scoring is."""
        photos, manifest = self.photos, self.index.manifest
        anchors = self._scorer.fitted.anchors
        left = photos.seconds_left
        return {
            "title": self._title,
            "run": self.run_id,
            "index": {
                "name": self.index.name,
                "description": f"{anchors.n_good} good and {anchors.n_bad} bad anchors, {manifest.encoder.name}",
                "n_good": anchors.n_good,
                "n_bad": anchors.n_bad,
                "encoder": manifest.encoder.name,
                "method": str(self._scorer.method),
                "is_starter": is_shipped(self.index.path),
                "calibrated": self._calibration is not None,
                "knows_opinion": anchors.sides_follow_ratings,
                "range": None if self._calibration is None else list(self._calibration.scale),
            },
            "command": self.command.of(self.command.paths, self.command.method),
            "folders": [shown_folder(one.path) for one in photos.files.folders],
            "n_photos": len(photos),
            "n_done": photos.n_done,
            "n_failed": photos.n_failed,
            "rate": None if photos.rate is None else round(photos.rate, 2),
            "seconds_left": None if left is None else round(left),
            "done": photos.n_done == len(photos),
            "store": ", ".join(map(as_text, self.marks.places)),
            "marks_kept": [as_text(one) for one in self.marks.places],
            "bursts": photos.burst is not None,
            "exports": as_text(str(self._exports_to)),
        }

    def rows(self, first: int) -> dict[str, Any]:
        """Return rows from one on, at most `photos.BLOCK`, by column, with their marks.

        Raises:
            DataError: When marks cannot be read.
        """
        found, marks = self.photos.columns(first), self.marks.read()
        own = [marks.get(number, NONE) for number in found["id"]]
        return found | {"mark": [one.mark for one in own], "stars": [one.stars for one in own]}

    def mark(self, numbers: Sequence[int], *, mark: str | None = None, stars: int | None = None) -> dict[int, Mark]:
        """Mark photographs (see `Marks.change`)."""
        return self.marks.change(numbers, mark=mark, stars=stars)

    def add(self, data: bytes, name: str = "image") -> int:
        """Score an image that is no file; it is known for a while.

        Args:
            data: The bytes of an image file.
            name: What it is called.

        Returns:
            Its number.

        Raises:
            ImageError: When it cannot be scored.
        """
        [found] = self._scorer.score_files([name], n_workers=1, max_pixels=self._max_pixels, read=lambda _: data)
        if found.error:
            raise ImageError(found.error)
        with self._lock:
            number = next(self._dropped_numbers)
            self._dropped[number] = found, data
            while len(self._dropped) > MOST_DROPPED:
                self._dropped.popitem(last=False)
        return number

    def explain(self, number: int) -> dict[str, Any]:
        """Say why a photograph, or an image that was added, has its score.

        Returns:
            Plain data: the score, the anchors that made it, curves for sliders, commands.

        Raises:
            DataError: When there is no such image, or it has no score.
        """
        embedding, path = self._embedding(number)
        fitted = self._scorer.fitted
        [(score, good, bad, familiarity)] = self._scorer.rows(embedding)
        opinion = low = high = None
        if self._calibration is not None and score is not None:
            opinion, low, high = (float(values[0]) for values in self._calibration.predict([score]))
        sliders = {"now": self.command.method, **methods_of_sliders(fitted.method)}
        anchors: dict[str, list[dict[str, Any]]] = {"good": [], "bad": []}
        try:
            [found] = fitted.explain(embedding, top=N_ANCHORS)
        except MethodError:  # its score is no sum over anchors
            pass
        else:
            for row, is_good, cosine, weight in zip(
                found.rows.tolist(), found.is_good.tolist(), found.similarity, found.weight, strict=True
            ):
                anchors["good" if is_good else "bad"].append(self._anchor(row, float(cosine), float(weight)))
        return {
            "id": number,
            "score": score,
            "familiarity": familiarity,
            "opinion": opinion,
            "low": low,
            "high": high,
            "similarity_good": good,
            "similarity_bad": bad,
            **anchors,
            "anchors_have_pictures": not is_shipped(self.index.path),
            "scale": self._labels.scale,
            "curves": None if self._curves is None else self._curves.of(fitted.directions(embedding)[0]),
            "commands": {name: self.command.of([path], method) for name, method in sliders.items()},
        }

    def picture(self, number: int, side: int) -> bytes | None:
        """Return a JPEG of a photograph, or of an image that was added; None where it cannot be read.

        Raises:
            DataError: When there is no such image.
            ImageError: When its file lies outside of the folders that were named, or is gone.
        """
        with self._lock:
            if (dropped := self._dropped.get(number)) is not None:
                return self._pictures.get(("dropped", number), side, lambda: dropped[1])
        if not 0 <= number < len(self.photos):
            raise DataError(f"there is no photograph {number}", "reload the page")
        return self._pictures.get(number, side, lambda: self._read(number))

    def anchor_picture(self, row: int, side: int) -> bytes | None:
        """Return a JPEG of an anchor where its very file is still there; else None."""
        labels, ids = self._labels, self._scorer.fitted.anchors.ids
        path = labels.path(row) if 0 <= row < len(ids) else None
        if path is None:
            return None

        def read() -> bytes:
            data = read_image_bytes(path, max_bytes=MAX_FILE_BYTES)
            # An index of strangers may name any file: none is shown but what was embedded.
            return data if content_id(data).encode() == ids[row] else b""

        try:
            return self._pictures.get(("anchor", row), side, read)
        except ImageError:
            return None

    def table(self, only: exports.Only, format_: str) -> bytes:
        """Return a table of photographs, "csv" or "parquet".

        Raises:
            DataError: When there is no such choice.
        """
        marks = self.marks.read()
        rows = exports.rows_of(self.photos, exports.chosen(only, self.photos.n_done, marks), marks)
        return exports.csv_bytes(rows) if format_ == "csv" else exports.parquet_bytes(rows)

    def export(
        self, what: str, only: exports.Only, *, xmp_name: exports.XmpName = "photo.xmp", folder: str = "picks"
    ) -> exports.Export:
        """Write what marks say: a table, sidecars, links or copies.

        Args:
            what: "csv", "parquet", "xmp", "links" or "copies".
            only: Which photographs.
            xmp_name: How sidecars are called.
            folder: Name of the folder of links or copies.

        Raises:
            DataError: When there is no such choice, or it cannot be written.
        """
        marks = self.marks.read()
        numbers = exports.chosen(only, self.photos.n_done, marks)
        if what in ("csv", "parquet"):
            stem = f"quasar-index-{only}"
            path = exports.write_new(self._exports_to, stem, f".{what}", self.table(only, what))
            return exports.Export(len(numbers), as_text(str(path)))
        if what == "xmp":
            return exports.write_sidecars(self.photos, numbers, marks, xmp_name)
        if what in ("links", "copies"):
            how = Placement.link if what == "links" else Placement.copy
            return exports.place(self.photos.files, numbers, self._exports_to, folder, how)
        raise DataError(f"there is no export '{what}'", "give csv, parquet, xmp, links or copies")

    @property
    def _title(self) -> str:
        folders = self.photos.files.folders
        name = Path(folders[0].real).name if folders else ""
        return f"{as_text(name)}{f' and {len(folders) - 1} more' if len(folders) > 1 else ''}" or "quasar-index"

    def _read(self, number: int) -> bytes:
        """Read the file of a photograph, without leaving the folders that were named."""
        files = self.photos.files
        return read_image_bytes(
            files.paths[number],
            max_bytes=max(MAX_FILE_BYTES, 12 * self._max_pixels),
            opener=lambda _, flags: files.open(number, flags),
        )

    def _opinions(self, images: Sequence[ScoredImage]) -> tuple[DoubleArray, DoubleArray, DoubleArray] | None:
        if self._calibration is None:
            return None
        scored = [place for place, one in enumerate(images) if one.score is not None]
        scores = np.array([images[place].score for place in scored], dtype=np.float64)
        columns = tuple(np.full(len(images), np.nan) for _ in range(3))
        for column, values in zip(columns, self._calibration.predict(scores), strict=True):
            column[scored] = values
        return columns[0], columns[1], columns[2]

    def _bursts(self) -> Any:
        """Return the photograph that stays for each one's burst, as `pick` finds it; some runs of them at a time."""
        photos = self.photos
        stays = np.arange(len(photos))
        times, scores = photos.figures["taken"], photos.figures["score"]
        known = np.flatnonzero(~np.isnan(times) & ~np.isnan(scores))
        known = known[np.argsort(times[known], kind="stable")]
        if not len(known):
            return stays
        space = Mean(space="whitened").fit(self._scorer.fitted.anchors)
        runs = np.split(known, np.flatnonzero(np.diff(times[known]) > PAUSE) + 1)
        waiting: list[int] = []
        for n, run in enumerate(runs):
            if len(run) > 1:
                waiting += run.tolist()
            if waiting and (len(waiting) >= _BLOCK or n == len(runs) - 1):
                waiting.sort()  # equal ones in the order of their files
                directions = space.directions(photos.embeddings(waiting))
                found = leave_one_of_a_burst(times[waiting].tolist(), directions, scores[waiting].tolist())
                stays[waiting] = np.array(waiting)[found]
                waiting = []
        return stays

    def _embedding(self, number: int) -> tuple[FloatArray, str]:
        """Return the (1, D) embedding of an image, and what it is called in a command."""
        with self._lock:
            if (dropped := self._dropped.get(number)) is not None:
                assert dropped[0].embedding is not None  # noqa: S101 - for the type checker
                return dropped[0].embedding[None], dropped[0].path
        if not 0 <= number < self.photos.n_done:
            raise DataError(f"there is no scored photograph {number}", "wait until it is scored, or reload the page")
        if error := self.photos.errors.get(number):
            raise DataError(f"this photograph has no score: {error}")
        return self.photos.embeddings([number]), self.photos.files.paths[number]

    def _anchor(self, row: int, cosine: float, weight: float) -> dict[str, Any]:
        name = self._labels.path(row) or self._scorer.fitted.table.ids[row].decode()
        [rating] = plain(self._labels.ratings[row : row + 1])
        return {
            "anchor": row,
            "name": as_text(PurePath(name).name),
            "weight": round(weight, 7),
            "cosine": round(cosine, 7),
            "rating": rating,
        }

    @property
    def _labels(self) -> AnchorLabels:
        with self._making:
            return self._read_labels

    @cached_property
    def _read_labels(self) -> AnchorLabels:
        from ..report.labels import AnchorLabels

        return AnchorLabels.of(self._scorer.fitted.anchors, self.index)

    @property
    def _curves(self) -> Curves | None:
        with self._making:
            return self._made_curves

    @cached_property
    def _made_curves(self) -> Curves | None:
        fitted = self._scorer.fitted
        return Curves(fitted) if isinstance(fitted.method, CentroidMethod) else None


def _moment(data: bytes) -> float | None:
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=registered()) as image:
            return moment_of(image)
    except Exception:  # what is wrong with it, the row says
        return None


__all__ = ["Command", "Explorer", "Mapping", "QuasarError"]
