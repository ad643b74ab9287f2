"""The points of a sweep on disk: one JSON line each, added as soon as it is computed.

A line is found by the hash of all that decides its result. A line that an interruption has torn is passed over, and its
point is computed again; other sweeps may share the file.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import DoubleArray
from ..errors import DataError
from ..json_lines import append_line, read_lines
from ..paths import PathText

DECIMALS = 6
"""Of what is kept; results are rounded before they are used, so that a resumed sweep gives the same figures."""


@dataclass(frozen=True)
class PointResult:
    """What came of a point.

    Attributes:
        srcc: Signed.
        n_anchors: Anchors that scored an image, on average over images.
        resampled: (B,) SRCC on the resamples of the test groups, NaN where it is undefined; None where there are too
            few images or groups.
        subset: Hash of the anchors that scored each image; empty where it is not known.
    """

    srcc: float
    n_anchors: float
    resampled: DoubleArray | None
    subset: str = ""

    def rounded(self) -> PointResult:
        """Return what the file will give back."""
        kept = None if self.resampled is None else self.resampled.round(DECIMALS)
        return PointResult(round(self.srcc, DECIMALS), round(self.n_anchors, DECIMALS), kept, self.subset)


class PointStore:
    """Points that were computed before, by key.

    Args:
        path: Of the file; None to keep nothing.

    Raises:
        DataError: When the file cannot be read.
    """

    def __init__(self, path: PathText | None) -> None:
        self._path = None if path is None else Path(path)
        self._known: dict[str, PointResult] = {}
        if path is None:
            return
        try:
            for record, _ in read_lines(Path(path)):
                self._read(record)
        except OSError as error:
            raise DataError(f"'{path}' cannot be read ({error.strerror})", "name another output") from error

    def get(self, key: str) -> PointResult | None:
        """Return the result of a point; None where it is not known."""
        return self._known.get(key)

    def put(self, key: str, label: str, result: PointResult) -> None:
        """Keep a result that `PointResult.rounded` returned.

        Args:
            key: Hash of what decides it.
            label: What it is, for people who look into the file.
            result: The result.

        Raises:
            DataError: When the file cannot be written.
        """
        self._known[key] = result
        if self._path is None:
            return
        values = result.resampled
        resampled = None if values is None else [None if math.isnan(value) else value for value in values.tolist()]
        record = {
            "key": key,
            "point": label,
            "srcc": result.srcc,
            "n_anchors": result.n_anchors,
            "subset": result.subset,
            "resampled": resampled,
        }
        try:
            with self._path.open("ab+") as file:
                append_line(file, record)
        except OSError as error:
            raise DataError(f"'{self._path}' cannot be written ({error.strerror})", "name another output") from error

    def _read(self, record: dict[str, Any]) -> None:
        try:
            resampled = record["resampled"]
            self._known[record["key"]] = PointResult(
                float(record["srcc"]),
                float(record["n_anchors"]),
                None if resampled is None else np.array(resampled, dtype=np.float64),
                str(record["subset"]),
            )
        except (ValueError, KeyError, TypeError):
            return  # none of ours


def point_key(*parts: Any) -> str:
    """Hash what decides a result, given as plain data and dataclasses of such."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()[:32]
