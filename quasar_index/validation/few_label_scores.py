"""How far methods come with few labels: n rated images are the anchors, and others are scored by these alone.

As the data-efficient tables of GRepQ (Srinath et al. 2024, arXiv:2312.04838), for any encoder and method: for each seed
a part of the images is set aside to test on, whole groups at a time, and n labels are drawn from the rest. Sides, space
and penalties are fitted to these n alone. A larger number of labels holds the smaller ones of its seed, and all methods
meet the same draws.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, FloatArray, IntArray, as_embeddings
from ..errors import MethodError, ValidationError, counted
from ..methods.method import Method
from ..own_anchors import make_anchors
from ..statistics.correlation import plcc, srcc
from ..statistics.groups import Groups
from .cross_fit import check_lengths, check_methods, check_ratings
from .few_label_draws import LabelDraw, draw_labels, joined_units, same_embedding
from .few_label_report import FewLabelRow, FewLabels
from .fold_scores import score_folds
from .folds import Fold
from .overlap import find_groups, references_of
from .rated import RatedImages

Progress = Callable[[int, int], None]
N_LABELS = (50, 100, 200)
"""Numbers of labels of GRepQ's tables."""
TEST_SHARE = 0.2
"""Part of the images to test on, where nothing else is said."""


@checked
def few_labels(
    methods: Sequence[Method],
    embeddings: npt.ArrayLike,
    quality: npt.ArrayLike,
    n_labels: Sequence[int] = N_LABELS,
    *,
    groups: Groups = None,
    ids: Sequence[str] | None = None,
    n_seeds: int = 10,
    test_share: float = TEST_SHARE,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> FewLabels:
    """Evaluate methods with few rated anchors, over seeded draws of one rated set.

    Args:
        methods: At least one.
        embeddings: (n, D) raw embeddings. Images of exactly the same embedding are never on both sides.
        quality: (n,) opinion scores, higher is better, on any scale.
        n_labels: Numbers of labels, each from 2.
        groups: n labels of contents or references, which are never on both sides; None where images stand alone, as
            does one without a value (None, NaN or "").
        ids: n content ids: images of the same id are never on both sides, and draws follow their order, whatever that
            of the rows. None for the order of the rows.
        n_seeds: Number of draws.
        test_share: Part of the images in (0, 1) to test on, as nearly as whole groups allow.
        seed: Of the first draw; the next ones count up.
        on_progress: Called with (done, total) fits of all methods.

    Returns:
        Signed SRCC and PLCC of each method, number of labels and seed.

    Raises:
        ValidationError: On constant ratings, lengths that differ, fewer labels in a pool than are asked for, too few
            test images, or draws whose scores or ratings allow no correlation.
        MethodError: When a method cannot be used with so few anchors.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(200, 8))
        >>> found = qi.validation.few_labels([qi.Mean(), qi.Ridge()], x, x[:, 0], (10, 50), n_seeds=5)
        >>> for row in found.rows:
        ...     print(row.method, row.n_labels, round(row.spread("srcc").median, 1))
        mean 10 0.8
        mean 50 1.0
        ridge 10 0.9
        ridge 50 1.0
    """
    check_methods(methods)
    ratings = check_ratings(quality)
    matrix = as_embeddings(embeddings)
    check_lengths(matrix, ratings)
    labels = [groups, ids, same_embedding(matrix)]
    how = Drawing(tuple(n_labels), n_seeds, test_share, seed)
    unit = "image" if groups is None else "group"
    return _evaluated(methods, Labelled("images", matrix, ratings, labels, ids, unit), how, on_progress)


@checked
def few_labels_of_images(
    methods: Sequence[Method],
    images: RatedImages,
    n_labels: Sequence[int] = N_LABELS,
    *,
    group: str | None = None,
    n_seeds: int = 10,
    test_share: float = TEST_SHARE,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> FewLabels:
    r"""Evaluate methods with few rated anchors, over seeded draws of rated images (see `few_labels`).

    Images of one content, one embedding or, where they are versions of it, one reference image are never on both sides,
    whatever the group. Labels are divided at their own median, unless the user gave a threshold.

    Args:
        methods: At least one.
        images: The rated set.
        n_labels: As in `few_labels`.
        group: Column whose values are never on both sides; None for references where there are any.
        n_seeds: As in `few_labels`, as are the next three.
        test_share: Part of the images to test on.
        seed: Of the first draw, which follows the order of paths, so that it is the same for every encoder.
        on_progress: Called with (done, total) fits of all methods.

    Returns:
        Signed SRCC and PLCC of each method, number of labels and seed.

    Raises:
        ValidationError: When the images are those that a selector chose, or as `few_labels`.
        DataError: When the column is missing.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> x = np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32)
        >>> np.save("own.npy", x)
        >>> rows = [f"{i}.png,{score:.4f},scene {i // 5}" for i, score in enumerate(x[:, 0])]
        >>> _ = Path("own.csv").write_text("\n".join(["image,score,scene", *rows]))
        >>> index = qi.build_from_embeddings("own", *qi.load_embeddings("own.npy", "own.csv")).index
        >>> images = qi.rated_anchors(index)
        >>> found = qi.validation.few_labels_of_images([qi.Ridge()], images, (20, 40), group="scene", n_seeds=3)
        >>> found.n_tests, found.n_units, [round(row.spread("srcc").median, 1) for row in found.rows]
        ((20, 20, 20), 20, [0.9, 1.0])
    """
    check_methods(methods)
    images.check_not_selected(group or "reference")
    rated = images.only_rated()
    labelled = labelled_images(rated, group)
    notes = []
    if rated.is_good is not None and labelled.is_good is None:
        notes.append("sides are those of the labels' own median, not the declared ones")
    found = _evaluated(methods, labelled, Drawing(tuple(n_labels), n_seeds, test_share, seed), on_progress)
    return replace(
        found,
        n_failed=len(images.failures),
        n_unrated=images.n_unrated + len(images.ids) - len(rated.ids),
        failures=images.failures,
        notes=(*notes, *found.notes),
    )


@checked
def join_few_labels(found: Mapping[str, FewLabels]) -> FewLabels:
    """Join what several indexes reached over the same draws.

    Args:
        found: By what each index is called, at least one.

    Raises:
        ValidationError: When the draws differ, as those of other images do.
    """
    names, parts = list(found), list(found.values())
    for name, one in found.items():
        if one.draws_key != parts[0].draws_key:
            raise ValidationError(
                f"'{name}' holds other images than '{names[0]}', so their draws differ",
                "compare indexes of the same images with few labels",
            )
    return replace(
        parts[0],
        rows=tuple(replace(row, index=name) for name, one in found.items() for row in one.rows),
        protocol="\n".join(dict.fromkeys(one.protocol for one in parts)),
        notes=tuple(dict.fromkeys(note for one in parts for note in one.notes)),
        failures=tuple({path: why for one in parts for path, why in one.failures}.items()),
        n_failed=max(one.n_failed for one in parts),
    )


@dataclass(frozen=True)
class Drawing:
    """What is drawn: arguments as of `few_labels`."""

    n_labels: tuple[int, ...]
    n_seeds: int
    test_share: float
    seed: int

    def check(self) -> None:
        """Raise a ValidationError on numbers that mean nothing."""
        for is_wrong, message, hint in (
            (not self.n_labels, "no number of labels", "give for example 50, 100 and 200"),
            (any(one < 2 for one in self.n_labels), f"{min(self.n_labels, default=0)} labels", "at least 2 are needed"),
            (self.n_seeds < 1, f"{self.n_seeds} draws", "at least one is needed"),
            (not 0 < self.test_share < 1, f"a test share of {self.test_share:g}", "give a number between 0 and 1"),
        ):
            if is_wrong:
                raise ValidationError(message, hint)


@dataclass(frozen=True)
class Labelled:
    """Rated images, all of them with a rating.

    Attributes:
        name: Where they come from.
        embeddings: (n, D) raw.
        quality: (n,) ratings, higher is better.
        labels: What tells images that belong together, each n labels.
        names: n names whose order the draws follow; None for that of the rows.
        unit: What belongs together is called.
        is_good: (n,) sides that the user cut at a threshold; None to divide at the median.
    """

    name: str
    embeddings: FloatArray
    quality: DoubleArray
    labels: Sequence[Groups]
    names: Sequence[str] | None
    unit: str
    is_good: BoolArray | None = None

    def anchors(self, rows: IntArray, units: IntArray) -> AnchorTable:
        """Make anchors of some of them, with the groups that they are left out by."""
        made = make_anchors(
            self.embeddings[rows],
            quality=self.quality[rows],
            is_good=None if self.is_good is None else self.is_good[rows],
            groups=None if int(units.max()) + 1 == len(units) else units[rows],
        )
        return replace(made, is_cut=self.is_good is not None)


def labelled_images(images: RatedImages, group: str | None) -> Labelled:
    """Find what belongs together among rated images; arguments and errors as `few_labels_of_images`."""
    groups, unit = find_groups(images, group)
    labels: list[Groups] = [groups, images.ids, same_embedding(images.embeddings)]
    if images.is_versioned:
        labels.append(references_of(images))
    return Labelled(
        images.name,
        images.embeddings,
        check_ratings(images.quality),
        labels,
        _names(images),
        unit,
        images.is_good if images.is_cut else None,
    )


def draws_of(images: Labelled, how: Drawing) -> tuple[IntArray, list[LabelDraw]]:
    """Draw; return the (n,) units that were kept whole, and the draws.

    Raises:
        ValidationError: When a pool holds fewer images than there are to be labels, or as `draw_labels`.
    """
    how.check()
    units = joined_units(len(images.quality), images.labels)
    draws = draw_labels(units, _order(images), test_share=how.test_share, n_seeds=how.n_seeds, seed=how.seed)
    smallest = min(draws, key=lambda one: len(one.pool))
    if max(how.n_labels) > len(smallest.pool):
        raise ValidationError(
            f"{max(how.n_labels)} labels of a pool of {counted(len(smallest.pool), 'image')} (seed {smallest.seed})",
            "ask for fewer labels, or a smaller test share",
        )
    return units, draws


def _evaluated(methods: Sequence[Method], images: Labelled, how: Drawing, on_progress: Progress | None) -> FewLabels:
    units, draws = draws_of(images, how)
    n = len(images.quality)
    numbers = list(dict.fromkeys(how.n_labels))
    found: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for done, (draw, number) in enumerate(product(draws, numbers), 1):
        for place, pair in enumerate(_correlations(methods, images, units, draw, number)):
            found.setdefault((place, number), []).append(pair)
        if on_progress is not None:
            on_progress(done, len(draws) * len(numbers))
    rows = []
    for place, method in enumerate(methods):
        for number in numbers:
            first, second = zip(*found[place, number], strict=True)
            rows.append(FewLabelRow(method, number, first, second))
    n_units = int(units.max()) + 1
    drawn = "" if images.unit == "image" else f", {counted(n_units, 'group')} by {images.unit} kept whole"
    return FewLabels(
        rows=tuple(rows),
        seeds=tuple(draw.seed for draw in draws),
        n_tests=tuple(len(draw.test) for draw in draws),
        n_pools=tuple(len(draw.pool) for draw in draws),
        n_images=n,
        n_units=n_units,
        unit=images.unit,
        test_share=how.test_share,
        protocol=f"{images.name}: {how.test_share:.0%} of {counted(n, 'image', form=',')} to test on{drawn}; labels "
        f"are drawn from the rest; {counted(how.n_seeds, 'seed')} from {how.seed}",
        draws_key=_key(images, draws),
    )


def _correlations(
    methods: Sequence[Method], images: Labelled, units: IntArray, draw: LabelDraw, n_labels: int
) -> Iterator[tuple[float, float]]:
    """Yield SRCC and PLCC of each method for one draw."""
    labelled = draw.pool[:n_labels]
    kept: BoolArray = np.zeros(len(units), dtype=np.bool_)
    kept[labelled] = True
    where = f"{counted(n_labels, 'label')}, seed {draw.seed}"
    try:
        made = score_folds(
            methods,
            [Fold(draw.test, kept)],
            images.embeddings,
            lambda _: images.anchors(labelled, units),
            seed=draw.seed,
        )
    except (MethodError, ValidationError) as error:
        raise type(error)(f"{where}: {error.message}", error.hint) from error
    ratings = images.quality[draw.test]
    for method, scores in zip(methods, made.scores[:, draw.test], strict=True):
        try:
            yield srcc(scores, ratings), plcc(scores, ratings)
        except ValidationError as error:
            raise ValidationError(f"{method}, {where}: {error.message}", error.hint) from error


def _names(images: RatedImages) -> Sequence[str]:
    """Return what tells images apart whatever embedded them: paths, where each image has one of its own."""
    paths = images.columns.get("path") or ()
    return [str(one) for one in paths] if None not in paths and len(set(paths)) == len(images.ids) else images.ids


def _order(images: Labelled) -> IntArray:
    """Return the rows by name, copies by their ratings."""
    names, ratings = images.names, images.quality.tolist()
    if names is None:
        return np.arange(len(ratings))
    return np.array(sorted(range(len(ratings)), key=lambda row: (names[row], ratings[row])), dtype=np.int64)


def _key(images: Labelled, draws: Sequence[LabelDraw]) -> str:
    """Return what is equal for the same draws of the same images."""
    names = images.names
    rows = [row for draw in draws for row in (*draw.test.tolist(), -1, *draw.pool.tolist())]
    texts = [str(row) if names is None or row < 0 else names[row] for row in rows]
    return hashlib.sha256("\0".join(texts).encode(errors="surrogateescape")).hexdigest()
