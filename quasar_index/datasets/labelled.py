"""Your own ratings: a label file (.csv, .xlsx, .json, .parquet, ...) beside the images that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import DataError
from .base import RECORD_SCHEMA, AnchorSource, Division, Rating, make_records
from .files import Folder, split_file, stem
from .frames import Frame, read_frame
from .label_files import OF_FILES, read_table
from .rater_columns import averaged_columns, ratings_hint, single_ratings
from .raters import RATER_COLUMNS, average_ratings
from .reserved import (
    are_numbers,
    has_severity,
    read_sides,
    side_column,
    travelling_columns,
    unused_name,
    without_ignored,
)
from .score_names import split_columns, with_direction
from .spec import Options, filter_message
from .tables import LabelTable, drop_repeats
from .thresholds import thresholds_of
from .usable import usable_rows

# fmt: off
LABEL_OPTIONS = (
    "score", "image", "lower", "name", "group", "reference", "split", "split_by", "encoding", "sep",
    "range", "division", "kind", "rater", "root", "ratings", "decimal", "thousands", "missing", "sheet", "header",
    "ignore", "threshold", "raters", "drop_raters",
)
IMAGE_COLUMNS = (
    "image", "image_path", "path", "filepath", "file_path", "file", "filename", "file_name", "name",
    "image_name", "img", "img_path", "img_name", "image_file", "dist_img", "dis_img_path", "url",
)
SCORE_COLUMNS = (
    "score", "mos", "dmos", "quality", "rating", "opinion_score", "mean_opinion_score", "quality_score",
    "aesthetic_score", "aesthetics_score",
)
# fmt: on
SEVERITY = "severity"
"""Column of severities of distortions, where nobody rated them; lower is better."""


def plain(name: str) -> str:
    """Return the form in which column names are compared: `Image name` and `image_name` are one."""
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def load_labelled(path: str, options: Options) -> AnchorSource:
    """Read a label file; images are named relative to its folder, or to `?root=`.

    Args:
        path: Path or URL of the file.
        options: Any of `LABEL_OPTIONS`.

    Raises:
        DataError: When the file, a column or a row cannot be used.
    """
    options.check(LABEL_OPTIONS, path)
    folder, file = split_file(path)
    content = folder.read(file)
    table = read_table(content, file, options)
    root = options.text("root")
    images = Folder(root) if root else folder
    source = source_from_table(table, options, resolve=images.resolve, name=stem(file))
    return replace(source, checksums=dict(folder.checksums))


def load_frame(data: Frame, options: Options) -> AnchorSource:
    """Read labels in memory; images are named relative to `?root=`, or to the working folder.

    Args:
        data: As of `read_frame`.
        options: Any of `LABEL_OPTIONS` that are not about the form of a file.

    Raises:
        DataError: As `source_from_table`.
    """
    name = options.text("name") or "frame"
    options.check((one for one in LABEL_OPTIONS if one not in OF_FILES), name)
    images = Folder(options.text("root") or ".")
    return source_from_table(read_frame(data, name), options, resolve=images.resolve, name=name)


def source_from_table(
    table: LabelTable,
    options: Options,
    *,
    resolve: Callable[[str], str],
    name: str,
    paths: Sequence[str] | None = None,
) -> AnchorSource:
    """Make a source of a label table.

    Args:
        table: One row an image, or one row a rating when a rater column is there.
        options: Any of `LABEL_OPTIONS`.
        resolve: Gives the path or URL of the image of a name.
        name: Name of the source unless `?name=` gives one.
        paths: Path of each row where the images are not named by a column but are inside the table.

    Raises:
        DataError: When a column is missing or ambiguous, or a row cannot be used, with its line.
    """
    if not len(table):
        raise DataError(f"{table.file} has no rows", "a header line and a line an image are expected" + table.also())
    form = table.form.told(options.text("decimal"), options.text("thousands"))
    table = without_ignored(replace(table, form=form, problems=options.problems), options)
    if not options.labelled:
        return _unlabelled(table, options, resolve=resolve, name=name, paths=paths)
    bounds = options.bounds()
    table, options, beside, notes = averaged_columns(
        table,
        options,
        is_scored=_is_scored(table, options),
        is_long=_rater_column(table, options.text("rater")) is not None,
        bounds=bounds,
    )
    score, lower = _score_column(table, options)
    used = {*beside, *([score] if score else ())}
    image = _image_column(table, options.text("image")) if paths is None else None
    table, kept = usable_rows(table, options, image=image, score=score, bounds=bounds)
    names = None if image is None else table.text(image)
    paths = _located(table, image, resolve) if image is not None else [(paths or ())[row] for row in kept]
    used |= {image or ""}
    scores = np.asarray(table.columns[score]) if score else None
    ratings, table = _further_ratings(table, options, score)
    warnings = [*notes, *table.warnings]
    extra: Mapping[str, Any] = {}
    rater = None if beside else _rater_column(table, options.text("rater"))
    if rater is not None and scores is not None:
        if ratings:
            raise DataError(
                f"{table.file} has a row a rating, so it can have one score column only", "give it a row an image"
            )
        averaged = average_ratings(table, paths, scores, table.names(rater), drop=used | {rater}, options=options)
        table, paths, scores, extra = averaged.table, averaged.paths, averaged.scores, averaged.extra
        warnings += averaged.warnings
        single: pa.Table | None = averaged.single
        used.add(rater)
    else:
        rows, repeated = drop_repeats(table, paths, scores, names)
        warnings += repeated
        if len(rows) < len(table):
            table, paths = table.take(rows), [paths[row] for row in rows]
            scores = None if scores is None else scores[rows]
        single = single_ratings(table, paths, beside, options)
    side, declaring = read_sides(table, options)
    columns, renamed = travelling_columns(table, options, used | {declaring or ""}, extra)
    warnings += renamed
    columns |= {} if side is None else {"side": side}
    columns |= {"path": list(paths), "score": scores, **extra}
    division: Division = options.division("reference" if side is not None else "median")
    records = make_records(columns, len(paths))
    kind = options.kind("no-reference")
    if division == "reference" and side is None:
        records = _add_references(records, table.file, resolve)
        kind = options.kind("full-reference")
    if division == "median" and score is None:
        raise DataError(f"{table.file} has no scores to divide at the median", "drop ?division=median")
    records = filter_split(records, options.text("split"), table.file)
    threshold, ratings = thresholds_of(options, division, score, ratings, table.file)
    return AnchorSource(
        name=options.text("name") or name,
        records=records,
        kind=kind,
        division=division,
        lower_is_better=_direction(score, lower, table.file),
        score_range=bounds,
        warnings=tuple(warnings),
        rating=score or "score",
        by_person=score != SEVERITY,
        ratings=ratings,
        threshold=threshold,
        single_ratings=single,
    )


def _is_scored(table: LabelTable, options: Options) -> bool:
    """Return whether the table says scores or sides otherwise than in columns of single raters."""
    return (
        options.text("score") is not None
        or any(plain(name) in (*SCORE_COLUMNS, *RATER_COLUMNS) for name in table.columns)
        or side_column(table) is not None
        or has_severity(table)
    )


def _located(table: LabelTable, image: str, resolve: Callable[[str], str]) -> list[str]:
    """Return the path or URL of each row's image."""
    names = table.text(image)
    located = {text: resolve(text) for text in dict.fromkeys(names)}
    return [located[text] for text in names]


