"""Embeddings that were computed elsewhere, imported without the images: .npy, .npz, .pt, and the authors' pair."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import checked
from ..arrays import FloatArray
from ..errors import DataError, counted, first_line, reason
from ..paths import PathText, sha256_file
from .base import AnchorSource, make_records
from .files import stem
from .label_files import read_table
from .labelled import IMAGE_COLUMNS, LABEL_OPTIONS, plain, source_from_table
from .raters import RATER_COLUMNS
from .score_names import score_options
from .spec import Options, parse_spec
from .tables import LabelTable

_REFERENCE_WORDS = {"ref", "refs", "reference", "references", "refimgs", "pristine"}
_DISTORTED_WORDS = {"dist", "distorted", "distortion", "distortions", "dst"}
_ROW = "__row__"
_LARGE_ENTRY = 1 << 26
_MOST_RATIO = 50
_UNLABELLED = "{}: no scores and no sides, the embeddings cannot be divided into good and bad"
_ROW_COLUMNS = ("id", *IMAGE_COLUMNS)


@checked
def load_embeddings(
    path: PathText,
    labels: PathText | None = None,
    *,
    score_column: str | Sequence[str] | None = None,
    image_column: str | None = None,
    lower_is_better: bool | None = None,
    threshold: float | str | None = None,
    options: Options | None = None,
) -> tuple[AnchorSource, FloatArray]:
    r"""Read precomputed embeddings and the labels of their rows.

    Args:
        path: `.npy` (memory-mapped), `.npz` (the array `embeddings`, or the only two-dimensional one; an array
            `paths` or else `ids` names the rows), or `.pt` (a tensor, or a dictionary with one). Nothing is unpickled.
        labels: Label file, `FILE[?key=value&...]`, with one row an embedding, in their order, with a score or a side
            column; a column such as `id` or `image` names the rows. None for embeddings without labels: scores and
            sides are null.
        score_column: Score column of the label file; None to find it by its name. Of several, the others become
            further ratings (see `load_source`).
        image_column: Column that names the rows; None to find it.
        lower_is_better: Direction of the score; None when the user did not say.
        threshold: As of `load_source`.
        options: Further options of the label file, as `load_source` takes them.

    Returns:
        The source, and its (N, D) float32 raw embeddings, in the order of its records.

    Raises:
        DataError: When a file cannot be read, or the counts of embeddings, ids and labels differ.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> np.save("own.npy", np.eye(3))
        >>> _ = Path("own.csv").write_text("image,score\na,1\nb,2\nc,3\n")
        >>> source, embeddings = qi.load_embeddings("own.npy", "own.csv")
        >>> source.records["path"].to_pylist(), embeddings.shape
        (['a', 'b', 'c'], (3, 3))
    """
    path = Path(path)
    matrix, ids = read_matrix(path)
    checksums = {str(path): sha256_file(path)}
    n_rows = len(matrix)
    if labels is None:
        names = _unique(ids if ids is not None else _numbered(path, n_rows), path.name)
        source = AnchorSource(
            name=stem(path.name),
            records=make_records({"path": names}, n_rows),
            kind="no-reference",
            division="median",
            warnings=(_UNLABELLED.format(path.name),),
        )
        return replace(source, checksums=checksums), matrix

    said = parse_spec(os.fspath(labels))
    labels, options = Path(said.root), Options({**said.options.values, **(options or Options()).values})
    options.check(LABEL_OPTIONS, labels.name)
    table = _read_labels(labels, options)
    checksums[str(labels)] = sha256_file(labels)
    if len(table) != n_rows:
        raise DataError(
            f"{path.name} has {counted(n_rows, 'embedding')} but {labels.name} has {counted(len(table), 'row')}",
            "one row an embedding, in the same order",
        )
    column = image_column or _row_column(table)
    if column is not None and column not in table.columns:
        raise DataError(f"{table.file} has no column '{column}'", f"its columns: {', '.join(table.columns)}")
    named = table.names(column) if column else None
    if named is not None and ids is not None and named != ids:
        row = next(row for row in range(n_rows) if named[row] != ids[row])
        raise DataError(
            f"{table.where(row)} is '{named[row]}' but row {row + 1} of {path.name} is '{ids[row]}'",
            "sort the labels as the embeddings are",
        )
    names = _unique(named or ids or _numbered(path, n_rows), table.file)
    values = dict(options.values)
    given = {**score_options(score_column), "lower": lower_is_better, "threshold": threshold}
    for name, value in given.items():
        if value is not None:
            values[name] = str(value).lower() if isinstance(value, bool) else str(value)
    kept = {name: column_values for name, column_values in table.columns.items() if name != column}
    source = source_from_table(
        replace(table, columns={**kept, _ROW: list(range(n_rows))}),
        Options(values),
        resolve=str,
        name=stem(path.name),
        paths=names,
    )
    # A split filter drops rows; added references have no embedding.
    rows = source.records.column(_ROW)
    if rows.null_count:
        raise DataError("?division=reference cannot add references to embeddings", "use a column 'side'")
    records = source.records.drop_columns([_ROW])
    picked = rows.to_numpy()
    if len(picked) != n_rows:
        matrix = np.ascontiguousarray(matrix[picked])
    return replace(source, records=records, checksums=checksums), matrix


@checked
def read_author_embeddings(
    pt_path: PathText, json_path: PathText, labels_path: PathText | None = None
) -> tuple[AnchorSource, FloatArray]:
    """Read embeddings as QUASAR's authors publish them: `NAME.pt`, `NAME.json` and, for some, `labels.json`.

    Args:
        pt_path: (N, D) tensor of raw embeddings.
        json_path: `{"results_paths": [path, ...]}` or `{"results_paths": [{path: score}, ...]}`; rows without a
            score are divided into references and distorted images by the folder in their path.
        labels_path: Scores where `json_path` has none: a list in the same order, or `{path: score}`.

    Returns:
        The source, and its (N, D) float32 raw embeddings.

    Raises:
        DataError: When a file cannot be read, the counts differ, or a score is no number.
    """
    pt_path, json_path = Path(pt_path), Path(json_path)
    labels_path = None if labels_path is None else Path(labels_path)
    matrix, _ = read_matrix(pt_path)
    listing = _read_json(json_path)
    entries = listing.get("results_paths") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        raise DataError(
            f"{json_path.name} has no list 'results_paths'",
            "the authors' NAME.json lists the path of every row",
        )
    if len(entries) != len(matrix):
        raise DataError(
            f"{pt_path.name} has {counted(len(matrix), 'embedding')} but {json_path.name} has "
            f"{counted(len(entries), 'path')}",
            "take both from the same release",
        )
    paths: list[str] = []
    scores: list[Any] = []
    for row, entry in enumerate(entries, 1):
        if isinstance(entry, dict) and len(entry) == 1:
            path, score = next(iter(entry.items()))
        elif isinstance(entry, str):
            path, score = entry, None
        else:
            raise DataError(f"{json_path.name} entry {row} is neither a path nor one {{path: score}}")
        paths.append(path)
        scores.append(score)
    checksums = {str(path): sha256_file(path) for path in (pt_path, json_path)}
    if labels_path is not None:
        scores = _author_labels(labels_path, paths)
        checksums[str(labels_path)] = sha256_file(labels_path)
    columns: dict[str, Any] = {"path": _unique(paths, json_path.name)}
    scored = any(score is not None for score in scores)
    if scored:
        table = LabelTable((labels_path or json_path).name, {"score": scores}, range(1, len(scores) + 1), "entry")
        columns["score"] = table.numbers("score")
    sides = None if scored else [_side_of(path) for path in paths]
    if sides and None not in sides:
        columns["side"] = sides
    source = AnchorSource(
        name=stem(pt_path.name),
        records=make_records(columns, len(paths)),
        kind="full-reference" if "side" in columns else "no-reference",
        division="reference" if "side" in columns else "median",
        checksums=checksums,
        warnings=() if "score" in columns or "side" in columns else (_UNLABELLED.format(pt_path.name),),
    )
    return source, matrix


def read_matrix(path: Path) -> tuple[FloatArray, list[str] | None]:
    """Read an (N, D) matrix and, where the file has them, the ids of its rows.

    Raises:
        DataError: When the file is missing, of another format, holds objects, or no single matrix.
    """
    if not path.is_file():
        raise DataError(f"no file {path}", "embeddings as .npy, .npz or .pt")
    readers = {".npy": _read_npy, ".npz": _read_npz, ".pt": _read_pt, ".pth": _read_pt}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"{path.name} is no file of embeddings", f"one of {', '.join(readers)}, or an export of an index"
        )
    matrix, ids = reader(path)
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu" or 0 in matrix.shape:
        raise DataError(f"{path.name} holds {matrix.dtype} of shape {matrix.shape}, not (N, D) numbers")
    if ids is not None and len(ids) != len(matrix):
        raise DataError(f"{path.name} has {counted(len(matrix), 'embedding')} but {counted(len(ids), 'id')}")
    if matrix.dtype != np.float32:
        matrix = matrix.astype(np.float32)
    return matrix, ids


def _read_npy(path: Path) -> tuple[Any, None]:
    try:
        matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        # ValueError, OverflowError, TypeError, ... by the kind of damage.
        raise DataError(f"{path.name} is not a .npy array of numbers: {first_line(error)}") from error
    if not isinstance(matrix, np.ndarray):
        raise DataError(f"{path.name} is an archive of arrays", "name it .npz")
    return matrix, None


def _read_npz(path: Path) -> tuple[Any, list[str] | None]:
    try:
        check_archive(path)
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except DataError:
        raise
    except Exception as error:
        # ValueError, zlib.error, NotImplementedError, ... by the kind of damage.
        raise DataError(f"{path.name} is not a .npz of numbers: {first_line(error)}") from error
    arrays = {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    name = "embeddings" if "embeddings" in arrays else matrices[0] if len(matrices) == 1 else None
    if name is None:
        found = ", ".join(f"{entry} {array.shape}" for entry, array in arrays.items()) or "none"
        raise DataError(f"{path.name} has no array 'embeddings' nor a single matrix; it has {found}")
    ids = arrays.get("paths", arrays.get("ids"))  # an exported index has both: its ids are of contents
    return arrays[name], None if ids is None else [str(value) for value in ids.ravel().tolist()]


def _read_pt(path: Path) -> tuple[Any, None]:
    import torch

    try:
        is_archive = zipfile.is_zipfile(path)
        if is_archive:
            check_archive(path)
        # Mapped, the file is read as it is used: not twice the memory of a gigabyte, nor all of it at once.
        mapped = is_archive and _is_stored(path)
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
        if isinstance(content, dict):
            tensors = [value for value in content.values() if isinstance(value, torch.Tensor)]
            if len(tensors) != 1:
                raise DataError(f"{path.name} holds {counted(len(tensors), 'tensor')}, one is expected")
            content = tensors[0]
        if isinstance(content, (list, tuple)) and content and all(isinstance(row, torch.Tensor) for row in content):
            content = torch.stack([row.reshape(-1) for row in content])
        if not isinstance(content, torch.Tensor):
            raise DataError(f"{path.name} holds a {type(content).__name__}, not a tensor")
        if content.layout != torch.strided or content.is_quantized or content.is_complex() or content.is_meta:
            raise DataError(f"{path.name} holds no plain tensor of real numbers", "save a dense float tensor")
        # A view may repeat one number without end, and fill the memory when it is copied.
        if content.numel() * content.element_size() > content.untyped_storage().nbytes():
            raise DataError(f"{path.name} claims more numbers than it holds", "save the tensor after .clone()")
        return content.detach().to(torch.float32).numpy(), None
    except DataError:
        raise
    except Exception as error:
        # UnpicklingError for anything but tensors; RuntimeError, KeyError, ... by the kind of damage.
        pickled = "weights only" in str(error).lower()
        reason = "it holds more than tensors" if pickled else first_line(error)
        raise DataError(
            f"{path.name} is not a plain tensor file: {reason}", "objects are not unpickled; save a tensor"
        ) from error


def check_archive(path: Path) -> None:
    """Refuse a zip of which little unpacks to much: embeddings compress to half at best."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.file_size > _LARGE_ENTRY and entry.file_size > _MOST_RATIO * entry.compress_size:
                raise DataError(
                    f"{path.name}: {entry.filename!a} would grow from {entry.compress_size} to {entry.file_size} bytes",
                    "save the embeddings without compression",
                )


