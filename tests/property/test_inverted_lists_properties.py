"""Approximate search: what it returns is always k different rows with their exact cosines, whatever it finds."""

import numpy as np
import pytest

from quasar_index.arrays import unit
from quasar_index.index.inverted_lists import InvertedLists, default_n_lists
from quasar_index.index.search import search
from quasar_index.index.side_lists import SideLists
from quasar_index.parts import Parts


def vectors(n, dim, *, seed=0):
    rng = np.random.default_rng(seed)
    return unit(rng.normal(0.3, 1, (n, dim)) + 3 * rng.normal(size=(20, dim))[rng.integers(0, 20, n)])


def in_parts(matrix, n):
    owner = np.random.default_rng(3).integers(0, n, len(matrix))
    owner[: min(n, len(matrix))] = np.arange(min(n, len(matrix)))  # none is empty
    rows = [np.flatnonzero(owner == number) for number in range(min(n, len(matrix)))]
    return Parts(tuple(matrix[own] for own in rows), tuple(rows), matrix.shape[1]) if n > 1 else matrix


def assert_sound(found, queries, anchors, k):
    assert found.rows.shape == found.similarity.shape == (len(queries), k)
    assert (found.rows.dtype, found.similarity.dtype) == (np.int64, np.float32)
    assert all(len(set(rows)) == k for rows in found.rows.tolist())
    assert found.rows.min(initial=0) >= 0
    cosines = np.take_along_axis(queries @ anchors.T, found.rows, axis=1)
    np.testing.assert_allclose(found.similarity, cosines, atol=2e-6)
    assert (np.diff(found.similarity, axis=1) <= 0).all()


@pytest.mark.parametrize("n_probe", [1, 3, 1000])
@pytest.mark.parametrize(
    ("n", "dim", "k"), [(1, 3, 1), (3, 1, 3), (17, 4, 17), (300, 7, 40), (2000, 16, 1), (2000, 32, 900)]
)
def test_k_different_rows_with_exact_cosines(n, dim, k, n_probe):
    anchors, queries = vectors(n, dim), vectors(11, dim, seed=1)
    for one in (anchors, in_parts(anchors, 3)):
        lists = SideLists.train(one)
        assert len(lists.parts) == (1 if one is anchors else min(n, 3))
        assert_sound(lists.search(queries, one, k, n_probe=n_probe, n_ranked=2 * k), queries, anchors, k)
        assert lists.search(queries[:0], one, k, n_probe=n_probe, n_ranked=k).rows.shape == (0, k)


def test_queries_with_too_few_candidates_are_answered_exactly():
    anchors, queries = vectors(1000, 12), vectors(40, 12, seed=1)
    for one in (anchors, in_parts(anchors, 4)):
        found = SideLists.train(one, 100).search(queries, one, 300, n_probe=2, n_ranked=300)  # two lists hold some 20
        np.testing.assert_array_equal(found.rows, search(queries, anchors, 300).rows)


def test_all_lists_and_all_candidates_are_an_exact_search():
    anchors, queries = vectors(1500, 24), vectors(1030, 24, seed=1)  # more than a block of queries
    for one in (anchors, in_parts(anchors, 4)):
        lists = SideLists.train(one, 50)
        assert lists.n_lists == pytest.approx(50, abs=2)
        found = lists.search(queries, one, 20, n_probe=60, n_ranked=1500)
        np.testing.assert_array_equal(found.rows, search(queries, anchors, 20).rows)


