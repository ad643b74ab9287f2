"""Ranks of scored images; those without a score have none, and come last."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arguments import checked
from ..arrays import DoubleArray
from ..errors import DataError

_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")


@dataclass(frozen=True)
class Share:
    """How many images to keep: a number of them, or a part of all.

    Attributes:
        value: A count >= 1, or percents in (0, 100].
        is_percent: Whether it is percents.

    Example:
        >>> import quasar_index as qi
        >>> qi.picking.Share(10, is_percent=True).of(25)
        3
    """

    value: float
    is_percent: bool = False

    @checked
    def of(self, n: int) -> int:
        """Return how many of n images that is: at most n; a part is rounded up, so that it is never none of some."""
        return min(n, math.ceil(round(n * self.value / 100, 9)) if self.is_percent else int(self.value))

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"{self.value:g}%" if self.is_percent else str(int(self.value))


@checked
def read_share(text: str) -> Share:
    """Read how many images to keep.

    Args:
        text: A count, `20`, or a part of all images, `10%`.

    Raises:
        DataError: When it is neither, or none, or more than all.

    Example:
        >>> import quasar_index as qi
        >>> qi.picking.read_share("10%").of(200), qi.picking.read_share("20").of(200)
        (20, 20)
    """
    found = _SHARE.fullmatch(text.strip())
    hint = "give a count such as 20, or a part such as 10%"
    if not found:
        raise DataError(f"'{text}' is no number of images", hint)
    value, is_percent = float(found[1]), bool(found[2])
    if value <= 0:
        raise DataError(f"'{text}' keeps no image", hint)
    if is_percent and value > 100:
        raise DataError(f"'{text}' is more than all images", "give at most 100%")
    if not is_percent and value != int(value):
        raise DataError(f"'{text}' is no whole number of images", hint)
    return Share(value, is_percent)


@checked
def percentiles(scores: Sequence[float | None]) -> DoubleArray:
    """Return which part of the scored images each of them is as good as, or better than.

    Args:
        scores: n scores, higher is better; None where there is none.

    Returns:
        (n,) float64 percents in (0, 100]: 100 is the best image, equal scores have the same; NaN without a score.

    Example:
        >>> import quasar_index as qi
        >>> qi.picking.percentiles([0.2, None, 0.9, 0.5, 0.5]).tolist()
        [25.0, nan, 100.0, 75.0, 75.0]
    """
    values = _values(scores)
    known = np.sort(values[~np.isnan(values)])
    shares = 100 * np.searchsorted(known, values, side="right") / max(len(known), 1)
    return np.where(np.isnan(values), np.nan, shares)


@checked
def order_of(scores: Sequence[float | None], *, worst_first: bool = False) -> list[int]:
    """Return the places of images, the best first; those without a score last, and equal ones in their order.

    Args:
        scores: n scores, higher is better; None where there is none.
        worst_first: The worst first instead; without a score still last.

    Returns:
        n places.

    Example:
        >>> import quasar_index as qi
        >>> qi.picking.order_of([0.2, None, 0.9]), qi.picking.order_of([0.2, None, 0.9], worst_first=True)
        ([2, 0, 1], [0, 2, 1])
    """
    values = _values(scores)
    # NaN sorts last.
    order: list[int] = np.argsort(values if worst_first else -values, kind="stable").tolist()
    return order


def _values(scores: Sequence[float | None]) -> DoubleArray:
    """Return scores as numbers, NaN for none."""
    return np.array([math.nan if score is None else score for score in scores], dtype=np.float64)
