"""How a published data set is declared, and what is the same for all of them: counts, splits, divisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError, QuasarError, counted, first_line
from .base import RECORD_SCHEMA, AnchorSource, Division, Kind, concat_text, make_records
from .files import Folder
from .labelled import filter_split
from .score_names import split_columns
from .spec import Options
from .tables import LabelTable, drop_repeats
from .thresholds import threshold_of

COMMON_OPTIONS = ("split", "division", "name", "threshold", "ignore")


@dataclass(frozen=True)
class Labels:
    """What an adapter reads.

    Attributes:
        records: Rows as `make_records` gives them; raw scores.
        expected: Published count where it differs from the declared one, such as that of one of two layouts.
        score_range: Likewise for the range.
        kind: Likewise for what the scores mean.
        division: Likewise for how anchors fall into two sides.
        lower_is_better: Likewise for the direction.
        rating: What people call the score.
        by_person: Whether people gave it.
        read_bytes: Opens an image when it is no file of its own.
        warnings: What the user should know.
    """

    records: pa.Table
    expected: int | None = None
    score_range: tuple[float, float] | None = None
    kind: Kind | None = None
    division: Division | None = None
    lower_is_better: bool | None = None
    rating: str = "score"
    by_person: bool = True
    read_bytes: Callable[[str], bytes] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """A published data set: what is known of it, and how its labels are read.

    Attributes:
        name: Name in a specification `NAME:ROOT`, in lower case.
        title: Name as its authors write it.
        kind: What its scores mean.
        size: Published count of labelled images (of distorted images where there is no score); None for a format.
        score_range: Lowest and highest possible raw score; None where there is no such limit.
        observed_range: Lowest and highest raw score of the published labels; None where it is not known.
        lower_is_better: Direction of the raw score.
        licence: Licence or terms of use.
        homepage: Where it is to be had.
        tree: The expected layout, as text.
        read: Reads the label files under a root.
        division: How its anchors fall into two sides by default (by reference where it has no score at all).
        splits: Official splits, as the data set names them, with their published counts of labelled images.
        options: Options beyond `COMMON_OPTIONS`, with what they do.
        aliases: Further names.
        package: Package that brings it, as "NAME VERSION", where it is a plugin's (its entry point, in the group
            `quasar_index.datasets`, names such a declaration, and has its name); empty for our own.
    """

    name: str
    title: str
    kind: Kind
    size: int | None
    licence: str
    homepage: str
    tree: str
    read: Callable[[Folder, Options], Labels]
    score_range: tuple[float, float] | None = None
    observed_range: tuple[float, float] | None = None
    lower_is_better: bool = False
    division: Division = "median"
    splits: Mapping[str, int | None] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    package: str = ""

    @property
    def has_references(self) -> bool:
        """Whether it holds reference images."""
        return self.kind == "full-reference"

    @property
    def tree_line(self) -> str:
        """The expected layout in one line, for errors."""
        return " | ".join(" ".join(line.split()) for line in self.tree.splitlines())


def load_dataset(dataset: Dataset, root: str, options: Options) -> AnchorSource:
    """Read a published data set.

    Args:
        dataset: Its declaration.
        root: Local folder or fsspec URL of its files.
        options: `COMMON_OPTIONS` and those of the data set.

    Raises:
        DataError: When files or columns are missing, a row cannot be used, or an option is unknown.
    """
    options.check((*COMMON_OPTIONS, *dataset.options), dataset.name)
    split = options.text("split")
    if split is not None and not dataset.splits:
        raise DataError(f"{dataset.name} has no official splits", "drop ?split=")
    folder = Folder(root)
    if not folder.exists():
        raise DataError(f"no folder {folder.root}", f"the root of {dataset.title} is expected: {dataset.tree_line}")
    labels = _read(dataset, folder, options)
    division = options.division(labels.division or dataset.division)
    records, warnings = labels.records, list(labels.warnings)
    if not records.num_rows:
        raise DataError(f"{dataset.title} in {folder.root} has no images", f"expected: {dataset.tree_line}")
    warnings += _compare_with_published(dataset, labels)
    records = _without_ignored(records, options, dataset.name)
    if split is not None:
        records = filter_split(records, split, dataset.name)
    if division == "median":
        if records.column("score").null_count == records.num_rows:
            raise DataError(f"{dataset.name} has no opinion scores to divide at the median", "drop ?division=median")
        rated = pc.is_valid(records.column("score"))
        if n_left := len(records) - pc.sum(rated).as_py():
            warnings.append(
                f"{counted(n_left, 'image has', 'images have')} no opinion score and {'is' if n_left == 1 else 'are'} "
                "left out" + (", such as references: ?division=reference keeps them" if dataset.has_references else "")
            )
        records = records.filter(rated)
    elif not labels.by_person:
        # The paper's division: sides are all that anchors know.
        place = records.schema.get_field_index("score")
        records = records.set_column(place, records.schema.field(place), pa.nulls(records.num_rows, pa.float64()))
        labels = replace(labels, lower_is_better=False, score_range=None, rating="score", by_person=True)
    if division == "reference" and records.column("side").null_count:
        raise DataError(
            f"{dataset.name} has no reference images to divide by",
            "drop ?division=reference: it divides at the median",
        )
    return AnchorSource(
        name=options.text("name") or dataset.name,
        records=records,
        kind=labels.kind or dataset.kind,
        division=division,
        lower_is_better=dataset.lower_is_better if labels.lower_is_better is None else labels.lower_is_better,
        score_range=labels.score_range or dataset.score_range,
        checksums=dict(folder.checksums),
        warnings=tuple(warnings),
        read_bytes=labels.read_bytes,
        rating=labels.rating,
        by_person=labels.by_person,
        threshold=threshold_of(options, division, dataset.name),
        plugin=dataset.package,
    )


def _read(dataset: Dataset, folder: Folder, options: Options) -> Labels:
    """Read the labels; what goes wrong in a plugin is one line, too."""
    if not dataset.package:
        return dataset.read(folder, options)
    try:
        labels = dataset.read(folder, options)
        if not isinstance(labels, Labels):
            raise TypeError(f"it gave a value of type {type(labels).__name__}, not quasar_index.datasets.Labels")
    except QuasarError:
        raise
    except Exception as error:  # whatever another package raises
        what = f"{type(error).__name__}: {first_line(error)}"
        raise DataError(
            f"the plugin {dataset.package} cannot read {folder.root} ({what})", "tell its authors"
        ) from error
    return labels


def _without_ignored(records: pa.Table, options: Options, name: str) -> pa.Table:
    """Leave out the further columns that `?ignore=` names."""
    ignored = split_columns(options.text("ignore") or "")
    further = [column for column in records.column_names if column not in RECORD_SCHEMA.names]
    if unknown := [column for column in ignored if column not in further]:
        raise DataError(
            f"{name} has no further column {concat_text(unknown)} to ignore",
            f"its further columns: {', '.join(further) or 'none'}",
        )
    return records.drop_columns(ignored)


def _compare_with_published(dataset: Dataset, labels: Labels) -> list[str]:
    """Return a warning for each count or range that differs from the published one."""
    warnings = []
    records = labels.records
    scores = records.column("score")
    scored = pc.and_(pc.is_valid(scores), pc.fill_null(pc.not_equal(records.column("side"), "good"), True))
    found = pc.sum(scored).as_py() or Counter(records.column("side").to_pylist())["bad"]
    expected = labels.expected or dataset.size
    if expected is not None and found != expected:
        warnings.append(f"{dataset.title}: {counted(found, 'labelled image')} found, {expected} published")
    by_split = Counter(records.filter(scored).column("split").to_pylist())
    for split, count in dataset.splits.items():
        if count is not None and by_split[split] and by_split[split] != count:
            warnings.append(f"{dataset.title}: {by_split[split]} labelled images in split '{split}', {count} published")
    bounds = labels.score_range or dataset.observed_range
    if bounds is not None and pc.any(scored).as_py():
        low, high = pc.min(scores).as_py(), pc.max(scores).as_py()
        # published to two or three digits
        slack = (bounds[1] - bounds[0]) / 100
        if low < bounds[0] - slack or high > bounds[1] + slack:
            warnings.append(
                f"{dataset.title}: scores from {low:g} to {high:g}, published are {bounds[0]:g} to {bounds[1]:g}"
            )
    return warnings


def find_label(folder: Folder, *candidates: str) -> str:
    """Return the first label file that is there, in any case of its letters.

    Raises:
        DataError: With what was expected and what the folder holds.
    """
    for candidate in candidates:
        directory, _, name = candidate.rpartition("/")
        names = folder.names(directory)
        if name in names:
            return candidate
        for found in sorted(names):
            if found.casefold() == name.casefold():
                return f"{directory}/{found}" if directory else found
    present = sorted(folder.names())
    raise DataError(
        f"{folder.root} has no {' or '.join(candidates)}; found: "
        f"{', '.join(present[:12]) or 'nothing'}{', ...' if len(present) > 12 else ''}",
        "ROOT is the data set's folder as its authors lay it out ('quasar-index datasets' shows the tree)",
    )


def image_folder(folder: Folder, *candidates: str) -> str:
    """Return the first sub-folder that is there, else the first candidate: images are opened later."""
    for candidate in candidates:
        if folder.names(candidate):
            return candidate
    return candidates[0]


def image_paths(folder: Folder, directory: str, names: Sequence[str]) -> list[str]:
    """Return the path of each image in a directory, its case mended where it differs."""
    prefix = f"{directory}/" if directory else ""
    return [folder.resolve(prefix + name) for name in names]


def scored_records(
    table: LabelTable,
    columns: Mapping[str, Any],
    *,
    references: Mapping[str, str] | None = None,
    split: str | None = None,
    reference_splits: Sequence[str] | None = None,
) -> tuple[pa.Table, tuple[str, ...]]:
    """Make the records of a label table: scored images, and the references of full-reference data.

    Args:
        table: The label file, for line numbers in messages.
        columns: `path`, `score` and any others, a row each.
        references: Id to path of each reference image; they become good rows at level 0 without a score, and
            the scored rows bad ones. None for data without references.
        split: Split of all rows, where there is one label file a split.
        reference_splits: Split of each reference image, where they differ.

    Returns:
        The records, and a warning when repeated rows were dropped.

    Raises:
        DataError: When an image has two scores, with both lines.
    """
    rows, warnings = drop_repeats(table, columns["path"], columns.get("score"))
    n_rows = len(columns["path"])
    full = dict(columns)
    if split is not None:
        full["split"] = [split] * n_rows
    if references is not None:
        full["side"] = ["bad"] * n_rows
    records = make_records(full, n_rows)
    if warnings:
        records = records.take(pa.array(rows, pa.int64()))
    if references is None:
        return records, warnings
    ids = list(references)
    good = make_records(
        {
            "path": list(references.values()),
            "side": ["good"] * len(ids),
            "reference": ids,
            "level": [0] * len(ids),
            "split": reference_splits or [split] * len(ids),
        },
        len(ids),
    )
    return pa.concat_tables([good, records], promote_options="default"), warnings


def travelling(table: LabelTable, *used: str) -> dict[str, Any]:
    """Return the columns of a label file beyond the ones used, with their types."""
    canonical = {"path", "score", "side", "reference", "distortion", "level", "split"}
    return {name: table.typed(name) for name in table.columns if name not in {*used, *canonical}}
