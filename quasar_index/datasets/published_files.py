"""Published embeddings on the disk: which of them lie below a folder, and reading them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ..arguments import checked
from ..arrays import FloatArray
from ..errors import DataError, counted
from ..paths import PathText
from .base import AnchorSource
from .embeddings import read_author_embeddings
from .files import stem
from .published import PUBLISHED, PublishedSet, PublishedTower, find_tower, input_words, parse_file_name, plain_name

LABELS = "labels.json"
_NAMED_BY_REFERENCE = ("pipal", "kadis700k", "tid2013", "kadid10k")


@dataclass(frozen=True)
class PublishedFile:
    """The embeddings of a published set by one tower, as they lie on the disk.

    Attributes:
        declared: The set.
        tower: The tower.
        tensor: `NAME.pt`.
        listing: `NAME.json`, the paths of its rows.
        labels: `labels.json`, where there is one beside; None where the listing holds the scores.
    """

    declared: PublishedSet
    tower: PublishedTower
    tensor: Path
    listing: Path
    labels: Path | None = None

    @property
    def input(self) -> str:
        """Input rule that the images were embedded by, in its short form."""
        return self.declared.input_of(self.tower)

    @property
    def setting(self) -> str:
        """The setting that made the embeddings, in words."""
        return f"{self.declared.name}: {self.tower.label} ({self.tower.pretrain}), {input_words(self.input)}"


@dataclass(frozen=True)
class PublishedEmbeddings:
    """Published embeddings, read.

    Attributes:
        file: Where they lie, and what they are.
        source: Their labels: paths as the authors list them, scores in the direction of the data set.
        embeddings: (N, D) float32, raw, memory-mapped where the file allows it.
    """

    file: PublishedFile
    source: AnchorSource
    embeddings: FloatArray


@checked
def find_published_files(folder: PathText) -> list[PublishedFile]:
    """Find published embeddings below a folder, as the authors' zips unpack.

    The set is told by the nearest folder that has the name of one (`tid2013_224/`), else by how the file's name begins.

    Args:
        folder: Folder to look in, at any depth.

    Returns:
        Those with a list of their paths, by set and tower; where two are the same, the first by its path.

    Raises:
        DataError: When there is no such folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"no folder '{root}'", "quasar-index pull quasar:ava --raw DIR fetches published embeddings")
    found: dict[tuple[str, str], PublishedFile] = {}
    for tensor in sorted(root.rglob("*.pt")):
        if (one := _published_file(tensor, root)) is not None:
            found.setdefault((one.declared.name, one.tower.encoder), one)
    return [found[key] for key in sorted(found)]


def _published_file(tensor: Path, root: Path) -> PublishedFile | None:
    """Return what a tensor is of; None where its name or its list is not the authors'."""
    listing = tensor.with_suffix(".json")
    parsed = parse_file_name(tensor.stem)
    if parsed is None or not listing.is_file():
        return None
    tag, tower = parsed
    declared = published_set(
        plain_name(tag), [plain_name(part) for part in tensor.relative_to(root.parent).parts[-2::-1]]
    )
    if declared is None:
        return None
    labels = tensor.with_name(LABELS)
    return PublishedFile(declared, tower, tensor, listing, labels if labels.is_file() else None)


def published_set(tag: str, folders: Sequence[str]) -> PublishedSet | None:
    """Return the set of a file by its tag and the folders that it is in (the innermost first), all as plain names."""
    mine = [one for one in PUBLISHED.values() if tag in {plain_name(name) for name in (one.tag, one.dataset, one.name)}]
    by_name = {plain_name(one.name): one for one in mine}
    named = next((by_name[folder] for folder in folders if folder in by_name), None)
    return named or by_name.get(tag) or next(iter(mine), None)


@checked
def read_published(path: PathText, encoder: str | None = None) -> PublishedEmbeddings:
    """Read published embeddings.

    Args:
        path: A `.pt` file, or a folder with those of one set.
        encoder: Which of a folder's towers, by our name or the authors'; None for that of the paper's task, else the
            only one.

    Returns:
        The labels and the embeddings. Full-reference anchors are divided by the folders in their paths, as the authors
        do, with the reference of each image by their rule; the direction and range of scores are the data set's.

    Raises:
        DataError: When there are none, those of several sets, or files that cannot be read.
    """
    path = Path(path)
    if path.is_file():
        one = _published_file(path, path.absolute().parent) if path.suffix.lower() == ".pt" else None
        if one is None:
            raise DataError(
                f"{path.name} is no file of published embeddings",
                "such as pipal_clip_RN50_openai_False.pt with its .json beside; other embeddings by --embeddings",
            )
        return read_published_file(one)
    return read_published_file(choose_published(find_published_files(path), encoder, path))


