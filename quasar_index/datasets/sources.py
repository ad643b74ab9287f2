"""`load_source`: from the text that names a source to its table of labelled images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches

import pyarrow as pa

from ..arguments import checked
from ..errors import DataError, counted
from ..paths import PathText
from .arrow_images import image_columns, load_hugging_face, load_parquet_images, parquet_schema
from .base import AnchorSource, ImageSource
from .declare import Dataset, load_dataset
from .files import Folder, stem
from .labelled import load_labelled, score_options, split_columns
from .pairs import find_pair, load_pairs
from .registry import DATASETS
from .spec import Options, normal_name, parse_spec
from .webdataset import load_webdataset

LABEL_ENDINGS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet")


@checked
def load_source(
    spec: PathText,
    *,
    score_column: str | Sequence[str] | None = None,
    image_column: str | None = None,
    lower_is_better: bool | None = None,
) -> AnchorSource:
    r"""Read the labels of a data set, of your own label file, or of a folder of references and distortions.

    Args:
        spec: `NAME:ROOT[?key=value&...]` for a data set of `DATASETS` (any case, hyphens do not matter), else
            a path or fsspec URL with options.
        score_column: Score column of your own label file; the same as `?score=`. Of several, the first divides and
            scales the anchors, and the others become further ratings, the same as `?ratings=`. A column may be
            followed by its direction: "dmos:lower".
        image_column: Its image column; the same as `?image=`.
        lower_is_better: Direction of the (first) score; the same as `?lower=`. None when the user did not say: then
            higher is better, except that a column called DMOS is refused. Further ratings are so, too.

    Raises:
        DataError: When the source is unknown or its labels cannot be used.

    Example:
        >>> import quasar_index as qi
        >>> from pathlib import Path
        >>> _ = Path("rated.csv").write_text("image,quality,camera,light\na.png,1.5,x,3\nb.png,4,y,2\n")
        >>> source = qi.load_source("rated.csv", score_column="quality")
        >>> source.name, len(source), source.records["score"].to_pylist(), source.records["camera"].to_pylist()
        ('rated', 2, [1.5, 4.0], ['x', 'y'])
        >>> both = qi.load_source("rated.csv", score_column=["quality", "light:lower"])
        >>> both.rating, [(rating.name, rating.lower_is_better) for rating in both.ratings]
        ('quality', [('light', True)])
    """
    lower = None if lower_is_better is None else str(lower_is_better).lower()
    return _load(spec, {**score_options(score_column), "image": image_column, "lower": lower}, labelled=True)


@checked
def load_images(spec: PathText, *, image_column: str | None = None) -> ImageSource:
    r"""Read which images a source has, to score them: all that `load_source` reads, with or without scores.

    Args:
        spec: As of `load_source`; also a folder, or a URL of one, that holds images alone (hidden ones left out).
        image_column: Image column of your own label file; None to find it by its name.

    Raises:
        DataError: When the source is unknown, or names no images.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> _ = Path("shots.tsv").write_text("file\tcamera\na.png\tx\nb.png\ty\n")
        >>> source = qi.datasets.load_images("shots.tsv")
        >>> [Path(path).name for path in source.records["path"].to_pylist()]
        ['a.png', 'b.png']
    """
    source = _load(spec, {"image": image_column}, labelled=False)
    return ImageSource(source.name, source.records, source.read_bytes, source.warnings)


def _load(spec: PathText, arguments: dict[str, str | None], *, labelled: bool) -> AnchorSource:
    """Read a source by the options in its text and those that were given as arguments."""
    parsed = parse_spec(os.fspath(spec))
    given = {name: value for name, value in arguments.items() if value is not None}
    for name, value in given.items():
        if parsed.options.values.get(name, value) != value:
            again = ", ".join(split_columns(value))
            raise DataError(f"{name} is given twice: ?{name}={parsed.options.values[name]} and '{again}'")
    if parsed.dataset is not None:
        dataset = find_dataset(parsed.dataset)
        if given:
            raise DataError(f"{dataset.name} declares its own columns and direction", "drop the column options")
        return load_dataset(dataset, parsed.root, parsed.options)
    return _load_own(parsed.root, Options({**parsed.options.values, **given}, labelled))


@checked
def find_dataset(name: str) -> Dataset:
    """Return the declaration of a data set.

    Raises:
        DataError: When there is none, with the names near to it.

    Example:
        >>> import quasar_index as qi
        >>> qi.datasets.find_dataset("KonIQ-10k").name
        'koniq10k'
    """
    by_name = {
        normal_name(alias): dataset
        for dataset in DATASETS.values()
        for alias in (dataset.name, dataset.title, *dataset.aliases)
    }
    wanted = normal_name(name)
    if wanted in by_name:
        return by_name[wanted]
    near = dict.fromkeys(by_name[match].name for match in get_close_matches(wanted, by_name, 3, 0.5))
    raise DataError(
        f"no data set is called '{name}'" + (f"; near: {', '.join(near)}" if near else ""),
        "'quasar-index datasets' lists them",
    )


def _load_own(root: str, options: Options) -> AnchorSource:
    ending = root.lower()
    if ending.endswith(".parquet") and image_columns(parquet_schema(root)):
        return load_parquet_images([root], options, stem(root))
    if ending.endswith(LABEL_ENDINGS):
        return load_labelled(root, options)
    if ending.endswith(".tar"):
        return load_webdataset([root], options, stem(root))
    folder = Folder(root)
    if not folder.exists():
        raise DataError(f"no such file or folder: {root}", "a path, a URL, or NAME:ROOT of a data set")
    if not folder.is_dir():
        raise DataError(f"{root} is not a label file", f"one of {', '.join(LABEL_ENDINGS)}, .tar, or a folder")
    return _load_folder(folder, options)


def _load_folder(folder: Folder, options: Options) -> AnchorSource:
    """Tell by its entries what a folder holds, and read it."""
    names = sorted(folder.names())
    if pair := find_pair(folder):
        return load_pairs(folder, pair, options)
    if "dataset_dict.json" in names or "state.json" in names:
        return load_hugging_face(folder, options)
    if shards := [folder.path(name) for name in names if name.lower().endswith(".tar")]:
        return load_webdataset(shards, options, folder.name)
    parquet = [folder.path(name) for name in names if name.lower().endswith(".parquet")]
    if parquet and image_columns(parquet_schema(parquet[0])):
        return load_parquet_images(parquet, options, folder.name)
    # a .txt beside the images is more often a readme
    labels = [name for name in names if name.lower().endswith(LABEL_ENDINGS) and not name.lower().endswith(".txt")]
    if len(labels) == 1:
        return load_labelled(folder.path(labels[0]), options)
    if not options.labelled and (images := folder.images("")):
        options.check(("name",), folder.root)
        paths = pa.array([folder.path(image) for image in images], pa.string())
        return AnchorSource(options.text("name") or folder.name, pa.table({"path": paths}), "no-reference", "median")
    what = (
        f"label files: {', '.join(labels[:6])}" if labels else f"{counted(len(names), 'other entry', 'other entries')}"
    )
    raise DataError(
        f"{folder.root} has neither reference/ and distorted/ nor one label file; it has {what}",
        "name the label file itself, or NAME:ROOT for a published data set",
    )
