"""Scored images as an Arrow table, which pandas, Polars and DuckDB take as it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..arguments import checked
from ..errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from .scoring import ScoredImage

NUMBERS = ("score", "similarity_good", "similarity_bad", "familiarity")


@checked
def score_table(images: Iterable[ScoredImage], *, embeddings: bool = False) -> pa.Table:
    r"""Return scored images as a table.

    Args:
        images: Rows of `Scorer.score_files` or `score_source`; they may be a generator.
        embeddings: Also their embeddings, raw, as lists of float32.

    Returns:
        A `pyarrow.Table` of one row an image, in order: path, score, similarity_good, similarity_bad and familiarity
        (float64, null where there is none), error (null where there is none), id; embedding. Bytes of a path that are
        no text are written as `\xff`.

    Raises:
        DataError: When one of them is no scored image, or embeddings differ in their dimension.

    Example:
        >>> import quasar_index as qi
        >>> rows = [qi.ScoredImage("a.png", 0.7, id="1"), qi.ScoredImage("b.png", error="not an image")]
        >>> table = qi.methods.score_table(rows)
        >>> table.column_names[:2], table["score"].to_pylist(), table["error"].to_pylist()
        (['path', 'score'], [0.7, None], [None, 'not an image'])
    """
    import pyarrow as pa

    from .scoring import ScoredImage

    rows = list(images)
    if wrong := [row for row in rows if not isinstance(row, ScoredImage)]:
        raise DataError(f"a row is of type {type(wrong[0]).__name__}", "give rows of Scorer.score_files")
    columns = {
        "path": pa.array(
            [row.path.encode(errors="surrogateescape").decode(errors="backslashreplace") for row in rows], pa.string()
        ),
        **{name: pa.array([getattr(row, name) for row in rows], pa.float64()) for name in NUMBERS},
        "error": pa.array([row.error or None for row in rows], pa.string()),
        "id": pa.array([row.id or None for row in rows], pa.string()),
    }
    if embeddings:
        dims = {len(row.embedding) for row in rows if row.embedding is not None}
        if len(dims) > 1:
            raise DataError(
                f"embeddings have {' and '.join(map(str, sorted(dims)))} numbers", "give rows of one encoder"
            )
        columns["embedding"] = pa.array([row.embedding for row in rows], pa.list_(pa.float32(), *dims))
    return pa.table(columns)
