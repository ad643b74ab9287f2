"""COYO-700m: web images whose "aesthetic score" is a model's, not people's."""

from __future__ import annotations

from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import DataError, counted
from .base import make_records
from .column_types import one_type
from .declare import Dataset, Labels
from .files import Folder
from .spec import Options

_SCORE = "aesthetic_score_laion_v2"
_EXTRA = ("id", "text", "width", "height", "watermark_score", "nsfw_score_opennsfw2")
_NO_LIMIT = 20_000_000


def _read_coyo(folder: Folder, options: Options) -> Labels:
    shards, directory = [], ""
    for directory in ("", "data"):
        shards = sorted(name for name in folder.names(directory) if name.endswith(".parquet"))
        if shards:
            break
    if not shards:
        raise DataError(
            f"{folder.root} has no .parquet files; found: {', '.join(sorted(folder.names())[:12]) or 'nothing'}",
            "the shards of the data set, in ROOT or in ROOT/data",
        )
    limit = options.count("limit")
    tables: list[pa.Table] = []
    total = 0
    for shard in shards:
        if limit is not None and total >= limit:
            break
        table = _read_shard(folder, f"{directory}/{shard}" if directory else shard)
        tables.append(table if limit is None else table.slice(0, limit - total))
        total += len(tables[-1])
        if limit is None and total > _NO_LIMIT:
            raise DataError(f"{folder.root} has more than {_NO_LIMIT} rows", "read fewer shards, or ?limit=N rows")
    table = pa.concat_tables(one_type(list(zip(shards, tables, strict=False))), promote_options="default")
    warnings = ["COYO-700m: the scores are predictions of LAION's aesthetic predictor, not opinions of people"]
    scored = table.filter(pc.and_kleene(pc.is_valid(table[_SCORE]), pc.is_finite(table[_SCORE])))
    if len(scored) != len(table):
        warnings.append(
            "COYO-700m: "
            f"{counted(len(table) - len(scored), 'row without a score was', 'rows without a score were')} left out"
        )
    paths = _paths(scored, options.text("images"))
    first: dict[str, int] = {}
    for row, path in enumerate(paths):
        first.setdefault(path, row)
    if len(first) != len(paths):
        n_repeats = len(paths) - len(first)
        warnings.append(
            f"COYO-700m: {counted(n_repeats, 'row repeats an image and was', 'rows repeat an image and were')} left out"
        )
        scored = scored.take(pa.array(list(first.values()), pa.int64()))
        paths = list(first)
    columns: dict[str, Any] = {"path": paths, "score": scored[_SCORE]}
    columns |= {name: scored[name] for name in _EXTRA if name in scored.column_names}
    return Labels(make_records(columns, len(paths)), expected=len(paths) if limit else None, warnings=tuple(warnings))


def _read_shard(folder: Folder, shard: str) -> pa.Table:
    try:
        with fsspec.open(folder.path(shard), "rb") as file:
            source = pq.ParquetFile(file)
            names = source.schema_arrow.names
            missing = [name for name in ("url", _SCORE) if name not in names]
            if missing:
                raise DataError(
                    f"{shard} has no column {', '.join(missing)}: expected url, {_SCORE}; found {', '.join(names)}"
                )
            return source.read(columns=[name for name in ("url", _SCORE, *_EXTRA) if name in names])
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{shard} is not a Parquet file: {error}") from error


def _paths(table: pa.Table, images: str | None) -> list[str]:
    if images is None:
        return [str(url) for url in table["url"].to_pylist()]
    if "id" not in table.column_names:
        raise DataError("?images= needs the column 'id'", "images are named {id}.jpg")
    root = Folder(images)
    return [root.path(f"{name}.jpg") for name in table["id"].to_pylist()]


COYO = Dataset(
    name="coyo700m",
    title="COYO-700m",
    kind="aesthetics",
    size=746_972_269,
    licence="CC BY 4.0 for the table; images belong to their owners",
    homepage="https://github.com/kakaobrain/coyo-dataset",
    tree="""\
*.parquet or data/*.parquet     url, ..., aesthetic_score_laion_v2, ...""",
    read=_read_coyo,
    options={"limit": "read that many rows", "images": "folder of downloaded images {id}.jpg; without it the URLs"},
    aliases=("coyo",),
)
