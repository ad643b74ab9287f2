"""`load_source`: from the text that names a source to its table of labelled images."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

import pyarrow as pa

from ..arguments import checked, shown
from ..errors import DataError, QuasarError, counted
from ..paths import PathText
from .arrow_images import image_columns, load_hugging_face, load_parquet_images, parquet_schema
from .base import AnchorSource, ImageSource
from .declare import Dataset, load_dataset
from .files import Folder, stem
from .frames import Frame, is_frame
from .label_files import LABEL_ENDINGS, not_a_label_file
from .labelled import load_frame, load_labelled
from .pairs import find_pair, load_pairs
from .problems import CollectedProblems, Problem, Problems
from .registry import DATASETS, names_of
from .score_names import score_options, split_columns
from .spec import Options, normal_name, parse_spec
from .webdataset import load_webdataset

# what lies beside images and is called so may be anything else
_SIDE_FILES = (".txt", ".json")


@checked
def load_source(
    spec: PathText | Frame,
    *,
    score_column: str | Sequence[str] | None = None,
    image_column: str | None = None,
    lower_is_better: bool | None = None,
    threshold: float | str | None = None,
    root: PathText | None = None,
    options: Mapping[str, Any] | None = None,
) -> AnchorSource:
    r"""Read labelled images: a data set, your own label file or data frame, or a folder of references and distortions.

    Args:
        spec: `NAME:ROOT[?key=value&...]` for a data set of `DATASETS` (any case, hyphens do not matter), else
            a path or fsspec URL with options; or the labels themselves: a data frame of pandas, polars or any other
            library with the Arrow PyCapsule interface, a list of rows (dictionaries), or a dictionary of columns.
        score_column: Score column of your own labels; the same as `?score=`. Of several, the first divides and
            scales the anchors, and the others become further ratings, the same as `?ratings=`. A column may be
            followed by its direction: "dmos:lower".
        image_column: Their image column; the same as `?image=`.
        lower_is_better: Direction of the (first) score; the same as `?lower=`. None when the user did not say: then
            higher is better, except that a column called DMOS is refused. Further ratings are so, too.
        threshold: Raw score that divides the anchors: good is better than it; the same as `?threshold=`. As text also
            of further ratings, "3,appeal:2". None to divide at the median.
        root: Folder (or URL of one) that their image names are relative to; the same as `?root=`. None for that of
            the label file, or the working folder for a data frame.
        options: Further options as they stand behind the `?`, such as {"missing": "drop", "name": "own"}.

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
        >>> import pyarrow as pa  # or a frame of pandas or polars
        >>> frame = pa.table({"image": ["a.png", "b.png"], "score": [1.5, None]})
        >>> source = qi.load_source(frame, root="photos", options={"missing": "drop", "name": "own"})
        >>> source.name, source.records["score"].to_pylist(), source.warnings
        ('own', [1.5], ("own: 1 row without 'score' was dropped (row 2)",))
    """
    given = _arguments(image_column, root, options, score_column, lower_is_better, threshold)
    return _load(spec, given, labelled=True)


@checked
def load_images(
    spec: PathText | Frame,
    *,
    image_column: str | None = None,
    root: PathText | None = None,
    options: Mapping[str, Any] | None = None,
) -> ImageSource:
    r"""Read which images a source has, to score them: all that `load_source` reads, with or without scores.

    Args:
        spec: As of `load_source`; also a folder, or a URL of one, that holds images alone (see `images.survey_folder`;
            `?exclude=GLOB,GLOB` leaves out of it).
        image_column: Image column of your own labels; None to find it by its name.
        root: Folder that their image names are relative to, as of `load_source`.
        options: Further options, as of `load_source`.

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
    source = _load(spec, _arguments(image_column, root, options), labelled=False)
    return ImageSource(source.name, source.records, source.read_bytes, source.warnings)


