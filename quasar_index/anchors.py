"""Anchors: embedded images with opinion scores, divided into a good and a bad side.

Division: full-reference data - reference images are good, distorted ones bad; no-reference data - good = y > median(y),
bad = y <= median(y), ties at the median are bad.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from .arguments import checked
from .arrays import BoolArray, DoubleArray, FloatArray, IntArray
from .errors import DataError, MethodError, counted
from .fits import LARGE, Fits
from .parts import Vectors, chosen_rows
from .sides import check_two_sides

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
        directions: (N, D) float32, the embeddings scaled to length one: one array, or of an index of several tables
            one for each (`quasar_index.parts`), which `np.asarray` joins.
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
        patch_size: Pixels a side, where anchors are patches of pristine images: those are all good. None for images.

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
    directions: Vectors
    norms: FloatArray
    quality: DoubleArray | None
    n_good: int
    groups: IntArray | None = None
    fits: Fits | None = field(default=None, repr=False, compare=False)
    approximate: ApproximateSearcher | None = field(default=None, repr=False, compare=False)
    rating: str | None = None
    is_cut: bool = False
    patch_size: int | None = None

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

    @checked
    def side(self, side: Side) -> slice:
        """Return the rows of one side."""
        return slice(0, self.n_good) if side == "good" else slice(self.n_good, len(self))

    @checked
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

    @checked
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

    @checked
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

    @checked
    def once(
        self,
        what: str,
        make: Callable[[], Mapping[str, npt.ArrayLike]],
        *,
        always: bool = False,
        in_memory: bool = False,
    ) -> Mapping[str, Any]:
        """Return arrays that are computed of just these anchors, computed once.

        Args:
            what: What they are, with all that they depend on beside the anchors.
            make: Computes them.
            always: Keep them with the fits of few anchors, too; otherwise only those of many are kept there.
            in_memory: Keep them in memory alone, as long as these anchors are.

        Returns:
            The arrays by name.
        """
        if what not in self._made:
            fits = None if in_memory else self.fits
            found: Mapping[str, npt.ArrayLike] | None = None if fits is None else fits.load(what)
            if found is None:
                found = make()
                if fits is not None and (always or self.directions.nbytes >= LARGE):
                    fits.save(what, **found)
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

    @checked
    def take(self, rows: IntArray | BoolArray) -> AnchorTable:
        """Return a subset, in the same order.

        Args:
            rows: Ascending row numbers, or a mask (N,).

        Raises:
            DataError: When a side is left empty.
        """
        self._check_rows(rows)
        chosen: IntArray = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.int64, copy=False)
        n_good = int(np.searchsorted(chosen, self.n_good))
        if not len(chosen) or (self.patch_size is None and n_good in (0, len(chosen))):
            missing = "bad" if n_good else "good"
            raise DataError(
                f"the selected {counted(len(chosen), 'anchor has', 'anchors have')} no {missing} one among them",
                "select anchors of both sides",
            )
        return self.arranged(chosen, None if self.quality is None else self.quality[chosen], n_good)

    @checked
    def arranged(self, rows: IntArray, quality: DoubleArray | None, n_good: int) -> AnchorTable:
        """Return some anchors with other labels, in another order.

        Args:
            rows: (n,) rows, in the order of `AnchorTable` by the new labels.
            quality: (n,) their opinion scores.
            n_good: How many of them, the first ones, are good.

        Raises:
            DataError: When a side is left empty.
        """
        self._check_rows(rows)
        if self.patch_size is None:
            check_two_sides(np.arange(len(rows)) < n_good)
        return self._with_rows(rows, quality, n_good)

    def _check_rows(self, rows: IntArray | BoolArray) -> None:
        """Raise a DataError unless these are rows of the table, or a mask of them."""
        is_mask = rows.dtype == np.bool_
        if rows.ndim != 1 or rows.dtype.kind not in "biu" or (is_mask and len(rows) != len(self)):
            raise DataError(
                f"rows are {rows.dtype} of shape {rows.shape}", f"give row numbers, or a mask ({len(self)},)"
            )
        if not is_mask and len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise DataError(f"rows go from {rows.min()} to {rows.max()}", f"the anchors are rows 0 to {len(self) - 1}")

    def _with_rows(self, rows: IntArray, quality: DoubleArray | None, n_good: int) -> AnchorTable:
        return replace(
            self,
            ids=self.ids[rows],
            directions=chosen_rows(self.directions, rows),
            norms=self.norms[rows],
            quality=quality,
            n_good=n_good,
            groups=None if self.groups is None else self.groups[rows],
            fits=None,
            approximate=None,
        )

    @checked
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