def _is_stored(path: Path) -> bool:
    """Return whether all of a zip lies in it uncompressed, as torch writes it."""
    with zipfile.ZipFile(path) as archive:
        return all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


def _read_labels(path: Path, options: Options) -> LabelTable:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({reason(error)})", "check the path") from error
    return read_table(content, path.name, options)


def _row_column(table: LabelTable) -> str | None:
    by_plain = {plain(name): name for name in reversed(list(table.columns))}
    if any(name in by_plain for name in RATER_COLUMNS):
        raise DataError(f"{table.file} has one row a rating; embeddings need one row an image")
    return next((by_plain[name] for name in _ROW_COLUMNS if name in by_plain), None)


def _numbered(path: Path, n_rows: int) -> list[str]:
    return [f"{path.name}::{row}" for row in range(n_rows)]


def _unique(names: Sequence[str], file: str) -> list[str]:
    seen: dict[str, int] = {}
    for row, name in enumerate(names, 1):
        before = seen.setdefault(name, row)
        if before != row:
            raise DataError(f"{file}: '{name}' names rows {before} and {row}", "every embedding needs its own name")
    return list(names)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"cannot read {path}: {first_line(error)}", "a JSON file is expected") from error


def _author_labels(path: Path, paths: Sequence[str]) -> list[Any]:
    content = _read_json(path)
    if isinstance(content, dict) and isinstance(content.get("labels"), (list, dict)):
        content = content["labels"]
    if isinstance(content, list):
        if len(content) != len(paths):
            raise DataError(f"{path.name} has {counted(len(content), 'label')} for {counted(len(paths), 'embedding')}")
        return content
    if isinstance(content, dict):
        by_file = {stem(name): score for name, score in content.items()}
        scores = [content.get(name, by_file.get(stem(name))) for name in paths]
        missing = [name for name, score in zip(paths, scores, strict=True) if score is None]
        if missing:
            raise DataError(f"{path.name} has no label for {counted(len(missing), 'path')}, such as '{missing[0]}'")
        return scores
    raise DataError(f"{path.name} is neither a list of labels nor {{path: label}}")


def _side_of(path: str) -> str | None:
    """Return the side that the folders in a path tell: `ref_imgs/`, `Train_Ref/`, `dist_imgs/`, ..."""
    for part in reversed(path.replace("\\", "/").lower().split("/")[:-1]):
        words = set(re.split(r"[^a-z]+", part))
        if words & _REFERENCE_WORDS:
            return "good"
        if words & _DISTORTED_WORDS:
            return "bad"
    return None
