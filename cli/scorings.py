"""What `score` scores by: one rating of the anchors, or several, each with columns of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import quasar_index as qi

SCORES = ("score", "similarity_good", "similarity_bad")
OPINIONS = ("mos", "low", "high")


@dataclass(frozen=True)
class Scoring:
    """What scores images by one rating.

    Attributes:
        scorer: Scores them.
        calibration: Gives opinion scores; None for none.
        rating: Name behind that of each of its columns, `score_NAME`; None where there is one rating alone.
    """

    scorer: qi.Scorer
    calibration: qi.IndexCalibration | None = None
    rating: str | None = None

    @property
    def columns(self) -> list[str]:
        """Its columns in a row."""
        names = (*SCORES, *(OPINIONS if self.calibration else ()), "familiarity")
        return [name if self.rating is None else f"{name}_{self.rating}" for name in names]

    def values(self, image: qi.ScoredImage, opinion: qi.report.Opinion | None) -> dict[str, Any]:
        """Return the values of its columns; None where there is none."""
        found = [getattr(image, name) for name in SCORES]
        if self.calibration is not None:
            known = asdict(opinion) if opinion else {}
            found += [known.get(name) for name in OPINIONS]
        found.append(image.familiarity)
        return dict(zip(self.columns, found, strict=True))

    def opinions(self, images: Sequence[qi.ScoredImage]) -> list[qi.report.Opinion | None]:
        """Return the opinion scores of some images; None for images without a score, or without a calibration."""
        embeddings, scores = embeddings_of(images), [image.score for image in images if image.score is not None]
        if self.calibration is None or embeddings is None:
            return [None] * len(images)
        columns = self.calibration.predict(scores)
        found = (qi.report.Opinion(*map(float, row)) for row in zip(*columns, strict=True))
        return [None if image.score is None else next(found) for image in images]


def columns_of(scorings: Sequence[Scoring]) -> list[str]:
    """Return the columns of a row, in order."""
    return ["path", *(name for scoring in scorings for name in scoring.columns), "error"]


def embeddings_of(images: Sequence[qi.ScoredImage]) -> Any:
    """Stack the embeddings of those images that have one; None where none has."""
    import numpy as np

    found = [image.embedding for image in images if image.embedding is not None]
    return np.stack(found) if found else None
