"""Several methods over the same anchors and images: each space is fitted once, and each image searched for once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arrays import DoubleArray
from ..errors import QuasarError
from ..index.search import shared_searches
from .fitted import QUERY_BLOCK, FittedMethod
from .method import Method
from .shrinkage import Shrinkage
from .space import Space, fit_space


@dataclass
class _Spaces:
    """The spaces of some anchors, and the anchors in them."""

    anchors: AnchorTable
    fitted: dict[tuple[str, Shrinkage | None], Space] = field(default_factory=dict)
    tables: dict[str, AnchorTable] = field(default_factory=dict)

    def fit(self, method: Method) -> FittedMethod:
        name, shrinkage = method.fixed_space
        space = self.fitted.get((name, shrinkage))
        if space is None:
            space = self.fitted[name, shrinkage] = fit_space(self.anchors, name, shrinkage=shrinkage)
        one = FittedMethod(method, self.anchors, space=space, table=self.tables.get(space.key))
        self.tables[space.key] = one.table
        return one


def fit_together(methods: Sequence[Method], anchors: AnchorTable) -> list[FittedMethod | QuasarError]:
    """Fit methods to the same anchors; those of one space share it.

    Args:
        methods: The methods, their spaces given.
        anchors: N anchors.

    Returns:
        For each method what scores, or the error that it met.
    """
    spaces = _Spaces(anchors)
    made: list[FittedMethod | QuasarError] = []
    for method in methods:
        try:
            made.append(spaces.fit(method))
        except QuasarError as error:
            made.append(error)
    return made


def score_together(
    fitted: Sequence[FittedMethod],
    embeddings: npt.NDArray[np.float32],
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[DoubleArray]:
    """Score the same images by several methods, a block of images at a time.

    Args:
        fitted: Fitted methods; those of `fit_together` share their searches.
        embeddings: (M, D) raw embeddings; only a block of them is read at a time.
        on_progress: Called with (done, total) images.

    Returns:
        (M,) scores of each method.

    Raises:
        DataError: On a wrong dimension, NaN or zero embeddings.
    """
    most = max([getattr(one.method, "top_k", None) or 1 for one in fitted], default=1)
    scores = [np.empty(len(embeddings)) for _ in fitted]
    for start in range(0, len(embeddings), QUERY_BLOCK):
        block = slice(start, start + QUERY_BLOCK)
        with shared_searches(most):
            for one, values in zip(fitted, scores, strict=True):
                values[block] = one.score(embeddings[block]).score
        if on_progress is not None:
            on_progress(min(start + QUERY_BLOCK, len(embeddings)), len(embeddings))
    return scores
