"""What the manifest of an index records: its embeddings, shards, sources and their ratings; subset and search.

These are plain data, read from files of strangers: each says of itself whether it is sound.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from ..arguments import checked
from ..encoders.spec import EncoderSpec, Resize
from ..errors import counted

if TYPE_CHECKING:
    from ..arrays import BoolArray, DoubleArray

Dtype: TypeAlias = Literal["float32", "float16"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
MAIN_EMBEDDING = "embedding"
"""Column of the embeddings that every index has."""
MAIN_RATING = "score"
"""Column of the raw opinion scores that every index has, and the name of that rating where the data give it none."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_LARGEST_DIM = 1 << 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddingRecord:
    """One embedding of every anchor.

    Attributes:
        name: Its column in the table.
        encoder: What made it.
        dtype: What the table keeps of it: "float32", or "float16" in half the space. It is read as float32.
    """

    name: str
    encoder: EncoderSpec
    dtype: Dtype = "float32"

    @property
    def is_sound(self) -> bool:
        """Whether a build could have written it."""
        encoder, rule = self.encoder, self.encoder.input
        return (
            is_name(self.name)
            and self.dtype in DTYPES
            and all(isinstance(text, str) for text in (encoder.name, encoder.weights, encoder.fingerprint))
            and is_count(encoder.dim)
            and 0 < encoder.dim <= _LARGEST_DIM
            and (
                rule is None
                or (
                    rule.resize in get_args(Resize)
                    and all(map(is_count, (rule.size, rule.min_side, rule.version)))
                    and all(isinstance(value, (int, float)) for value in (*rule.mean, *rule.std))
                )
            )
        )


@dataclass(frozen=True)
class Shard:
    """A part of the anchors: a Lance table of its own. An index is all of its shards, one after the other.

    Attributes:
        table: Name of the table.
        version: Its version, as Lance counts them.
    """

    table: str
    version: int

    @property
    def is_sound(self) -> bool:
        """Whether a build could have written it: its name is part of paths, which may not lead out of the index."""
        return is_name(self.table) and is_count(self.version)


@dataclass(frozen=True)
class RatingRecord:
    """One opinion score of the anchors of a data set.

    Attributes:
        name: What people call it, such as "quality" or "appeal".
        column: Column of the table with the raw scores.
        lower_is_better: Direction of the raw score.
        score_range: Raw scores that map to the ends of [0, 1]; None where there are no scores.
        range_is_declared: Whether the data declare that range; an observed one follows the anchors when they change.
        threshold: Raw score at which the sides divide: good is better than it. None with the division "reference", or
            without scores.
        threshold_is_given: Whether the user gave it; else it is the median, or the worse one of two scores, and follows
            the anchors when they change.
        kept: Whether threshold and score range are those of the index that this one is a subset of: they stay as they
            are when anchors change, so that a subset is never divided at its own median.
        by_person: Whether people gave the scores; not so where they are the strength of a distortion, or a metric's.
    """

    name: str = MAIN_RATING
    column: str = MAIN_RATING
    lower_is_better: bool = False
    score_range: tuple[float, float] | None = None
    range_is_declared: bool = False
    threshold: float | None = None
    kept: bool = False
    by_person: bool = True
    threshold_is_given: bool = False

    @property
    def declared_range(self) -> tuple[float, float] | None:
        """The score range if the data declare it, else None."""
        return self.score_range if self.range_is_declared else None

    @property
    def fixed_range(self) -> tuple[float, float] | None:
        """The score range if it stays when anchors change, else None."""
        return self.score_range if self.range_is_declared or self.kept else None

    @property
    def fixed_threshold(self) -> float | None:
        """The threshold if it stays when anchors change, else None."""
        return self.threshold if self.kept or self.threshold_is_given else None

    @checked
    def apply(self, scores: DoubleArray) -> tuple[BoolArray | None, DoubleArray]:
        """Divide and scale raw scores as the anchors of the index were.

        Args:
            scores: (n,) float64 raw scores, NaN where there is none.

        Returns:
            (n,) whether each is good, None where sides are declared; and (n,) scores scaled to [0, 1], higher is
            better.
        """
        good = None
        if self.threshold is not None:
            good = scores < self.threshold if self.lower_is_better else scores > self.threshold
        if self.score_range is None:
            return good, scores * math.nan
        low, high = self.score_range
        return good, (high - scores if self.lower_is_better else scores - low) / (high - low or 1.0)

    @property
    def is_sound(self) -> bool:
        """Whether a build could have written it."""
        numbers = (*(self.score_range or ()), *(() if self.threshold is None else (self.threshold,)))
        return (
            all(isinstance(text, str) and text for text in (self.name, self.column))
            and (self.score_range is None or len(self.score_range) == 2)
            and all(isinstance(number, (int, float)) for number in numbers)
        )


