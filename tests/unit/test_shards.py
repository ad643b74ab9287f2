"""An index of several tables: each has a matrix of its own; in all else it is one that has them in one table."""

import faiss
import numpy as np
import pytest

import quasar_index as qi
from quasar_index import parts
from quasar_index.arrays import unit
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.index.search import nearest, nearest_reference
from quasar_index.methods import whole_side
from quasar_index.parts import Parts, in_pieces
from quasar_index.selection.registry import SELECTORS
from quasar_index.sizes import read_count

N, DIM, A_SHARD = 240, 16, 60
RNG = np.random.default_rng(0)
EMBEDDINGS = ((RNG.normal(size=(N + 40, DIM)) + 0.3) * np.exp(RNG.normal(0, 0.3, (N + 40, 1)))).astype(np.float32)
RATINGS = EMBEDDINGS[:, 0] + 0.5 * RNG.normal(size=N + 40)
QUERIES = (np.random.default_rng(1).normal(size=(50, DIM)) + 0.3).astype(np.float32)
METHODS = [
    "mean", "mean:space=raw", "mean:space=centred", "mean:shrinkage=oas", "mean:shrinkage=ledoit-wolf",
    "mean:space=raw,normalize_anchors", "mean:rating_power=2", "offset", "offset:offset=0.5,space=raw",
    "retrieval", "retrieval:space=raw", "retrieval:similarity_temperature=0.05", "retrieval:top_k=8",
    "retrieval:top_k=8,mode=joint", "retrieval:top_k=9,mode=joint,division=local", "retrieval:top_k=8,blend=0.5",
    "retrieval:top_k=1000", "knn", "knn:top_k=5,similarity_temperature=0.1", "ridge", "clustering:n_clusters=3",
]  # fmt: skip


def source(rows, **columns):
    records = make_records(
        {"path": [f"{row}.png" for row in rows], "score": RATINGS[list(rows)].tolist(), **columns}, len(rows)
    )
    return AnchorSource("own", records, "no-reference", "median")


