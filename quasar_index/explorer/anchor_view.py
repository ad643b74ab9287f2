"""The anchors of an index as the page shows them: their map, what is known of them, and changes, written at once.

Rows are those of one version. Whoever changes anchors says which version he looked at; when another one is there by
now, nothing is written (`StaleError`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np

from ..anchors import AnchorTable
from ..arrays import DoubleArray, FloatArray, IntArray
from ..cells import as_text
from ..datasets.base import AnchorSource, make_records
from ..errors import AnchorIndexError, DataError, counted
from ..index.anchor_index import AnchorIndex
from ..index.places import is_shipped
from ..index.ratings import rating_records
from ..index.records import SourceRecord
from ..maps.colouring import colour_points
from ..maps.packing import default_colour, packed, packed_colours
from ..maps.wording import percent
from ..methods.fitted import FittedMethod
from ..report.labels import AnchorLabels
from ..threads import import_alone, threads_for
from .photos import plain

MOST_ROWS = 200
"""Rows that one question may be about."""
_SAMPLE = 5000
"""Anchors that decide the axes of the map: more hardly move them."""
_NAME = "the explorer"


class StaleError(DataError):
    """The index is not what the person looked at any more."""


@dataclass(frozen=True)
class _Seen:
    """One version of the index, as it is shown."""

    index: AnchorIndex
    anchors: AnchorTable
    points: FloatArray
    labels: AnchorLabels

    @property
    def version(self) -> int:
        return self.index.manifest.version


@dataclass(frozen=True)
class _Plane:
    """The two directions of most variance; they stay while anchors come and go, so that no point jumps."""

    mean: DoubleArray
    axes: DoubleArray
    explained: tuple[float, float]

    def points(self, directions: FloatArray) -> FloatArray:
        axes = self.axes.T.astype(np.float32)
        return np.asarray(directions @ axes - (self.mean @ self.axes.T).astype(np.float32), dtype=np.float32)


class AnchorView:
    """The anchors, and what may be done to them.

    Args:
        fitted: The method in use.
        index: The index of its anchors.
    """

    def __init__(self, fitted: FittedMethod, index: AnchorIndex) -> None:
        self._fitted = fitted
        self._index = index
        self._lock = threading.Lock()
        self._now: _Seen | None = None
        self._made_plane: _Plane | None = None

    def prepare(self) -> None:
        """Make what the first look needs."""
        with self._lock:
            self._seen()

    def state(self) -> dict[str, Any]:
        """Return the current version: points, sides, what there is to colour by, and the history."""
        with self._lock:
            seen = self._seen()
        anchors, plane = seen.anchors, self._plane()
        columns = [name for name in seen.index.columns if name not in _UNCOLOURED]
        shares = [f"component {number} ({percent(part)})" for number, part in enumerate(plane.explained, start=1)]
        return {
            "version": seen.version,
            "name": seen.index.name,
            "n": len(anchors),
            "x": packed(seen.points[:, 0]),
            "y": packed(seen.points[:, 1]),
            "sides": packed(np.where(anchors.is_good, 0, 1).astype(np.uint8)),
            "axes": shares,
            "colours": [*dict.fromkeys(["side", default_colour(anchors.quality)]), *columns],
            "scale": seen.labels.scale,
            "read_only": self._read_only(seen),
            "scores_version": self._index.manifest.version,
            "history": self._history(seen),
        }

    def colour(self, version: int, by: str) -> dict[str, Any]:
        """Return the colours of all points: a code a point, or a number a point.

        Raises:
            StaleError: When the version is not the one that is shown.
            DataError: When there is nothing of that name to colour by.
        """
        seen = self._shown(version)
        found = colour_points(seen.index, seen.anchors, np.arange(len(seen.anchors)), by)
        return packed_colours(found)

    def rows(self, version: int, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Return what is known of some anchors.

        Raises:
            StaleError: When the version is not the one that is shown.
            DataError: When they are too many, or not there.
        """
        seen = self._shown(version)
        found = _checked_rows(rows, len(seen.anchors), most=MOST_ROWS)
        table = seen.index.metadata(seen.anchors, ["dataset"], rows=found) if len(found) else None
        datasets = [] if table is None else table["dataset"].to_pylist()
        return [
            {
                "row": row,
                "name": as_text(PurePath(path).name) if (path := seen.labels.path(row)) else _id(seen, row)[:12],
                "path": as_text(path or ""),
                "side": "good" if seen.anchors.is_good[row] else "bad",
                "rating": plain(seen.labels.ratings[row : row + 1])[0],
                "dataset": as_text(dataset or ""),
                "picture": path is not None and "://" not in path and os.path.isfile(path),  # noqa: PTH113 - odd names
            }
            for row, dataset in zip(found.tolist(), datasets, strict=True)
        ]

    def file(self, version: int, row: int) -> tuple[str, bytes] | None:
        """Return where the file of an anchor was, and its content id; None where it is no file.

        Raises:
            StaleError: When the version is not the one that is shown.
        """
        seen = self._shown(version)
        path = seen.labels.path(row) if 0 <= row < len(seen.anchors) else None
        return None if path is None or "://" in path else (path, seen.anchors.ids[row])

    def write(
        self,
        version: int,
        *,
        remove: Sequence[int] = (),
        ratings: Sequence[tuple[int, float]] = (),
        sides: Sequence[tuple[int, str]] = (),
    ) -> dict[str, Any]:
        """Remove and relabel anchors: one new version of the index, or none.

        Args:
            version: The version whose rows these are.
            remove: Rows of anchors that go.
            ratings: (row, new rating) as their data set has ratings.
            sides: (row, "good" or "bad"), where the data declare sides.

        Returns:
            What was done: `version` and `said`.

        Raises:
            StaleError: When the index was changed meanwhile.
            AnchorIndexError: When it is read-only, or another process is changing it.
            DataError: When it cannot be done, such as for the last anchor of a side.
        """
        with self._lock:
            seen = self._shown_now(version)
            n = len(seen.anchors)
            gone = _checked_rows(remove, n)
            new = dict(_pairs(ratings, n)), dict(_pairs(sides, n))
            labels = self._labels(seen, *new) if any(new) else None
            ids = [_id(seen, row) for row in gone.tolist()]
            if labels is not None:
                relabelled = self._changed(seen, lambda: seen.index.relabel(labels, remove=ids))
                said = f"{counted(relabelled.n_changed, 'anchor')} relabelled"
                said += f", {relabelled.n_removed} removed" if ids else ""
                moved = relabelled.n_moved
            elif ids:
                removed = self._changed(seen, lambda: seen.index.remove(ids=ids))
                said, moved = f"{counted(removed.n_removed, 'anchor')} removed", removed.n_moved
            else:
                raise DataError("nothing is staged", "relabel or remove some anchors first")
            if moved:
                said += f", {moved} on the other side now"
            return {"version": self._seen().version, "said": said}

    def restore(self, version: int, to: int) -> dict[str, Any]:
        """Make a new version that equals an old one; see `write`."""
        with self._lock:
            seen = self._shown_now(version)
            done = self._changed(seen, lambda: seen.index.restore(to))
            return {"version": self._seen().version, "said": f"version {done.restored} restored"}

    def _changed(self, seen: _Seen, change: Callable[[], Any]) -> Any:
        try:
            return change()
        except AnchorIndexError as error:
            # Under the lock of writers the library found another version: somebody was quicker.
            current = AnchorIndex.open(seen.index.path).manifest.version
            if current != seen.version:
                raise _stale(seen, current) from error
            raise

    def _shown(self, version: int) -> _Seen:
        with self._lock:
            seen = self._now or self._seen()
        if seen.version != version:
            raise _stale(seen, seen.version)
        return seen

    def _shown_now(self, version: int) -> _Seen:
        """Return what is shown, if it is also what is there; under the lock."""
        seen = self._now or self._seen()
        current = AnchorIndex.open(seen.index.path).manifest.version
        if not version == seen.version == current:
            raise _stale(seen, current)
        if why := self._read_only(seen):
            raise AnchorIndexError(why)
        return seen

    def _seen(self) -> _Seen:
        """Read the current version, unless it is read; an index that was opened at an old one stays there."""
        old = self._index if self._index.pinned else AnchorIndex.open(self._index.path)
        version = old.manifest.version
        if self._now is None or self._now.version != version:
            index = AnchorIndex.open(old.path, version)
            own = version == self._index.manifest.version
            anchors = self._fitted.anchors if own else index.anchors(rating=self._fitted.anchors.rating)
            points = self._plane().points(anchors.directions)
            self._now = _Seen(index, anchors, points, AnchorLabels.of(anchors, index))
        return self._now

    def _plane(self) -> _Plane:
        if self._made_plane is None:
            # As they are embedded: in a whitened space all directions have much the same variance.
            self._made_plane = _plane_of(self._fitted.anchors.directions)
        return self._made_plane

    def _read_only(self, seen: _Seen) -> str:
        if is_shipped(seen.index.path):
            return (
                f"index '{seen.index.name}' comes with quasar-index and stays as it is; "
                f"make your own of it: quasar-index merge NEW {seen.index.name} YOURS"
            )
        if self._index.pinned and seen.version != AnchorIndex.open(seen.index.path).manifest.version:
            return f"this is the old version {seen.version}; run the command without --version to change the index"
        if not os.access(seen.index.path, os.W_OK):
            return f"the folder of index '{seen.index.name}' cannot be written; check its permissions"
        return ""

    def _history(self, seen: _Seen) -> list[dict[str, Any]]:
        try:
            versions = seen.index.history()
        except AnchorIndexError:  # damaged: `verify` tells more
            return []
        return [
            {
                "version": one.version,
                "time": one.time,
                "action": as_text(one.action),
                "n_good": one.n_good,
                "n_bad": one.n_bad,
                "tags": list(map(as_text, one.tags)),
                "current": one.version == seen.version,
                "forgotten": one.forgotten,
            }
            for one in reversed(versions)
        ]

    def _labels(self, seen: _Seen, ratings: Mapping[int, float], sides: Mapping[int, str]) -> AnchorSource:
        """Return new labels as a source: names are content ids."""
        rows = np.array(sorted({*ratings, *sides}), dtype=np.int64)
        datasets = seen.index.metadata(seen.anchors, ["dataset"], rows=rows)["dataset"].to_pylist()
        records = {record.name: record for record in seen.index.manifest.sources}
        rated: dict[str, SourceRecord | Any] = dict(rating_records(seen.index, seen.anchors.rating))
        for row, name in zip(rows.tolist(), datasets, strict=True):
            declared = records[name].division == "reference"
            if row in sides and not declared:
                raise DataError(
                    f"the sides of data set '{name}' follow from its ratings", "stage a rating for its anchors instead"
                )
            if row in sides and sides[row] not in ("good", "bad"):
                raise DataError(f"there is no side '{sides[row]}'", "give good or bad")
        lower = {rated[name].lower_is_better for name in datasets if name in rated}
        if ratings and len(lower) > 1:
            raise DataError("in some of these data sets a lower rating is better", "write each kind by itself")
        columns = {
            "path": [_id(seen, row) for row in rows.tolist()],
            "score": [ratings.get(row) for row in rows.tolist()],
            "side": [sides.get(row) for row in rows.tolist()],
        }
        division: Any = "reference" if sides else "median"
        return AnchorSource(
            _NAME,
            make_records(columns, len(rows)),
            "no-reference",
            division,
            lower_is_better=lower == {True},
            rating=seen.anchors.rating or "score",
        )


