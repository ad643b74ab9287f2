"""Anchors: checks of embeddings, the division into sides, the order of rows, subsets, random draws."""

import numpy as np
import pytest

from quasar_index.arrays import as_embeddings, unit
from quasar_index.errors import DataError, MethodError
from quasar_index.own_anchors import make_anchors
from quasar_index.sides import divide_at_median, reference_units

RNG = np.random.default_rng(0)


def test_embeddings_become_float32_without_needless_copies():
    matrix = RNG.normal(size=(3, 4)).astype(np.float32)
    assert as_embeddings(matrix) is matrix
    for other in (matrix.astype(np.float64), matrix.astype(np.float16), matrix[:, ::-1], matrix.tolist()):
        result = as_embeddings(other)
        assert result.dtype == np.float32
        assert result.flags.c_contiguous
    assert as_embeddings([1, 2, 3]).tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_embeddings_that_are_not_finite_are_named_by_row(bad):
    matrix = np.ones((4, 3))
    matrix[2, 1] = bad
    with pytest.raises(DataError, match=r"row 2 of embeddings has NaN or infinite values \(1 such row\)"):
        as_embeddings(matrix)


def test_other_unfit_embeddings():
    with pytest.raises(DataError, match=r"row 1 of queries has only zeros \(2 such rows\)"):
        as_embeddings([[1, 0], [0, 0], [0, 0]], what="queries")
    with pytest.raises(DataError, match="are 2-d, 3-d is needed"):
        as_embeddings([[1, 0]], dim=3)
    for shape in ((), (2, 2, 2)):
        with pytest.raises(DataError, match="shape"):
            as_embeddings(np.ones(shape))
    for values in ([["a", "b"]], [[1j, 2j]], np.array([[None, 1]], dtype=object)):
        with pytest.raises(DataError, match="type"):
            as_embeddings(values)


def test_unit_scales_along_the_last_axis():
    vectors = RNG.normal(size=(2, 3, 4)) * 1e4
    np.testing.assert_allclose(np.linalg.norm(unit(vectors), axis=-1), 1, rtol=1e-6)


def test_division_at_the_median_puts_ties_on_the_bad_side():
    is_good, threshold = divide_at_median(np.array([1.0, 3.0, 3.0, 3.0, 5.0]))
    assert threshold == 3
    assert is_good.tolist() == [False, False, False, False, True]
    is_good, threshold = divide_at_median(np.array([4.0, 1.0, 2.0, 3.0]))
    assert threshold == 2.5
    assert is_good.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("quality", "message"),
    [
        ([2.0, 2.0, 2.0], "all 3 opinion scores are 2"),
        ([1.0, 4.0, 5.0, 5.0, 5.0], "at least half of the 5 opinion scores are 5"),
        ([1.0, np.nan, 5.0], "1 anchor has no opinion score"),
    ],
)
def test_scores_that_divide_nothing(quality, message):
    with pytest.raises(DataError, match=message):
        divide_at_median(np.array(quality))
    with pytest.raises(DataError, match=message):
        make_anchors(RNG.normal(size=(len(quality), 2)), quality=quality)


def test_rows_begin_with_the_most_extreme_of_each_side():
    embeddings = np.arange(1, 13, dtype=np.float64).reshape(6, 2)
    anchors = make_anchors(embeddings, quality=[3, 9, 1, 7, 2, 8], ids=list("abcdef"))
    assert anchors.n_good == anchors.n_bad == 3
    assert anchors.ids.tolist() == [b"b", b"f", b"d", b"c", b"e", b"a"]
    assert anchors.quality.tolist() == [9, 8, 7, 1, 2, 3]
    assert anchors.is_good.tolist() == [True] * 3 + [False] * 3
    np.testing.assert_allclose(
        anchors.directions * anchors.norms[:, None], embeddings[[1, 5, 3, 2, 4, 0]].astype(np.float32), rtol=1e-6
    )
    np.testing.assert_allclose(np.linalg.norm(anchors.directions, axis=1), 1, rtol=1e-6)
    assert anchors.directions.dtype == anchors.norms.dtype == np.float32
    assert (len(anchors), anchors.dim) == (6, 2)
    assert anchors.directions[anchors.side("bad")].shape == (3, 2)


def test_ties_are_ordered_by_id_whatever_the_order_they_came_in():
    embeddings, quality, ids = RNG.normal(size=(8, 3)), np.array([1, 1, 1, 1, 2, 2, 2, 2]), np.array(list("hbdfgace"))
    expected = make_anchors(embeddings, quality=quality, ids=ids.tolist())
    order = RNG.permutation(8)
    other = make_anchors(embeddings[order], quality=quality[order], ids=ids[order].tolist())
    assert other.ids.tolist() == expected.ids.tolist() == [b"a", b"c", b"e", b"g", b"b", b"d", b"f", b"h"]
    np.testing.assert_array_equal(other.directions, expected.directions)


def test_given_sides_go_before_scores():
    anchors = make_anchors(np.eye(3), is_good=[False, True, False], quality=[9, 1, 5], ids=["x", "y", "z"])
    assert anchors.ids.tolist() == [b"y", b"z", b"x"]
    assert make_anchors(np.eye(2), is_good=[True, False]).quality is None


