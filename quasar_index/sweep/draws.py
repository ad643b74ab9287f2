"""Random draws that agree between folds.

The order of anchors is that of a keyed hash of their ids, so the draw of a fold is the draw from all anchors without
those that the fold leaves out: as one random subset would be, had it to score all images. Draws of each fold on its own
would differ from fold to fold, which costs a pooled correlation more than the smallness of the subset does, and would
flatter every selector that random selection is compared with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..anchors import AnchorTable
from ..arrays import IntArray
from ..errors import ValidationError
from ..selection.base import Advance, OnProgress, choose_by_side


@dataclass(frozen=True)
class DrawnById:
    """Random selection: n of each side, all subsets equally likely, the same for any set that the anchors are part of.

    Attributes:
        seed: Of the draw.
    """

    seed: int = 0

    def select(
        self, anchors: AnchorTable, n_good: int, n_bad: int, *, on_progress: OnProgress | None = None
    ) -> IntArray:
        """Choose a subset (see `Selector.select`)."""
        places = draw_order(anchors.ids.tolist(), self.seed)

        def choose(rows: slice, n: int, advance: Advance) -> IntArray:
            advance(n)
            return np.argsort(places[rows], kind="stable")[:n]

        return choose_by_side(anchors, n_good, n_bad, choose, on_progress)


def draw_order(keys: list[bytes], seed: int) -> IntArray:
    """Return (n,) numbers by which keys are drawn, the smallest first: equal for equal keys and seeds, else random."""
    salt = seed.to_bytes(8, "little", signed=True)
    hashed = b"".join(hashlib.blake2b(key, digest_size=8, key=salt).digest() for key in keys)
    return np.frombuffer(hashed, dtype=">u8").astype(np.int64)


def draw_ratio(anchors: AnchorTable, ratio: float, seed: int, references: Mapping[bytes, bytes] | None) -> AnchorTable:
    """Draw a random part of the anchors (QUASAR, figure 6).

    Args:
        anchors: N anchors.
        ratio: r in (0, 1).
        seed: Of the draw.
        references: Reference of each id, for full-reference anchors: `round(r * n_ref)` references with all of their
            anchors are drawn. None: `round(r * n)` of each side.

    Returns:
        The drawn anchors, one of each side at least.

    Raises:
        ValidationError: When a side is left empty.
    """
    if references is None:
        n_good, n_bad = (max(1, round(ratio * n)) for n in (anchors.n_good, anchors.n_bad))
        return anchors.take(DrawnById(seed).select(anchors, n_good, n_bad))
    keys = [references[key] for key in anchors.ids.tolist()]
    known = sorted(set(keys))
    order = np.argsort(draw_order(known, seed), kind="stable")
    drawn = {known[place] for place in order[: max(1, round(ratio * len(known)))].tolist()}
    kept = np.array([key in drawn for key in keys])
    if not kept[: anchors.n_good].any() or not kept[anchors.n_good :].any():
        raise ValidationError(f"{len(drawn)} of {len(known)} references have no anchors of both sides", "draw more")
    return anchors.take(kept)
