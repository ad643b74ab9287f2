"""A method fitted to anchors: what is the same for all images, made once; then scores and explanations.

    s_i = cos(x, c_i)        score = softmax([s_good, s_bad] / T)[0] = sigmoid((s_good - s_bad) / T)

QUASAR, section 3.4, Eq. 1 and 2 (there T = 1; the authors' evaluation code, and the default here, has T = 0.07: a wider
spread of the same ranks). Higher is better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, FloatArray, as_embeddings, check_vectors, unit
from ..errors import MethodError
from ..index.anchor_index import AnchorIndex
from ..threads import threads_for
from .centroids import Centroids, Members, Pooling
from .method import TEMPERATURE, CentroidMethod, Method, RatingMethod
from .space import Space, fit_space

if TYPE_CHECKING:
    from .explanation import Explanation

QUERY_BLOCK = 1024
FIELDS = ("score", "similarity_good", "similarity_bad")


@dataclass(frozen=True)
class Scores:
    """Scores of M images.

    Attributes:
        score: (M,) float64 in (0, 1), higher is better; 0.5 is halfway between the sides. Methods that predict
            ratings (knn, ridge) give them on the scale of their anchors instead.
        similarity_good: (M,) float64 in [-1, 1], cosine to the good centroid; NaN for methods that predict
            ratings, which have none.
        similarity_bad: (M,) float64 in [-1, 1], cosine to the bad centroid; NaN likewise.
    """

    score: DoubleArray
    similarity_good: DoubleArray
    similarity_bad: DoubleArray

    def __len__(self) -> int:
        """Return M."""
        return len(self.score)

    def rows(self) -> Iterator[tuple[float | None, float | None, float | None]]:
        """Yield the three values of each image as plain numbers; None where there is no cosine."""
        for row in zip(*(getattr(self, name).tolist() for name in FIELDS), strict=True):
            score, good, bad = (None if math.isnan(value) else value for value in row)
            yield score, good, bad


@checked
def compare(queries: npt.ArrayLike, centroids: Centroids, *, temperature: float = TEMPERATURE) -> Scores:
    """Score queries against centroids.

    Args:
        queries: (M, D) of any length; a zero one is equally far from both sides.
        centroids: (B, K, D) a side with B = 1 or B = M; the cosines to a side's K prototypes are pooled.
        temperature: T > 0 of the softmax; it changes the spread, never the order.

    Returns:
        M scores.

    Raises:
        MethodError: When T is not positive.
    """
    if not temperature > 0:
        raise MethodError(f"temperature {temperature} is not positive", f"the default is {TEMPERATURE}")
    directions = unit(queries)
    good, bad = (
        _similarity(directions, prototypes, centroids.pooling) for prototypes in (centroids.good, centroids.bad)
    )
    # The softmax over two similarities, exact at both ends.
    return Scores(np.exp(-np.logaddexp(0.0, (bad - good) / temperature)), good, bad)


def _similarity(directions: FloatArray, prototypes: FloatArray, pooling: Pooling) -> DoubleArray:
    """Pool the cosines of (M, D) queries to (B, K, D) prototypes over K: (M,)."""
    if pooling == "nearest" and prototypes.shape[1] > 1:
        if len(prototypes) == 1:
            cosines = directions.astype(np.float64) @ prototypes[0].T
        else:
            cosines = np.einsum("md,mkd->mk", directions, prototypes, dtype=np.float64)
        return np.asarray(cosines.max(axis=1))
    centre = prototypes.mean(axis=1, dtype=np.float64)
    if len(centre) == 1:
        return np.asarray(directions @ centre[0])
    return np.asarray(np.einsum("md,md->m", directions, centre))


def _not_for(method: Method) -> MethodError:
    """Return the error of a method that takes patches and anchors that are none, or the other way round."""
    if method.takes_patches:
        return MethodError(
            f"'{method}' takes patches of pristine images, and these anchors are whole images",
            "build an index of patches: quasar-index build NAME --patches FOLDER",
        )
    return MethodError(
        f"the anchors are patches of pristine images, all good, so '{method}' has no bad side",
        "use --method patches, or an index with both sides",
    )


class FittedMethod:
    """A method fitted to anchors.

    Args:
        method: The method.
        anchors: N anchors; an index stands for all of its anchors.
        space: The method's space, where it is fitted to these anchors already.
        table: The anchors in that space, where they were mapped already.

    Attributes:
        method: The method.
        anchors: The anchors as they are embedded.
        space: The space in use.

    Raises:
        MethodError: When the anchors cannot serve the method, or its space is still to be chosen.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> fitted = qi.Mean().fit(anchors)  # a FittedMethod
        >>> scores = fitted.score(x[:3])
        >>> len(scores), fitted.dim, str(fitted.space)
        (3, 8, 'whitened (shrinkage 0.01)')
    """

    @checked
    def __init__(
        self,
        method: Method,
        anchors: AnchorTable | AnchorIndex,
        *,
        space: Space | None = None,
        table: AnchorTable | None = None,
    ) -> None:
        if isinstance(anchors, AnchorIndex):
            anchors = anchors.anchors()
        if not isinstance(anchors, AnchorTable):
            raise MethodError(
                f"{type(anchors).__name__} is neither a table of anchors nor an index",
                "open an index with AnchorIndex.open, or use make_anchors",
            )
        if method.takes_patches != (anchors.patch_size is not None):
            raise _not_for(method)
        self.method = method
        self.anchors: AnchorTable = anchors
        if space is None:
            name, shrinkage = method.fixed_space
            space = fit_space(anchors, name, shrinkage=shrinkage)
        self.space: Space = space
        if table is not None:
            self.table = table
        with threads_for(len(anchors), anchors.dim, min(len(anchors), anchors.dim)):
            self._predict = method.predictor(self.table) if isinstance(method, RatingMethod) else None
            self._static = (
                self._centroids(method) if isinstance(method, CentroidMethod) and not method.is_adaptive else None
            )

    def __reduce__(self) -> Any:
        """Be pickled as what it is fitted to; centroids and predictors are made again."""
        return partial(FittedMethod, space=self.space), (self.method, self.anchors)

    @cached_property
    def table(self) -> AnchorTable:
        """The anchors in the space in use."""
        return self.space.apply_to_anchors(self.anchors)

    @property
    def dim(self) -> int:
        """D."""
        return self.anchors.dim

    @property
    def is_static(self) -> bool:
        """Whether all images are compared with the same centroids."""
        return self._static is not None

    @property
    def static_centroids(self) -> Centroids | None:
        """The centroids that all images are compared with; None where each has its own, or none."""
        return self._static

    def _centroids(self, method: CentroidMethod) -> Centroids:
        """Make centroids once; those of many anchors are kept beside the search cache of their index."""

        def make() -> dict[str, npt.ArrayLike]:
            made = method.aggregate(self.table)
            return {"good": made.good, "bad": made.bad, "nearest": made.pooling == "nearest"}

        # By the anchors as they are embedded, so that nothing is mapped into the space where they are there.
        kept = self.anchors.once(f"centroids {method!r} {self.space.key}", make)
        return Centroids(kept["good"], kept["bad"], "nearest" if kept["nearest"] else "mean")

    @cached_property
    def static_members(self) -> tuple[Members, Members] | None:
        """The members of the good and the bad prototypes, made once; None where each image has its own, or none."""
        method = self.method
        return method.members(self.table) if isinstance(method, CentroidMethod) and self.is_static else None

    @checked
    def directions(self, raw: FloatArray) -> FloatArray:
        """Map (M, D) raw embeddings into the space in use, to length one."""
        check_vectors(raw, self.dim, "embeddings")
        return unit(raw) if self.space.name == "raw" else unit(self.space.apply(unit(raw)))

    @checked
    def score(self, embeddings: npt.ArrayLike) -> Scores:
        """Score raw embeddings.

        Args:
            embeddings: (M, D) of the anchors' encoder.

        Returns:
            M scores, in order.

        Raises:
            DataError: On a wrong dimension, NaN or zero embeddings.
        """
        raw = as_embeddings(embeddings, dim=self.dim)
        with threads_for(min(len(raw), QUERY_BLOCK), self.dim, len(self.anchors)):
            return self._scored(raw)

    def _scored(self, raw: FloatArray) -> Scores:
        method = self.method
        if method.takes_patches:
            raise MethodError(
                f"'{method}' scores the patches of an image, and these are embeddings of whole images",
                "score image files, or take an index of rated images",
            )
        starts = range(0, len(raw), QUERY_BLOCK)
        if self._predict is not None:
            # Predictions see lengths, too: those of the anchors in this space.
            vectors = raw if self.space.name == "raw" else self.space.apply(unit(raw))
            found = [self._predict(vectors[start : start + QUERY_BLOCK]) for start in starts]
            nothing = np.full(len(raw), np.nan)
            return Scores(np.concatenate(found or [np.empty(0)]), nothing, nothing)
        assert isinstance(method, CentroidMethod)  # noqa: S101 - for the type checker
        directions = self.directions(raw)
        if self._static is not None:
            return compare(directions, self._static, temperature=method.temperature)
        blocks = (directions[start : start + QUERY_BLOCK] for start in starts)
        parts = [
            compare(block, method.aggregate(self.table, block), temperature=method.temperature) for block in blocks
        ]
        return Scores(*(np.concatenate([getattr(part, name) for part in parts] or [np.empty(0)]) for name in FIELDS))

    @checked
    def explain(self, embeddings: npt.ArrayLike, *, top: int | None = None) -> Iterator[Explanation]:
        """Name the anchors that make the scores of embeddings; see `explanation.explain`."""
        from .explanation import explain

        return explain(self, embeddings, top=top)
