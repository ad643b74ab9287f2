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
from ..encoders.weights import weights_file
from ..errors import DataError, EncoderError, MethodError, QuasarError, counted
from ..images import MAX_PIXELS
from ..index.anchor_index import AnchorIndex
from ..index.places import homes
from ..methods.method import TEMPERATURE
from ..methods.prompts import PROMPT_PAIRS, text_anchors
from ..paths import PathText
from ..validation.rated import RatedImages, rated_anchors
from .declare import Experiment
from .experiments import encoders_of, find_protocol, impossible, needs_of, select_experiments
from .indexes import Library, n_records, weights_state
from .measure import Anchors, Store, measure
from .report import ExperimentResult, MissingInput, Reproduction

if TYPE_CHECKING:
    from ..encoders.spec import Precision

RESULTS = "results.jsonl"
_FORMAT = 1
_PROMPTS = PROMPT_PAIRS["quality"]

Ready: TypeAlias = "tuple[int, Experiment, AnchorIndex, AnchorIndex | None]"


@checked
def reproduce(
    name: str,
    data_root: PathText,
    *,
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
    """Run a table or figure of the QUASAR paper over the data sets and weights that are there.

    Args:
        name: "TABLE1", "FIG4", "FIG5", "FIG6" or "FIG7".
        data_root: Folder with the data sets, each in a folder of its name; `embeddings/` in it may hold those that the
            authors published of the anchors.
        indexes: Folder of the indexes and results, which are reused; None for `reproduce` in the home of indexes.
        only: Test data sets to run; empty for all.
        encoder: Another encoder in place of the paper's, with its own input rule (in FIG5 with the figure's); flagged.
        weights: Weights files by name of the encoder.
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
    root = Path(data_root)
    if not root.is_dir():
        raise DataError(f"no folder '{root}'", "name the folder that holds the data sets by --data-root")
    if sample is not None and sample < 1:
        raise DataError(f"a sample of {sample} is nothing", "draw at least one")
    if not 0 < ratio <= 1:
        raise DataError(f"ratio {ratio} is not in (0, 1]", "use for example --ratio 0.3")
    files = {key: weights_file(path) for key, path in (weights or {}).items()}
    if encoder is not None and encoder not in ENCODERS and ":" not in encoder:
        load_encoder(encoder)  # says which names there are
    library = Library(
        data_root=root,
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
    experiments = select_experiments(protocol, only=only, encoder=encoder)
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
    _images: dict[Path, RatedImages] = field(default_factory=dict)
    _anchors: tuple[Path, Anchors] | None = None

    def plan(self, one: Experiment) -> ExperimentResult:
        """Say what would be done for an experiment."""
        if hindered := self._hindered(one):
            return hindered
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
        return self._lacking(one, lacking) if lacking else None

    def _lacking(self, one: Experiment, lacking: Sequence[MissingInput]) -> ExperimentResult:
        for missing in lacking:
            known = self.missing.get(missing.name)
            if known is None or len(missing.how) > len(known.how):  # the anchors have one more way to be had
                self.missing[missing.name] = missing
        names = {f"no weights of {m.name}" if m.kind == "weights" else f"no {m.name}": None for m in lacking}
        return ExperimentResult(one, "missing", reasons=tuple(names))

    def _run_group(self, group: Sequence[tuple[int, Experiment]]) -> Iterator[tuple[int, ExperimentResult]]:
        """Run experiments that have the same anchors, aggregation and draws."""
        pending: list[Ready] = []
        for place, one in group:
            made = [self.library.get(need) for need in needs_of(one)]
            if lacking := [found for found in made if isinstance(found, MissingInput)]:
                yield place, self._lacking(one, lacking)
                continue
            indexes = [found for found in made if isinstance(found, AnchorIndex)]
            errors = [str(found) for found in made if isinstance(found, QuasarError)]
            if reasons := errors or _of_other_weights(indexes):
                yield place, ExperimentResult(one, "failed", reasons=tuple(reasons))
                continue
            test, anchors = indexes[0], indexes[1] if len(indexes) > 1 else None
            if known := self.store.get(self._key(one, test, anchors)):
                yield place, ExperimentResult(one, "ran", known, flags=_data_flags(one, test, anchors))
            else:
                pending.append((place, one, test, anchors))
        if pending:
            yield from self._measure(pending)

    def _measure(self, pending: Sequence[Ready]) -> Iterator[tuple[int, ExperimentResult]]:
        _, first, _, index = pending[0]
        self.library.on_step(f"scoring with {_in_words(first)}")
        try:
            anchors = self._anchors_of(first, index)
        except EncoderError as error:
            missing = self.library.describe_weights(first.encoder, error)
            yield from ((place, self._lacking(one, [missing])) for place, one, _, _ in pending)
            return
        except QuasarError as error:
            yield from ((place, ExperimentResult(one, "failed", reasons=(str(error),))) for place, one, _, _ in pending)
            return
        found = measure(
            anchors,
            first.method,
            {str(test.path): self._images_of(test) for _, _, test, _ in pending},
            fraction=self._fraction(first),
            n_draws=first.n_draws,
            n_resamples=self.n_resamples,
            seed=self.seed,
        )
        for place, one, test, _ in pending:
            measured = found[str(test.path)]
            if isinstance(measured, QuasarError):
                # The mends of an aggregation are options that a protocol does not have.
                reason = measured.message if isinstance(measured, MethodError) else str(measured)
                yield place, ExperimentResult(one, "failed", reasons=(reason,))
                continue
            self.store.put(self._key(one, test, index), measured)
            yield place, ExperimentResult(one, "ran", measured, flags=_data_flags(one, test, index))

    def _anchors_of(self, one: Experiment, index: AnchorIndex | None) -> Anchors:
        if index is None:
            encoder = self.library.encoder(one.encoder, one.test_input)
            return Anchors(*text_anchors(encoder, *_PROMPTS))
        if self._anchors is None or self._anchors[0] != index.path:
            self._anchors = (index.path, Anchors(index.anchors(), TEMPERATURE))
        anchors = self._anchors[1]
        if self._fraction(one) < 1 and anchors.references is None:  # they are read from the whole table
            anchors = replace(anchors, references=index.references(anchors.table))
            self._anchors = (index.path, anchors)
        return anchors

    def _images_of(self, test: AnchorIndex) -> RatedImages:
        if test.path not in self._images:
            self._images[test.path] = rated_anchors(test)
        return self._images[test.path]

    def _fraction(self, one: Experiment) -> float:
        return 1.0 if one.anchors is None else one.fraction * self.ratio

    def _key(self, one: Experiment, test: AnchorIndex, anchors: AnchorIndex | None) -> str:
        """Return a key of all that decides a result."""
        parts = {
            "format": _FORMAT,
            "method": list(_PROMPTS) if anchors is None else str(one.method),
            "fraction": self._fraction(one),
            "n_draws": one.n_draws,
            "indexes": [[i.manifest.uid, i.manifest.version] for i in (test, anchors) if i is not None],
            "n_resamples": self.n_resamples,
            "seed": self.seed,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _group_key(one: Experiment) -> tuple[str, str, str, float, int]:
    if one.anchors is None:
        return ("", "", "", 1.0, 1)
    return (one.anchors, one.anchor_input or "", str(one.method), one.fraction, one.n_draws)


def _in_words(one: Experiment) -> str:
    if one.anchors is None:
        return f"prompts of {one.encoder}"
    part = "" if one.fraction == 1 else f"{one.fraction:g} of "
    return f"{part}{DATASETS[one.anchors].title}, {one.encoder}, {one.method.name}"


def _of_other_weights(indexes: Sequence[AnchorIndex]) -> list[str]:
    """Say that test images and anchors were embedded by different weights, if they were."""
    prints = {index.manifest.encoder.fingerprint for index in indexes} - {""}
    names = " and ".join(f"'{index.path}'" for index in indexes)
    return [f"{names} were built with different weights; remove one of them"] if len(prints) > 1 else []


def _data_flags(one: Experiment, test: AnchorIndex, anchors: AnchorIndex | None) -> tuple[str, ...]:
    """Name what is not as published: counts, images that failed, embeddings of the authors."""
    flags = []
    for index, name, split in ((test, one.test, one.split), (anchors, one.anchors, None)):
        if index is None or name is None:
            continue
        dataset, record = DATASETS[name], index.manifest.sources[0]
        published = dataset.splits.get(split) if split else dataset.size
        found = n_records(record) - (record.n_good if record.division == "reference" else 0)
        if published is not None and found != published:
            flags.append(f"{found:,} of {published:,} published images of {dataset.title}")
        if record.n_failed:
            failed = counted(record.n_failed, "image")
            flags.append(f"{failed} of {dataset.title} could not be embedded, see '{index.path}'")
        if record.n_duplicates:
            copies = counted(
                record.n_duplicates,
                f"image of {dataset.title} is a copy of an earlier one",
                f"images of {dataset.title} are copies of earlier ones",
            )
            flags.append(f"{copies} and left out")
        if index.manifest.encoder.name == "precomputed":
            flags.append(f"the authors' embeddings of {dataset.title}")
    return tuple(flags)


def _changes(result: ExperimentResult, ratio: float, sample: int | None) -> tuple[str, ...]:
    """Name what was changed of the protocol, and what makes a figure doubtful."""
    one = result.experiment
    flags = []
    if one.replaces:
        flags.append(f"not the paper's encoder: {one.encoder} in place of {one.replaces}")
    if one.anchors is not None and sample is not None:
        most = counted(sample, "reference (or rated image)", "references (or rated images)")
        flags.append(f"a sample of at most {most} of {DATASETS[one.anchors].title}")
    if one.anchors is not None and ratio != 1:
        flags.append(f"a random {ratio:g} of the anchors")
    if result.measured is not None and result.measured.n_overlap:
        leaked = counted(
            result.measured.n_overlap, "test image is an anchor itself", "test images are anchors themselves"
        )
        flags.append(f"leak: {leaked}")
    return tuple(flags)