def _unlabelled(
    table: LabelTable, options: Options, *, resolve: Callable[[str], str], name: str, paths: Sequence[str] | None
) -> AnchorSource:
    """Make a source of images alone: its records are `path`, then the columns of the table as they are."""
    if paths is None:
        image = _image_column(table, options.text("image"))
        table, _ = usable_rows(table, options, image=image)
        paths = _located(table, image, resolve)
    rows, repeated = drop_repeats(table, paths, None)
    if repeated:
        table, paths = table.take(rows), [paths[row] for row in rows]
    path = unused_name("path", set(table.columns))
    columns = {path if one == "path" else one: table.typed(one) for one in table.columns}
    records = pa.table({"path": pa.array(paths, pa.string()), **columns})
    if (split := options.text("split")) is not None:
        by = options.text("split_by") or "split"
        if by not in table.columns:
            raise table.no_column(by, "?split_by= names one")
        keep = pa.array([one == split for one in table.text(by)])
        if not pc.any(keep).as_py():
            raise filter_message(split, {one for one in table.text(by) if one}, table.file)
        records = records.filter(keep)
    warnings = (*table.warnings, *repeated)
    return AnchorSource(options.text("name") or name, records, "no-reference", "median", warnings=warnings)


def _further_ratings(table: LabelTable, options: Options, score: str | None) -> tuple[tuple[Rating, ...], LabelTable]:
    """Return the further opinion scores that `?ratings=` names, and the table with their columns as numbers.

    They may be missing for some images.
    """
    found: dict[str, Rating] = {}
    for text in split_columns(options.text("ratings") or ""):
        name, lower = with_direction(table, text)
        if name == score or name in found:
            what = "is the score column already" if name == score else "is named twice"
            raise DataError(f"{table.file}: rating '{name}' {what}", "name each score column once")
        if name not in table.columns:
            others = ", ".join(column for column in table.columns if column != score)
            raise DataError(f"{table.file}: rating '{name}' is no column of it", f"further columns: {others}")
        if name in RECORD_SCHEMA.names or "." in name:
            raise DataError(f"{table.file}: a further rating cannot be called '{name}'", "name it first, or rename it")
        found[name] = Rating(name, lower_is_better=_direction(name, lower, table.file))
        table = table.as_numbers(name, what=name)
        if table.columns[name].null_count == len(table):
            raise DataError(f"{table.file}: rating '{name}' is empty", "name another column")
    return tuple(found.values()), table