def choose_published(files: Sequence[PublishedFile], encoder: str | None, folder: Path) -> PublishedFile:
    """Return the one that is meant of those in a folder; errors as `read_published`."""
    sets = {one.declared.name: one.declared for one in files}
    if not sets:
        raise DataError(
            f"'{folder}' holds no published embeddings", "such as pipal_clip_RN50_openai_False.pt with its .json beside"
        )
    if len(sets) > 1:
        raise DataError(f"'{folder}' holds those of several sets: {', '.join(sets)}", "name the folder of one")
    wanted = encoder or next(iter(sets.values())).encoder
    tower = find_tower(wanted)
    chosen = next((one for one in files if one.tower == tower), files[0] if encoder is None else None)
    if chosen is None:
        there = ", ".join(one.tower.encoder for one in files)
        raise DataError(f"'{folder}' holds no embeddings by {wanted}", f"there are those by {there}")
    return chosen


def read_published_file(one: PublishedFile) -> PublishedEmbeddings:
    """Read a file that `find_published_files` found; returns and raises as `read_published`."""
    source, embeddings = read_author_embeddings(one.tensor, one.listing, one.labels)
    return PublishedEmbeddings(one, _declared(source, one.declared), embeddings)


def _declared(source: AnchorSource, declared: PublishedSet) -> AnchorSource:
    """Return labels with what is known of the data set: name, direction, range, references, splits, count."""
    dataset = declared.declared
    records, warnings = source.records, list(source.warnings)
    paths = records.column("path").to_pylist()
    if dataset.name in _NAMED_BY_REFERENCE:
        # Their own rule: the name of a distorted image begins with that of its reference.
        records = _with(records, "reference", [stem(path).split("_")[0] for path in paths])
    splits = _splits_of(paths, tuple(dataset.splits))
    if splits is not None:
        records = _with(records, "split", splits)
    if declared.size is not None and len(paths) != declared.size:
        warnings.append(f"{counted(len(paths), 'embedding', form=',')} of {declared.name}, {declared.size:,} published")
    scores = pc.min_max(records.column("score")).as_py()
    bounds = dataset.score_range
    if bounds and scores["min"] is not None and not bounds[0] <= scores["min"] <= scores["max"] <= bounds[1]:
        bounds = None  # on another scale than the data set's own
    return replace(
        source,
        name=dataset.name,
        records=records,
        kind=dataset.kind if source.division == "median" else source.kind,
        lower_is_better=dataset.lower_is_better if source.division == "median" else False,
        score_range=bounds if source.division == "median" else None,
        warnings=tuple(warnings),
    )


def _with(records: pa.Table, name: str, values: Sequence[str | None]) -> pa.Table:
    place = records.schema.get_field_index(name)
    return records.set_column(place, records.schema.field(place), pa.array(values, type=pa.string()))


def _splits_of(paths: Sequence[str], names: Sequence[str]) -> list[str] | None:
    """Return the official split of each row that the folders of its path tell; None where they do not.

    Folders that all paths share tell none: `/home/test/` is no split. Where some images lie in a training folder
    (`trainingImages/`), and there are two splits, the others are tests.
    """
    folders = [path.replace("\\", "/").split("/")[:-1] for path in paths]
    first, last = min(folders, default=[]), max(folders, default=[])
    n_shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    found = [_split_of(parts[n_shared:], names) for parts in folders]
    if "train" in found and sorted(names) == ["test", "train"]:
        return [split or "test" for split in found]
    return None if None in found else [str(split) for split in found]


def _split_of(folders: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the split that a word in the innermost folder with one begins with: `training` is "train"."""
    for part in reversed(folders):
        words = [word.casefold() for word in re.findall(r"[A-Z]?[a-z]+", part)]
        for name in names:
            if any(word.startswith(name) for word in words):
                return name
    return None
