"""The index of a taste: the photographs that were judged, as anchors, by the embeddings that are there already."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, as_numbers
from ..datasets.base import AnchorSource, make_records
from ..encoders.spec import EncoderSpec
from ..errors import DataError, counted
from ..index.build import BuildReport, build_from_embeddings
from ..paths import PathText

RATING = "taste"
"""What the rating of such an index is called."""


@checked
def source_of_taste(
    paths: Sequence[PathText], ratings: npt.ArrayLike, *, score_range: tuple[float, float] | None = None
) -> AnchorSource:
    """Return judged photographs as a source; the rating that divides them most evenly divides them.

    Args:
        paths: m photographs.
        ratings: (m,) ratings, higher is better.
        score_range: Lowest and highest possible rating; None where only those given are known.

    Raises:
        DataError: When the lengths differ, or all ratings are the same.

    Example:
        >>> import quasar_index as qi
        >>> qi.taste.source_of_taste(["a.png", "b.png", "c.png"], [4, 5, 5], score_range=(1, 5)).threshold
        4.0
    """
    values = _ratings(ratings)
    if len(paths) != len(values):
        raise DataError(f"{counted(len(paths), 'photograph')} but {counted(len(values), 'rating')}", "give one each")
    records = make_records({"path": [os.fspath(one) for one in paths], "score": values.tolist()}, len(values))
    return AnchorSource(
        RATING,
        records,
        "aesthetics",
        "median",
        score_range=score_range,
        rating=RATING,
        threshold=float(values[~good_ones(values)].max()),
    )


@checked
def build_taste(
    name: PathText,
    paths: Sequence[PathText],
    embeddings: FloatArray,
    ratings: npt.ArrayLike,
    *,
    spec: EncoderSpec | None = None,
    ids: Sequence[str] | None = None,
    score_range: tuple[float, float] | None = None,
    overwrite: bool = False,
) -> BuildReport:
    """Make an index of photographs that one person judged.

    Args:
        name: Name or path of the new index.
        paths: m photographs.
        embeddings: (m, D) raw.
        ratings: (m,) ratings, higher is better: stars, or what `ratings_of_pairs` returns.
        spec: The encoder that made the embeddings; None for "precomputed".
        ids: Content id of each; None to make them of path and embedding.
        score_range: As of `source_of_taste`.
        overwrite: Replace an index of that name.

    Raises:
        AnchorIndexError: When the index exists and is not to be overwritten.
        DataError: When the lengths differ, or all ratings are the same.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> shots = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
        >>> names = [f"{i}.jpg" for i in range(20)]
        >>> index = qi.taste.build_taste("mine", names, shots, 1 + np.arange(20) % 5, score_range=(1, 5)).index
        >>> len(index), index.manifest.n_good
        (20, 12)
    """
    source = source_of_taste(paths, ratings, score_range=score_range)
    return build_from_embeddings(name, source, embeddings, spec=spec, ids=ids, overwrite=overwrite)


def good_ones(ratings: DoubleArray) -> BoolArray:
    """Return (m,) which ratings lie above the one that divides them most evenly; of two such, the lower one.

    Raises:
        DataError: When all are the same.
    """
    values = np.unique(ratings)
    if len(values) < 2:
        raise DataError(
            f"all {counted(len(ratings), 'judgement')} are the same", "judge some photographs better than others"
        )
    above = [int((ratings > value).sum()) for value in values[:-1]]
    best = min(range(len(above)), key=lambda place: abs(2 * above[place] - len(ratings)))
    return np.asarray(ratings > values[best])


def _ratings(ratings: npt.ArrayLike) -> DoubleArray:
    values: DoubleArray = as_numbers(ratings, np.float64, "ratings")
    if values.ndim != 1 or not np.isfinite(values).all() or not len(values):
        raise DataError("ratings are no list of numbers", "give one each photograph")
    return values
