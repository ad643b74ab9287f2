"""Images that are there twice: inside a source, between sources, in an index; byte for byte or nearly.

    near-duplicates: cos(x, a) >= NEAR for embeddings x, a

NEAR is measured with the default encoder on 120 photographs and 71 rated images. Different pictures reach at most 0.972
(two views of one scene; 99% stay below 0.968). Above NEAR is the same picture recompressed at JPEG quality 90 (always,
at least 0.985) or 75 (in 9 of 10 cases), cropped by 2 or 5% (always), mirrored (in 9 of 10), scaled to 3/4 (always
but for a few photographs). At half its size (a median of 0.928) a photograph of 481 x 321 is not found. Other encoders
need a threshold of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray, unit
from ..encoders.base import Encoder
from ..encoders.pipeline import encode_files
from ..index.anchor_index import AnchorIndex
from ..index.search import nearest
from ..methods.mean import Mean
from .files import Inspection
from .labels import oriented
from .report import MAX_EXAMPLES, Finding, plural, some

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache

NEAR = 0.975
"""Least cosine of near-duplicates, for the default encoder."""
MAX_PAIRED = 20_000
"""Most images that are compared with one another: the work grows with their square."""
BLOCK = 1024

Ids = npt.NDArray[np.bytes_]


def check_duplicates(inspection: Inspection) -> Finding | None:
    """Report images of a source that have the same content as an earlier one."""
    rows = np.flatnonzero(inspection.readable)
    if not len(rows):
        return None
    firsts = _firsts(inspection.ids)
    again = rows[firsts[rows] != rows]
    if not len(again):
        return Finding("ok", "duplicates", inspection.name, "no two images have the same content")
    quality = oriented(inspection.source)
    gaps = np.abs(quality[again] - quality[firsts[again]])
    message = (
        f"{plural(len(again), 'image has', 'images have')} the same content as an earlier one, which a build keeps"
    )
    if (gaps > 0).any():
        differing = int((gaps > 0).sum())
        message += f"; {plural(differing, 'has', 'have')} another score, up to {np.nanmax(gaps):g} apart"
    sides = np.array(inspection.source.records["side"].to_pylist(), dtype=object)
    if crossing := int((sides[again] != sides[firsts[again]]).sum()):
        message += f"; {plural(crossing, 'is', 'are')} declared on the other side"
    # those that contradict the earlier one first
    again = again[np.argsort(-np.nan_to_num(gaps), kind="stable")]
    examples = some(f"{inspection.path(row)} = {inspection.path(firsts[row])}" for row in again.tolist())
    return Finding("warning", "duplicates", inspection.name, message, len(again), examples)


def check_overlap(first: Inspection, second: Inspection, *, leak: bool) -> Finding:
    """Report images of a source that are in another one, too.

    Args:
        first: The source.
        second: The other one.
        leak: Whether the other one must share nothing with it, as a benchmark with anchors.
    """
    rows = _shared(first.ids, second.ids)
    names = f"{first.name}, {second.name}"
    check = "leak" if leak else "overlap"
    if not len(rows):
        return Finding("ok", check, names, "no image is in both")
    examples = some(
        f"{first.path(row)} = {second.path(np.flatnonzero(second.ids == first.ids[row])[0])}" for row in rows.tolist()
    )
    message = f"{plural(len(rows), 'image', 'images')} of {first.name} {'is' if len(rows) == 1 else 'are'} also in "
    message += f"{second.name}" + (
        ": scores of the one by the other would be too good; drop them from one" if leak else "; a build keeps one"
    )
    return Finding("error" if leak else "warning", check, names, message, len(rows), examples)


@dataclass(frozen=True)
class NearCheck:
    """The search for near-duplicates in an index and inside the data.

    Attributes:
        index: The index.
        encoder: Its encoder.
        threshold: Least cosine of near-duplicates.
        batch_size: Most images in one forward pass.
        max_pixels: Largest image that is decoded.
        n_workers: Decoding threads.
        rating: The rating of the index that scores; None for the first. Duplicates are those of all anchors.
        cache: Where embeddings are looked up and put; None to embed every image.
    """

    index: AnchorIndex
    encoder: Encoder
    threshold: float
    batch_size: int
    max_pixels: int
    n_workers: int
    rating: str | None = None
    cache: EmbeddingCache | None = None

    def run(
        self, inspections: Sequence[Inspection], on_image: Callable[[], None]
    ) -> Iterator[tuple[Inspection, list[Finding], DoubleArray]]:
        """Embed every usable image once.

        Yields:
            For each source its findings, and the (n,) scores that the index gives its images; NaN where none.
        """
        anchors = self.index.anchors()
        fitted = Mean(space="raw").fit(self.index.anchors(rating=self.rating))
        for inspection in inspections:
            rows = np.flatnonzero(inspection.readable)
            firsts = _firsts(inspection.ids)
            rows = rows[firsts[rows] == rows]
            known = np.isin(inspection.ids, anchors.ids) & inspection.readable
            scores = np.full(len(inspection.source), np.nan)
            kept: list[FloatArray] = []
            near: list[tuple[int, int, float]] = []
            failed: list[tuple[int, str]] = []
            embedded: list[int] = []
            for some_rows, embeddings in self._blocks(inspection, rows, failed, on_image):
                directions = unit(embeddings)
                scores[some_rows] = fitted.score(embeddings).score
                near += self._near(anchors, some_rows, directions, known)
                embedded += some_rows
                if len(rows) <= MAX_PAIRED:
                    kept.append(directions)
            findings = [self._in_index(inspection, known, anchors, near)]
            if failed:
                examples = some(f"{inspection.path(row)}: {reason}" for row, reason in failed)
                message = f"{plural(len(failed), 'image', 'images')} cannot be embedded; a build leaves them out"
                findings.insert(0, Finding("warning", "files", inspection.name, message, len(failed), examples))
            if len(rows) > MAX_PAIRED:
                message = f"not compared with one another: more than {MAX_PAIRED:,} images"
                findings.append(Finding("ok", "near-duplicates", inspection.name, message))
            elif kept:
                findings.append(self._inside(inspection, np.array(embedded), np.concatenate(kept)))
            yield inspection, findings, scores

    def _blocks(
        self, inspection: Inspection, rows: IntArray, failed: list[tuple[int, str]], on_image: Callable[[], None]
    ) -> Iterator[tuple[list[int], FloatArray]]:
        """Embed images; yield rows and their (n, D) raw embeddings, and note those that fail."""
        stream = encode_files(
            inspection.paths(rows),
            self.encoder,
            batch_size=self.batch_size,
            n_workers=self.n_workers,
            max_pixels=self.max_pixels,
            cache=self.cache,
            read=inspection.read,
        )
        block: list[int] = []
        embeddings: list[FloatArray] = []
        for row, image in zip(rows.tolist(), stream, strict=True):
            if image.embedding is None:
                failed.append((row, image.error))
            else:
                block.append(row)
                embeddings.append(image.embedding)
            on_image()
            if len(block) == BLOCK:
                yield block, np.stack(embeddings)
                block, embeddings = [], []
        if block:
            yield block, np.stack(embeddings)

    def _near(
        self, anchors: AnchorTable, rows: list[int], directions: FloatArray, known: BoolArray
    ) -> list[tuple[int, int, float]]:
        """Return (row, anchor, cosine) of images that are near an anchor but not in the index."""
        found = nearest(anchors, directions, 1, exact=True)
        cosine = found.similarity[:, 0]
        return [
            (row, int(found.rows[i, 0]), float(cosine[i]))
            for i, row in enumerate(rows)
            if cosine[i] >= self.threshold and not known[row]
        ]

    def _in_index(
        self, inspection: Inspection, known: BoolArray, anchors: AnchorTable, near: list[tuple[int, int, float]]
    ) -> Finding:
        name = f"{inspection.name}, index {self.index.name}"
        n_known = int(known.sum())
        if not n_known and not near:
            message = f"no image is in the index, or has a cosine of {self.threshold:g} to one of it"
            return Finding("ok", "near-duplicates", name, message)
        examples: list[str] = []
        if near:
            nearest_first = sorted(near, key=lambda pair: -pair[2])[:MAX_EXAMPLES]
            paths = self.index.metadata(anchors, ["path"], rows=np.array([anchor for _, anchor, _ in nearest_first]))
            examples = [
                f"{inspection.path(row)} ~ {path} ({cosine:.3f})"
                for (row, _, cosine), path in zip(nearest_first, paths["path"].to_pylist(), strict=True)
            ]
        same = (f"{inspection.path(row)} (same content)" for row in np.flatnonzero(known).tolist())
        message = (
            f"{n_known:,} in the index, {len(near):,} nearly so (cosine >= {self.threshold:g}): "
            "as a benchmark of this index they are a leak"
        )
        shown = some(chain(examples, same))
        return Finding("warning", "near-duplicates", name, message, n_known + len(near), shown)

    def _inside(self, inspection: Inspection, rows: IntArray, directions: FloatArray) -> Finding:
        """Report near-duplicates inside a source; versions of one reference image are none."""
        contents = inspection.source.records["reference"].take(rows).to_pylist()
        names = {name: code for code, name in enumerate(dict.fromkeys(contents)) if name is not None}
        codes = np.array([names.get(name, -1 - i) for i, name in enumerate(contents)])
        pairs: list[tuple[float, int, int]] = []
        for start in range(0, len(rows), BLOCK):
            block = slice(start, min(start + BLOCK, len(rows)))
            cosine = directions[block] @ directions[: block.stop].T
            later = np.arange(block.start, block.stop)[:, None] <= np.arange(block.stop)[None, :]
            cosine[later | (codes[block, None] == codes[None, : block.stop])] = -1
            best = cosine.argmax(axis=1)
            value = cosine[np.arange(len(best)), best]
            pairs += [
                (float(value[i]), int(rows[start + i]), int(rows[best[i]]))
                for i in np.flatnonzero(value >= self.threshold)
            ]
        if not pairs:
            message = f"no two images have a cosine of {self.threshold:g}"
            return Finding("ok", "near-duplicates", inspection.name, message)
        pairs.sort(reverse=True)
        examples = some(f"{inspection.path(a)} ~ {inspection.path(b)} ({value:.3f})" for value, a, b in pairs)
        what = plural(len(pairs), "image is nearly", "images are nearly")
        message = f"{what} an earlier one (cosine >= {self.threshold:g})"
        return Finding("warning", "near-duplicates", inspection.name, message, len(pairs), examples)


def _firsts(ids: Ids) -> IntArray:
    """Return for each row the first row with the same id."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    return np.asarray(first[inverse])


def _shared(ids: Ids, others: Ids) -> IntArray:
    """Return the rows whose id is among the others; rows without id share nothing."""
    return np.flatnonzero(np.isin(ids, others) & (ids != b""))
