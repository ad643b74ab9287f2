"""`check_sources`: all checks of labelled images before an index is built of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from ..arguments import checked
from ..datasets.base import AnchorSource
from ..encoders import load_recorded_encoder
from ..encoders.base import Encoder, reading_as
from ..errors import AnchorIndexError, DataError
from ..images import MAX_PIXELS
from ..index.anchor_index import AnchorIndex
from .columns import check_columns
from .direction import SAMPLE, check_direction, compare_direction
from .files import check_files, check_unlabelled, inspect
from .labels import check_further_ratings, check_labels, check_sides
from .overlap import NEAR, NearCheck, check_duplicates, check_overlap
from .raters import check_raters
from .report import CheckReport, Finding

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache


def check_threshold(threshold: float) -> None:
    """Raise a DataError unless it is the least cosine of near-duplicates, in (0, 1]."""
    if not 0 < threshold <= 1:
        raise DataError(f"threshold {threshold:g} is not in (0, 1]", f"the default is {NEAR:g}")


@checked
def check_sources(
    sources: Sequence[AnchorSource],
    *,
    against: Sequence[AnchorSource] = (),
    found: Sequence[Finding] = (),
    index: AnchorIndex | None = None,
    rating: str | None = None,
    encoder: Encoder | None = None,
    threshold: float = NEAR,
    decode: bool = False,
    seed: int = 0,
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    cache: EmbeddingCache | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> CheckReport:
    """Check labelled images, before an index is built of them or benchmarked with them.

    Every file is read once, in threads, and only its 16-byte content id is kept. Images are decoded for the direction
    (500 at most), with `decode`, and to be embedded when there is an index.

    Args:
        sources: The data.
        against: Data that must share no image with them, such as the benchmark of these anchors.
        found: What `read_sources` found of the labels; it comes first in the report.
        index: An index in which to look for their (near-)duplicates; its scores are compared with theirs, too.
        rating: The rating of the index whose scores are compared, where it has several; None for the first.
        encoder: The index's encoder; None to load it.
        threshold: Least cosine of near-duplicates, in (0, 1]; the default is measured with the default encoder.
        decode: Decode every image, which finds truncated ones; else their headers are read.
        seed: Of the sample whose direction is looked at.
        batch_size: Most images in one forward pass.
        n_workers: Reading threads; None for one a core, eight at most.
        max_pixels: Largest image that is decoded.
        cache: Where embeddings are looked up and put; None to embed every image.
        on_progress: Called with (done, total) steps, by the calling thread.

    Returns:
        The findings.

    Raises:
        DataError: When there is no data and nothing was found of any, or the threshold is out of range.
        AnchorIndexError: When the encoder is not the index's.
        EncoderError: When the index's encoder cannot be loaded.
    """
    if not sources and not found:
        raise DataError("there are no data to check", "give at least one source")
    check_threshold(threshold)
    n_workers = n_workers or min(8, os.cpu_count() or 1)
    near = None
    if index is not None:
        recorded = index.manifest.encoder
        encoder = load_recorded_encoder(recorded) if encoder is None else reading_as(encoder, recorded)
        if difference := encoder.spec.difference(recorded):
            raise AnchorIndexError(
                f"index '{index.place}' was built with another encoder than '{encoder.spec.name}' ({difference})",
                "give the index's own encoder",
            )
        near = NearCheck(index, encoder, threshold, batch_size, max_pixels, n_workers, rating, cache)
    n_images = sum(map(len, sources))
    steps = _Steps(
        n_images * (1 if near is None else 2)
        + sum(map(len, against))
        + sum(min(SAMPLE, len(source) - source.records["score"].null_count) for source in sources),
        on_progress,
    )
    findings = _findings(
        sources, against, near, decode=decode, seed=seed, max_pixels=max_pixels, n_workers=n_workers, step=steps.one
    )
    report = CheckReport((*found, *findings), n_images)
    steps.finish()
    return report


def _findings(
    sources: Sequence[AnchorSource],
    against: Sequence[AnchorSource],
    near: NearCheck | None,
    *,
    decode: bool,
    seed: int,
    max_pixels: int,
    n_workers: int,
    step: Callable[[], None],
) -> Iterator[Finding]:
    inspections = []
    for source in sources:
        inspection = inspect(source, decode_pixels=decode, max_pixels=max_pixels, n_workers=n_workers, on_image=step)
        inspections.append(inspection)
        yield from check_files(inspection, decoded=decode)
        yield from check_unlabelled(inspection)
        yield from check_labels(inspection)
        yield from check_further_ratings(inspection)
        yield from check_raters(source)
        if finding := check_direction(inspection, seed=seed, max_pixels=max_pixels, n_workers=n_workers, on_image=step):
            yield finding
        if finding := check_duplicates(inspection):
            yield finding
    yield from check_columns(sources)
    yield from check_sides(inspections)
    for first, second in combinations(inspections, 2):
        yield check_overlap(second, first, leak=False)
    for source in against:
        other = inspect(source, decode_pixels=False, max_pixels=max_pixels, n_workers=n_workers, on_image=step)
        if lost := len(other.missing) + len(other.unreadable):
            message = f"{lost:,} of its images cannot be read, so that a leak by them stays unseen"
            yield Finding("error" if lost == len(source) else "warning", "files", other.name, message, lost)
        for inspection in inspections:
            yield check_overlap(inspection, other, leak=True)
    if near is not None:
        for inspection, found, scores in near.run(inspections, step):
            yield from found
            if finding := compare_direction(inspection, scores, seed=seed):
                yield finding


class _Steps:
    """Counts steps for `on_progress`."""

    def __init__(self, total: int, on_progress: Callable[[int, int], None] | None) -> None:
        self._done, self._total, self._report = 0, total, on_progress

    def one(self) -> None:
        """Count one step."""
        self._done = min(self._done + 1, self._total)
        if self._report is not None:
            self._report(self._done, self._total)

    def finish(self) -> None:
        """Count the steps that were planned and not needed."""
        if self._report is not None and self._done < self._total:
            self._report(self._total, self._total)
