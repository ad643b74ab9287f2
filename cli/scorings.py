"""What `score` scores by: one rating of one index, or several of either, each with columns of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import typer

import quasar_index as qi

from . import patch_scoring

SCORES = ("score", "similarity_good", "similarity_bad")
OPINIONS = ("mos", "low", "high")


@dataclass(frozen=True)
class Scoring:
    """What scores images by one rating of one index.

    Attributes:
        scorer: Scores them.
        calibration: Gives opinion scores; None for none.
        rating: Name behind that of each of its columns, `score_NAME`; None where there is one score alone.
        stream: Number of the encoder whose embeddings it scores.
        embeds: Whether it is the one that lets that encoder embed the images.
    """

    scorer: qi.Scorer
    calibration: qi.IndexCalibration | None = None
    rating: str | None = None
    stream: int = 0
    embeds: bool = True

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
        scores = [image.score for image in images if image.score is not None]
        if self.calibration is None or not scores:
            return [None] * len(images)
        columns = self.calibration.predict(scores)
        found = (qi.report.Opinion(*map(float, row)) for row in zip(*columns, strict=True))
        return [None if image.score is None else next(found) for image in images]


@dataclass(frozen=True)
class Plan:
    """All that a run scores by.

    Attributes:
        scorings: One a score, in the order of the columns.
        specs: Encoders, one a stream of embeddings.
        indexes: Of the anchors; none for texts.
        prompting: Encoder of the prompts of `patches:prompts`, where it is not that of the index.
    """

    scorings: Sequence[Scoring]
    specs: Sequence[qi.EncoderSpec]
    indexes: Sequence[qi.AnchorIndex] = ()
    prompting: str | None = None

    @property
    def scorers(self) -> list[qi.Scorer]:
        """Those that embed, one a stream."""
        return [one.scorer for one in self.scorings if one.embeds]

    def load(self, how: Mapping[str, Any], cache: qi.encoders.EmbeddingCache | None) -> None:
        """Find what stands against the encoders; each is loaded by the first image that the cache does not know."""
        for spec, scorer in zip(self.specs, self.scorers, strict=True):
            if scorer.encoder is None:
                own = patch_scoring.own_loading(how, spec, self.prompting)
                scorer.encoder = qi.encoders.LazyEncoder(spec, **own)
            scorer.cache = cache
            if patch_scoring.takes_prompts([scorer.method]):
                scorer.prompt_encoder = patch_scoring.load_prompting(self.prompting, how, scorer.encoder)
        for scoring in self.scorings:
            scoring.scorer.ties = qi.methods.Ties()

    @property
    def decisive(self) -> list[Any]:
        """What of it decides rows, as plain data and dataclasses of such."""
        manifests = [one.manifest for one in self.indexes]
        versions = [(one.uid, one.version, one.approximate) for one in manifests]
        return [
            versions,
            list(self.specs),
            [one.prompt_encoder.spec.key for one in self.scorers if one.prompt_encoder is not None],
            [(one.scorer.method, one.calibration) for one in self.scorings],
        ]


def named(made: Sequence[Scoring], names: Iterable[str | None], streams: Sequence[int]) -> list[Scoring]:
    """Give scorings their names and streams; the first of each stream embeds the images.

    Args:
        made: As many of each index, index by index.
        names: One each.
        streams: Of each index.
    """
    result: list[Scoring] = []
    for n, (one, name) in enumerate(zip(made, names, strict=True)):
        stream = streams[n * len(streams) // len(made)]
        embeds = all(other.stream != stream for other in result)
        result.append(replace(one, rating=name, stream=stream, embeds=embeds))
    return result


def names_of(indexes: Sequence[qi.AnchorIndex], ratings: Sequence[str | None]) -> list[str | None]:
    """Return the names behind those of the columns: of the index, the rating, or both, as far as there are several.

    Raises:
        BadParameter: When two would be the same.
    """
    by_index = [one.path.name if len(indexes) > 1 else None for one in indexes]
    by_rating = [one if len(ratings) > 1 else None for one in ratings]
    names = ["_".join(filter(None, (one, other))) or None for one in by_index for other in by_rating]
    if again := [name for name, n in Counter(names).items() if n > 1]:
        raise typer.BadParameter(f"two scores would be called score_{again[0]}: copy an index under another name")
    return names


def streams_of(specs: Iterable[qi.EncoderSpec]) -> tuple[list[int], list[qi.EncoderSpec]]:
    """Return for each index which encoder it takes, and the encoders: indexes of the same one share its embeddings."""
    known: list[qi.EncoderSpec] = []
    numbers: list[int] = []
    for spec in specs:
        same = (n for n, other in enumerate(known) if not spec.difference(other))
        numbers.append(next(same, len(known)))
        if numbers[-1] == len(known):
            known.append(spec)
    return numbers, known


def columns_of(scorings: Sequence[Scoring], kept: Iterable[str] = (), *, has_notes: bool = False) -> list[str]:
    """Return the columns of a row, in order; `kept` ones come with the images, notes with truncated ones."""
    notes = ["note"] if has_notes else []
    return ["path", *kept, *(name for scoring in scorings for name in scoring.columns), *notes, "error"]


def embeddings_of(images: Sequence[qi.ScoredImage]) -> Any:
    """Stack the embeddings of those images that have one; None where none has."""
    import numpy as np

    found = [image.embedding for image in images if image.embedding is not None]
    return np.stack(found) if found else None
