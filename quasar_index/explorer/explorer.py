"""An explorer: photographs that are scored in the background, marks, explanations, exports; without a server.

The numbers are those of `quasar-index score` with the same options: the same scorer, files in the same order, and the
command is told beside them.
"""

from __future__ import annotations

import itertools
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import checked
from ..arrays import DoubleArray, FloatArray
from ..cells import as_text
from ..encoders.pipeline import EncodedImage, encode_files
from ..errors import AnchorIndexError, DataError, ImageError
from ..images import MAX_FILE_BYTES, MAX_PIXELS, content_id, read_image_bytes
from ..index.places import is_shipped
from ..methods.scoring import ScoredImage, Scorer
from ..methods.ties import Ties
from ..paths import PathText
from ..picking import Placement
from . import exports
from .anchor_view import AnchorView
from .bursts import find_bursts, moment_in
from .command import Command
from .curves import methods_of_sliders
from .explainer import Explainer, InTurns
from .exports import Only, XmpName
from .folders import Files
from .marks import NONE, Mark, Marks
from .photos import Photos, shown_folder
from .pictures import Pictures
from .taste import Taste

if TYPE_CHECKING:
    from ..index.anchor_index import AnchorIndex
    from ..validation.calibration import IndexCalibration

DROPPED_BYTES = 256 << 20
"""Files of images that were dropped on the page and are still known; older ones are forgotten."""
_FIRST_DROPPED = 1 << 30


class Explorer:
    """Photographs that are looked at, culled and understood; `run` scores them, the rest may be called meanwhile.

    Attributes:
        photos: What is known of the photographs.
        marks: What the person thinks of them.
        taste: What the person judges to have an index of it.
        anchor_view: The anchors, and what may be done to them.
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
            DataError: When a file is a URL, or the marks of a folder cannot be read.
        """
        if scorer.encoder is None:
            raise AnchorIndexError("this scorer has no encoder, so it scores embeddings only", "give it an encoder")
        named = [os.fspath(one) for one in folders or files]
        self.index = index
        self.command = command or Command(named, index.name, str(scorer.method))
        self.photos = Photos(Files(files, folders), scorer.fitted.dim)
        self.marks = Marks(self.photos.files)
        self.marks.read()  # what stands against it is said before anything is shown
        self.taste = Taste(self.photos, index.manifest.encoder, self.command.paths)
        self.run_id = secrets.token_urlsafe(8)
        encoder = InTurns(scorer.encoder)
        self._scorer = Scorer(
            scorer.fitted, scorer.method, encoder, scorer.batch_size, scorer.cache, scorer.ties or Ties()
        )
        self._calibration = calibration
        self._exports_to = Path(exports_to).absolute()
        self._max_pixels = max_pixels
        self._n_workers = n_workers
        self._pictures = Pictures(max_pixels)
        self._dropped: OrderedDict[int, tuple[EncodedImage, bytes]] = OrderedDict()
        self._dropped_numbers = itertools.count(_FIRST_DROPPED)
        self._lock = threading.Lock()
        self._explainer = Explainer(self._scorer, index, calibration)
        self.anchor_view = AnchorView(self._scorer.fitted, index)

    def run(self) -> None:
        """Score all photographs, then find the bursts among them.

        Raises:
            QuasarError: When the encoder cannot be loaded.
        """
        # Whoever looks at one image first does not wait for what all images share.
        threading.Thread(target=self._prepare, daemon=True).start()
        files = self.photos.files
        moments: dict[int, float | None] = {}
        numbers = {path: number for number, path in enumerate(files.paths)}

        def read(path: str) -> bytes:
            data = self._read(numbers[path])
            moments[numbers[path]] = moment_in(data)
            return data

        size = self._scorer.batch_size
        scored = self._scorer.score_files(
            files.paths, n_workers=self._n_workers, max_pixels=self._max_pixels, read=read, n_together=size
        )
        while block := list(itertools.islice(scored, size)):
            first = self.photos.n_done
            taken = [moments.pop(first + place, None) for place in range(len(block))]
            self.marks.know([one.id for one in block])
            self.photos.add(block, taken, self._opinions(block))
        self.photos.burst = find_bursts(self.photos, self._scorer.fitted.anchors)

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
                "description": f"anchors by {manifest.encoder.name}: {anchors.n_good} good, {anchors.n_bad} bad",
                "n_good": anchors.n_good,
                "n_bad": anchors.n_bad,
                "encoder": manifest.encoder.name,
                "method": str(self._scorer.method),
                "is_starter": is_shipped(self.index.path),
                "calibrated": self._calibration is not None,
                "knows_opinion": any(one.kind != "full-reference" and one.ratings for one in manifest.sources),
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
        """Embed an image that is no file; it is known for a while, to `explain` and `picture`.

        Args:
            data: The bytes of an image file.
            name: What it is called.

        Returns:
            Its number.

        Raises:
            ImageError: When it cannot be scored.
        """
        assert self._scorer.encoder is not None  # noqa: S101 - for the type checker
        [found] = encode_files(
            [name],
            self._scorer.encoder,
            n_workers=1,
            max_pixels=self._max_pixels,
            cache=self._scorer.cache,
            read=lambda _: data,
        )
        if found.embedding is None:
            raise ImageError(found.error)
        with self._lock:
            number = next(self._dropped_numbers)
            self._dropped[number] = found, data
            while sum(len(one) for _, one in self._dropped.values()) > DROPPED_BYTES and len(self._dropped) > 1:
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
        found = self._explainer.explain(embedding)
        sliders = {"now": self.command.method, **methods_of_sliders(self._scorer.method)}
        commands = {name: self.command.of([path], method) for name, method in sliders.items()}
        return {"id": number, **found, "commands": commands}

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

    def anchor_picture(self, row: int, side: int, version: int | None = None) -> bytes | None:
        """Return a JPEG of an anchor where its very file is still there; else None.

        Args:
            row: Of the anchors that score, or of those of a version that `anchor_view` shows.
            side: Longest side in pixels.
            version: That version; None for the anchors that score.
        """
        found = self._explainer.anchor_file(row) if version is None else self.anchor_view.file(version, row)
        if found is None:
            return None
        path, content = found

        def read() -> bytes:
            data = read_image_bytes(path)
            # An index of strangers may name any file: none is shown but what was embedded.
            return data if content_id(data).encode() == content else b""

        try:
            return self._pictures.get(("anchor", content), side, read)
        except ImageError:
            return None

    def table(self, only: Only, format_: str) -> bytes:
        """Return a table of photographs, "csv" or "parquet".

        Raises:
            DataError: When there is no such choice.
        """
        marks = self.marks.read()
        rows = exports.rows_of(self.photos, exports.chosen(only, self.photos.n_done, marks), marks)
        return exports.csv_bytes(rows) if format_ == "csv" else exports.parquet_bytes(rows)

    def export(
        self, what: str, only: Only, *, xmp_name: XmpName = "photo.xmp", folder: str = "picks"
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

    def close(self) -> None:
        """Close the files of marks, judgements and embeddings."""
        self.marks.close()
        self.taste.close()
        self.photos.close()

    @property
    def _title(self) -> str:
        folders = self.photos.files.folders
        name = Path(folders[0].real).name if folders else ""
        return f"{as_text(name)}{f' and {len(folders) - 1} more' if len(folders) > 1 else ''}" or "quasar-index"

    def _prepare(self) -> None:
        self._explainer.prepare()
        self.anchor_view.prepare()

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
