"""Does the declared direction of the scores agree with the pixels?

    x = -level, or SSIM to the reference, or log variance of the Laplacian of the image
    inverted?  SRCC(x, quality) <= -0.2 and its 95% bootstrap interval lies below 0

The strongest of the three that the data allow is taken: levels are monotone by construction; SSIM (Wang et al., 2004)
follows opinion in all full-reference sets; sharpness does so weakly, and falls behind noise. Images are shrunk to
256 px first, where noise weighs least: on synthesised distortions (40 photographs, 25 types) the SRCC of sharpness and
-level is 0.84 to 0.91 for blurs and -0.3 for noises, at 512 px -0.65. So sharpness only ever gives cause to look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ..arrays import DoubleArray, IntArray
from ..errors import ImageError, ValidationError, counted
from ..images import decode
from ..statistics.bootstrap import MIN_GROUPS_INTERVAL, bootstrap
from ..statistics.correlation import srcc
from .files import Inspection, map_ahead
from .labels import oriented
from .report import Finding

SAMPLE = 500
"""Most images that are looked at."""
MIN_SAMPLE = 30
"""Fewest scored images that say anything."""
SIDE = 256
INVERTED = -0.2
"""A weaker correlation is no sign of an inverted direction."""

T = TypeVar("T")
GreyImage: TypeAlias = npt.NDArray[np.uint8]


def check_direction(
    inspection: Inspection, *, seed: int, max_pixels: int, n_workers: int, on_image: Callable[[], None]
) -> Finding | None:
    """Compare the scores with what the distortion levels, the references or the sharpness say.

    Args:
        inspection: The source.
        seed: Of the sample.
        max_pixels: Largest image that is decoded.
        n_workers: Decoding threads.
        on_image: Called for every image that was decoded.

    Returns:
        The finding; None for data without scores.
    """
    records = inspection.source.records
    quality = oriented(inspection.source)
    usable = inspection.readable & ~np.isnan(quality)
    if np.isnan(quality).all():
        return None
    level = records["level"].to_numpy().astype(np.float64)
    graded = usable & (level > 0)
    if graded.sum() >= MIN_SAMPLE and len(np.unique(level[graded])) > 1:
        rows = _sample(np.flatnonzero(graded), seed)
        return _verdict(inspection, rows, -level[rows], quality[rows], "strength of distortion", "quality falls with")
    references = _reference_paths(inspection)
    referenced = usable & np.array([key in references for key in records["reference"].to_pylist()], dtype=np.bool_)
    reader = _Reader(inspection, max_pixels)
    if referenced.sum() >= MIN_SAMPLE:
        rows = _sample(np.flatnonzero(referenced), seed)
        names = records["reference"].take(rows).to_pylist()
        pairs = [(inspection.path(row), references[name]) for row, name in zip(rows.tolist(), names, strict=True)]
        x = _measure(reader.similarity, pairs, n_workers, on_image)
        return _verdict(inspection, rows, x, quality[rows], "likeness to the reference (SSIM)", "quality rises with")
    rows = _sample(np.flatnonzero(usable), seed)
    if len(rows) < MIN_SAMPLE:
        return Finding(
            "ok",
            "direction",
            inspection.name,
            f"not looked at: {counted(len(rows), 'usable scored image is', 'usable scored images are')} too few",
        )
    x = _measure(reader.sharpness, inspection.paths(rows), n_workers, on_image)
    return _verdict(inspection, rows, x, quality[rows], "sharpness", "quality rises with")


def _measure(
    function: Callable[[T], float], items: Iterable[T], n_workers: int, on_image: Callable[[], None]
) -> DoubleArray:
    values = []
    for value in map_ahead(function, items, n_workers):
        values.append(value)
        on_image()
    return np.array(values)


def compare_direction(inspection: Inspection, scores: DoubleArray, *, seed: int) -> Finding | None:
    """Compare the opinion scores with an index's scores.

    Args:
        inspection: The source, n images.
        scores: (n,) scores, NaN where there is none.
        seed: Of the sample.

    Returns:
        The finding; None where too few images have both.
    """
    quality = oriented(inspection.source)
    rows = _sample(np.flatnonzero(~np.isnan(quality) & ~np.isnan(scores)), seed)
    if len(rows) < MIN_SAMPLE:
        return None
    return _verdict(inspection, rows, scores[rows], quality[rows], "score of the index", "quality rises with")


def _verdict(
    inspection: Inspection, rows: IntArray, x: DoubleArray, quality: DoubleArray, measure: str, relation: str
) -> Finding:
    """Judge by the correlation of (n,) values, of which more should be better, with quality."""
    name = inspection.name
    kept = np.isfinite(x)
    x, quality, rows = x[kept], quality[kept], rows[kept]
    contents = inspection.source.records["reference"].take(rows).to_pylist()
    groups = contents if None not in contents and len(set(contents)) >= MIN_GROUPS_INTERVAL else None
    try:
        value = srcc(x, quality)
        interval = bootstrap("srcc", x, quality, groups=groups, seed=0)
    except ValidationError as error:
        return Finding("ok", "direction", name, f"cannot be told from the {measure}: {error.message}")
    figures = f"SRCC {value:+.2f}, 95% {interval.low:+.2f} to {interval.high:+.2f}, {counted(len(x), 'image')}"
    if interval.high < 0 and value <= INVERTED:
        declared = "lower" if inspection.source.lower_is_better else "higher"
        message = (
            f"declared is '{declared} is better', but the {measure} says the contrary ({figures}): inverted scores?"
        )
        return Finding("warning", "direction", name, message, len(x))
    if interval.low > 0:
        return Finding("ok", "direction", name, f"{relation} the {measure} ({figures})")
    return Finding("ok", "direction", name, f"the {measure} does not tell ({figures})")


def _sample(rows: IntArray, seed: int) -> IntArray:
    if len(rows) <= SAMPLE:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, SAMPLE, replace=False))


def _reference_paths(inspection: Inspection) -> dict[str | None, str]:
    """Return the path of each usable reference image, by its id."""
    records = inspection.source.records
    columns = zip(records["reference"].to_pylist(), records["side"].to_pylist(), inspection.readable, strict=True)
    scored = records["score"].is_valid().to_pylist()
    return {
        key: inspection.path(row)
        for row, (key, side, usable) in enumerate(columns)
        if side == "good" and key is not None and usable and not scored[row]
    }


class _Reader:
    """Measures images of one source; NaN where one cannot be decoded."""

    def __init__(self, inspection: Inspection, max_pixels: int) -> None:
        self._inspection = inspection
        self._max_pixels = max_pixels
        # A reference is needed for each of its distorted images, which mostly follow one another.
        self._reference = lru_cache(maxsize=64)(self._grey)

    def sharpness(self, path: str) -> float:
        """Return the log variance of the Laplacian."""
        import cv2

        try:
            grey = self._grey(path)
        except ImageError:
            return np.nan
        return float(np.log(cv2.Laplacian(grey, cv2.CV_64F).var() + 1e-6))

    def similarity(self, pair: tuple[str, str]) -> float:
        """Return the SSIM of a (distorted, reference) pair."""
        import cv2
        from skimage.metrics import structural_similarity

        try:
            grey, reference = self._grey(pair[0]), self._reference(pair[1])
        except ImageError:
            return np.nan
        if grey.shape != reference.shape:
            grey = cv2.resize(grey, reference.shape[::-1], interpolation=cv2.INTER_AREA)
        return float(structural_similarity(grey, reference)) if min(grey.shape) >= 7 else np.nan

    def _grey(self, path: str) -> GreyImage:
        """Return an image in grey, its longer side shrunk to 256 px."""
        import cv2

        image = decode(self._inspection.read(path), max_pixels=self._max_pixels)
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        scale = SIDE / max(grey.shape)
        if scale < 1:
            size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        return np.asarray(grey, dtype=np.uint8)
