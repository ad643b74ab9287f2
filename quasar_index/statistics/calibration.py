"""Calibration: from scores to the opinion scale, with an interval for the opinion score of one image.

    mos = f(score)          low, high = mos - q, mos + q
    q = the ceil((n + 1) level)-th smallest of |quality - f(score)| over n calibrating anchors

f is a strictly rising map (`rising_maps`), fitted on one half of the groups; q comes from the n anchors of the other
half, so that f has not seen them (split conformal prediction).

Source: Papadopoulos et al., ECML 2002, and Lei et al., JASA 113, 2018, section 2.2 (split conformal prediction, the
    finite-sample rank).

What the interval promises: where the new image and the n calibrating ones are exchangeable, it holds the
opinion score with probability level to level + 1 / (n + 1), over draws of both. Images of one group
(reference, content, prompt) are not exchangeable with those of another, so groups stay whole in every
division: the promise is then for an image of a new group drawn like these groups, holds on average over
groups, and only approximately when groups are few or of very unequal size (the exact version, Dunn, Wasserman
and Ramdas, JASA 118, 2023, gives unbounded intervals there). The coverage measured on groups left out says
what came of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import BoolArray, DoubleArray, IntArray
from ..errors import ValidationError, counted
from ..threads import import_alone
from .correlation import check_pairs, srcc
from .groups import Groups, group_codes
from .logistic import LogisticFit
from .rising_maps import MAPS, Curve, IsotonicFit, MapName, Rise, apply_map, fit_map

MIN_ANCHORS = 20
"""Fewest rated anchors: ten to fit the map on, ten to measure its residuals on."""
MIN_GROUPS = 4
"""Fewest groups: two on either side of the division."""
FOLDS = 10
"""Divisions of the groups that measure the coverage, or one a group where there are fewer."""

_REFIT = "fit it again with 'quasar-index calibrate'"


@dataclass(frozen=True)
class Calibration:
    """A map from scores to the opinion scale with a conformal interval.

    Attributes:
        curve: The map g, rising or constant.
        half_width: q, in units of quality, >= 0.
        quality_range: Lowest and highest opinion score; what `predict` answers lies within.
        level: Nominal coverage of the interval, in (0, 1).
        coverage: Share of anchors, in groups left out of the fit, whose rating lies in their interval; in [0,
            1].
        n_anchors: Number of rated anchors that it was made from.
        n_groups: Number of their groups.
        rise: What makes the map rise strictly; None in records of calibrations that were made without.
    """

    curve: Curve
    half_width: float
    quality_range: tuple[float, float]
    level: float
    coverage: float
    n_anchors: int
    n_groups: int
    rise: Rise | None = None

    @property
    def map_name(self) -> MapName:
        """Name of the map: "isotonic" or "logistic"."""
        return "isotonic" if isinstance(self.curve, IsotonicFit) else "logistic"

    @property
    def span(self) -> float:
        """Width of the interval as a share of the opinion scale, in [0, 1]; near 1 it says nothing."""
        low, high = self.quality_range
        return min(2 * self.half_width / (high - low), 1.0)

    def predict(self, scores: npt.ArrayLike) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
        """Put scores on the opinion scale.

        Args:
            scores: (n,) numbers, higher is better.

        Returns:
            mos, low and high, each (n,) float64 within `quality_range`, low <= mos <= high. mos rises with the
            score; equal ones are of scores that are equal or differ by rounding (some 1e-10 of their range).

        Raises:
            ValidationError: When scores are not (n,) numbers, or are NaN or infinite.
        """
        x = np.asarray(scores)
        if x.ndim != 1 or x.dtype.kind not in "fiub" or not np.isfinite(x).all():
            raise ValidationError(
                f"scores to calibrate have shape {x.shape}, type {x.dtype}, or values that are not finite",
                "give one finite number an image, and leave failed images out",
            )
        mos = apply_map(self.curve, self.rise, self.quality_range, x.astype(np.float64))
        low, high = self.quality_range
        return (
            np.clip(mos, low, high),
            np.clip(mos - self.half_width, low, high),
            np.clip(mos + self.half_width, low, high),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as numbers, strings, lists and dictionaries that JSON can hold."""
        curve: dict[str, Any] = (
            {"scores": list(self.curve.scores), "quality": list(self.curve.quality)}
            if isinstance(self.curve, IsotonicFit)
            else {name: getattr(self.curve, name) for name in ("b1", "b2", "b3", "b4")}
        )
        rise = {} if self.rise is None else {"rise": asdict(self.rise)}
        return {
            "map": self.map_name,
            "curve": curve,
            **rise,
            "half_width": self.half_width,
            "quality_range": list(self.quality_range),
            "level": self.level,
            "coverage": self.coverage,
            "n_anchors": self.n_anchors,
            "n_groups": self.n_groups,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Calibration:
        """Rebuild a calibration from `to_dict`'s answer, of this version or before; it predicts the very same numbers.

        Args:
            record: What `to_dict` gave, straight or through JSON.

        Raises:
            ValidationError: On an unknown map, a key missing or unknown, or a value that `fit_calibration`
                cannot have made.
        """
        record = {"map" if key == "method" else key: value for key, value in record.items()}  # as it was called before
        map_name = _entry(record, "map", str)
        if map_name not in MAPS:
            raise ValidationError(f"unknown map '{map_name}'", f"it is one of {', '.join(MAPS)}; {_REFIT}")
        parts = _entry(record, "curve", Mapping)
        curve: Curve
        if map_name == "isotonic":
            _check_keys(parts, {"scores", "quality"})
            curve = IsotonicFit(_numbers(parts, "scores"), _numbers(parts, "quality"))
            sound = (
                len(curve.scores) == len(curve.quality) >= 1
                and bool(np.all(np.diff(curve.scores) > 0))
                and bool(np.all(np.diff(curve.quality) >= 0))
            )
        else:
            _check_keys(parts, {"b1", "b2", "b3", "b4"})
            b1, b2, b3, b4 = (_number(parts, name) for name in ("b1", "b2", "b3", "b4"))
            curve = LogisticFit(b1, b2, b3, b4)
            sound = curve.b4 > 0 and curve.direction >= 0
        rise = None
        if "rise" in record:
            part = _entry(record, "rise", Mapping)
            _check_keys(part, set(Rise.__dataclass_fields__))
            rise = Rise(_number(part, "weight"), _number(part, "middle"), _number(part, "width"))
            sound = sound and 0 < rise.weight < 1 and rise.width > 0
        _check_keys(record, (set(cls.__dataclass_fields__) | {"map"}) - ({"rise"} if rise is None else set()))
        ends = _numbers(record, "quality_range")
        made = cls(
            curve=curve,
            half_width=_number(record, "half_width"),
            quality_range=(ends[0], ends[-1]),
            level=_number(record, "level"),
            coverage=_number(record, "coverage"),
            n_anchors=_entry(record, "n_anchors", int),
            n_groups=_entry(record, "n_groups", int),
            rise=rise,
        )
        sound = sound and len(ends) == 2 and ends[0] < ends[1] and made.half_width >= 0
        sound = sound and 0 < made.level < 1 and 0 <= made.coverage <= 1
        if not sound or made.n_anchors < MIN_ANCHORS or not MIN_GROUPS <= made.n_groups <= made.n_anchors:
            raise ValidationError("the stored calibration holds values out of range", _REFIT)
        return made


def fit_calibration(
    scores: npt.ArrayLike,
    quality: npt.ArrayLike,
    *,
    groups: Groups,
    map_name: MapName = "isotonic",
    level: float = 0.9,
    quality_range: tuple[float, float] | None = None,
    seed: int = 0,
) -> Calibration:
    """Fit the map from scores to opinion scores and its conformal interval.

    The map rises by design: where half of the groups show no rising relation it is a constant, their mean.

    Args:
        scores: (n,) cross-fitted scores of the anchors, higher is better: each made by an index without the
            anchor's group. Scores of anchors by an index that holds them are too good, and intervals from
            them too narrow.
        quality: (n,) their opinion scores, higher is better.
        groups: n labels of references, contents or prompts that stay together in every division, or None
            where every anchor stands alone.
        map_name: "isotonic" follows any rising shape; "logistic" has 4 parameters, for few anchors.
        level: Nominal coverage of the interval, in (0, 1).
        quality_range: Lowest and highest opinion score of the scale; None takes those observed, which cannot
            answer better than the best anchor.
        seed: Seed of the division of the groups into two halves.

    Returns:
        The calibration, with its coverage measured by leaving groups out (`FOLDS` parts).

    Raises:
        ValidationError: As `check_pairs`; on fewer than 20 anchors or 4 groups, scores that do not rise with
            the ratings, too few calibrating anchors for the level, an unknown map, a level or range out of
            bounds.
    """
    if map_name not in MAPS:
        raise ValidationError(f"unknown map '{map_name}'", f"take one of {', '.join(MAPS)}")
    if not 0 < level < 1:
        raise ValidationError(f"level {level} of an interval", "it lies between 0 and 1, such as 0.9")
    n = len(np.atleast_1d(np.asarray(scores)))
    if n < MIN_ANCHORS:
        raise ValidationError(
            f"calibration on {counted(n, 'rated anchor')}",
            f"at least {MIN_ANCHORS} are needed; use uncalibrated scores",
        )
    x, y = check_pairs(scores, quality)
    codes = group_codes(groups, n)
    n_groups = int(codes.max()) + 1
    if n_groups < MIN_GROUPS:
        raise ValidationError(
            f"calibration on {n_groups} group(s) of anchors",
            f"at least {MIN_GROUPS} are needed: the map and its interval come from different groups",
        )
    correlation = srcc(x, y)
    if correlation <= 0:
        raise ValidationError(
            f"the scores do not rise with the ratings (SRCC {correlation:.2f} over {counted(n, 'anchor')})",
            "check the direction of the ratings, or take another encoder or space",
        )
    ends = (float(y.min()), float(y.max())) if quality_range is None else quality_range
    if not (ends[0] < ends[1] and ends[0] <= y.min() and y.max() <= ends[1]):
        raise ValidationError(
            f"ratings from {y.min():.6g} to {y.max():.6g} lie outside the opinion scale {ends[0]} to {ends[1]}",
            "give the lowest and the highest possible rating",
        )
    fitting = _half(codes, seed)
    curve, rise = fit_map(map_name, x[fitting], y[fitting])
    residuals = np.abs(y[~fitting] - apply_map(curve, rise, ends, x[~fitting]))
    rank = _rank(len(residuals), level)
    if rank > len(residuals):
        raise ValidationError(
            f"a {level:g} interval from {counted(len(residuals), 'calibrating anchor')}",
            f"it needs {math.ceil(level / (1 - level) - 1e-9)}; take a lower level or more anchors",
        )
    return Calibration(
        curve=curve,
        half_width=float(np.sort(residuals)[rank - 1]),
        quality_range=(float(ends[0]), float(ends[1])),
        level=float(level),
        coverage=_coverage(x, y, codes, ends, map_name=map_name, level=level, seed=seed),
        n_anchors=n,
        n_groups=n_groups,
        rise=rise,
    )


def _rank(n: int, level: float) -> int:
    """Return ceil((n + 1) level), the rank of the conformal quantile; above n the interval is unbounded."""
    # Less a hair, as 10 x 0.9 may come out just above 9.
    return max(1, math.ceil((n + 1) * level - 1e-9))


def _half(codes: IntArray, seed: int) -> BoolArray:
    """Draw the groups that the map is fitted on, about half of the images; (n,) bool, never all of one kind."""
    sizes = np.bincount(codes)
    order = np.random.default_rng(seed).permutation(len(sizes))
    # Sizes, not values, decide where to cut, so that the two halves stay exchangeable.
    cut = 1 + int(np.argmin(np.abs(np.cumsum(sizes[order])[:-1] - len(codes) / 2)))
    chosen = np.zeros(len(sizes), dtype=np.bool_)
    chosen[order[:cut]] = True
    return np.asarray(chosen[codes])


def _coverage(
    x: DoubleArray,
    y: DoubleArray,
    codes: IntArray,
    ends: tuple[float, float],
    *,
    map_name: MapName,
    level: float,
    seed: int,
) -> float:
    """Return the share of anchors inside their interval when their group is left out.

    Where a part is too small for the level, its largest residual serves.
    """
    with import_alone():
        from sklearn.model_selection import GroupKFold

    inside = 0
    parts = GroupKFold(n_splits=min(FOLDS, int(codes.max()) + 1)).split(x, y, groups=codes)
    for kept, left_out in parts:
        # Renumbered, as `_half` counts on all numbers being in use.
        fitting = _half(np.unique(codes[kept], return_inverse=True)[1], seed)
        curve, rise = fit_map(map_name, x[kept][fitting], y[kept][fitting])
        residuals = np.sort(np.abs(y[kept][~fitting] - apply_map(curve, rise, ends, x[kept][~fitting])))
        half_width = residuals[min(_rank(len(residuals), level), len(residuals)) - 1]
        inside += int(np.count_nonzero(np.abs(y[left_out] - apply_map(curve, rise, ends, x[left_out])) <= half_width))
    return inside / len(x)


def _check_keys(record: Mapping[str, Any], expected: set[str]) -> None:
    if set(record) != expected:
        odd = ", ".join(sorted(map(str, set(record) ^ expected)))
        raise ValidationError(f"the stored calibration lacks, or has beyond its keys: {odd}", _REFIT)


def _entry(record: Mapping[str, Any], key: str, kind: type) -> Any:
    value = record.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValidationError(f"the stored calibration has no sound '{key}'", _REFIT)
    return value


def _number(record: Mapping[str, Any], key: str) -> float:
    return _numbers({key: [record.get(key)]}, key)[0]


def _numbers(record: Mapping[str, Any], key: str) -> tuple[float, ...]:
    values = record.get(key)
    if not isinstance(values, (list, tuple)) or not values:
        raise ValidationError(f"the stored calibration has no sound '{key}'", _REFIT)
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValidationError(f"the stored calibration has no sound '{key}'", _REFIT)
    return tuple(float(value) for value in values)