def _image_column(table: LabelTable, given: str | None) -> str:
    if given is not None:
        if given in table.columns:
            return given
        raise table.no_column(given, "?image= (--image-column) names one")
    by_plain = {plain(name): name for name in reversed(list(table.columns))}
    for candidate in IMAGE_COLUMNS:
        if candidate in by_plain:
            return by_plain[candidate]
    raise DataError(
        f"{table.file} has no image column; its columns: {', '.join(table.columns)}",
        "name it with --image-column or ?image=COLUMN" + table.also(),
    )


def _score_column(table: LabelTable, options: Options) -> tuple[str | None, bool | None]:
    """Return the score column, and whether lower is better where that is said."""
    lower = options.flag("lower")
    given = options.text("score")
    if given is not None:
        given, said = with_direction(table, given)
        if None not in (said, lower) and said != lower:
            raise DataError(f"{table.file}: two directions of '{given}' are given", "say it once")
        if given in table.columns:
            return given, lower if said is None else said
        raise table.no_column(given, "?score= (--score-column) names one")
    image = options.text("image")
    found = [name for name in table.columns if plain(name) in SCORE_COLUMNS and name != image]
    if len(found) > 1:
        # One of words, such as low and high, is no score.
        found = [name for name in found if are_numbers(table, name)] or found
    if len(found) == 1:
        return found[0], lower
    if not found and side_column(table):
        return None, lower
    if not found and has_severity(table):
        return SEVERITY, lower
    what = f"several score columns ({', '.join(found)})" if found else "no score column"
    near = [name for name in table.columns if name != image and get_close_matches(plain(name), SCORE_COLUMNS, 1, 0.75)]
    example = near[0] if near and not found else "COLUMN"
    raise DataError(
        f"{table.file} has {what}; its columns: {', '.join(table.columns)}",
        f"name it with --score-column or ?score={example}; given again, it names further ratings"
        + ratings_hint(table, image)
        + table.also(),
    )


def _rater_column(table: LabelTable, given: str | None) -> str | None:
    if given is not None:
        if given in table.columns:
            return given
        raise table.no_column(given, "?rater= names one")
    return next((name for name in table.columns if plain(name) in RATER_COLUMNS), None)


def _direction(score: str | None, lower: bool | None, file: str) -> bool:
    """Return whether lower is better, as a severity is; a DMOS column without a word about it is refused.

    Most DMOS are "lower is better", KADID-10k's is not: guessing turns every score round, unseen.
    """
    if lower is None and score == SEVERITY:
        return True
    if lower is None and score is not None and plain(score).startswith("dmos"):
        raise DataError(
            f"{file}: column '{score}' is a difference score by its name, but its direction is not said",
            f"write it behind the name, --score-column {score}:lower (or :higher, as in KADID-10k); or add "
            "--lower-is-better, ?lower=true or ?lower=false",
        )
    return bool(lower)


def _add_references(records: pa.Table, file: str, resolve: Callable[[str], str]) -> pa.Table:
    """Add the reference images that a full-reference label file names, as good rows."""
    names = records.column("reference").to_pylist()
    if any(name is None for name in names):
        raise DataError(
            f"{file}: ?division=reference needs the reference image of every row",
            "a column 'reference' (or ?reference=COLUMN), or a column 'side' with good and bad",
        )
    paths = {name: resolve(name) for name in dict.fromkeys(names)}
    listed = records.column("path").to_pylist()
    references = set(paths.values())
    side = ["good" if path in references else "bad" for path in listed]
    records = records.set_column(records.schema.get_field_index("side"), RECORD_SCHEMA.field("side"), pa.array(side))
    present = set(listed)
    added = [name for name in paths if paths[name] not in present]
    extra = make_records(
        {
            "path": [paths[name] for name in added],
            "reference": added,
            "side": ["good"] * len(added),
            "level": [0] * len(added),
        },
        len(added),
    )
    return pa.concat_tables([records, extra], promote_options="default")


def filter_split(records: pa.Table, split: str | None, source: str) -> pa.Table:
    """Return the rows of one split.

    Raises:
        DataError: With the splits that are there, when it is none of them.
    """
    if split is None:
        return records
    values = records.column("split").to_pylist()
    keep = np.array([value == split for value in values], dtype=bool)
    if not keep.any():
        raise filter_message(split, {value for value in values if value is not None}, source)
    return records.filter(pa.array(keep))
