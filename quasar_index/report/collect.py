"""A report of a scoring run: gathers what its page shows while images are scored, with thumbnails instead of pixels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

import numpy as np

from ..anchors import SIDES
from ..arguments import checked
from ..arrays import as_embeddings
from ..errors import MethodError, counted
from ..images import MAX_PIXELS
from ..index import AnchorIndex, nearest
from ..index.places import is_shipped
from ..methods.fitted import FittedMethod
from ..methods.method import RatingMethod
from ..methods.patches import FittedPatches
from ..methods.scoring import ScoredImage
from ..methods.scorings import Opinion
from ..paths import PathText, new_output
from ..thumbnails import picture_uri, thumbnail_uris
from .labels import AnchorLabels
from .page import Neighbor, Page, PageImage, readable, write_page
from .patches import UnusualPatches, unusual_scale

IMAGE_SIZE = 280
ANCHOR_SIZE = 128
MAX_IMAGES = 5000
"""Most images of one page, which then has about 80 MB; further ones are counted and left out."""


class Report:
    """Gathers scored images, and writes one self-contained HTML page of them.

    Nearest anchors are those of each side, by cosine in the method's space, whatever the method; of patches there are
    none, but the page shows where each image is unlike the anchors.

    Attributes:
        n_left_out: Images beyond the limit, which the page leaves out and says so.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> anchors = qi.make_anchors(np.eye(4), quality=[1, 2, 3, 4])
        >>> Image.new("RGB", (64, 64)).save("photo.png")
        >>> report = qi.Report(qi.Mean().fit(anchors), n_anchors=2)
        >>> report.add([qi.ScoredImage("photo.png", 0.7, embedding=np.ones(4, dtype=np.float32))])
        >>> report.write("report.html")
        >>> len(report), "photo.png" in Path("report.html").read_text(encoding="utf-8")
        (1, True)
    """

    @checked
    def __init__(
        self,
        fitted: FittedMethod,
        index: AnchorIndex | None = None,
        *,
        title: str = "",
        facts: Mapping[str, str] | None = None,
        n_anchors: int = 4,
        max_images: int = MAX_IMAGES,
        max_pixels: int = MAX_PIXELS,
        n_workers: int | None = None,
        labels: AnchorLabels | None = None,
    ) -> None:
        """Begin a report.

        Args:
            fitted: What scores the images.
            index: The index of its anchors, which knows their pictures and ratings; None without one.
            title: Of the page; "" for one of the index's name.
            facts: Further names and values for its head.
            n_anchors: Nearest anchors shown, a side.
            max_images: Most images of the page.
            max_pixels: Largest image that is decoded for a thumbnail.
            n_workers: Threads that make thumbnails; None for one a core.
            labels: Those of the method's anchors, if they are read already.

        Raises:
            MethodError: When a number is not positive.
        """
        if n_anchors < 1 or max_images < 1:
            raise MethodError(
                f"a report of {max_images} images and {counted(n_anchors, 'anchor')}", "use at least 1 of each"
            )
        self.n_left_out = 0
        self._fitted = fitted
        self._title = title or (f"Scores by the index {index.name}" if index else "Scores")
        self._facts = _facts(fitted, index) | dict(facts or {})
        self._n_anchors = n_anchors
        self._max_images = max_images
        self._max_pixels = max_pixels
        self._n_workers = n_workers
        self._labels = labels or AnchorLabels.of(fitted.table, index)
        self._is_shipped = index is not None and is_shipped(index.path)  # its photographs do not come with it
        self._images: list[PageImage] = []
        self._sources: list[str] = []
        self._pictures: dict[int, str | None] = {}
        self._unusual: dict[int, UnusualPatches] = {}

    def __len__(self) -> int:
        """Return the number of images on the page."""
        return len(self._images)

    @checked
    def add(self, images: Sequence[ScoredImage], opinions: Sequence[Opinion | None] | None = None) -> None:
        """Add scored images, in order; blocks of a hundred or so are quickest.

        Args:
            images: Rows of a scorer, with their embeddings.
            opinions: What a calibration says of each; None for none.
        """
        room = self._max_images - len(self._images)
        self.n_left_out += max(0, len(images) - room)
        block = list(images)[:room]
        scored = [place for place, image in enumerate(block) if image.score is not None]
        neighbors = dict(zip(scored, self._neighbors([block[place] for place in scored]), strict=True))
        found = thumbnail_uris(
            [block[place].path for place in scored],
            IMAGE_SIZE,
            max_pixels=self._max_pixels,
            n_workers=self._n_workers,
        )
        thumbnails = dict(zip(scored, found, strict=True))
        for place, image in enumerate(block):
            opinion = opinions[place] if opinions else None
            if isinstance(self._fitted, FittedPatches) and place in neighbors:
                self._unusual[len(self._images)] = UnusualPatches.of(image, self._fitted)
            self._images.append(
                PageImage(
                    path=readable(image.path.replace(os.sep, "/")),
                    score=image.score,
                    opinion=None if opinion is None else (opinion.mos, opinion.low, opinion.high),
                    error=image.error,
                    thumbnail=thumbnails.get(place),
                    neighbors=neighbors.get(place, ()),
                    familiarity=image.familiarity,
                )
            )
            self._sources.append(image.path)

    @checked
    def write(self, path: PathText) -> None:
        """Write the page.

        Args:
            path: The file.

        Raises:
            DataError: When it cannot be written.
        """
        folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - links stay as they are
        shown = {near.row for image in self._images for near in image.neighbors}
        lost = sum(not self._pictures.get(row) for row in shown)
        notes = []
        if self.n_left_out:
            total = len(self) + self.n_left_out
            notes.append(f"This page shows the first {len(self)} of {total} images; the rest are in the rows only.")
        if lost and any(self._pictures.values()):
            notes.append(f"The pictures of {lost} of {counted(len(shown), 'anchor')} could not be read.")
        elif lost and not self._is_shipped and self._labels.paths.null_count < len(self._labels.paths):
            notes.append("The pictures of the anchors could not be read: they are not where they were at the build.")
        scale = unusual_scale(list(self._unusual.values()))
        heat = {place: picture_uri(one.overlay(*scale, IMAGE_SIZE)) for place, one in self._unusual.items()}
        page = Page(
            title=self._title,
            scale=scale if self._unusual else None,
            facts=self._facts | ({"ratings of anchors": self._labels.scale} if self._labels.scale else {}),
            notes=notes,
            images=[
                replace(image, link=_link(source, folder), heat=heat.get(place))
                for place, (image, source) in enumerate(zip(self._images, self._sources, strict=True))
            ],
            pictures={row: uri for row, uri in self._pictures.items() if uri},
            date=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        )
        with new_output(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
            write_page(page, file)

    def _neighbors(self, images: Sequence[ScoredImage]) -> list[tuple[Neighbor, ...]]:
        """Find the nearest anchors of each side of scored images, and make their thumbnails."""
        if not images or isinstance(self._fitted, FittedPatches):
            return [()] * len(images)
        table, labels = self._fitted.table, self._labels
        embeddings = np.stack([image.embedding for image in images if image.embedding is not None])
        queries = self._fitted.directions(as_embeddings(embeddings, dim=table.dim))
        found = [nearest(table, queries, self._n_anchors, side=side) for side in SIDES]
        rows = np.concatenate([side.rows for side in found], axis=1)
        cosines = np.concatenate([side.similarity for side in found], axis=1)
        fresh = [row for row in np.unique(rows).tolist() if row not in self._pictures]
        paths = {row: labels.path(row) for row in fresh}
        there = [row for row in fresh if paths[row]]
        uris = thumbnail_uris(
            [paths[row] or "" for row in there], ANCHOR_SIZE, max_pixels=self._max_pixels, n_workers=self._n_workers
        )
        self._pictures |= dict.fromkeys(fresh) | dict(zip(there, uris, strict=True))
        return [
            tuple(
                Neighbor(
                    row=row,
                    name=readable((labels.path(row) or table.ids[row].decode()).replace(os.sep, "/")),
                    is_good=row < table.n_good,
                    rating=float(labels.ratings[row]),
                    similarity=similarity,
                )
                for row, similarity in zip(own, own_cosines, strict=True)
            )
            for own, own_cosines in zip(rows.tolist(), cosines.tolist(), strict=True)
        ]


def _link(source: str, folder: str) -> str:
    """Return the URL of an image's file: from the page where it lies beside or below it, so that both may move."""
    if "://" in source or not os.path.isfile(source):  # noqa: PTH113 - no error for odd names
        return ""
    file = os.path.abspath(source)  # noqa: PTH100
    if os.path.commonpath([file, folder]) == folder:
        return f"./{quote(os.fsencode(os.path.relpath(file, folder)))}"
    return Path(file).as_uri()


def _facts(fitted: FittedMethod, index: AnchorIndex | None) -> dict[str, str]:
    """Say what scored the images."""
    table = fitted.table
    is_of_patches = isinstance(fitted, FittedPatches)
    anchors = counted(len(table), "patch", "patches") if is_of_patches else f"{table.n_good} good, {table.n_bad} bad"
    facts = {"method": str(fitted.method)}
    if isinstance(fitted.method, RatingMethod) and index is not None:
        facts["scores"] = "predicted ratings, scaled to [0, 1]"
    if index is None:
        return facts | {"anchors": anchors}
    facts = {"index": f"{index.name}, version {index.manifest.version}", **facts}
    facts["anchors"] = anchors if len(table) == len(index) else f"{anchors}, of {len(index)}"
    if table.rating is not None:
        facts["rating"] = table.rating
    return facts | {"encoder": index.manifest.encoder.name}
