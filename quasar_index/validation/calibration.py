"""The calibration of an index: scores become opinion scores with an interval.

The map and its split-conformal interval are fitted on cross-fitted scores of the anchors
(`quasar_index.statistics.calibration`): each anchor is scored by an index without its group.
`calibrations/VERSION-KEY.json` in the index keeps one for each version of the table, method and rating.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ..arguments import checked
from ..arrays import DoubleArray
from ..errors import AnchorIndexError, ValidationError
from ..index import AnchorIndex
from ..index.places import check_own
from ..index.ratings import further_rating, rating_records
from ..methods.mean import Mean
from ..methods.method import Method
from ..paths import write_atomically
from ..statistics.calibration import Calibration, fit_calibration
from ..statistics.rising_maps import MapName
from .cross_fit import cross_fit
from .rated import RatedImages, rated_anchors

FOLDER = "calibrations"
_ALONE = "each image"


@dataclass(frozen=True)
class IndexCalibration:
    """What an index knows of its own scores.

    Attributes:
        method: What scores, as `str` writes it.
        version: Version of the index.
        groups: What was left out as a whole: a column, or "each image" (see `column`).
        calibration: From scores to ratings, higher is better.
        lower_is_better: Direction of the raw ratings, which `predict` answers in.
        rating: The opinion score that it is of; None for the first of each data set.
    """

    method: str
    version: int
    groups: str
    calibration: Calibration
    lower_is_better: bool
    rating: str | None = None

    @property
    def column(self) -> str | None:
        """The column whose groups were left out; None for each image."""
        return None if self.groups == _ALONE else self.groups

    @property
    def scale(self) -> tuple[float, float]:
        """Lowest and highest raw opinion score."""
        low, high = self.calibration.quality_range
        return (-high, -low) if self.lower_is_better else (low, high)

    @checked
    def predict(self, scores: npt.ArrayLike) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
        """Put scores on the scale of the raw ratings.

        Args:
            scores: (n,) scores of the same method.

        Returns:
            mos, low and high, (n,) each; low <= mos <= high.
        """
        mos, low, high = self.calibration.predict(scores)
        return (-mos, -high, -low) if self.lower_is_better else (mos, low, high)


@checked
def calibrate(
    index: AnchorIndex,
    method: Method | None = None,
    *,
    group: str | None = None,
    rating: str | None = None,
    map_name: MapName = "isotonic",
    level: float = 0.9,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> IndexCalibration:
    """Calibrate an index for one method, and keep the result in it.

    Args:
        index: An index of rated anchors.
        method: What scores; None for the default.
        group: Column whose groups stay together (contents, prompts); None for the reference images where there are
            any, else each image alone.
        rating: Opinion score, where anchors have several; None for the first.
        map_name: "isotonic" or "logistic".
        level: Nominal coverage of the interval.
        seed: Of the divisions.
        on_progress: Called with (done, total) steps.

    Returns:
        The calibration, with the coverage that it had on groups left out.

    Raises:
        ValidationError: When the anchors have no ratings, or too few anchors or groups, or scores that do not rise with
            the ratings.
        AnchorIndexError: When there is no such rating.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> np.savetxt("own.csv", x[:, 0], header="score", comments="")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> found = qi.calibrate(index, qi.Mean(), level=0.8)
        >>> found.method, found.groups, found.calibration.n_anchors
        ('mean', 'each image', 60)
    """
    check_own(index.path)
    chosen = method or Mean()
    images = rated_anchors(index, rating=rating)
    name, groups = _groups(images, group)
    fitted = cross_fit(
        [chosen],
        images.embeddings,
        images.quality,
        groups,
        is_good=images.is_good,
        is_cut=images.is_cut,
        ids=images.ids,
        seed=seed,
        on_progress=on_progress,
    )
    records = list(rating_records(index, rating).values())
    lower = len(records) == 1 and records[0].lower_is_better
    low_high = records[0].score_range if len(records) == 1 else (0.0, 1.0)
    scale = None if low_high is None else ((-low_high[1], -low_high[0]) if lower else low_high)
    found = IndexCalibration(
        str(chosen),
        index.manifest.version,
        name,
        fit_calibration(
            fitted.by_fold.scores[0],
            fitted.parts.quality,
            groups=fitted.parts.groups,
            map_name=map_name,
            level=level,
            quality_range=scale,
            seed=seed,
        ),
        lower,
        further_rating(index, rating),
    )
    _write(index, found)
    return found


@checked
def read_calibration(
    index: AnchorIndex, method: Method | None = None, *, rating: str | None = None
) -> IndexCalibration:
    """Read the calibration of an index for one method, and one of its ratings (None for the first).

    Raises:
        AnchorIndexError: When there is none for this version, method and rating, naming those that there are.
        ValidationError: When the file is damaged.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> np.savetxt("own.csv", x[:, 0], header="score", comments="")
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> _ = qi.calibrate(index)
        >>> found = qi.read_calibration(index)
        >>> rating, low, high = found.predict(qi.Mean().fit(index).score(x[:3]).score)
        >>> found.method, rating.shape, bool((low <= rating).all())
        ('mean', (3,), True)
    """
    chosen = method or Mean()
    further = further_rating(index, rating)
    path = _path(index, str(chosen), further)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return IndexCalibration(
            method=record["method"],
            version=record["version"],
            groups=record["groups"],
            calibration=Calibration.from_dict(record["calibration"]),
            lower_is_better=record["lower_is_better"],
            rating=record.get("rating"),
        )
    except FileNotFoundError:
        found = path.parent.glob(f"{index.manifest.version}-*.json")
        others = sorted(_label(json.loads(other.read_text(encoding="utf-8"))) for other in found)
        this = _label({"method": str(chosen), "rating": further})
        option = "" if chosen == Mean() else f" --method {chosen}"
        option += "" if further is None else f" --rating {shlex.quote(further)}"
        have = f"; there are some for {', '.join(map(repr, others))}" if others else ""
        raise AnchorIndexError(
            f"index '{index.name}' has no calibration of '{this}' for version {index.manifest.version}{have}",
            f"make one: quasar-index calibrate {index.name}{option}",
        ) from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ValidationError(f"the calibration '{path}' is damaged ({error})", "make it anew") from error


def _label(record: Mapping[str, Any]) -> str:
    by = record.get("rating")
    return f"{record.get('method')}" + (f" by {by}" if by else "")


def _groups(images: RatedImages, group: str | None) -> tuple[str, list[object]]:
    """Return what stays together, by name, and a label for each image."""
    if group is not None:
        return group, list(images.column(group))
    references = images.columns["reference"]
    if any(references):
        # An image without a reference stands alone.
        return "reference", [reference or key for reference, key in zip(references, images.ids, strict=True)]
    return _ALONE, list(images.ids)


def _write(index: AnchorIndex, found: IndexCalibration) -> None:
    path = _path(index, found.method, found.rating)
    record = {
        "method": found.method,
        "version": found.version,
        "groups": found.groups,
        "calibration": found.calibration.to_dict(),
        "lower_is_better": found.lower_is_better,
        "rating": found.rating,
    }
    try:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, (json.dumps(record, indent=1) + "\n").encode(), shared=True)
    except OSError as error:
        raise AnchorIndexError(f"'{path}' cannot be written ({error.strerror})", "mend its permissions") from error


def _path(index: AnchorIndex, method: str, rating: str | None) -> Path:
    what = method if rating is None else f"{method}\0{rating}"
    key = hashlib.sha256(what.encode()).hexdigest()[:12]
    return index.path / FOLDER / f"{index.manifest.version}-{key}.json"
