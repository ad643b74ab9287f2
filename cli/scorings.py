"""What `score` scores by: one rating of one index, or several of either, each with columns of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import typer

import quasar_index as qi

from . import patch_scoring


@dataclass(frozen=True)
class Plan:
    """All that a run scores by.

    Attributes:
        scorings: One a score, in the order of the columns.
        specs: Encoders, one a stream of embeddings.
        indexes: Of the anchors; none for texts.
        prompting: Encoder of the prompts of `patches:prompts`, where it is not that of the index.
    """

    scorings: Sequence[qi.methods.Scoring]
    specs: Sequence[qi.EncoderSpec]
    indexes: Sequence[qi.AnchorIndex] = ()
    prompting: str | None = None

    @property
    def scorers(self) -> list[qi.Scorer]:
        """Those that embed, one a stream."""
        return [one.scorer for one in self.scorings if one.embeds]

    def columns(self, kept: Iterable[str], *, has_notes: bool) -> list[str]:
        """Return the columns of a row, in order; `kept` ones come with the images, notes with truncated ones."""
        from quasar_index.methods.scorings import columns_of

        return columns_of(self.scorings, kept, has_notes=has_notes)

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


def named(
    made: Sequence[qi.methods.Scoring], names: Iterable[str | None], streams: Sequence[int]
) -> list[qi.methods.Scoring]:
    """Give scorings their names and streams; the first of each stream embeds the images.

    Args:
        made: As many of each index, index by index.
        names: One each.
        streams: Of each index.
    """
    result: list[qi.methods.Scoring] = []
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


def embeddings_of(images: Sequence[qi.ScoredImage]) -> Any:
    """Stack the embeddings of those images that have one; None where none has."""
    import numpy as np

    found = [image.embedding for image in images if image.embedding is not None]
    return np.stack(found) if found else None
