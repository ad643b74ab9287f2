"""Ridge regression of the ratings on the embeddings (Hoerl and Kennard, Technometrics 12(1), 1970).

Its penalty is chosen by leaving out one group of anchors at a time, in closed form (`shrinkage.left_out_errors`).

A baseline of every comparison. It needs a rating for every anchor, and answers on their scale
(an index scales ratings to [0, 1]).
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Literal

import numpy as np
import scipy  # its submodules load on first use, so that start-up is quick

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, FloatArray
from ..errors import MethodError
from ..notation import parameter
from .method import Predictor, RatingMethod
from .shrinkage import left_out_errors
from .space import SpaceName


@dataclass(frozen=True)
class Ridge(RatingMethod):
    """Ridge regression of the ratings on the embeddings.

    The embeddings are divided by the root mean square of the anchors' distances to their mean, so that a penalty means
    the same in every space and for every encoder; without that, as in the raw space, they are what scikit-learn's
    `Ridge` would be given (GRepQ's regression). Memory is that of a few (N, min(N, D)) matrices; time that of an
    eigendecomposition of min(N, D) and of one matrix product of the size of the anchors.

    Attributes:
        alphas: Penalties > 0; leaving out one group of anchors (`AnchorTable.groups`) at a time chooses, or one anchor
            where there are no groups.
        rescale: Whether the embeddings are divided so.
        space: As of `Method`; "centred" is the default, for the penalty shrinks as whitening does.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> fitted = qi.Ridge().fit(anchors)
        >>> new = np.random.default_rng(1).normal(size=(50, 8))
        >>> round(qi.plcc(fitted.score(new).score, new[:, 0]), 2)
        0.93
    """

    when: ClassVar[str] = "a baseline for rated anchors, strong where they are many"

    alphas: tuple[float, ...] = parameter(
        (0.1, 1.0, 10.0, 100.0),
        "penalties to choose from",
        "numbers above 0 with : between them",
        lambda values: len(values) > 0 and all(value > 0 for value in values),
    )
    rescale: bool = parameter(True, "penalties in units of the anchors' spread")

    _: KW_ONLY
    space: SpaceName | Literal["auto"] = parameter("centred", "where embeddings lie")

    @property
    def uses_groups(self) -> bool:
        """True: they choose the penalty."""
        return True

    @checked
    def predictor(self, anchors: AnchorTable) -> Predictor:
        """Return the regression (see `RatingMethod.predictor`).

        Raises:
            MethodError: When no anchor has a rating, or the anchors are all alike.
        """
        anchors = anchors.only_rated("ridge regression")
        quality = anchors.rated("ridge regression")
        # Leaving out groups takes the singular vectors, which are of the size of the anchors: so parts are joined, too.
        vectors = anchors.directions.astype(np.float64) * anchors.norms[:, None]
        mean = vectors.mean(axis=0)
        vectors -= mean
        scale = float(np.sqrt(np.mean(np.einsum("nd,nd->n", vectors, vectors))))
        if not scale > 0:
            raise MethodError("the anchors are all alike, so no regression is possible", "add other anchors")
        if not self.rescale:
            scale = 1.0
        vectors /= scale
        squares, basis = _decomposed(vectors)
        middle = float(quality.mean())
        target = quality - middle
        projected = basis.T @ target
        filters = [squares / (squares + alpha) for alpha in self.alphas]
        errors = left_out_errors(basis, filters, target, anchors.groups)
        alpha = self.alphas[int(np.argmin([error @ error for error in errors]))]
        coefficients = vectors.T @ (basis @ (projected / (squares + alpha))) / scale
        level = middle - float(mean @ coefficients)

        def predict(queries: FloatArray) -> DoubleArray:
            return np.asarray(queries.astype(np.float64) @ coefficients + level)

        return predict


def _decomposed(vectors: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Return the (R,) squared singular values of (N, D) vectors that are not zero, and the (N, R) left vectors."""
    n, dim = vectors.shape
    if n <= dim:
        squares, basis = scipy.linalg.eigh(vectors @ vectors.T, check_finite=False)
        kept = squares > squares[-1] * _LEAST
        return squares[kept], basis[:, kept]
    squares, right = scipy.linalg.eigh(vectors.T @ vectors, check_finite=False)
    kept = squares > squares[-1] * _LEAST
    return squares[kept], vectors @ (right[:, kept] / np.sqrt(squares[kept]))


_LEAST = 1e-12
"""Squared singular values below this part of the largest are rounding."""
