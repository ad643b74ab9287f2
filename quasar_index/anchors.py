"""Anchors: embedded images with opinion scores, divided into a good and a bad side.

Division: full-reference data - reference images are good, distorted ones bad; no-reference data - good = y > median(y),
bad = y <= median(y), ties at the median are bad.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from .arrays import BoolArray, DoubleArray, FloatArray, IntArray, as_embeddings
from .errors import DataError, MethodError, counted
from .fits import LARGE, Fits
from .sides import anchor_order, check_two_sides, divide_at_median
from .statistics.groups import group_codes

_BLOCK = 1024
_AGREEING = 3 / 4
"""Least part of the rated anchors that are on the side where the median of their ratings puts them."""
_log = logging.getLogger(__name__)

Side: TypeAlias = Literal["good", "bad"]
SIDES: tuple[Side, Side] = ("good", "bad")


class ApproximateSearcher(Protocol):
    """Finds most of the nearest anchors in less time (see `quasar_index.index.approximate`)."""

    def nearest(
        self, anchors: AnchorTable, queries: FloatArray, top_k: int, side: Side | None
    ) -> tuple[IntArray, FloatArray] | None:
        """Return rows and exact cosines, (M, min(k, available)) each; None where it is not for these anchors."""
        ...


@dataclass(frozen=True)
class AnchorTable:
    """Anchors of both sides, in memory or mapped from a file.

    Rows are sorted: the good side first, and within each side the most extreme opinion score first (the best of the
    good, the worst of the bad), then by id. So a side is a slice, and the anchors an offset keeps are its beginning.

    Attributes:
        ids: (N,) bytes strings, unique.
        directions: (N, D) float32, the embeddings scaled to length one.
        norms: (N,) float32, the lengths of the raw embeddings, so that raw = norms[:, None] * directions.
        quality: (N,) float64, opinion scores scaled to [0, 1], higher is better; NaN for anchors without one;
            None where no anchor has one.
        n_good: Number of good anchors, rows [0, n_good).
        groups: (N,) codes of contents: anchors of one code (versions of a reference image, answers to a prompt) stay
            together in every validation among the anchors; None where each stands alone.
        fits: Where what is computed of just these anchors is kept; None for nowhere.
        approximate: The approximate search that the user of an index opted in to; None for exact search.
        rating: Name of the opinion score that divides and scales them; None for the first, or the only one.
        is_cut: Whether the sides are a cut of the ratings at a threshold that the user gave.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8))
        >>> anchors = qi.make_anchors(x, quality=x[:, 0])
        >>> len(anchors), anchors.n_good, anchors.dim
        (60, 30, 8)
        >>> anchors.take(np.arange(0, 60, 2)).n_bad
        15
        >>> anchors.directions[anchors.side("bad")].shape
        (30, 8)
    """

    ids: npt.NDArray[np.bytes_]
    directions: FloatArray
    norms: FloatArray
    quality: DoubleArray | None
    n_good: int
    groups: IntArray | None = None
    fits: Fits | None = field(default=None, repr=False, compare=False)
    approximate: ApproximateSearcher | None = field(default=None, repr=False, compare=False)
    rating: str | None = None
    is_cut: bool = False

    def __len__(self) -> int:
        """Return N."""
        return len(self.ids)

    @property
    def n_bad(self) -> int:
        """Number of bad anchors, rows [n_good, N)."""
        return len(self) - self.n_good

    @property
    def dim(self) -> int:
        """D."""
        return int(self.directions.shape[1])

    @property
    def is_good(self) -> BoolArray:
        """(N,) whether each anchor is on the good side."""
        return np.arange(len(self)) < self.n_good

    @property
    def group_codes(self) -> IntArray:
        """(N,) the group of each anchor; without groups each is its own."""
        return np.arange(len(self)) if self.groups is None else self.groups

    @cached_property
    def n_rated(self) -> int:
        """How many have an opinion score."""
        return 0 if self.quality is None else int((~np.isnan(self.quality)).sum())

    @cached_property
    def sides_follow_ratings(self) -> bool:
        """Whether the sides are (nearly) those of the ratings, so that these tell more of the same.

        They are where anchors are divided by their ratings. Where sides are declared (reference and distorted images),
        ratings of the anchors say something else than sides do.
        """
        if not self.n_rated:
            return False
        quality = cast("DoubleArray", self.quality)
        if self.is_cut:
            return True
        rated = ~np.isnan(quality)
        ratings, sides = quality[rated], self.is_good[rated]
        median = np.median(ratings)
        agreeing = max(np.mean(sides == (ratings > median)), np.mean(sides == (ratings >= median)))
        return bool(agreeing >= _AGREEING)

    @cached_property
    def centre(self) -> float:
        """The rating that says least of an anchor: where the sides are cut, else the median; NaN without ratings."""
        if self.quality is None:
            return np.nan
        if self.is_cut:
            good, bad = self.quality[self.side("good")], self.quality[self.side("bad")]
            highest, lowest = np.nanmax(bad, initial=-np.inf), np.nanmin(good, initial=np.inf)
            if highest <= lowest:
                return float(highest + lowest) / 2
        return float(np.nanmedian(self.quality))

    @cached_property
    def group_digest(self) -> str:
        """What tells its groups from others; empty without groups."""
        return "" if self.groups is None else hashlib.sha256(self.groups.tobytes()).hexdigest()[:16]

    def side(self, side: Side) -> slice:
        """Return the rows of one side."""
        return slice(0, self.n_good) if side == "good" else slice(self.n_good, len(self))

    def only_rated(self, purpose: str) -> AnchorTable:
        """Return the anchors that have an opinion score, for what predicts it; a side may be left empty.

        Raises:
            MethodError: When none has one.
        """
        if self.n_rated == len(self):
            return self
        if not self.n_rated:
            self.rated(purpose)
        _log.warning(
            "%s no opinion score: %s does without",
            counted(len(self) - self.n_rated, "anchor has", "anchors have"),
            purpose,
        )
        rows = np.flatnonzero(~np.isnan(cast("DoubleArray", self.quality)))
        return self._with_rows(rows, cast("DoubleArray", self.quality)[rows], int(np.searchsorted(rows, self.n_good)))

    def rated(self, purpose: str) -> DoubleArray:
        """Return the opinion scores of all anchors, for what needs them.

        Raises:
            MethodError: When some anchor has none.
        """
        if self.quality is None or np.isnan(self.quality).any():
            raise MethodError(
                f"{purpose} needs an opinion score for every anchor, and reference/distorted anchors have none",
                "use another aggregation, or anchors with ratings",
            )
        return self.quality

    def sum_rows(self, rows: slice, *, units: bool = False) -> DoubleArray:
        """Sum the embeddings of a run of rows, in a time that does not grow with their number.

        The first call sums blocks of 1024 rows, once; a run is then the difference of two prefix sums and its ends.

        Args:
            rows: From `start` to `stop`.
            units: Sum the directions instead of the raw embeddings.

        Returns:
            (D,) float64.
        """
        prefix = self._unit_sums if units else self._raw_sums
        first, last = -(-rows.start // _BLOCK), rows.stop // _BLOCK
        if first >= last:
            return self._sum(rows, units)
        ends = self._sum(slice(rows.start, first * _BLOCK), units) + self._sum(slice(last * _BLOCK, rows.stop), units)
        return np.asarray(prefix[last] - prefix[first] + ends)

    def once(
        self, what: str, make: Callable[[], Mapping[str, npt.ArrayLike]], *, always: bool = False
    ) -> Mapping[str, Any]:
        """Return arrays that are computed of just these anchors, computed once.

        Args:
            what: What they are, with all that they depend on beside the anchors.
            make: Computes them.
            always: Keep them with the fits of few anchors, too; otherwise only those of many are kept there.

        Returns:
            The arrays by name.
        """
        if what not in self._made:
            found: Mapping[str, npt.ArrayLike] | None = None if self.fits is None else self.fits.load(what)
            if found is None:
                found = make()
                if self.fits is not None and (always or self.directions.nbytes >= LARGE):
                    self.fits.save(what, **found)
            self._made[what] = found
        return self._made[what]

    @cached_property
    def _made(self) -> dict[str, Mapping[str, Any]]:
        return {}

    @cached_property
    def _raw_sums(self) -> DoubleArray:
        return self._prefix_sums(units=False)

    @cached_property
    def _unit_sums(self) -> DoubleArray:
        return self._prefix_sums(units=True)

    def _prefix_sums(self, *, units: bool) -> DoubleArray:
        """Sum all rows before each block: (N // 1024 + 1, D), kept with the search cache."""
        made = self.once(f"prefix sums of {'units' if units else 'raw'}", lambda: {"sums": self._summed(units=units)})
        return np.asarray(made["sums"])

    def _summed(self, *, units: bool) -> DoubleArray:
        sums = np.zeros((len(self) // _BLOCK + 1, self.dim))
        for block in range(len(sums) - 1):
            sums[block + 1] = sums[block] + self._sum(slice(block * _BLOCK, (block + 1) * _BLOCK), units)
        return sums

    def _sum(self, rows: slice, units: bool) -> DoubleArray:
        directions = self.directions[rows]
        if units:
            return np.asarray(directions.sum(axis=0, dtype=np.float64))
        # A product in float32 runs at full speed; blocks are short enough for it to be exact.
        return np.asarray(self.norms[rows] @ directions, dtype=np.float64)

    def take(self, rows: IntArray | BoolArray) -> AnchorTable:
        """Return a subset, in the same order.

        Args:
            rows: Ascending row numbers, or a mask (N,).

        Raises:
            DataError: When a side is left empty.
        """
        chosen: IntArray = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.int64, copy=False)
        n_good = int(np.searchsorted(chosen, self.n_good))
        if n_good == 0 or n_good == len(chosen):
            missing = "bad" if n_good else "good"
            raise DataError(
                f"the selected {counted(len(chosen), 'anchor has', 'anchors have')} no {missing} one among them",
                "select anchors of both sides",
            )
        return self.arranged(chosen, None if self.quality is None else self.quality[chosen], n_good)

    def arranged(self, rows: IntArray, quality: DoubleArray | None, n_good: int) -> AnchorTable:
        """Return some anchors with other labels, in another order.

        Args:
            rows: (n,) rows, in the order of `AnchorTable` by the new labels.
            quality: (n,) their opinion scores.
            n_good: How many of them, the first ones, are good.

        Raises:
            DataError: When a side is left empty.
        """
        check_two_sides(np.arange(len(rows)) < n_good)
        return self._with_rows(rows, quality, n_good)

    def _with_rows(self, rows: IntArray, quality: DoubleArray | None, n_good: int) -> AnchorTable:
        return replace(
            self,
            ids=self.ids[rows],
            directions=self.directions[rows],
            norms=self.norms[rows],
            quality=quality,
            n_good=n_good,
            groups=None if self.groups is None else self.groups[rows],
            fits=None,
            approximate=None,
        )

    def subsample(self, ratio: float, *, seed: int = 0, references: npt.NDArray[np.str_] | None = None) -> AnchorTable:
        """Draw a random part of the anchors.

        Args:
            ratio: r in (0, 1].
            seed: Of the random generator.
            references: (N,) what full-reference anchors are drawn by (`reference_units`): `round(r * n_ref)` of them,
                with all anchors that share them. None: `round(r * n)` of each side, each on its own.

        Returns:
            The drawn anchors.

        Raises:
            DataError: When the ratio is out of range or leaves a side empty.
        """
        if not 0 < ratio <= 1:
            raise DataError(f"ratio {ratio} is not in (0, 1]", "use for example --ratio 0.3")
        if ratio == 1:
            return self
        rng = np.random.default_rng(seed)
        if references is not None:
            groups = np.unique(references)
            kept = rng.choice(groups, round(ratio * len(groups)), replace=False)
            return self.take(np.isin(references, kept))
        halves = [
            rng.choice(np.arange(len(self))[rows], round(ratio * (rows.stop - rows.start)), replace=False)
            for rows in (self.side("good"), self.side("bad"))
        ]
        return self.take(np.sort(np.concatenate(halves)))


def make_anchors(
    embeddings: npt.ArrayLike,
    *,
    is_good: Sequence[bool] | BoolArray | None = None,
    quality: npt.ArrayLike | None = None,
    ids: Sequence[str] | None = None,
    groups: Sequence[object] | npt.NDArray[np.generic] | None = None,
) -> AnchorTable:
    """Make anchors from embeddings in memory.

    Args:
        embeddings: (N, D) raw embeddings.
        is_good: (N,) the side of each; None to divide at the median of `quality`.
        quality: (N,) opinion scores, higher is better; they are used as they are.
        ids: (N,) unique names; None for row numbers.
        groups: (N,) labels of contents; None where each anchor stands alone.

    Returns:
        The anchors, in the order of `AnchorTable`.

    Raises:
        DataError: On bad embeddings, lengths that differ, a side without anchors, or neither side nor score given.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> anchors = qi.make_anchors(np.eye(4), quality=[2, 4, 1, 3], ids=["b", "d", "a", "c"])
        >>> anchors.ids.tolist(), anchors.n_good
        ([b'd', b'c', b'a', b'b'], 2)
        >>> qi.make_anchors(np.eye(4), is_good=[True, False, False, False]).n_bad
        3
    """
    matrix = as_embeddings(embeddings)
    n = len(matrix)
    try:
        scores = None if quality is None else np.asarray(quality, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"opinion scores are no numbers ({error})", "give one number each") from error
    sides = None if is_good is None else np.asarray(is_good, dtype=np.bool_)
    names = np.array([name.encode() for name in (ids or map("{:09d}".format, range(n)))], dtype=np.bytes_)
    codes = None if groups is None else group_codes(groups, n, alone=True)
    for what, values in (("sides", sides), ("opinion scores", scores), ("ids", names), ("groups", codes)):
        if values is not None and values.shape != (n,):
            raise DataError(f"{counted(n, 'embedding')} but {what} of shape {values.shape}", f"give {n} of them")
    if sides is None and scores is None:
        raise DataError("anchors have neither a side nor an opinion score", "give is_good or quality")
    if n == 0:
        raise DataError("there are no anchors", "give embeddings of both sides")
    good = sides if sides is not None else divide_at_median(cast("DoubleArray", scores))[0]
    check_two_sides(good)
    order = anchor_order(good, scores, names)
    matrix, names = matrix[order], names[order]
    norms = np.linalg.norm(matrix, axis=1)
    return AnchorTable(
        ids=names,
        directions=matrix / norms[:, None],
        norms=norms,
        quality=None if scores is None else scores[order],
        n_good=int(good.sum()),
        groups=None if codes is None else codes[order],
    )
