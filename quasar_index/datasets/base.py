"""What a data set adapter hands on: a table of labelled images, whatever its source.

An adapter reads label files only; images are opened later, one by one, by `quasar_index.images`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from ..arguments import checked
from ..errors import DataError, first_line

Kind: TypeAlias = Literal["full-reference", "no-reference", "aesthetics", "patches"]
Division: TypeAlias = Literal["median", "reference"]
KeptDivision: TypeAlias = "tuple[float | None, tuple[float, float] | None]"

RECORD_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),  # local path or URL of the image, as it is opened
        pa.field("score", pa.float64()),  # raw opinion score, as the label file has it; null where there is none
        pa.field("side", pa.string()),  # "good" / "bad" where the data declare it, else null
        pa.field("reference", pa.string()),  # id of the reference image or content group
        pa.field("distortion", pa.string()),  # name of the distortion type; null for references
        pa.field("level", pa.int32()),  # strength of the distortion; 0 for references
        pa.field("split", pa.string()),  # official split, as the data set names it
    ]
)
"""The columns that every source has, in this order; further columns of the label file follow them."""
MADE_COLUMNS = ("id", "dataset", "quality", "width", "height", "embedding")
"""Further columns, which an index makes itself: a label file's column of such a name is `label_NAME` there."""


@dataclass(frozen=True)
class Rating:
    """A further opinion score of the images of a source, beside the first one.

    Attributes:
        name: What people call it, such as "appeal"; also the column of the records that holds it. Null where an image
            has none.
        lower_is_better: Direction of the raw score.
        score_range: Lowest and highest possible raw score, None where only the observed range is known.
        by_person: Whether people gave it.
        kept_division: As of `AnchorSource`.
        threshold: As of `AnchorSource`.
    """

    name: str
    lower_is_better: bool = False
    score_range: tuple[float, float] | None = None
    by_person: bool = True
    kept_division: KeptDivision | None = None
    threshold: float | None = None


@checked
@dataclass(frozen=True)
class AnchorSource:
    """Labelled images of one data set, before anything is embedded.

    Attributes:
        name: Name of the data set; the index's column `dataset`.
        records: One row an image: the columns of `RECORD_SCHEMA`, then any further ones of the label file.
        kind: What the scores mean; "patches" of pristine images have none, and are all good.
        division: How anchors fall into two sides: "reference" (reference images are good, distorted ones bad;
            `side` is filled) or "median" (good = above the median opinion score).
        lower_is_better: Direction of the raw score; declared by the adapter, never inferred.
        score_range: Lowest and highest possible raw score, None where only the observed range is known.
        checksums: SHA-256 of each label file that was read, by path.
        warnings: What the user should know, such as counts that differ from the published ones.
        read_bytes: Opens one image of `records.path`; None for the default (local path or fsspec URL).
        kept_division: Of the exported subset of an index: the threshold that divides it, and the observed range that
            scales its scores (each None where there is none), which stay; None for data that are divided by their own.
        rating: What people call the score, such as "quality".
        by_person: Whether people gave it; not so where it is the strength of a distortion, or a metric's.
        ratings: Further opinion scores of the same images.
        threshold: Raw score at which the user divides anchors with the division "median": good is better than it.
            None for the median.
        patches: Of the kind "patches": size, and how they were chosen, as an index records it (`PatchRecord`).
        plugin: Package whose plugin read it, as "NAME VERSION"; empty where our own code did.
        single_ratings: What single people said, where the label file has it: columns `path`, `rater` and `score` (raw).
    """

    name: str
    records: pa.Table
    kind: Kind
    division: Division
    lower_is_better: bool = False
    score_range: tuple[float, float] | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    read_bytes: Callable[[str], bytes] | None = None
    kept_division: KeptDivision | None = None
    rating: str = "score"
    by_person: bool = True
    ratings: tuple[Rating, ...] = ()
    threshold: float | None = None
    single_ratings: pa.Table | None = None
    patches: Mapping[str, Any] | None = None
    plugin: str = ""

    def __len__(self) -> int:
        """Return the number of images."""
        return int(self.records.num_rows)


@dataclass(frozen=True)
class ImageSource:
    r"""Images to score, whether or not anybody rated them.

    Attributes:
        name: Name of the data set.
        records: One row an image: `path` (local path, URL, or the image's name in its container), then the columns of
            the label file as they are; a column that is itself called `path` is `path_in_file`.
        read_bytes: Opens one image of `records.path`; None for the default (local path or fsspec URL).
        warnings: What the user should know.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> _ = Path("shots.csv").write_text("image,camera\na.png,x\nb.png,y\n")
        >>> source = qi.datasets.load_images("shots.csv")
        >>> len(source), source.records["camera"].to_pylist()
        (2, ['x', 'y'])
    """

    name: str
    records: pa.Table
    read_bytes: Callable[[str], bytes] | None = None
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of images."""
        return int(self.records.num_rows)


@checked
def make_records(columns: Mapping[str, Any], n_rows: int) -> pa.Table:
    """Build the table of a source from the columns that it has; missing ones are filled with nulls.

    Args:
        columns: Column name to a sequence or Arrow array of `n_rows` values; `path` is needed.
        n_rows: Number of images.

    Returns:
        A table with the columns of `RECORD_SCHEMA` in order, then the others as they came.

    Raises:
        DataError: When a column cannot be converted to its type.
    """
    arrays: list[Any] = []
    names: list[str] = []
    for column in RECORD_SCHEMA:
        values = columns.get(column.name)
        try:
            if values is None:
                arrays.append(pa.nulls(n_rows, column.type))
            elif isinstance(values, (pa.Array, pa.ChunkedArray)):
                arrays.append(values.cast(column.type))
            else:
                arrays.append(pa.array(values, type=column.type, from_pandas=True))
        except UnicodeEncodeError as error:
            raise DataError(
                f"{column.name} {error.object!a} is not UTF-8, as names in an index are", "rename the file"
            ) from error
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise DataError(f"column '{column.name}' is not {column.type}: {first_line(error)}") from error
        names.append(column.name)
    for name, values in columns.items():
        if name not in RECORD_SCHEMA.names:
            names.append(name)
            try:
                arrays.append(values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values))
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError) as error:
                raise DataError(f"column '{name}' cannot be kept: {first_line(error)}", "mend or drop it") from error
    return pa.table(arrays, names=names)


def concat_text(values: Sequence[str], most: int = 3) -> str:
    """Return the first few values for a message: `'a', 'b', 'c' and 4 more`."""
    shown = ", ".join(f"'{value}'" for value in values[:most])
    return shown + (f" and {len(values) - most} more" if len(values) > most else "")
