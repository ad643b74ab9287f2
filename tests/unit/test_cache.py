"""The search cache: an ordinary FAISS file, mapped, and rebuilt from the table whenever it cannot be trusted."""

import os

import faiss
import numpy as np
import pytest

from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.errors import AnchorIndexError
from quasar_index.index import AnchorIndex, build_from_embeddings, cache
from quasar_index.methods import Retrieval
from quasar_index.methods.scoring import Scorer
from quasar_index.own_anchors import make_anchors

N, DIM = 50, 6
EMBEDDINGS = (np.random.default_rng(0).normal(size=(N, DIM)) * 20).astype(np.float32)
RATINGS = np.random.default_rng(1).permutation(N).astype(float)
PATHS = [f"images/{i:03d}.png" for i in range(N)]


def build(path, embeddings=EMBEDDINGS, **options):
    records = make_records({"path": PATHS[: len(embeddings)], "score": RATINGS[: len(embeddings)]}, len(embeddings))
    return build_from_embeddings(path, AnchorSource("own", records, "no-reference", "median"), embeddings, **options)


@pytest.fixture
def index(tmp_path):
    return build(tmp_path / "own").index


def assert_right(index, *, mapped=True):
    anchors = index.anchors()
    (paths,) = index.metadata(anchors, ["path"]).columns
    rows = [PATHS.index(path) for path in paths.to_pylist()]
    np.testing.assert_allclose(anchors.directions * anchors.norms[:, None], EMBEDDINGS[rows], rtol=1e-5, atol=1e-6)
    # The same order as that of anchors in memory.
    expected = make_anchors(EMBEDDINGS, quality=RATINGS)
    np.testing.assert_allclose(anchors.directions, expected.directions, atol=1e-6)
    assert (anchors.n_good, anchors.n_bad) == (expected.n_good, expected.n_bad)
    np.testing.assert_allclose(anchors.quality, expected.quality / (N - 1))
    base = anchors.directions
    while getattr(base, "base", None) is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap) == mapped
    return anchors


def files(index):
    return {path.suffix: path for path in (index.path / "cache").iterdir()}


def test_the_cache_is_made_on_first_use_and_mapped(index):
    assert not (index.path / "cache").exists()
    assert_right(index)
    made = files(index)
    assert made.keys() == {".faiss", ".npz"}
    times = {path: path.stat().st_mtime_ns for path in made.values()}
    assert_right(AnchorIndex.open(index.path))
    assert {path: path.stat().st_mtime_ns for path in files(index).values()} == times


def test_the_faiss_file_is_an_ordinary_index_of_the_same_vectors(index):
    anchors = index.anchors()
    flat = faiss.read_index(str(files(index)[".faiss"]))
    assert (flat.ntotal, flat.d, flat.metric_type) == (N, DIM, faiss.METRIC_INNER_PRODUCT)
    np.testing.assert_array_equal(flat.reconstruct_n(0, N), anchors.directions)
    similarity, rows = flat.search(np.ascontiguousarray(anchors.directions[:5]), 1)
    np.testing.assert_array_equal(rows[:, 0], np.arange(5))
    np.testing.assert_allclose(similarity, 1, atol=1e-6)


def test_the_mapped_matrix_cannot_be_written_by_accident(index):
    anchors = assert_right(index)
    with pytest.raises(ValueError, match="read-only"):
        anchors.directions[0, 0] = 0
    # And all that works on anchors works on a mapped matrix.
    scorer = Scorer(index, Retrieval(4, similarity_temperature=0.1, rating_power=1.0, mode="joint"))
    expected = Scorer(make_anchors(EMBEDDINGS, quality=RATINGS), scorer.method)
    np.testing.assert_allclose(
        scorer.score_embeddings(EMBEDDINGS).score, expected.score_embeddings(EMBEDDINGS).score, atol=1e-5
    )


@pytest.mark.parametrize("suffix", [".faiss", ".npz"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: None,  # missing
        lambda data: b"",
        lambda data: b"garbage",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data + data,
    ],
    ids=["missing", "empty", "garbage", "half", "one byte short", "twice"],
)
def test_a_damaged_cache_is_rebuilt(index, suffix, damage):
    index.anchors()
    sound = {name: path.read_bytes() for name, path in files(index).items()}
    path = files(index)[suffix]
    damaged = damage(sound[suffix])
    path.unlink()
    if damaged is not None:
        path.write_bytes(damaged)
    assert_right(AnchorIndex.open(index.path))
    assert files(index).keys() == {".faiss", ".npz"}
    assert files(index)[".faiss"].read_bytes() == sound[".faiss"]


def test_damaged_labels_are_seen_by_their_checksum(index):
    index.anchors()
    path = files(index)[".npz"]
    data = bytearray(path.read_bytes())
    place = data.index(b"norms.npy") + 200  # inside the norms
    data[place] ^= 255
    path.write_bytes(bytes(data))
    assert_right(AnchorIndex.open(index.path))


def test_no_flipped_bit_of_the_labels_is_believed_or_an_error(index):
    """Also those that make an archive an encrypted one, or one of an unknown compression: 100 of 27,632 bits do."""
    anchors = index.anchors()
    path = files(index)[".npz"]
    whole = path.read_bytes()
    end = whole.index(b"PK\x01\x02")  # of the members; their list follows
    for place in [*range(40), *range(200, end, 97), *range(end, end + 60), *range(len(whole) - 22, len(whole))]:
        for bit in (1, 8, 32):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            found = cache._read(path.with_suffix(""), DIM)
            assert found is None or all(
                np.array_equal(getattr(found, name), getattr(anchors, name)) for name in ("ids", "norms", "quality")
            )


def test_what_a_killed_process_left_is_removed(index):
    folder = index.path / "cache"
    folder.mkdir()
    old, new = folder / ".own-v1.1.tmp", folder / ".own-v1.2.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    index.anchors()
    assert not old.exists()
    assert new.exists()  # it may be a running process'


def test_a_folder_that_cannot_be_written_works_from_memory(index):
    # Root writes into read-only folders too; a file in the place of the cache's folder stops everyone.
    (index.path / "cache").write_text("in the way")
    anchors = assert_right(index, mapped=False)
    assert (index.path / "cache").read_text() == "in the way"
    assert len(Scorer(anchors, Retrieval(3)).score_embeddings(EMBEDDINGS)) == N


def test_a_disk_that_fills_up_while_the_cache_is_written(index, monkeypatch):
    def full(flat, path):
        raise RuntimeError("Error in void faiss::write_index: write error: No space left on device")

    monkeypatch.setattr(faiss, "write_index", full)
    assert_right(index, mapped=False)
    assert list((index.path / "cache").iterdir()) == []
    monkeypatch.undo()
    assert_right(AnchorIndex.open(index.path))


def test_a_rebuilt_index_never_uses_the_cache_of_the_one_it_replaced(tmp_path):
    first = build(tmp_path / "own").index
    first.anchors()
    second = build(tmp_path / "own", EMBEDDINGS * -1, overwrite=True).index
    np.testing.assert_allclose(second.anchors().directions, -make_anchors(EMBEDDINGS, quality=RATINGS).directions)
    # Even if the old cache is put back beside it.
    assert first.manifest.uid != second.manifest.uid


def test_a_lost_table_is_one_clear_error(index):
    import shutil

    shutil.rmtree(index.path / "anchors.lance")
    with pytest.raises(AnchorIndexError, match=r"table of .* cannot be opened .*rebuild the index"):
        index.anchors()