@dataclass(frozen=True)
class PatchRecord:
    """What the patches of pristine images are, where the anchors are such.

    Attributes:
        size: Pixels a side.
        n_images: Images that patches were chosen of; None for ready-cut patches.
        stride: Pixels from one to the next; None for ready-cut patches.
        sharpness: Part of the largest sharpness that they exceed (`images.PatchRule`); None for ready-cut patches.
        colourfulness: Part of the largest colourfulness; None likewise.
    """

    size: int
    n_images: int | None = None
    stride: int | None = None
    sharpness: float | None = None
    colourfulness: float | None = None

    def __str__(self) -> str:
        """Say in words what they are."""
        words = f"{self.size} x {self.size}"
        if self.n_images is None:
            return f"{words}, ready-cut"
        return (
            f"{words}, every {self.stride} pixels of {counted(self.n_images, 'image')}, the sharpest "
            f"(above {self.sharpness:g} of an image's largest) and of these the most colourful (above "
            f"{self.colourfulness:g})"
        )

    @property
    def is_sound(self) -> bool:
        """Whether a build could have written it."""
        counts = [one for one in (self.size, self.n_images, self.stride) if one is not None]
        parts = [one for one in (self.sharpness, self.colourfulness) if one is not None]
        return all(map(is_count, counts)) and self.size > 0 and all(isinstance(one, (int, float)) for one in parts)


@dataclass(frozen=True)
class SourceRecord:
    """One data set of an index.

    Attributes:
        name: Name of the data set.
        kind: "full-reference", "no-reference", "aesthetics", or "patches" of pristine images, which are all good.
        division: "median" or "reference" (see `AnchorSource`).
        n_good: Anchors on the good side, by the first rating or as declared.
        n_bad: Anchors on the bad side.
        ratings: Its opinion scores, at least one; the first divides and scales unless another is asked for. (That of
            a data set without scores has no range.)
        n_failed: Images that could not be embedded; `failures.jsonl` names them.
        n_duplicates: Images left out because an earlier one has the same content.
        checksums: SHA-256 of the label files.
        patches: Of the kind "patches", what they are; None for others.
    """

    name: str
    kind: str
    division: str
    n_good: int
    n_bad: int
    ratings: tuple[RatingRecord, ...] = (RatingRecord(),)
    n_failed: int = 0
    n_duplicates: int = 0
    checksums: Mapping[str, str] = field(default_factory=dict)
    patches: PatchRecord | None = None

    @classmethod
    @checked
    def from_dict(cls, data: Mapping[str, Any]) -> SourceRecord:
        """Read what `dataclasses.asdict` gave, straight or through JSON.

        Raises:
            KeyError, TypeError, ValueError: When it is none.
        """
        ratings = tuple(
            RatingRecord(**{**one, "score_range": one["score_range"] and tuple(one["score_range"])})
            for one in data["ratings"]
        )
        if not ratings or not all(rating.is_sound for rating in ratings):
            raise ValueError("unsound ratings")
        patches = data.get("patches")
        made = cls(**{**data, "ratings": ratings, "patches": patches and PatchRecord(**patches)})
        if (made.kind == "patches") != (made.patches is not None and made.patches.is_sound):
            raise ValueError("unsound patches")
        return made

    @property
    def rating(self) -> RatingRecord:
        """The first rating."""
        return self.ratings[0]

    @checked
    def rating_called(self, name: str) -> RatingRecord | None:
        """Return the rating of a name; None where this data set has none."""
        return next((rating for rating in self.ratings if rating.name == name), None)

    @property
    def lower_is_better(self) -> bool:
        """Direction of the raw scores of the first rating."""
        return self.rating.lower_is_better

    @property
    def score_range(self) -> tuple[float, float] | None:
        """Raw scores of the first rating that map to the ends of [0, 1]; None where there are no scores."""
        return self.rating.score_range

    @property
    def threshold(self) -> float | None:
        """Raw score of the first rating at which the sides divide; None with "reference"."""
        return self.rating.threshold