def _plane_of(directions: FloatArray) -> _Plane:
    """Return the plane of (N, D) directions, D >= 2, by some thousands of them."""
    with import_alone():
        from sklearn.utils.extmath import randomized_svd

    n = len(directions)
    drawn = np.arange(n) if n <= _SAMPLE else np.sort(np.random.default_rng(0).choice(n, _SAMPLE, replace=False))
    vectors = np.asarray(directions[drawn], dtype=np.float32)
    mean = vectors.mean(axis=0, dtype=np.float64)
    vectors = vectors - mean.astype(np.float32)
    total = max(float(np.einsum("ij,ij->", vectors, vectors)), 1e-12)
    # Many passes over few columns; the signs are fixed, so the map is the same on every run.
    with threads_for(len(vectors), vectors.shape[1], 12):
        _, values, axes = randomized_svd(vectors, 2, n_iter=4, random_state=0)
    first, second = (float(value) ** 2 / total for value in values)
    return _Plane(mean, axes.astype(np.float64), (first, second))


_UNCOLOURED = frozenset({"id", "path", "embedding", "score", "quality", "side"})


def _id(seen: _Seen, row: int) -> str:
    return bytes(seen.anchors.ids[row]).decode()


def _stale(seen: _Seen, current: int) -> StaleError:
    return StaleError(
        f"index '{seen.index.name}' was changed meanwhile: it has version {current}, nothing was written",
        "load that version, then stage again",
    )


def _checked_rows(rows: Sequence[Any], n: int, most: int | None = None) -> IntArray:
    if not all(type(row) is int and 0 <= row < n for row in rows):
        raise DataError("there is no such anchor", "load the anchors again")
    if most is not None and len(rows) > most:
        raise DataError(f"these are more than {most} anchors", "ask for fewer at once")
    return np.array(rows, dtype=np.int64)


def _pairs(pairs: Sequence[Any], n: int) -> list[tuple[int, Any]]:
    if not all(isinstance(one, (list, tuple)) and len(one) == 2 for one in pairs):
        raise DataError("labels are pairs of a row and what it gets", "reload the page")
    _checked_rows([one[0] for one in pairs], n)
    return [(one[0], one[1]) for one in pairs]