@checked
def collect_source(
    spec: PathText | Frame,
    *,
    score_column: str | Sequence[str] | None = None,
    image_column: str | None = None,
    lower_is_better: bool | None = None,
    threshold: float | str | None = None,
) -> tuple[AnchorSource | None, tuple[Problem, ...]]:
    r"""Read a source as `load_source` does, and find all problems of its labels in one pass.

    Args:
        spec: As of `load_source`.
        score_column: Likewise.
        image_column: Likewise.
        lower_is_better: Likewise.
        threshold: Likewise.

    Returns:
        The source without the rows that have a problem, or None when nothing can be read; and the problems.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> _ = Path("rough.csv").write_text("image,score\na.png,1\nb.png,\nc.png,x\nd.png,2\n")
        >>> source, problems = qi.datasets.collect_source("rough.csv")
        >>> len(source)
        2
        >>> [(problem.message, problem.option) for problem in problems]
        [('rough.csv line 3: score is missing', 'missing=drop'), ("rough.csv line 4: score 'x' is not a number", '')]
    """
    problems = CollectedProblems()
    given = _arguments(image_column, None, None, score_column, lower_is_better, threshold)
    try:
        return _load(spec, given, labelled=True, problems=problems), tuple(problems.found)
    except QuasarError as error:
        fatal = Problem(error.message, error.hint)
    if not problems.found:  # the scores cannot be read, but the names may have problems of their own
        with suppress(QuasarError):
            _load(spec, {"image": image_column}, labelled=False, problems=problems)
    return None, (*problems.found, fatal)


def _arguments(
    image_column: str | None,
    root: PathText | None,
    options: Mapping[str, str] | None,
    score_column: str | Sequence[str] | None = None,
    lower_is_better: bool | None = None,
    threshold: float | str | None = None,
) -> dict[str, str | None]:
    """Return what was given as arguments as the options of a source."""
    lower = None if lower_is_better is None else str(lower_is_better).lower()
    named = {**score_options(score_column), "image": image_column, "lower": lower}
    named["root"] = None if root is None else os.fspath(root)
    named["threshold"] = None if threshold is None else str(threshold)
    for name, value in (options or {}).items():
        if named.get(name) not in (None, value):
            raise DataError(f"{name} is given twice: '{named[name]}' and '{value}'", "say it once")
        named[name] = str(value).lower() if str(value) in {"True", "False"} else str(value)
    return named


def _load(
    spec: PathText | Frame, arguments: Mapping[str, str | None], *, labelled: bool, problems: Problems | None = None
) -> AnchorSource:
    """Read a source by the options in its text and those that were given as arguments."""
    problems = problems or Problems()
    given = {name: value for name, value in arguments.items() if value is not None}
    if not isinstance(spec, (str, os.PathLike)) and is_frame(spec):
        return load_frame(spec, Options(given, labelled, problems))
    if not isinstance(spec, (str, os.PathLike)):
        raise DataError(
            f"labels cannot be read from {shown(spec).removeprefix('of type ')}",
            "a path, a data frame, a list of dictionaries, or a dictionary of columns; a lazy frame is collected first",
        )
    parsed = parse_spec(os.fspath(spec))
    for name, value in given.items():
        if parsed.options.values.get(name, value) != value:
            again = ", ".join(split_columns(value))
            raise DataError(f"{name} is given twice: ?{name}={parsed.options.values[name]} and '{again}'")
    if parsed.dataset is not None:
        dataset = find_dataset(parsed.dataset)
        if unknown := [name for name in given if name in ("score", "ratings", "image", "lower", "root")]:
            what = "its own columns and direction" if "root" not in unknown else "its root in its text"
            raise DataError(f"{dataset.name} declares {what}", "drop the column options")
        options = Options({**parsed.options.values, **given}, problems=problems)
        return load_dataset(dataset, parsed.root, options)
    return _load_own(parsed.root, Options({**parsed.options.values, **given}, labelled, problems))


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
    wanted = normal_name(name)
    by_name: dict[str, Dataset] = {}
    for known in (DATASETS.own, DATASETS):  # plugins are looked for where it is none of our own
        by_name = {alias: dataset for dataset in known.values() for alias in names_of(dataset)}
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
        raise not_a_label_file(root)
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
    found = [name for name in names if name.lower().endswith(LABEL_ENDINGS) and not name.startswith((".", "~$"))]
    labels = [name for name in found if not name.lower().endswith(_SIDE_FILES)]
    if not labels and options.labelled:
        labels = [name for name in found if name.lower().endswith(".json")]
    if len(labels) == 1:
        return load_labelled(folder.path(labels[0]), options)
    if not options.labelled and (images := folder.images("", options.globs())):
        options.check(("exclude", "name"), folder.root)
        paths = pa.array([folder.path(image) for image in images], pa.string())
        return AnchorSource(
            options.text("name") or folder.name,
            pa.table({"path": paths}),
            "no-reference",
            "median",
            warnings=tuple(filter(None, [folder.left_out.describe()])),
        )
    what = (
        f"label files: {', '.join(labels[:6])}" if labels else f"{counted(len(names), 'other entry', 'other entries')}"
    )
    raise DataError(
        f"{folder.root} has neither reference/ and distorted/ nor one label file; it has {what}",
        "name the label file itself, or NAME:ROOT for a published data set",
    )
