"""What an evaluation does with its options: protocol, indexes, and embeddings as test set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

import quasar_index as qi
from quasar_index.encoders.spec import EncoderSpec

from . import method_option as ways
from . import options
from .data import read_embeddings
from .few_labels import FewLabelOptions
from .patch_scoring import load_prompting, own_loading, takes_prompts
from .progress import progress_bar


@dataclass(frozen=True)
class Protocol:
    """How to evaluate.

    Attributes:
        given: What scores, as the user named it; None for the default of each index.
        group: Column of --cross-validate.
        resampled: Column of --group.
        exclude: Rule of --exclude.
        allow_overlap: Whether images may score themselves.
        where: Filter of the anchors.
        ratio: Random part of them.
        rating: Opinion score that divides them.
        by: Columns of breakdowns.
        resamples: Their number.
        seed: Of all draws.
        few_labels: Options of --few-labels; None without.
    """

    given: Sequence[qi.Method] | None
    group: str | None
    resampled: str | None
    exclude: str | None
    allow_overlap: bool
    where: str | None
    ratio: float
    rating: str | None
    by: Sequence[str]
    resamples: int
    seed: int
    few_labels: FewLabelOptions | None = None

    def methods(self, index: qi.AnchorIndex | None) -> Sequence[qi.Method]:
        """Return what scores by an index: of several indexes, each takes the methods that are for it."""
        of_patches = index is not None and index.manifest.patch_size is not None
        if self.given is None:
            return [qi.methods.Patches()] if of_patches else ways.read_methods(None)
        return [one for one in self.given if one.takes_patches == of_patches] or self.given

    def evaluate_patches(
        self,
        index: qi.AnchorIndex,
        rated: qi.validation.RatedSource,
        encoder: qi.Encoder,
        embedding: options.Embedding,
        prompting: str | None,
    ) -> tuple[qi.EvaluationReport, qi.RatedImages]:
        """Evaluate an index of patches, whose images are scored as they are embedded."""
        if self.exclude is not None:
            raise qi.ValidationError(
                f"--exclude leaves out anchors, and all patches of index '{index.name}' score together",
                "evaluate on other images, or --allow-overlap",
            )
        prompts = takes_prompts(self.methods(index))
        prompt_encoder = load_prompting(prompting, embedding.loading, encoder) if prompts else None
        with progress_bar("scoring") as on_image:
            return qi.validation.evaluate_patches(
                self.methods(index),
                index,
                rated,
                encoder,
                prompt_encoder=prompt_encoder,
                allow_overlap=self.allow_overlap,
                where=self.where,
                ratio=self.ratio,
                group=self.resampled,
                by=self.by,
                seed=self.seed,
                n_resamples=self.resamples,
                **embedding.running,
                on_progress=on_image,
            )

    @property
    def pairing(self) -> dict[str, Any]:
        """Which anchors of an index score which images, as `evaluate_index` takes it."""
        names = ("exclude", "allow_overlap", "where", "ratio", "rating", "seed")
        return {name: getattr(self, name) for name in names}

    @property
    def asked(self) -> dict[str, Any]:
        """What decides which images are scored by which anchors."""
        return {"cross_validate": self.group, **self.pairing}

    def check_all(self, rated: qi.validation.RatedSource, indexes: Sequence[qi.AnchorIndex]) -> None:
        """Find what stands against it for each index, or without one."""
        for index in indexes:
            self.check(rated, index)
        if not indexes:
            self.check(rated, None)

    def evaluate_all(
        self,
        indexes: Mapping[str, qi.AnchorIndex],
        images: Sequence[qi.RatedImages],
        ready: Mapping[str, qi.EvaluationReport],
    ) -> qi.EvaluationReport:
        """Evaluate each index on its images, or all on the same, as one report; some are evaluated already."""
        if len(indexes) < 2:
            return next(iter(ready.values()), None) or self.evaluate(next(iter(indexes.values()), None), images[0])
        sets = list(images) * len(indexes) if len(images) == 1 else images
        reports: dict[str, qi.EvaluationReport] = {}
        for (name, one), own in zip(indexes.items(), sets, strict=True):
            try:
                reports[name] = ready.get(name) or self.evaluate(one, own)
            except qi.ValidationError as error:
                raise qi.ValidationError(f"{name}: {error.message}", error.hint) from error
        return qi.validation.join_evaluations(reports, by=self.by)

    def check(self, rated: qi.validation.RatedSource, index: qi.AnchorIndex | None) -> None:
        """Find what stands against it before anything is embedded."""
        if self.few_labels is not None:
            self.few_labels.check(rated)
        elif self.group is not None:
            qi.validation.check_cross_validation(rated, self.group, by=self.by)
        elif index is not None:
            qi.validation.check_evaluation(rated, index, resampled=self.resampled, by=self.by, **self.pairing)

    def evaluate(self, index: qi.AnchorIndex | None, images: qi.RatedImages) -> qi.EvaluationReport:
        """Evaluate."""
        with progress_bar("evaluating") as on_progress:
            shared: dict[str, Any] = {"by": self.by, "n_resamples": self.resamples, "on_progress": on_progress}
            if self.group is not None:
                shared |= {"allow_overlap": self.allow_overlap, "seed": self.seed}
                return qi.cross_validate_images(self.methods(index), images, self.group, **shared)
            assert index is not None  # noqa: S101 - for the type checker
            return qi.evaluate_index(self.methods(index), index, images, group=self.resampled, **self.pairing, **shared)


def open_indexes(names: Sequence[str], version: str | None = None) -> dict[str, qi.AnchorIndex]:
    """Open indexes, by what tells them apart: their names, or as they were named where two have the same.

    Raises:
        BadParameter: When one is named twice.
    """
    opened = [qi.AnchorIndex.open(name, version) for name in names]
    places = Counter(one.path.resolve() for one in opened)
    if twice := next((one for one in opened if places[one.path.resolve()] > 1), None):
        raise typer.BadParameter(f"--index names '{twice.name}' twice")
    counts = Counter(one.name for one in opened)
    return {one.name if counts[one.name] == 1 else name: one for name, one in zip(names, opened, strict=True)}


def embed_images(
    rated: qi.validation.RatedSource, encoder: qi.Encoder, embedding: options.Embedding
) -> tuple[qi.RatedImages, EncoderSpec]:
    """Embed rated images; return them with the record of what has done so."""
    with progress_bar("embedding") as on_image:
        images = qi.embed_rated(rated, encoder, **embedding.running, on_progress=on_image)
    return images, encoder.spec


def embed_for_all(
    rated: qi.validation.RatedSource,
    indexes: Mapping[str, qi.AnchorIndex],
    protocol: Protocol,
    embedding: options.Embedding,
    prompting: str | None,
) -> tuple[list[qi.RatedImages], dict[str, qi.EvaluationReport], EncoderSpec]:
    """Embed rated images for each index, once an encoder; encoders are loaded one after the other.

    Returns:
        The images for each index; the evaluations that are done by that, of indexes of patches; the first encoder.
    """
    for one in indexes.values():
        spec = one.manifest.encoder
        qi.encoders.check_recorded_encoder(spec, **own_loading(embedding.place, spec, prompting))
    made: dict[EncoderSpec, qi.RatedImages] = {}
    images: list[qi.RatedImages] = []
    ready: dict[str, qi.EvaluationReport] = {}
    specs: list[EncoderSpec] = []
    for name, one in indexes.items():
        spec = one.manifest.encoder
        encoder = qi.encoders.LazyEncoder(spec, **own_loading(embedding.loading, spec, prompting))
        if one.manifest.patch_size is not None:
            ready[name], own = protocol.evaluate_patches(one, rated, encoder, embedding, prompting)
        else:
            own = made[spec] = made.get(spec) or embed_images(rated, encoder, embedding)[0]
        images.append(own)
        specs.append(encoder.spec)
    return images, ready, specs[0]


def read_all_embedded(
    paths: Sequence[Path],
    labels: Path | None,
    labelling: options.Labelling,
    protocol: Protocol,
    indexes: Sequence[qi.AnchorIndex],
) -> list[qi.RatedImages]:
    """Read embeddings with ratings: one file for all indexes, or one for each."""
    shares = [indexes] if len(paths) == 1 else [[one] for one in indexes]
    pairs = zip(paths, shares, strict=True)
    return [_read_embedded(path, labels, labelling, protocol, own) for path, own in pairs]


def _read_embedded(
    path: Path,
    labels: Path | None,
    labelling: options.Labelling,
    protocol: Protocol,
    indexes: Sequence[qi.AnchorIndex],
) -> qi.RatedImages:
    """Read embeddings with ratings."""
    read = read_embeddings(path, labels, **vars(labelling))
    if len(read.sources) > 1:
        raise qi.DataError(f"'{path}' holds images of {len(read.sources)} data sets", "evaluate one at a time")
    if len({one.manifest.encoder for one in indexes}) > 1:
        raise qi.DataError(f"one '{path}' for indexes of several encoders", "give --embeddings once for each --index")
    rated = qi.rated_source(read.sources[0], keep_sides=protocol.group is not None)
    protocol.check_all(rated, indexes)
    return qi.validation.rated_embeddings(rated, read.embeddings, ids=read.ids)