@pytest.mark.parametrize("n_parts", [1, 4])
def test_recall_grows_with_lists_and_candidates(n_parts):
    anchors, queries = vectors(5000, 24), vectors(100, 24, seed=1)
    anchors = in_parts(anchors, n_parts)
    lists = SideLists.train(anchors, 140)
    exact = search(queries, anchors, 30).rows

    def recall(**options):
        found = lists.search(queries, anchors, 30, **options).rows
        return np.mean([len(set(a) & set(b)) / 30 for a, b in zip(found.tolist(), exact.tolist(), strict=True)])

    by_lists = [recall(n_probe=n, n_ranked=5000) for n in (2, 8, 32, 140)]
    assert by_lists == sorted(by_lists)
    assert by_lists[0] < 0.95
    assert by_lists[-1] == 1
    by_candidates = [recall(n_probe=140, n_ranked=n) for n in (30, 60, 120)]
    assert by_candidates == sorted(by_candidates)
    assert 0.5 < by_candidates[0] < by_candidates[-1]


@pytest.mark.parametrize(("n", "dim"), [(1, 2), (40, 5), (3000, 16)])
def test_lists_come_back_from_arrays(n, dim):
    anchors, queries = vectors(n, dim), vectors(20, dim, seed=1)
    made = InvertedLists.train(anchors, default_n_lists(n))
    read = InvertedLists.from_arrays(made.to_arrays(), anchors.shape)
    lists, again = SideLists((made,)), SideLists((read,))
    assert again.factory == lists.factory
    k = min(n, 10)
    for n_probe in (1, 5):
        first, second = (some.search(queries, anchors, k, n_probe=n_probe, n_ranked=2 * k) for some in (lists, again))
        np.testing.assert_array_equal(first.rows, second.rows)
        np.testing.assert_array_equal(first.similarity, second.similarity)
    for name, array in made.to_arrays().items():
        np.testing.assert_array_equal(read.to_arrays()[name], array, err_msg=name)


def _first_twice(rows):
    return np.concatenate([rows[:1], rows[:-1]])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("centroids", lambda a: a[:, :-1]), ("centroids", lambda a: a[:-1]), ("centroids", lambda a: a * np.nan),
        ("centroids", lambda a: a.astype(np.float64)), ("centroids", lambda a: a[0]), ("centroids", lambda a: a[:0]),
        ("codewords", lambda a: a[:-1]), ("codewords", lambda a: a + np.inf),
        ("sizes", lambda a: a[:-1]), ("sizes", lambda a: -a), ("sizes", lambda a: a + 1), ("sizes", lambda a: a * 1.0),
        ("sizes", lambda a: np.r_[a[0] + (1 << 62), a[1:]]), ("sizes", lambda a: a[None]),
        ("rows", lambda a: a[:-1]), ("rows", lambda a: a - 1), ("rows", lambda a: a + 1), ("rows", _first_twice),
        ("rows", lambda a: a << 40), ("rows", lambda a: a.astype(np.int32)),
        ("codes", lambda a: a[:-1]), ("codes", lambda a: np.r_[a, a]), ("codes", lambda a: a.astype(np.int64)),
    ],
)  # fmt: skip
def test_arrays_of_a_stranger_are_refused(name, change):
    anchors = vectors(500, 6)
    arrays = InvertedLists.train(anchors, 20).to_arrays()
    with pytest.raises(ValueError, match=r".+"):
        InvertedLists.from_arrays({**arrays, name: change(arrays[name])}, anchors.shape)
    with pytest.raises(KeyError):
        InvertedLists.from_arrays({key: array for key, array in arrays.items() if key != name}, anchors.shape)


def test_codes_of_a_stranger_cannot_do_more_than_find_the_wrong_rows():
    anchors, queries = vectors(500, 6), vectors(20, 6, seed=1)
    arrays = InvertedLists.train(anchors, 20).to_arrays()
    rng = np.random.default_rng(0)
    arrays["codes"] = rng.integers(0, 256, arrays["codes"].shape).astype(np.uint8)
    arrays["codewords"] = np.full_like(arrays["codewords"], 3e38)
    arrays["rows"] = rng.permutation(arrays["rows"])
    lists = SideLists((InvertedLists.from_arrays(arrays, anchors.shape),))
    for k in (1, 30, 500):
        assert_sound(lists.search(queries, anchors, k, n_probe=3, n_ranked=2 * k), queries, anchors, k)
