"""Rows of scored images: what several ratings, indexes and calibrations say of an image, in columns of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .scoring import ScoredImage, Scorer

if TYPE_CHECKING:
    import pyarrow as pa

SCORES = ("score", "similarity_good", "similarity_bad")
OPINIONS = ("mos", "low", "high")
TEXTS = ("path", "note", "error")
"""Columns of text."""


class Predictor(Protocol):
    """Puts scores on the scale of ratings, such as an `IndexCalibration`."""

    def predict(self, scores: Any) -> tuple[Any, Any, Any]:
        """Return mos, low and high of (n,) scores, (n,) each."""
        ...


@dataclass(frozen=True)
class Opinion:
    """What a calibration says of one image.

    Attributes:
        mos: Opinion score, on the scale of the anchors' ratings.
        low: Lower end of its interval.
        high: Upper end.
    """

    mos: float
    low: float
    high: float


@dataclass(frozen=True)
class Scoring:
    """What scores images by one rating of one index.

    Attributes:
        scorer: Scores them.
        calibration: Gives opinion scores; None for none.
        rating: Name behind that of each of its columns, `score_NAME`; None where there is one score alone.
        stream: Number of the encoder whose embeddings it scores.
        embeds: Whether it is the one that lets that encoder embed the images.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> anchors = qi.make_anchors(np.eye(4), is_good=[True, True, False, False])
        >>> qi.methods.Scoring(qi.Scorer(anchors), rating="appeal").columns
        ['score_appeal', 'similarity_good_appeal', 'similarity_bad_appeal', 'familiarity_appeal']
    """

    scorer: Scorer
    calibration: Predictor | None = None
    rating: str | None = None
    stream: int = 0
    embeds: bool = True

    @property
    def columns(self) -> list[str]:
        """Its columns in a row."""
        names = (*SCORES, *(OPINIONS if self.calibration else ()), "familiarity")
        return [name if self.rating is None else f"{name}_{self.rating}" for name in names]

    def values(self, image: ScoredImage, opinion: Opinion | None) -> dict[str, Any]:
        """Return the values of its columns; None where there is none."""
        found = [getattr(image, name) for name in SCORES]
        if self.calibration is not None:
            known = asdict(opinion) if opinion else {}
            found += [known.get(name) for name in OPINIONS]
        found.append(image.familiarity)
        return dict(zip(self.columns, found, strict=True))

    def opinions(self, images: Sequence[ScoredImage]) -> list[Opinion | None]:
        """Return the opinion scores of some images; None for images without a score, or without a calibration."""
        scores = [image.score for image in images if image.score is not None]
        if self.calibration is None or not scores:
            return [None] * len(images)
        columns = self.calibration.predict(scores)
        found = (Opinion(*map(float, row)) for row in zip(*columns, strict=True))
        return [None if image.score is None else next(found) for image in images]


@dataclass(frozen=True)
class ScoredBlock:
    """Some images, scored by all.

    Attributes:
        images: Of the first stream.
        opinions: Of each scoring, of each image.
        rows: Of each image: `path`, the columns of the scorings, `note` and `error`; None where there is none.
    """

    images: Sequence[ScoredImage]
    opinions: Sequence[Sequence[Opinion | None]]
    rows: Sequence[dict[str, Any]]


def score_block(scorings: Sequence[Scoring], found: Sequence[tuple[ScoredImage, ...]]) -> ScoredBlock:
    """Score images by all that scores them.

    Args:
        scorings: Of each encoder, the one that `embeds` has scored the images.
        found: Of each image, a row a stream.

    Returns:
        The images and their rows.
    """
    streams = [list(stream) for stream in zip(*found, strict=True)]
    scored = [streams[one.stream] if one.embeds else one.scorer.score_again(streams[one.stream]) for one in scorings]
    opinions = [one.opinions(mine) for one, mine in zip(scorings, scored, strict=True)]
    rows = []
    for n, image_by_stream in enumerate(found):
        image = image_by_stream[0]
        row: dict[str, Any] = {"path": image.path}
        for one, mine, said in zip(scorings, scored, opinions, strict=True):
            row |= one.values(mine[n], said[n])
        errors = dict.fromkeys(one.error for one in image_by_stream if one.error)
        rows.append(row | {"note": image.note or None, "error": "; ".join(errors) or None})
    return ScoredBlock(streams[0], opinions, rows)


def columns_of(scorings: Sequence[Scoring], kept: Iterable[str] = (), *, has_notes: bool = False) -> list[str]:
    """Return the columns of a row, in order; `kept` ones come with the images, notes with truncated ones."""
    notes = ["note"] if has_notes else []
    return ["path", *kept, *(name for scoring in scorings for name in scoring.columns), *notes, "error"]


def row_schema(columns: Iterable[str], types: Mapping[str, pa.DataType]) -> pa.Schema:
    """Return the Arrow types of rows: text, those of `types`, else float64."""
    import pyarrow as pa

    known = {**dict.fromkeys(TEXTS, pa.string()), **types}
    return pa.schema([(name, known.get(name, pa.float64())) for name in columns])


def embedding_scorers(scorings: Iterable[Scoring]) -> Iterator[Scorer]:
    """Yield those that embed the images, one a stream."""
    return (one.scorer for one in scorings if one.embeds)