def test_unfit_anchors():
    with pytest.raises(DataError, match="neither a side nor an opinion score"):
        make_anchors(np.eye(2))
    for side in (True, False):
        with pytest.raises(DataError, match=f"on one side, none is {'bad' if side else 'good'}"):
            make_anchors(np.eye(2), is_good=[side, side])
    with pytest.raises(DataError, match=r"3 embeddings but sides of shape \(2,\)"):
        make_anchors(np.eye(3), is_good=[True, False])
    with pytest.raises(DataError, match=r"3 embeddings but opinion scores of shape \(2,\)"):
        make_anchors(np.eye(3), is_good=[True, False, False], quality=[1, 2])
    with pytest.raises(DataError, match=r"2 embeddings but ids of shape \(1,\)"):
        make_anchors(np.eye(2), is_good=[True, False], ids=["a"])
    with pytest.raises(DataError, match="only zeros"):
        make_anchors(np.zeros((2, 2)), is_good=[True, False])


def test_scores_that_are_needed_and_missing():
    with pytest.raises(MethodError, match="the offset needs an opinion score for every anchor"):
        make_anchors(np.eye(2), is_good=[True, False]).rated("the offset")
    with pytest.raises(MethodError, match="needs an opinion score"):
        make_anchors(np.eye(3), is_good=[True, False, False], quality=[1, 2, np.nan]).rated("it")


def anchors_of(n, dim=4, **options):
    rng = np.random.default_rng(1)
    return make_anchors(rng.normal(size=(n, dim)), quality=rng.permutation(n).astype(float), **options)


def test_take_keeps_order_and_sides():
    anchors = anchors_of(10)
    for rows in (np.array([1, 4, 5, 9]), np.isin(np.arange(10), [1, 4, 5, 9])):
        taken = anchors.take(rows)
        assert taken.n_good == 2
        assert taken.ids.tolist() == anchors.ids[[1, 4, 5, 9]].tolist()
        assert taken.quality.tolist() == anchors.quality[[1, 4, 5, 9]].tolist()
        np.testing.assert_array_equal(taken.directions, anchors.directions[[1, 4, 5, 9]])
    with pytest.raises(DataError, match="have no bad one"):
        anchors.take(np.array([0, 1]))
    with pytest.raises(DataError, match="have no good one"):
        anchors.take(np.array([8, 9]))
    with pytest.raises(DataError, match="selected 0 anchors"):
        anchors.take(np.zeros(10, dtype=bool))


def test_a_draw_takes_its_part_of_each_side_by_its_seed():
    anchors = make_anchors(RNG.normal(size=(100, 3)), is_good=np.arange(100) < 30)
    drawn = anchors.subsample(0.5, seed=3)
    assert (drawn.n_good, drawn.n_bad) == (15, 35)
    assert drawn.ids.tolist() == anchors.subsample(0.5, seed=3).ids.tolist()
    assert drawn.ids.tolist() != anchors.subsample(0.5, seed=4).ids.tolist()
    assert set(drawn.ids.tolist()) < set(anchors.ids.tolist())
    assert anchors.subsample(1.0) is anchors


def test_a_draw_leaves_the_global_random_state_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    anchors_of(20).subsample(0.5)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_a_draw_by_reference_keeps_all_versions_of_the_drawn_references():
    is_good = np.tile([True, False, False, False], 10)
    anchors = make_anchors(RNG.normal(size=(40, 3)), is_good=is_good, ids=[f"{i // 4}-{i % 4}" for i in range(40)])
    references = np.array([name.decode().split("-")[0] for name in anchors.ids])
    drawn = anchors.subsample(0.3, seed=1, references=references)
    kept = [name.decode().split("-")[0] for name in drawn.ids]
    assert len(set(kept)) == 3
    assert all(kept.count(name) == 4 for name in kept)
    assert (drawn.n_good, drawn.n_bad) == (3, 9)


def test_anchors_without_a_reference_are_drawn_each_alone():
    assert reference_units(["a", "b", "c"], [None, "", None]) is None
    assert reference_units(["a", "b", "c"], [None, "r", "r"]).tolist() == ["a", "r", "r"]
    # 10 references of 4 images each, and 40 images without one: 50 to draw from, not 11
    references = reference_units([str(i) for i in range(80)], [f"r{i // 4}" if i < 40 else None for i in range(80)])
    anchors = make_anchors(RNG.normal(size=(80, 3)), is_good=[True, False] * 40, ids=[f"{i:02d}" for i in range(80)])
    rows = np.array([int(key) for key in anchors.ids.tolist()])
    sizes = [len(anchors.subsample(0.5, seed=seed, references=references[rows])) for seed in range(30)]
    assert min(sizes) > 25
    assert max(sizes) < 60
    assert np.mean(sizes) == pytest.approx(40, abs=3)


@pytest.mark.parametrize("ratio", [0, -0.5, 1.5])
def test_a_ratio_out_of_range(ratio):
    with pytest.raises(DataError, match=r"not in \(0, 1\]"):
        anchors_of(10).subsample(ratio)


def test_a_draw_that_leaves_a_side_empty():
    anchors = make_anchors(RNG.normal(size=(10, 2)), is_good=[True] + [False] * 9)
    with pytest.raises(DataError, match="no good one"):
        anchors.subsample(0.3)


@pytest.mark.parametrize("units", [True, False])
def test_sums_of_any_run_of_rows(units):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 6)) * rng.uniform(0.1, 20, (5000, 1))
    anchors = make_anchors(X, quality=rng.normal(size=5000))
    V = anchors.directions if units else anchors.directions * anchors.norms[:, None]
    for start, stop in ((0, 5000), (0, 1024), (1, 1024), (1023, 1025), (2048, 2048), (700, 4999), (1024, 3072), (3, 9)):
        found = anchors.sum_rows(slice(start, stop), units=units)
        np.testing.assert_allclose(found, V[start:stop].sum(axis=0, dtype=np.float64), rtol=1e-5, atol=1e-2)
