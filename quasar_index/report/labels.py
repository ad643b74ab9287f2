"""What people know anchors by, beside the ids of an `AnchorTable`: where each picture is, and its opinion score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray
from ..index import AnchorIndex, rating_records, raw_scores
from ..methods.explanation import Explanation
from ..methods.fitted import FittedMethod
from ..methods.knn import Knn

EXPLANATION_SCHEMA = pa.schema(
    [
        ("anchor", pa.string()),
        ("anchor_path", pa.string()),
        ("side", pa.string()),
        ("rating", pa.float64()),
        ("similarity", pa.float64()),
        ("weight", pa.float64()),
        ("contribution", pa.float64()),
    ]
)


@dataclass(frozen=True)
class AnchorLabels:
    """Paths and ratings of N anchors, aligned with their table.

    Attributes:
        paths: (N,) strings; null where there is no picture (embeddings, prompts).
        ratings: (N,) float64 as people gave them where the index has one source; of several, scaled to [0, 1], higher
            is better; NaN where there is none.
        scale: What the ratings mean, in words; "" without ratings.
    """

    paths: pa.Array
    ratings: DoubleArray
    scale: str = ""

    @checked
    def path(self, row: int) -> str | None:
        """Return the path of one anchor; None where there is no picture."""
        found: str | None = self.paths[row].as_py()
        return found

    @classmethod
    @checked
    def of(cls, anchors: AnchorTable, index: AnchorIndex | None) -> AnchorLabels:
        """Read the labels of anchors.

        Args:
            anchors: Those of the index, or some of them.
            index: The index; None for anchors in memory, whose ratings are used as they are.

        Returns:
            Their labels.
        """
        if index is None:
            ratings = np.full(len(anchors), np.nan) if anchors.quality is None else anchors.quality
            return cls(pa.nulls(len(anchors), pa.string()), ratings, "" if anchors.quality is None else "as given")
        records = list(rating_records(index, anchors.rating).values())
        paths = index.metadata(anchors, ["path"])["path"].combine_chunks()
        if len(records) == 1:
            ratings = raw_scores(index, anchors)
        else:
            ratings = np.full(len(anchors), np.nan) if anchors.quality is None else anchors.quality
        if np.isnan(ratings).all():
            return cls(paths, ratings)
        scale = "scaled to [0, 1], higher is better"
        if len(records) == 1:
            low, high = records[0].score_range or (np.nanmin(ratings), np.nanmax(ratings))
            scale = f"{low:g} to {high:g}, {'lower' if records[0].lower_is_better else 'higher'} is better"
        return cls(paths, ratings, scale)


@checked
def explanation_table(
    explanation: Explanation, fitted: FittedMethod, labels: AnchorLabels, *, top: int | None = None
) -> pa.Table:
    """Turn an explanation into a table for people and for other tools.

    The contributions of a side sum to `similarity_good` or `similarity_bad`, and the score is
    `sigmoid((similarity_good - similarity_bad) / T)`; of nearest neighbours, all of them sum to the score.

    Args:
        explanation: Of one image.
        fitted: What explained it.
        labels: Of its anchors.
        top: At most so many anchors a side, the largest contributions first; None for all, which alone rebuild the
            score.

    Returns:
        A row an anchor, with the columns of `EXPLANATION_SCHEMA`: anchor (its id), anchor_path, side ("good" or "bad",
        on which it counted), rating (see `AnchorLabels`), similarity (cosine in the space in use), weight,
        contribution (weight times similarity; of nearest neighbours, weight times rating in [0, 1]).
    """
    sides = (np.flatnonzero(explanation.is_good == good)[:top] for good in (True, False))
    kept = np.concatenate(list(sides))
    rows, weight = explanation.rows[kept], explanation.weight[kept]
    factor = similarity = explanation.similarity[kept]
    if isinstance(fitted.method, Knn):
        factor = fitted.table.rated("the mean rating of neighbours (knn)")[rows]
    columns = [
        pa.array([key.decode() for key in fitted.table.ids[rows].tolist()], pa.string()),
        labels.paths.take(pa.array(rows)),
        pa.array(np.where(explanation.is_good[kept], "good", "bad"), pa.string()),
        pa.array(labels.ratings[rows], from_pandas=True),
        *map(pa.array, (similarity, weight, weight * factor)),
    ]
    return pa.table(columns, schema=EXPLANATION_SCHEMA)
