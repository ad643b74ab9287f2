"""Files that must be on the disk: what Lance wrote in part, and did not notice, is found before a change counts."""

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.index.durable import sync_below


@pytest.fixture
def table(tmp_path):
    """The table of an index whose changes have left data files, lists of deleted rows and transactions."""
    records = make_records({"path": [f"{i}.png" for i in range(12)], "score": np.arange(12.0)}, 12)
    source = AnchorSource("own", records, "no-reference", "median")
    matrix = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    index = qi.build_from_embeddings(tmp_path / "own", source, matrix).index
    changed = make_records({"path": ["3.png", "4.png"], "score": [30.0, 40.0]}, 2)
    index.relabel(AnchorSource("new", changed, "no-reference", "median"))
    return index.path / "anchors.lance"


@pytest.mark.parametrize(
    ("folder", "kept"),
    # Of transactions and versions, Lance itself notices a part.
    [("data", 0), ("data", 0.5), ("_deletions", 0), ("_deletions", 0.5), ("_transactions", 0), ("_versions", 0)],
)
def test_a_file_that_was_written_in_part_is_found(table, folder, kept):
    sync_below(table)  # as they are, all are whole
    path = max((table / folder).iterdir())
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(OSError, match="a write was lost"):
        sync_below(table)
