"""Familiarity: how near an image lies to the anchors, by what is usual among themselves.

    familiarity(x) = share of anchors whose nearest anchor of another group is at most as near as x's nearest anchor is

Near 0, the image is unlike all anchors: its score says little. Cosines are those of the embeddings as they are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, FloatArray, IntArray, as_embeddings, unit
from ..parts import Parts, one_array
from ..threads import threads_for

UNLIKE = 0.05
"""Familiarity below which an image counts as unlike all anchors: one in twenty anchors is as far from the others."""
USUAL = "usual cosines to the nearest anchor of another group"
"""Name of what is kept with the fits of an index (`AnchorTable.once`)."""
FEWEST = 8
"""Anchors that say nothing of what is usual among them, if there are fewer."""
COMPARED = 16_384
"""Most anchors that images are compared with; of more, a seeded draw stands for all."""
_ASKED = 1024
"""Most anchors whose own nearest ones are looked for."""
_SHARES = np.linspace(0.0, 1.0, 101)
_VALUES = 1 << 24
"""Cosines that are held at a time."""


@checked
def familiarity(anchors: AnchorTable, embeddings: npt.ArrayLike) -> DoubleArray:
    """Say how near images lie to the anchors.

    Args:
        anchors: N anchors, as they are embedded (not in another space).
        embeddings: (M, D) raw embeddings of the same encoder.

    Returns:
        (M,) float64 in [0, 1], higher is nearer; NaN where the anchors are fewer than 8 or all of one group.

    Raises:
        DataError: On a wrong dimension, NaN or zero embeddings.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.abs(np.random.default_rng(0).normal(size=(60, 8)))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> qi.methods.familiarity(anchors, [x[0], -x[0]]).tolist()
        [1.0, 0.0]
    """
    queries = unit(as_embeddings(embeddings, dim=anchors.dim))
    usual = anchors.once(USUAL, lambda: {"nearest": usual_nearest(anchors)}, always=True)["nearest"]
    if not len(usual):
        return np.full(len(queries), np.nan)
    matrix = anchors.directions
    rows = _compared(anchors)
    if rows is not None or isinstance(matrix, Parts):
        # Picking rows out of the matrix takes longer than comparing one image with them.
        matrix = anchors.once("compared", lambda: {"rows": _picked(anchors, rows)}, in_memory=True)["rows"]
    with threads_for(min(len(queries), 1024), anchors.dim, len(matrix)):
        return np.asarray(np.interp(_highest(queries, matrix), usual, _SHARES))


def _compared(anchors: AnchorTable) -> IntArray | None:
    """Return the rows that images are compared with; None for all."""
    if len(anchors) <= COMPARED:
        return None
    return np.sort(np.random.default_rng(0).choice(len(anchors), COMPARED, replace=False))


def _picked(anchors: AnchorTable, rows: IntArray | None) -> FloatArray:
    return one_array(anchors.directions if rows is None else anchors.directions[rows])


def _highest(queries: FloatArray, matrix: FloatArray) -> FloatArray:
    """Return the highest cosine of each query: (M, D) and (N, D) to (M,)."""
    step = max(1, _VALUES // len(matrix))
    parts = [(queries[start : start + step] @ matrix.T).max(axis=1) for start in range(0, len(queries), step)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)


def usual_nearest(anchors: AnchorTable) -> DoubleArray:
    """Return the (101,) quantiles of the anchors' cosines to their nearest anchor of another group; none of too few."""
    some = _compared(anchors)
    rows = np.arange(len(anchors)) if some is None else some
    groups = rows if anchors.groups is None else anchors.groups[rows]
    if len(rows) < FEWEST or (groups == groups[0]).all():
        return np.empty(0)
    asked = np.arange(len(rows))
    if len(rows) > _ASKED:
        asked = np.sort(np.random.default_rng(1).choice(len(rows), _ASKED, replace=False))
    matrix = anchors.directions[rows]
    found = np.empty(len(asked))
    step = max(1, _VALUES // len(rows))
    with threads_for(min(len(asked), step), anchors.dim, len(rows)):
        for start in range(0, len(asked), step):
            some = asked[start : start + step]
            cosines = matrix[some] @ matrix.T
            cosines[groups[some][:, None] == groups[None, :]] = -np.inf
            found[start : start + step] = cosines.max(axis=1)
    return np.asarray(np.quantile(found, _SHARES))