def build(path, *, groups=False, **options):
    # The first tables hold the good ones: a side is not in all of them.
    order = np.argsort(-RATINGS[:N])
    columns = {"reference": [f"r{row % 50}" for row in order]} if groups else {}
    return qi.build_from_embeddings(path, source(order.tolist(), **columns), EMBEDDINGS[order], **options).index


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The same anchors in one table, and in four."""
    folder = tmp_path_factory.mktemp("shards")
    return build(folder / "one", groups=True), build(folder / "four", groups=True, anchors_per_shard=A_SHARD)


def same(one, other, method, queries=QUERIES, **options):
    first, second = (qi.read_method(method).fit(index.anchors(**options)).score(queries) for index in (one, other))
    for name in ("score", "similarity_good", "similarity_bad"):
        np.testing.assert_allclose(getattr(second, name), getattr(first, name), atol=1e-6, err_msg=method)


def is_mapped(array):
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return array is not None


def test_each_table_has_a_matrix_of_its_own(pair):
    one, four = pair
    anchors, expected = four.anchors(), one.anchors()
    assert isinstance(anchors.directions, Parts)
    assert [array.shape for array in anchors.directions.arrays] == [(A_SHARD, DIM)] * 4
    assert all(map(is_mapped, anchors.directions.arrays))
    paths = sorted((four.path / "cache").glob("*.faiss"))
    assert [path.name.partition(".")[2] for path in paths] == [f"{number}.faiss" for number in range(4)]
    assert [faiss.read_index(str(path)).ntotal for path in paths] == [A_SHARD] * 4
    assert isinstance(expected.directions, np.ndarray)
    np.testing.assert_array_equal(anchors.ids, expected.ids)
    np.testing.assert_array_equal(np.asarray(anchors.directions), expected.directions)
    np.testing.assert_array_equal(anchors.norms, expected.norms)
    np.testing.assert_array_equal(anchors.quality, expected.quality)
    np.testing.assert_array_equal(anchors.groups, expected.groups)
    assert (anchors.n_good, anchors.n_bad, anchors.dim) == (expected.n_good, expected.n_bad, DIM)


@pytest.mark.parametrize("method", METHODS)
def test_scores_are_those_of_one_table(pair, method):
    same(*pair, method)


@pytest.mark.parametrize("method", ["mean", "offset", "retrieval", "retrieval:top_k=8", "knn"])
def test_large_anchors_take_the_same_ways(pair, method, monkeypatch):
    for name, value in (("quasar_index.anchors.LARGE", 0), ("quasar_index.fits.LARGE", 0)):
        monkeypatch.setattr(name, value)
    monkeypatch.setattr(whole_side, "MOST_EXACT", 10)
    monkeypatch.setattr("quasar_index.methods.centroids._CHUNK", 32)
    monkeypatch.setattr("quasar_index.methods.whole_side.CHUNK", 32)
    same(*pair, method)
    kept = qi.read_method(method).fit(pair[1].anchors()).table.directions
    assert all(map(is_mapped, kept.arrays))
    same(*pair, method)  # of what was kept


def test_no_everyday_step_joins_the_parts(pair, monkeypatch):
    anchors = pair[1].anchors()
    monkeypatch.setattr(Parts, "__array__", pytest.fail)
    for method in METHODS:
        if not method.startswith(("ridge", "clustering")):
            qi.read_method(method).fit(anchors).score(QUERIES)
    list(qi.explain(qi.Mean().fit(anchors), QUERIES[:2]))


@pytest.mark.parametrize("torch_is_loaded", [False, True])
def test_weighted_sums_of_rows_in_parts(pair, torch_is_loaded, monkeypatch):
    import torch  # noqa: F401

    if not torch_is_loaded:
        monkeypatch.delitem(whole_side.sys.modules, "torch")
    one, four = (index.anchors().directions for index in pair)
    rng = np.random.default_rng(2)
    rows, weights = rng.integers(0, N, (7, 30)), rng.normal(size=(7, 30))
    found = whole_side.weighted_sums(four, rows, weights)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, whole_side.weighted_sums(one, rows, weights), atol=2e-6)
    assert whole_side.weighted_sums(four, rows[:0], weights[:0]).shape == (0, DIM)


@pytest.mark.parametrize("side", [None, "good", "bad"])
@pytest.mark.parametrize("k", [1, 10, N])
@pytest.mark.parametrize("n_queries", [1, 50])
def test_the_nearest_are_those_of_one_table(pair, side, k, n_queries):
    one, four = (index.anchors() for index in pair)
    queries = unit(QUERIES[:n_queries])
    found, expected = nearest(four, queries, k, side=side), nearest(one, queries, k, side=side)
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_allclose(found.similarity, expected.similarity, atol=1e-6)
    np.testing.assert_array_equal(nearest_reference(four, queries, k, side=side).rows, expected.rows)


def test_a_part_of_the_anchors_is_that_of_one_table(pair):
    one, four = pair
    for options in ({"where": "score > 0"}, {"ratio": 0.5, "seed": 3}, {"group": "reference"}):
        assert four.anchors(**options).ids.tolist() == one.anchors(**options).ids.tolist()
        for method in ("mean", "retrieval:top_k=8"):
            same(one, four, method, **options)


def test_explanations_and_familiarity_are_those_of_one_table(pair):
    one, four = (index.anchors() for index in pair)
    for method in (qi.Mean(), qi.Retrieval(8), qi.Retrieval()):
        for first, second in zip(*(qi.explain(method.fit(a), QUERIES[:5]) for a in (one, four)), strict=True):
            by_row = [dict(zip(found.rows.tolist(), found.weight, strict=True)) for found in (first, second)]
            assert by_row[0].keys() == by_row[1].keys()
            np.testing.assert_allclose(
                [by_row[1][row] for row in by_row[0]], list(by_row[0].values()), rtol=1e-4, atol=1e-7
            )
    found, expected = (qi.methods.familiarity(anchors, QUERIES) for anchors in (four, one))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("selector", sorted(SELECTORS))
def test_selectors_choose_the_same(pair, selector):
    chosen = [SELECTORS[selector]().select(index.anchors(), 10, 10) for index in pair]
    np.testing.assert_array_equal(*chosen)


def test_changes_keep_an_index_of_tables_whole(tmp_path):
    one, four = build(tmp_path / "one"), build(tmp_path / "four", anchors_per_shard=A_SHARD)
    more = source(range(N, N + 40)), EMBEDDINGS[N:]
    for step in (
        lambda index: index.add_embeddings(*more).index,
        # All of the first table go.
        lambda index: index.remove(where=f"score > {np.sort(RATINGS[:N])[-A_SHARD - 1]}").index,
        lambda index: index.compact().index,
        lambda index: index.restore(1).index,
    ):
        one, four = step(one), step(four)
        assert four.anchors().ids.tolist() == one.anchors().ids.tolist()
        for method in ("mean", "retrieval", "retrieval:top_k=8"):
            same(one, four, method)
        assert four.verify().is_whole
    bases = {path.name.partition(".")[0] for path in (four.path / "cache").glob("*.faiss")}
    assert len(bases) == 2  # of this version, and of the one before


@pytest.mark.parametrize("ending", [".2.faiss", ".npz"])
@pytest.mark.parametrize("damage", [lambda data: None, lambda data: b"", lambda data: data[:-1]])
def test_a_damaged_matrix_of_a_table_is_made_anew(tmp_path, ending, damage):
    index = build(tmp_path / "four", anchors_per_shard=A_SHARD)
    expected = np.asarray(index.anchors().directions)
    (path,) = (index.path / "cache").glob(f"*{ending}")
    sound = path.read_bytes()
    path.unlink()
    if (damaged := damage(sound)) is not None:
        path.write_bytes(damaged)
    np.testing.assert_array_equal(np.asarray(index.anchors().directions), expected)
    assert path.stat().st_size == len(sound)


def test_a_flipped_bit_in_the_matrix_of_a_table_is_found(tmp_path):
    index = build(tmp_path / "four", anchors_per_shard=A_SHARD)
    index.anchors()
    (path,) = (index.path / "cache").glob("*.1.faiss")
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    (found,) = index.verify().damage
    assert (found.part, found.message) == ("cache", "the search cache has other embeddings than the table in 1 row")
    assert index.verify(repair=True).is_whole
    assert index.verify().is_whole


def test_a_cache_that_names_tables_that_are_not_there_is_made_anew(tmp_path, caplog):
    index = build(tmp_path / "four", anchors_per_shard=A_SHARD)
    index.anchors()
    (path,) = (index.path / "cache").glob("*.npz")
    with np.load(path) as labels:
        values = dict(labels)
    values["shard_of"] = values["shard_of"] + 1
    np.savez(path, **values)
    assert len(np.asarray(index.anchors().directions)) == N
    assert "rows of tables that are not there" in caplog.text


def test_where_nothing_can_be_written_parts_stay_in_memory(tmp_path, monkeypatch):
    index = build(tmp_path / "four", anchors_per_shard=A_SHARD)
    (index.path / "cache").write_text("in the way")
    anchors = index.anchors()
    assert isinstance(anchors.directions, Parts)
    (index.path / "cache").unlink()
    np.testing.assert_array_equal(np.asarray(anchors.directions), np.asarray(index.anchors().directions))


def test_approximate_search_has_lists_of_each_table(tmp_path):
    index = build(tmp_path / "four", anchors_per_shard=A_SHARD)
    exact = qi.Scorer(index, qi.Retrieval(8)).score_embeddings(QUERIES).score
    opted = qi.approximate(index, top_k=8, recall=0.98, n_queries=60)
    assert opted.manifest.approximate.recall >= 0.95
    assert " in 2 tables and IVF" in opted.manifest.approximate.factory
    scorer = qi.Scorer(opted, qi.Retrieval(8))
    assert qi.srcc(scorer.score_embeddings(QUERIES).score, exact) > 0.95
    lists = scorer.fitted.table.approximate._lists
    assert [len(lists[side].parts) for side in ("good", "bad")] == [2, 2]  # the first tables hold the good ones
    n_kept = len(list((index.path / "cache").glob("*-*-*.npz")))
    exactly = qi.search_exactly(opted)
    assert n_kept - len(list((index.path / "cache").glob("*-*-*.npz"))) == 4
    np.testing.assert_allclose(qi.Scorer(exactly, qi.Retrieval(8)).score_embeddings(QUERIES).score, exact, atol=1e-6)


@pytest.fixture
def split():
    matrix = np.random.default_rng(3).normal(size=(100, 5)).astype(np.float32)
    owner = np.random.default_rng(4).integers(0, 3, 100)
    rows = tuple(np.flatnonzero(owner == number) for number in range(3))
    return matrix, Parts(tuple(matrix[own] for own in rows), rows, 5)


def test_parts_are_what_one_matrix_is(split):
    matrix, made = split
    assert (made.shape, len(made), made.nbytes, made.dtype) == (matrix.shape, 100, matrix.nbytes, matrix.dtype)
    rng = np.random.default_rng(5)
    for rows in (slice(0, 100), slice(10, 60), slice(60, None), slice(0, 0), slice(-20, -5), slice(50, 10)):
        for some, expected in ((made[rows], matrix[rows]), (made[5:][rows], matrix[5:][rows])):
            np.testing.assert_array_equal(np.asarray(some), expected)
            weights = rng.normal(size=(3, len(expected))).astype(np.float32)
            np.testing.assert_allclose(weights @ some, weights @ expected, atol=1e-5)
            np.testing.assert_allclose(weights[0] @ some, weights[0] @ expected, atol=1e-5)
            np.testing.assert_allclose(some @ matrix[0], expected @ matrix[0], atol=1e-5)
            np.testing.assert_allclose(some @ matrix[:4].T, expected @ matrix[:4].T, atol=1e-5)
            np.testing.assert_allclose(some.sum(axis=0, dtype=np.float64), expected.sum(axis=0, dtype=np.float64))
    for chosen in (
        np.array([3, 99, 3, 0]),
        rng.random(100) < 0.3,
        np.array([[1, 2], [3, 4]]),
        np.empty(0, np.int64),
        7,
    ):
        np.testing.assert_array_equal(made[chosen], matrix[chosen])
    chosen = rng.permutation(100)[:40]
    np.testing.assert_array_equal(np.asarray(made.take(chosen)), matrix[chosen])
    np.testing.assert_array_equal(made * 2.0 + 1.0, matrix * 2.0 + 1.0)
    np.testing.assert_allclose(matrix[:3] @ made.T, matrix[:3] @ matrix.T, rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(made, dtype=np.float64), matrix.astype(np.float64))
    assert (made.astype(np.float64) @ np.ones(5)).dtype == np.float64
    with pytest.raises(ValueError, match="without a copy"):
        np.array(made, copy=False)
    with pytest.raises(IndexError, match="one by one"):
        made[::2]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pieces_hold_each_row_once(split, size):
    matrix, made = split
    for vectors, expected in ((matrix, matrix), (made, matrix), (made[20:80], matrix[20:80])):
        seen = np.full(expected.shape, np.nan, dtype=np.float32)
        for rows, part in in_pieces(vectors, size):
            assert len(part) <= size
            assert np.isnan(seen[rows]).all()
            seen[rows] = part
        np.testing.assert_array_equal(seen, expected)
    assert len(parts.arrays_of(made)) == 3


@pytest.mark.parametrize(
    ("text", "n"), [("5m", 5_000_000), ("250k", 250_000), ("1.5M", 1_500_000), (" 30 ", 30), ("0.03k", 30), ("0", 0)]
)
def test_counts_are_read(text, n):
    assert read_count(text) == n


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "0.0001k", "5g", "5mk", "1e6", "5 000", "²"])
def test_what_is_no_count_is_named(text):
    with pytest.raises(qi.DataError, match="is no count; write for example 250000, 250k or 5m"):
        read_count(text)
