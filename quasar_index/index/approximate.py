"""The approximate search of an index, where its user opted in: inverted lists a side, kept beside the search cache.

The manifest says what it is of and how it searches (`Approximation`); the lists are a cache, made anew from the anchors
where they are missing or damaged. Anchors of another space, version, filter or draw, and a k above the measured one,
are searched exactly, and the log says so.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import numpy as np

from ..anchors import SIDES, AnchorTable, Side
from ..arrays import FloatArray, IntArray
from ..errors import counted
from .records import Approximation
from .side_lists import SideLists

_log = logging.getLogger(__name__)


class ApproximateSearch:
    """Searches the anchors of an index approximately, as far as what was measured is of them.

    Attributes:
        record: What was measured.
        name: Of the index, for messages.
    """

    def __init__(self, record: Approximation, name: str = "") -> None:
        self.record = record
        self.name = name
        self._lists: dict[Side, SideLists] = {}
        self._said: set[str] = set()

    def __reduce__(self) -> Any:
        """Be pickled without its lists, which are read again."""
        return ApproximateSearch, (self.record, self.name)

    def nearest(
        self, anchors: AnchorTable, queries: FloatArray, top_k: int, side: Side | None
    ) -> tuple[IntArray, FloatArray] | None:
        """Find neighbours (see `quasar_index.anchors.ApproximateSearcher`)."""
        record = self.record
        if anchors.fits is None or anchors.fits.of != record.of:
            by = "" if anchors.rating == record.rating else f" by {record.rating or 'their first rating'}"
            self._exactly(f"it is of all anchors{by} in the space {record.space}, not of these")
            return None
        if top_k > record.top_k:
            self._exactly(f"its recall was measured for {counted(record.top_k, 'neighbour')}, not {top_k}")
            return None
        wanted = SIDES if side is None else (side,)
        found = [self._one_side(anchors, queries, top_k, one) for one in wanted]
        parts = [part for part in found if part is not None]
        if len(parts) < len(found):
            return None
        self._say(
            f"the search is approximate: it finds {record.recall:.1%} of the "
            f"{counted(record.top_k, 'nearest anchor')} ('quasar-index approximate {self.name} --off' ends it)"
        )
        rows = np.concatenate([rows for rows, _ in parts], axis=1)
        similarity = np.concatenate([similarity for _, similarity in parts], axis=1)
        if len(parts) == 1:
            return rows, similarity
        order = np.argsort(-similarity, axis=1, kind="stable")[:, :top_k]
        return np.take_along_axis(rows, order, axis=1), np.take_along_axis(similarity, order, axis=1)

    def _one_side(
        self, anchors: AnchorTable, queries: FloatArray, top_k: int, side: Side
    ) -> tuple[IntArray, FloatArray] | None:
        rows = anchors.side(side)
        if side not in self._lists:
            lists = self._load(anchors, side)
            if lists is None:
                return None
            self._lists[side] = lists
        # Always the k that was measured, of which fewer are the first ones: so their recall is no worse than recorded.
        found = self._lists[side].search(
            queries,
            anchors.directions[rows],
            min(self.record.top_k, rows.stop - rows.start),
            n_probe=self.record.n_probe[SIDES.index(side)],
            n_ranked=self.record.n_ranked,
        )
        return found.rows[:, :top_k] + rows.start, np.ascontiguousarray(found.similarity[:, :top_k])

    def _load(self, anchors: AnchorTable, side: Side) -> SideLists | None:
        """Read the lists of a side, or make them anew where they can be kept."""
        fits = anchors.fits
        vectors = anchors.directions[anchors.side(side)]
        if fits is None:
            return None
        try:
            if (kept := SideLists.load(fits, side, vectors)) is not None:
                return kept
        except (ValueError, KeyError) as error:
            _log.warning("the %s side's approximate search is damaged (%s)", side, error)
        if not os.access(fits.base.parent, os.W_OK):
            self._exactly("its lists are missing, and nothing can be written beside the index")
            return None
        n_lists = self.record.n_lists[SIDES.index(side)]
        if n_lists > len(vectors):
            self._exactly(f"{n_lists} lists are more than the {side} side has anchors")
            return None
        _log.warning("making the lists of the %s side's approximate search anew", side)
        lists = SideLists.train(vectors, n_lists)
        lists.save(fits, side)
        return lists

    def _exactly(self, reason: str) -> None:
        self._say(f"the approximate search is left out, the search is exact: {reason}")

    def _say(self, text: str) -> None:
        """Warn once."""
        if text not in self._said:
            self._said.add(text)
            _log.warning(text)