@dataclass(frozen=True)
class Subset:
    """Where the anchors of a selected index come from, and why these: they are the rows of its first version, by id.

    Attributes:
        selector: Name of what chose them (`quasar_index.selection`).
        parameters: Its parameters, by name.
        n_good: Chosen of the good side.
        n_bad: Chosen of the bad side.
        of_good: Good anchors that they were chosen from.
        of_bad: Bad anchors that they were chosen from.
        space: The space that the selector looked at, such as "raw" or "whitened (shrinkage 1)".
        stratify: Quantile bins of the rating within each side, to each of which it was applied; None for none.
        where: The SQL filter on the anchors that were chosen from; None for all.
        group: Column of the contents that stay together in the selector's own validation; None for no groups.
        index: Name of the index that was selected from.
        uid: Its `Manifest.uid`.
        version: Its version.
        reason: Why this selector and size, in a line; may be empty.
        rating: The opinion score that divided the anchors for the selector; None for the first. n_good, n_bad and
            the like count by it.
        earlier: Selectors by which the anchors that were selected from had been selected themselves, the last one last.
        time: UTC, ISO 8601.
    """

    selector: str
    parameters: Mapping[str, Any]
    n_good: int
    n_bad: int
    of_good: int
    of_bad: int
    index: str
    uid: str
    version: int
    space: str = "raw"
    stratify: int | None = None
    where: str | None = None
    group: str | None = None
    reason: str = ""
    rating: str | None = None
    earlier: tuple[str, ...] = ()
    time: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))

    @property
    def label(self) -> str:
        """The selector with its parameters, such as `mmr balance=0.5 relevance=centroid`."""
        return " ".join([self.selector, *(f"{name}={value}" for name, value in self.parameters.items())])

    @property
    def chosen_by(self) -> str | None:
        """The last selector that chose these anchors for what they are; None where they were only drawn at random."""
        return next((one for one in (self.selector, *reversed(self.earlier)) if one != "random"), None)


@dataclass(frozen=True)
class Approximation:
    """The approximate search that the user of an index opted in to, and what was measured of it.

    Attributes:
        space: The space of its anchors, such as "whitened (shrinkage 10)"; it serves no other.
        of: Name of these anchors in this space (`Fits.of`).
        factory: What FAISS calls such lists, such as "IVF1414,PQ384x4fs", good side then bad.
        n_lists: Lists of the good and of the bad side.
        n_probe: Lists that a query looks into, of each side.
        n_ranked: Candidates of a side whose exact cosines are computed for a query.
        top_k: Largest k that it serves, at which it was measured.
        n_queries: Queries that it was measured with: anchors, whose own content does not count as neighbours.
        recall: Mean share of the k nearest anchors of a side that it found.
        recall_low: The share that 95% of the queries reached.
        score_srcc: Rank correlation of the queries' retrieval scores (k a side, equal weights) with the exact ones.
        speedup: Time of the exact search of all these queries / its time, on the machine that measured.
        speedup_single: The same for one query alone.
        time: UTC, ISO 8601.
        rating: The opinion score that divides these anchors; None for the first.
    """

    space: str
    of: str
    factory: str
    n_lists: tuple[int, int]
    n_probe: tuple[int, int]
    n_ranked: int
    top_k: int
    n_queries: int
    recall: float
    recall_low: float
    score_srcc: float
    speedup: float
    speedup_single: float
    time: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds"))
    rating: str | None = None

    @classmethod
    @checked
    def from_dict(cls, data: Any) -> Approximation | None:
        """Read what the manifest holds; None, which is exact search, where it is nothing that this version knows."""
        if data is None:
            return None
        try:
            pairs = {name: tuple(data[name]) for name in ("n_lists", "n_probe")}
            known = {f.name: data[f.name] for f in fields(cls) if f.name != "rating"}
            made = cls(**known | pairs, rating=data.get("rating"))
        except (KeyError, TypeError, ValueError):
            made = None
        if made is None or not made._is_sound():
            _log.warning("the manifest names no approximate search that this version knows: searching exactly")
            return None
        return made

    def _is_sound(self) -> bool:
        counts = (*self.n_lists, *self.n_probe, self.n_ranked, self.top_k, self.n_queries)
        figures = (self.recall, self.recall_low, self.score_srcc, self.speedup, self.speedup_single)
        return (
            all(isinstance(text, str) for text in (self.space, self.of, self.factory, self.time, self.rating or ""))
            and len(self.n_lists) == len(self.n_probe) == 2
            and all(is_count(count) and count > 0 for count in counts)
            and all(isinstance(figure, (int, float)) for figure in figures)
        )


def is_count(value: object) -> bool:
    """Return whether a value of JSON is a whole number that a count or a version can be."""
    return type(value) is int and 0 <= value < 1 << 62


def is_name(value: object) -> bool:
    """Return whether a value of JSON can name a table or a column."""
    return isinstance(value, str) and _NAME.fullmatch(value) is not None
