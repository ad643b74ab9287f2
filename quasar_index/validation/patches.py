"""Evaluation of an index of patches on rated images: they are scored as they are embedded, by all methods at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import FloatArray
from ..encoders.base import Encoder
from ..errors import DataError, ValidationError, counted
from ..images import MAX_PIXELS
from ..index.anchor_index import AnchorIndex
from ..methods.method import Method
from ..methods.patch_scoring import PatchScoring, score_row
from ..methods.patches import FittedPatches
from .cross_fit import check_methods, check_ratings
from .figures import Bootstrap, Scored, make_report
from .fold_scores import FoldScores
from .folds import Fold
from .overlap import find_groups, leak_note
from .rated import RatedImages, RatedSource, with_records
from .report import EvaluationReport

if TYPE_CHECKING:
    from ..encoders.embedding_cache import EmbeddingCache


@checked
def evaluate_patches(
    methods: Sequence[Method],
    index: AnchorIndex,
    rated: RatedSource,
    encoder: Encoder,
    *,
    prompt_encoder: Encoder | None = None,
    allow_overlap: bool = False,
    where: str | None = None,
    ratio: float = 1.0,
    group: str | None = None,
    by: Sequence[str] = (),
    seed: int = 0,
    n_resamples: int = 1000,
    level: float = 0.95,
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    cache: EmbeddingCache | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[EvaluationReport, RatedImages]:
    r"""Evaluate an index of patches on rated images.

    Args:
        methods: At least one, such as `qi.methods.Patches()`; those of one stride share the embeddings.
        index: Of `build NAME --patches`.
        rated: What `rated_source` returned.
        encoder: The index's.
        prompt_encoder: As of `Scorer`.
        allow_overlap: Evaluate although patches of the images are among the anchors; the report says of how many.
        where: SQL filter of the anchors.
        ratio: Random part of them.
        group: Column of the images whose values intervals resample as wholes; None for references, if there are any.
        by: Columns of the images for a breakdown.
        seed: Of the draw of anchors and of the bootstrap.
        n_resamples: Resamples of the bootstrap.
        level: Nominal coverage of the intervals.
        batch_size: As of `Scorer`, most images in one forward pass.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        cache: Where embeddings are looked up and put; None to embed every image.
        on_progress: Called with (done, total) images.

    Returns:
        The report, and the images, whose `embeddings` are the means of their patches'.

    Raises:
        MethodError: When a method takes no patches, or the index holds none.
        ValidationError: When patches of the images are among the anchors; on fewer than 3 images, constant ratings or
            scores.
        DataError: When a column is missing, or no image can be scored.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> rng = np.random.default_rng(0)
        >>> for i in range(4):
        ...     pixels = rng.integers(0, 256, (96, 200, 3), dtype=np.uint8) // (4 - i)
        ...     Image.fromarray(pixels).save(f"{i}.png")
        >>> _ = Path("rated.csv").write_text("image,score\n0.png,1\n1.png,2\n2.png,3\n")
        >>> encoder = qi.load_encoder()
        >>> index = qi.build_index("pristine", [qi.datasets.choose_pristine_patches(["3.png"])], encoder).index
        >>> rated = qi.rated_source(qi.load_source("rated.csv"))
        >>> report, images = qi.validation.evaluate_patches([qi.methods.Patches()], index, rated, encoder)
        >>> images.embeddings.shape, len(report.outcomes)
        ((3, 1568), 1)
    """
    check_methods(methods)
    anchors = index.anchors(where=where, ratio=ratio, seed=seed)
    fitted = [one for method in methods if isinstance(one := method.fit(anchors), FittedPatches)]
    found: dict[int, list[float]] = {}
    means: list[FloatArray] = []
    ids: list[str] = []
    source = rated.source
    running: dict[str, Any] = {
        "batch_size": batch_size, "n_workers": n_workers, "max_pixels": max_pixels, "cache": cache,
    }  # fmt: skip
    failures: dict[str, str] = {}
    strides = list(dict.fromkeys(one.stride for one in fitted))
    rows: list[list[int]] = []
    for number, stride in enumerate(strides):
        own = [n for n, one in enumerate(fitted) if one.stride == stride]
        asking = [fitted[n] for n in own if fitted[n].method.prompts]  # the whole images are for those alone
        scoring = PatchScoring(asking[0], encoder, prompt_encoder) if asking else PatchScoring(fitted[own[0]], encoder)
        found |= {n: [] for n in own}
        rows.append([])
        stream = scoring.files(source.records["path"].to_pylist(), read=source.read_bytes, **running)
        for row, (image, first) in enumerate(stream):
            if image.embedding is None or first is None:
                failures[image.path] = image.error
            else:
                rows[-1].append(row)
                for n in own:
                    score, *_ = score_row(fitted[n], image.embedding, first[1:3])
                    found[n].append(np.nan if score is None else score)
                if number == 0:
                    ids.append(image.id)
                    means.append(image.embedding.mean(axis=0))
            if on_progress is not None:
                on_progress(number * len(source) + row + 1, len(strides) * len(source))
    if not means:
        path, why = next(iter(failures.items()))
        raise DataError(f"none of {counted(len(source), 'image')} can be scored, first '{path}': {why}", "check --data")
    if any(one != rows[0] for one in rows):
        raise ValidationError("images were readable at one stride and not at another", "run it again")
    images = with_records(
        replace(source, records=source.records.take(rows[0])),
        np.stack(means),
        ids,
        n_unrated=rated.n_unrated,
        failures=tuple(failures.items()),
    )
    check_ratings(images.quality)
    n_overlap, told = _overlap(index, anchors, images, allow_overlap=allow_overlap)
    groups, unit = find_groups(images, group)
    scores = FoldScores(np.array([found[n] for n in range(len(methods))]), ((),) * len(methods))
    fold = Fold(np.arange(len(ids)), np.ones(len(anchors), dtype=np.bool_))
    report = make_report(
        [Scored(methods, scores, [fold], images.quality)],
        groups=groups,
        by={name: images.column(name) for name in by},
        bootstrap=Bootstrap(n_resamples, level, seed),
    )
    report = replace(
        report,
        n_anchors=len(anchors),
        n_failed=len(images.failures),
        n_unrated=images.n_unrated,
        failures=images.failures,
        protocol=f"{images.name} against {len(anchors)} pristine patches of index '{index.name}'",
        n_overlap=n_overlap,
        unit=unit,
        columns={**images.known(), **report.columns},
        notes=(*told, *report.notes),
    )
    return report, images


def _overlap(
    index: AnchorIndex, anchors: AnchorTable, images: RatedImages, *, allow_overlap: bool
) -> tuple[int, tuple[str, ...]]:
    """Return how many images have patches among the anchors, and what to say of that.

    Raises:
        ValidationError: When some do, and are not to.
    """
    if "image_id" not in index.columns:
        return 0, ("ready-cut patches do not say of which images they are: some may be of these",)
    known = set(index.metadata(anchors, ["image_id"])["image_id"].to_pylist())
    n_overlap = sum(key in known for key in images.ids)
    if n_overlap and not allow_overlap:
        have = counted(n_overlap, "image has", "images have")
        raise ValidationError(
            f"{have} patches among the anchors, which would score them too high",
            "evaluate on other images; --allow-overlap evaluates all the same and flags it",
        )
    return n_overlap, (leak_note(n_overlap),) if n_overlap else ()
