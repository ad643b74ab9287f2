"""Simulacra Aesthetic Captions: ratings of generated pictures in a SQLite database."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..errors import DataError, counted
from .declare import Dataset, Labels, scored_records
from .files import Folder, is_url
from .spec import Options
from .tables import LabelTable

_TABLES = {
    "ratings": ("sid", "iid", "rating", "verified"),
    "images": ("id", "gid", "idx"),
    "paths": ("iid", "path"),
}
_N_RATINGS = 176_000
_QUERY = """
SELECT paths.path, ratings.iid, COUNT(*), AVG(ratings.rating),
       AVG(ratings.rating * ratings.rating), images.gid, MIN(ratings.rating), MAX(ratings.rating)
FROM ratings
JOIN paths ON paths.iid = ratings.iid
JOIN images ON images.id = ratings.iid
WHERE ratings.verified >= ?
GROUP BY ratings.iid
ORDER BY ratings.iid
"""


def _read_sac(folder: Folder, options: Options) -> Labels:
    names = sorted(name for name in folder.names() if name.endswith((".sqlite", ".sqlite3", ".db")))
    if len(names) != 1:
        raise DataError(
            f"{folder.root} has {len(names)} SQLite files, one is expected; found: "
            f"{', '.join(sorted(folder.names())[:12]) or 'nothing'}",
            "such as sac_public_2022_06_29.sqlite",
        )
    content = folder.read(names[0])
    if is_url(folder.root):
        with tempfile.TemporaryDirectory() as local:
            path = Path(local) / "sac.sqlite"
            path.write_bytes(content)
            rows, without = _query(path, names[0], options)
    else:
        rows, without = _query(Path(folder.path(names[0])), names[0], options)
    table = LabelTable(names[0], {}, [row[1] for row in rows], "image")
    for row in rows:
        if not (row[6] >= 1 and row[7] <= 10):
            raise DataError(f"{names[0]} image {row[1]}: ratings from {row[6]} to {row[7]} are outside 1 to 10")
    columns: dict[str, Any] = {
        "path": [folder.path(f"home/jdp/simulacra-aesthetic-captions/{_inner(row[0])}") for row in rows],
        "score": [row[3] for row in rows],
        # a generation is several pictures of one prompt: the content group
        "reference": [str(row[5]) for row in rows],
        "score_std": [
            (max(row[4] - row[3] ** 2, 0.0) * row[2] / (row[2] - 1)) ** 0.5 if row[2] > 1 else None for row in rows
        ],
        "score_n": [row[2] for row in rows],
    }
    records, repeated = scored_records(table, columns)
    warnings = list(repeated)
    found = sum(row[2] for row in rows)
    if options.flag("verified") is not True and found < _N_RATINGS:
        warnings.append(f"SAC: {counted(found, 'rating')} found, more than {_N_RATINGS} published")
    if without:
        warnings.append(
            f"SAC: {counted(without, 'rated image has no path and was', 'rated images have no path and were')} left out"
        )
    return Labels(records, warnings=tuple(warnings))


def _inner(path: str) -> str:
    """Return a path below the pictures' folder; the database has some with and some without that folder."""
    return path.replace("\\", "/").rpartition("simulacra-aesthetic-captions/")[2].lstrip("/")


def _query(path: Path, name: str, options: Options) -> tuple[list[Any], int]:
    # read-only, and nothing beside the file is written
    uri = f"file:{quote(str(path))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as database:
            _check_tables(database, name)
            rows = database.execute(_QUERY, (1 if options.flag("verified") else 0,)).fetchall()
            without = database.execute(
                "SELECT COUNT(DISTINCT iid) FROM ratings WHERE iid NOT IN (SELECT iid FROM paths)"
            ).fetchone()[0]
    except sqlite3.Error as error:
        raise DataError(f"{name} cannot be read as SQLite: {error}") from error
    return rows, int(without)


def _check_tables(database: sqlite3.Connection, name: str) -> None:
    for table, columns in _TABLES.items():
        found = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        missing = [column for column in columns if column not in found]
        if missing:
            raise DataError(
                f"{name}: table '{table}' has no {', '.join(missing)}: expected {', '.join(columns)}; "
                f"found {', '.join(found) or 'no such table'}"
            )


SAC = Dataset(
    name="sac",
    title="SAC",
    kind="aesthetics",
    size=None,
    licence="CC0",
    homepage="https://github.com/JD-P/simulacra-aesthetic-captions",
    tree="""\
sac_public_*.sqlite         ratings(sid,iid,rating,verified), images(id,gid,idx), paths(iid,path), generations(...)
home/jdp/simulacra-aesthetic-captions/      the pictures""",
    read=_read_sac,
    score_range=(1, 10),
    options={"verified": "true: only ratings marked as verified"},
    aliases=("simulacra",),
)
