"""Running a protocol over whatever data sets and weights are there.

Experiments with the same anchors and aggregation share their centroids. Every result is kept in `results.jsonl` beside
the indexes, under a key of all that decides it, so that a run that was interrupted goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..arguments import checked
from ..datasets.registry import DATASETS
from ..encoders import ENCODERS, load_encoder
from ..encoders.weights import weights_place
from ..errors import DataError, EncoderError, MethodError, QuasarError, counted
from ..images import MAX_PIXELS
from ..index.places import homes
from ..methods.knn import Knn
from ..methods.method import TEMPERATURE
from ..methods.prompts import PROMPT_PAIRS, text_anchors
from ..paths import PathText
from ..validation.rated import RatedImages
from . import pristine
from .declare import PRISTINE, Experiment
from .embedded import EmbeddedSet
from .experiments import encoders_of, find_protocol, impossible, needs_of, select_experiments
from .indexes import Library, weights_state
from .measure import Anchors, Store, measure, measure_few_labels
from .report import ExperimentResult, MissingInput, Reproduction
from .shelf import OTHER_SETTING, Shelf, adapted

if TYPE_CHECKING:
    from ..encoders.spec import Precision

RESULTS = "results.jsonl"
EMBEDDINGS = "embeddings"
"""Folder of published embeddings in a data root."""
_FORMAT = 1

Ready: TypeAlias = "tuple[int, Experiment, EmbeddedSet, EmbeddedSet | None]"


@checked
def reproduce(
    name: str,
    data_root: PathText | None = None,
    *,
    published: PathText | None = None,
    indexes: PathText | None = None,
    only: Sequence[str] = (),
    encoder: str | None = None,
    weights: Mapping[str, PathText] | None = None,
    sample: int | None = None,
    ratio: float = 1.0,
    n_resamples: int = 1000,
    seed: int = 0,
    dry_run: bool = False,
    device: str = "auto",
    precision: Precision = "auto",
    batch_size: int = 16,
    n_workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    on_step: Callable[[str], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Reproduction:
    """Run a table or figure of the QUASAR paper, or of GRepQ, over the data sets and weights that are there.

    Args:
        name: "TABLE1", "FIG4", "FIG5", "FIG6", "FIG7", "ADAPTIVE" for the adaptive anchors of QUASAR's section 5, or
            "GREPQ-FEW" and "GREPQ-ZERO" for GRepQ's with few labels and with none.
        data_root: Folder with the data sets, each in a folder of its name; None where published embeddings do.
        published: Folder with the embeddings that the authors published, unpacked, which come before images; None for
            `embeddings` in the data root, if it is there.
        indexes: Folder of the indexes and results, which are reused; None for `reproduce` in the home of indexes.
        only: Test data sets to run; empty for all.
        encoder: Another encoder in place of the paper's, with its own input rule (in FIG5 with the figure's); flagged.
        weights: Weights files by name of the encoder; of "grepq" a folder of the two.
        sample: Number of reference images (or rated ones) to draw of each anchor set before anything is embedded;
            None for all; flagged.
        ratio: Random part of the anchors to use, in (0, 1], of what a figure draws; flagged where not 1.
        n_resamples: Of the bootstrap.
        seed: Of samples, draws and the bootstrap.
        dry_run: Say what would be done and what is missing, and embed nothing.
        device: As `load_encoder`.
        precision: As `load_encoder`.
        batch_size: Most images in one forward pass.
        n_workers: Decoding threads; None for one a core.
        max_pixels: Largest image that is decoded.
        on_step: Told what is being done, in words.
        on_progress: Called with (done, total) images.

    Returns:
        A result for each experiment; SRCC is signed, where the paper prints its absolute value.

    Raises:
        DataError: When there is no such protocol, data root or test set, or a sample or ratio is not possible.
        EncoderError: When there is no such encoder or weights file.
    """
    protocol = find_protocol(name)
    root = None if data_root is None else Path(data_root)
    if root is not None and not root.is_dir():
        raise DataError(f"no folder '{root}'", "name the folder that holds the data sets by --data-root")
    if published is None and root is not None and (root / EMBEDDINGS).is_dir():
        published = root / EMBEDDINGS
    if root is None and published is None:
        raise DataError(
            "there are no data to run over",
            "--data-root DIR for images, or --published DIR for the embeddings that the authors published",
        )
    if sample is not None and sample < 1:
        raise DataError(f"a sample of {sample} is nothing", "draw at least one")
    if not 0 < ratio <= 1:
        raise DataError(f"ratio {ratio} is not in (0, 1]", "use for example --ratio 0.3")
    folders = {key for key, entry in ENCODERS.items() if entry.family == "grepq"}
    files = {key: weights_place(path, may_be_folder=key in folders) for key, path in (weights or {}).items()}
    if encoder is not None and encoder not in ENCODERS and ":" not in encoder:
        load_encoder(encoder)  # says which names there are
    library = Library(
        data_root=root,
        shelf=Shelf() if published is None else Shelf.open(published),
        home=Path(indexes) if indexes is not None else homes()[0] / "reproduce",
        weights=files,
        sample=sample,
        seed=seed,
        device=device,
        precision=precision,
        batch_size=batch_size,
        n_workers=n_workers,
        max_pixels=max_pixels,
        on_step=on_step or (lambda _: None),
        on_progress=on_progress,
    )
    experiments = [
        adapted(one, library.shelf, lambda need: library.missing(need) is None, keeps_input=protocol.keeps_input)
        for one in select_experiments(protocol, only=only, encoder=encoder)
    ]
    run = _Run(library, Store(library.home / RESULTS), ratio=ratio, n_resamples=n_resamples, seed=seed)
    results = [run.plan(one) for one in experiments] if dry_run else run.run(experiments)
    found = tuple(replace(one, flags=(*_changes(one, ratio, sample), *one.flags)) for one in results)
    return Reproduction(protocol, found, tuple(run.missing.values()), str(library.home))


@dataclass
class _Run:
    """Runs experiments; `missing` fills up with what is not there."""

    library: Library
    store: Store
    ratio: float
    n_resamples: int
    seed: int
    missing: dict[str, MissingInput] = field(default_factory=dict)
    _images: dict[str, RatedImages] = field(default_factory=dict)
    _anchors: tuple[str, Anchors] | None = None

    def plan(self, one: Experiment) -> ExperimentResult:
        """Say what would be done for an experiment."""
        if hindered := self._hindered(one):
            return hindered
        if one.anchors == PRISTINE:
            return ExperimentResult(one, "planned", reasons=tuple(pristine.plan(self.library, one)))
        steps = [weights_state(one.encoder, self.library.weights.get(one.encoder))]
        try:
            steps += [self.library.plan(need) for need in needs_of(one)]
        except QuasarError as error:
            return ExperimentResult(one, "failed", reasons=(str(error),))
        return ExperimentResult(one, "planned", reasons=tuple(steps))

    def run(self, experiments: Sequence[Experiment]) -> list[ExperimentResult]:
        """Run experiments; the results are in their order."""
        results = {place: found for place, one in enumerate(experiments) if (found := self._hindered(one))}
        todo = [(place, one) for place, one in enumerate(experiments) if place not in results]
        for encoder in encoders_of([one for _, one in todo]):
            mine = [(place, one) for place, one in todo if one.encoder == encoder]
            # One encoder, loaded once for each input rule; test sets first, as they are the smaller ones.
            needs = dict.fromkeys(need for _, one in mine for need in needs_of(one))
            for need in sorted(needs, key=lambda need: (need.input or "", need.role == "anchors")):
                self.library.get(need)
            self._images = {}
            mine.sort(key=lambda item: _group_key(item[1]))
            for _, group in groupby(mine, key=lambda item: _group_key(item[1])):
                results.update(self._run_group(list(group)))
        return [results[place] for place in range(len(experiments))]

    def _hindered(self, one: Experiment) -> ExperimentResult | None:
        """Return the result of an experiment that cannot be run with what is there."""
        if reason := impossible(one):
            return ExperimentResult(one, "failed", reasons=(reason,))
        lacking = [missing for need in needs_of(one) if (missing := self.library.missing(need))]
        if one.anchors == PRISTINE:
            lacking = pristine.lacking(self.library, one)
        return self._lacking(one, lacking) if lacking else None

    def _lacking(self, one: Experiment, lacking: Sequence[MissingInput]) -> ExperimentResult:
        for missing in lacking:
            known = self.missing.get(missing.name)
            if known is None or len(missing.how) > len(known.how):  # the anchors have one more way to be had
                self.missing[missing.name] = missing
        names = {f"no weights of {m.name}" if m.kind == "weights" else f"no {m.name}": None for m in lacking}
        return ExperimentResult(one, "missing", reasons=tuple(names))

    def _run_group(self, group: Sequence[tuple[int, Experiment]]) -> Iterator[tuple[int, ExperimentResult]]:
        """Run experiments that have the same anchors and draws."""
        if group[0][1].anchors == PRISTINE:
            yield from ((place, self._measure_pristine(one)) for place, one in group)
            return
        pending: list[Ready] = []
        for place, one in group:
            made = [self.library.get(need) for need in needs_of(one)]
            if lacking := [found for found in made if isinstance(found, MissingInput)]:
                yield place, self._lacking(one, lacking)
                continue
            sets = [found for found in made if isinstance(found, EmbeddedSet)]
            errors = [str(found) for found in made if isinstance(found, QuasarError)]
            if reasons := errors or _of_other_weights(sets):
                yield place, ExperimentResult(one, "failed", reasons=tuple(reasons))
                continue
            test, anchors = sets[0], sets[1] if len(sets) > 1 else None
            if not test.is_whole:
                one = replace(one, published=OTHER_SETTING)  # noqa: PLW2901
            if known := self.store.get(self._key(one, test, anchors)):
                yield place, ExperimentResult(one, "ran", known, flags=_data_flags(test, anchors))
            else:
                pending.append((place, one, test, anchors))
        if pending and pending[0][1].n_labels is not None:
            yield from self._measure_labels(pending)
        elif pending:
            yield from self._measure(pending)

    def _measure(self, pending: Sequence[Ready]) -> Iterator[tuple[int, ExperimentResult]]:
        _, first, _, anchor_set = pending[0]
        methods = list(dict.fromkeys(one.method for _, one, _, _ in pending))
        self.library.on_step(f"scoring with {_in_words(first, len(methods))}")
        try:
            anchors = self._anchors_of(first, anchor_set)
        except EncoderError as error:
            missing = self.library.describe_weights(first.encoder, error)
            yield from ((place, self._lacking(one, [missing])) for place, one, _, _ in pending)
            return
        except QuasarError as error:
            yield from ((place, ExperimentResult(one, "failed", reasons=(str(error),))) for place, one, _, _ in pending)
            return
        images: dict[str, RatedImages] = {}
        unreadable: dict[str, QuasarError] = {}
        for _, _, test, _ in pending:
            try:
                images[test.path] = self._images_of(test)
            except QuasarError as error:
                unreadable[test.path] = error
        found = measure(
            anchors,
            methods,
            images,
            fraction=self._fraction(first),
            n_draws=first.n_draws,
            n_resamples=self.n_resamples,
            seed=self.seed,
            on_progress=self.library.on_progress,
        )
        for place, one, test, _ in pending:
            measured = unreadable.get(test.path) or found[str(one.method), test.path]
            if isinstance(measured, QuasarError):
                # The mends of an aggregation are options that a protocol does not have.
                reason = measured.message if isinstance(measured, MethodError) else str(measured)
                yield place, ExperimentResult(one, "failed", reasons=(reason,))
                continue
            self.store.put(self._key(one, test, anchor_set), measured)
            yield place, ExperimentResult(one, "ran", measured, flags=_data_flags(test, anchor_set))

    def _measure_labels(self, pending: Sequence[Ready]) -> Iterator[tuple[int, ExperimentResult]]:
        """Measure experiments that differ by their number of labels alone."""
        _, first, test, _ = pending[0]
        self.library.on_step(f"scoring with labels of {DATASETS[first.test].title}, {first.encoder}, {first.method}")
        numbers = [one.n_labels for _, one, _, _ in pending if one.n_labels is not None]
        try:
            found = measure_few_labels(
                self._images_of(test), first.method, numbers, n_draws=first.n_draws, seed=self.seed
            )
        except QuasarError as error:
            found = dict.fromkeys(numbers, error)
        for place, one, _, _ in pending:
            measured = found[one.n_labels or 0]
            if isinstance(measured, QuasarError):
                yield place, ExperimentResult(one, "failed", reasons=(measured.message,))
                continue
            self.store.put(self._key(one, test, None), measured)
            yield place, ExperimentResult(one, "ran", measured, flags=_data_flags(test, None))

    def _measure_pristine(self, one: Experiment) -> ExperimentResult:
        """Measure an experiment by patches of pristine photographs."""
        try:
            measured, flags = pristine.measure_pristine(
                self.library, self.store, one, n_resamples=self.n_resamples, seed=self.seed
            )
        except EncoderError as error:
            names = {one.encoder, one.prompt_encoder} & self.library.unavailable
            if not names:
                return ExperimentResult(one, "failed", reasons=(error.message,))
            return self._lacking(one, [self.library.describe_weights(str(name), error) for name in names])
        except QuasarError as error:
            return ExperimentResult(one, "failed", reasons=(error.message,))
        return ExperimentResult(one, "ran", measured, flags=flags)

    def _anchors_of(self, one: Experiment, found: EmbeddedSet | None) -> Anchors:
        if found is None:
            encoder = self.library.encoder(one.encoder, one.test_input)
            return Anchors(*text_anchors(encoder, *PROMPT_PAIRS[one.prompts]))
        if self._anchors is None or self._anchors[0] != found.path:
            self._anchors = (found.path, Anchors(found.anchors(), TEMPERATURE))
        anchors = self._anchors[1]
        if self._fraction(one) < 1 and anchors.references is None:  # they are read from the whole table
            anchors = replace(anchors, references=found.references(anchors.table))
            self._anchors = (found.path, anchors)
        return anchors

    def _images_of(self, test: EmbeddedSet) -> RatedImages:
        if test.path not in self._images:
            self._images[test.path] = test.images()
        return self._images[test.path]

    def _fraction(self, one: Experiment) -> float:
        return 1.0 if one.anchors is None else one.fraction * self.ratio

    def _key(self, one: Experiment, test: EmbeddedSet, anchors: EmbeddedSet | None) -> str:
        """Return a key of all that decides a result."""
        by_prompts = anchors is None and one.n_labels is None
        parts: dict[str, object] = {
            "format": _FORMAT,
            "method": list(PROMPT_PAIRS[one.prompts]) if by_prompts else str(one.method),
            "fraction": self._fraction(one),
            "n_draws": one.n_draws,
            "indexes": [list(found.key) for found in (test, anchors) if found is not None],
            "n_resamples": self.n_resamples,
            "seed": self.seed,
        }
        if one.n_labels is not None:
            parts["n_labels"] = one.n_labels
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _group_key(one: Experiment) -> tuple[str, str, str, float, int]:
    if one.n_labels is not None:
        return ("labels", f"{one.test} {one.split} {one.test_input}", str(one.method), 1.0, one.n_draws)
    if one.anchors == PRISTINE:
        return (PRISTINE, one.test, str(one.method), 1.0, 1)
    if one.anchors is None:
        return ("", "", one.prompts, 1.0, 1)
    searches = one.method.is_adaptive or isinstance(one.method, Knn)
    part = f"searches in {one.method.space_words}" if searches else str(one.method)
    return (one.anchors, one.anchor_input or "", part, one.fraction, one.n_draws)


def _in_words(one: Experiment, n_methods: int) -> str:
    if one.anchors is None:
        return f"prompts of {one.encoder}"
    part = "" if one.fraction == 1 else f"{one.fraction:g} of "
    method = str(one.method) if n_methods == 1 else counted(n_methods, "method")
    return f"{part}{DATASETS[one.anchors].title}, {one.encoder}, {method}"


def _of_other_weights(sets: Sequence[EmbeddedSet]) -> list[str]:
    """Say that test images and anchors were embedded by different weights, if they were."""
    prints = {found.fingerprint for found in sets} - {""}
    names = " and ".join(f"'{found.path}'" for found in sets)
    return [f"{names} were built with different weights; remove one of them"] if len(prints) > 1 else []


def _data_flags(test: EmbeddedSet, anchors: EmbeddedSet | None) -> tuple[str, ...]:
    """Name what is not as published: counts, images that failed, embeddings of the authors."""
    return (*test.flags, *(anchors.flags if anchors is not None else ()))


def _changes(result: ExperimentResult, ratio: float, sample: int | None) -> tuple[str, ...]:
    """Name what was changed of the protocol, and what makes a figure doubtful."""
    one = result.experiment
    flags = []
    if one.replaces:
        flags.append(f"not the paper's encoder: {one.encoder} in place of {one.replaces}")
    flags += one.changed
    if one.anchors in DATASETS and sample is not None:
        most = counted(sample, "reference (or rated image)", "references (or rated images)")
        flags.append(f"a sample of at most {most} of {DATASETS[str(one.anchors)].title}")
    if one.anchors in DATASETS and ratio != 1:
        flags.append(f"a random {ratio:g} of the anchors")
    if result.measured is not None and result.measured.n_overlap:
        leaked = counted(
            result.measured.n_overlap,
            "test image is an anchor itself",
            "test images are anchors themselves",
            form=",",
        )
        flags.append(f"leak: {leaked}")
    return tuple(flags)
