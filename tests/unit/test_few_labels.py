"""Few labels: draws that divide no group, figures against a recomputation in plain NumPy, and nothing that leaks."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

import quasar_index as qi
from quasar_index.datasets.base import make_records
from quasar_index.validation import few_labels, few_labels_of_images
from quasar_index.validation.few_label_draws import draw_labels, joined_units

PLAIN = qi.Ridge((1.0,), rescale=False, space="raw")
N, DIM = 120, 10


@pytest.fixture
def rated():
    """Return embeddings, ratings that follow them, 24 groups of 2 to 8, and ids whose order is not that of the rows."""
    rng = np.random.default_rng(5)
    embeddings = (rng.normal(size=(N, DIM)) + 0.5).astype(np.float32)
    quality = embeddings @ rng.normal(size=DIM) + rng.normal(size=N)
    groups = np.repeat(np.arange(24), np.tile([2, 8, 5], 8))
    return embeddings, quality, groups, [f"id {i:03d}" for i in rng.permutation(N)]


def images_of(embeddings, quality, columns, **more):
    columns = {"dataset": ["own"] * len(quality), "reference": [None] * len(quality), **columns}
    ids = more.pop("ids", [f"id {i:03d}" for i in range(len(quality))])
    return qi.RatedImages("own", embeddings, np.asarray(quality, dtype=np.float64), ids, columns, **more)


def naive_draw(groups, ids, share, seed):
    """Return rows of tests and of the pool, in the order of the draw, with loops."""
    order = sorted(range(len(ids)), key=lambda row: ids[row])
    units = list(dict.fromkeys(groups[row] for row in order))
    rng = np.random.default_rng(seed)
    drawn = [units[place] for place in rng.permutation(len(units))]
    tried = []
    for n in range(1, len(drawn)):
        chosen = [row for row in order if groups[row] in drawn[:n]]
        tried.append((abs(len(chosen) - share * len(ids)), n, chosen))
    tests = min(tried)[2]
    rest = [row for row in order if row not in set(tests)]
    return tests, [rest[place] for place in rng.permutation(len(rest))]


def test_figures_are_those_of_a_plain_recomputation(rated):
    from sklearn.linear_model import Ridge

    embeddings, quality, groups, ids = rated
    found = few_labels([qi.Mean(), PLAIN], embeddings, quality, (15, 60), groups=groups, ids=ids, n_seeds=6, seed=3)
    assert found.seeds == (3, 4, 5, 6, 7, 8)
    for row in found.rows[2:]:
        assert (row.method, row.label) == (PLAIN, str(PLAIN))
        pairs = []
        for place, seed in enumerate(found.seeds):
            tests, pool = naive_draw(groups, ids, 0.2, seed)
            assert (len(tests), len(pool)) == (found.n_tests[place], found.n_pools[place])
            fitted = Ridge(alpha=1.0).fit(embeddings[pool[: row.n_labels]], quality[pool[: row.n_labels]])
            scores = fitted.predict(embeddings[tests])
            pairs.append((spearmanr(scores, quality[tests]).statistic, pearsonr(scores, quality[tests]).statistic))
        for name, values in zip(("srcc", "plcc"), np.transpose(pairs), strict=True):
            np.testing.assert_allclose(getattr(row, name), values, atol=1e-6)
            ordered, spread = np.sort(values), row.spread(name)
            # Of six values the quartiles lie at places 1.25 and 3.75 from 0.
            assert spread.median == pytest.approx((ordered[2] + ordered[3]) / 2, abs=1e-6)
            assert spread.low_quartile == pytest.approx(0.75 * ordered[1] + 0.25 * ordered[2], abs=1e-6)
            assert spread.high_quartile == pytest.approx(0.25 * ordered[3] + 0.75 * ordered[4], abs=1e-6)
            assert (spread.lowest, spread.highest) == pytest.approx((ordered[0], ordered[-1]), abs=1e-6)


@pytest.mark.parametrize("method", [qi.Mean(), qi.Knn(3), qi.Ridge(), qi.Mean(space="auto")], ids=str)
def test_anchors_are_the_drawn_labels_alone(rated, method):
    embeddings, quality, groups, ids = rated
    found = few_labels([method], embeddings, quality, (30,), groups=groups, ids=ids, n_seeds=1, seed=2)
    tests, pool = naive_draw(groups, ids, 0.2, 2)
    anchors = qi.make_anchors(embeddings[pool[:30]], quality=quality[pool[:30]], groups=groups[pool[:30]])
    chosen = qi.choose_space(anchors, method, seed=2).method
    expected = chosen.fit(anchors).score(embeddings[tests]).score
    assert found.rows[0].srcc[0] == pytest.approx(spearmanr(expected, quality[tests]).statistic)
    others = quality.copy()
    others[pool[30:]] = np.random.default_rng(0).normal(size=len(pool) - 30)
    again = few_labels([method], embeddings, others, (30,), groups=groups, ids=ids, n_seeds=1, seed=2)
    assert again.rows[0].srcc == found.rows[0].srcc


def test_draws_divide_no_group_and_hold_about_the_share():
    groups = np.repeat(np.arange(24), np.tile([2, 8, 5], 8))
    draws = draw_labels(groups, np.arange(N), test_share=0.2, n_seeds=20, seed=0)
    assert len({tuple(draw.test) for draw in draws}) == 20
    for draw in draws:
        assert sorted([*draw.test, *draw.pool]) == list(range(N))
        assert not set(groups[draw.test]) & set(groups[draw.pool])
        assert abs(len(draw.test) - 0.2 * N) <= 4  # half of the largest group
    assert {len(one.test) for one in draw_labels(np.arange(N), np.arange(N), test_share=0.25, n_seeds=3, seed=0)} == {
        30
    }


def test_a_seed_is_the_same_draw_and_labels_are_nested(rated):
    embeddings, quality, groups, ids = rated
    few, more = (
        few_labels([PLAIN], embeddings, quality, numbers, groups=groups, ids=ids, n_seeds=4, seed=1)
        for numbers in ((20,), (60, 20, 40))
    )
    assert few.rows[0].srcc == more.rows[1].srcc
    assert [row.n_labels for row in more.rows] == [60, 20, 40]
    later = few_labels([PLAIN], embeddings, quality, (20,), groups=groups, ids=ids, n_seeds=3, seed=2)
    assert later.rows[0].srcc == few.rows[0].srcc[1:]
    assert len(set(few.rows[0].srcc)) == 4


def test_the_order_of_rows_changes_nothing(rated):
    embeddings, quality, groups, ids = rated
    methods = [qi.Mean(), qi.Ridge(), qi.Retrieval(4)]
    first = few_labels(methods, embeddings, quality, (20, 50), groups=groups, ids=ids, n_seeds=3)
    rows = np.random.default_rng(9).permutation(N)
    other = few_labels(
        methods, embeddings[rows], quality[rows], (20, 50), groups=groups[rows], ids=[ids[r] for r in rows], n_seeds=3
    )
    for one, two in zip(first.rows, other.rows, strict=True):
        np.testing.assert_allclose(one.srcc, two.srcc, atol=1e-9)
    assert first.draws_key == other.draws_key


@pytest.mark.parametrize("planted", ["embedding", "id", "group", "nothing"])
def test_a_planted_copy_never_scores_its_image(planted):
    """Ratings follow nothing, and each image is there twice: only a copy among the labels can score it."""
    rng = np.random.default_rng(0)
    embeddings, quality = rng.normal(size=(80, 16)).astype(np.float32), rng.normal(size=80)
    copies = embeddings if planted == "embedding" else (embeddings * 2)  # at the same place, but for their lengths
    ids = [f"{i:03d}" for i in range(160)]
    if planted == "id":
        ids = [f"{i % 80:03d}" for i in range(160)]
    groups = [f"g{i % 80}" for i in range(160)] if planted == "group" else None
    found = few_labels(
        [qi.Knn(1, space="raw")],
        np.vstack([embeddings, copies]),
        np.concatenate([quality, quality]),
        (128,),
        groups=groups,
        ids=ids,
        n_seeds=5,
    )
    median = found.rows[0].spread("srcc").median
    assert median > 0.6 if planted == "nothing" else abs(median) < 0.3
    assert found.n_units == (160 if planted == "nothing" else 80)


def test_versions_of_a_reference_stay_together_whatever_the_group(rated):
    embeddings, quality, *_ = rated
    columns = {"reference": [f"r{i // 4}" for i in range(N)], "kind": [f"k{i % 2}" for i in range(N)]}
    images = images_of(embeddings, quality, columns, is_versioned=True)
    with pytest.raises(qi.ValidationError, match="all images belong together"):
        few_labels_of_images([PLAIN], images, (20,), group="kind", n_seeds=2)  # each reference joins both kinds
    assert few_labels_of_images([PLAIN], replace(images, is_versioned=False), (20,), group="kind").n_units == 2
    alone = few_labels_of_images([PLAIN], images, (20,), n_seeds=2)
    assert (alone.n_units, alone.unit) == (30, "reference")


def test_joined_units_are_the_components_of_a_graph():
    labels = [["a", "a", None, "b", "c", ""], ["x", "y", "z", "y", "w", "w"]]
    codes = joined_units(6, labels)
    assert len(set(codes[[0, 1, 3]])) == 1
    assert codes[4] == codes[5]
    assert len(set(codes)) == 3
    assert joined_units(3, [None]).tolist() == [0, 1, 2]


def test_images_without_a_rating_are_left_out_and_draws_follow_paths(rated):
    embeddings, quality, *_ = rated
    columns = {"path": [f"{i:03d}.png" for i in range(N)]}
    images = images_of(embeddings, quality, columns, is_good=quality > 0)
    found = few_labels_of_images([qi.Mean()], images, (20,), n_seeds=3)
    other = few_labels_of_images([qi.Mean()], replace(images, ids=[f"{-i}" for i in range(N)]), (20,), n_seeds=3)
    assert found.rows[0].srcc == other.rows[0].srcc
    assert "own median" in found.notes[0]
    more = images_of(
        np.vstack([embeddings, embeddings[:5] + 1]), [*quality, *[np.nan] * 5],
        {"path": [*columns["path"], *[f"x{i}" for i in range(5)]]},
    )  # fmt: skip
    left_out = few_labels_of_images([qi.Mean()], more, (20,), n_seeds=3)
    assert left_out.rows[0].srcc == found.rows[0].srcc
    assert (left_out.n_images, left_out.n_unrated) == (N, 5)


def test_a_threshold_that_the_user_gave_stays(rated):
    embeddings, quality, *_ = rated
    is_good = quality > np.quantile(quality, 0.8)
    images = images_of(embeddings, quality, {}, is_good=is_good, is_cut=True)
    method = qi.Mean(space="raw")
    found = few_labels_of_images([method], images, (40,), n_seeds=1)
    tests, pool = naive_draw(np.arange(N), images.ids, 0.2, 0)
    anchors = qi.make_anchors(embeddings[pool[:40]], quality=quality[pool[:40]], is_good=is_good[pool[:40]])
    expected = method.fit(anchors).score(embeddings[tests]).score
    assert found.rows[0].srcc[0] == pytest.approx(spearmanr(expected, quality[tests]).statistic)
    assert not found.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_labels": (20, 97)}, r"97 labels of a pool of 96 images \(seed 0\); ask for fewer"),
        ({"n_labels": ()}, "no number of labels"),
        ({"n_labels": (1,)}, "1 labels; at least 2"),
        ({"n_seeds": 0}, "0 draws"),
        ({"test_share": 1.0}, "a test share of 1;"),
        ({"test_share": 0.01}, "1 image of 120 to test on"),
        ({"groups": ["one"] * N}, "all images belong together"),
        ({"groups": ["one"]}, "1 group label for 120 images"),
    ],
)
def test_what_means_nothing_is_one_line(rated, change, message):
    embeddings, quality, *_ = rated
    with pytest.raises(qi.ValidationError, match=message) as caught:
        few_labels([PLAIN], embeddings, quality, **{"n_labels": (20,), **change})
    assert "\n" not in str(caught.value)


def test_errors_name_the_draw(rated):
    embeddings, quality, *_ = rated
    with pytest.raises(qi.MethodError, match="20 labels, seed 4: clustering: 100 clusters are more than"):
        few_labels([qi.Clustering()], embeddings, quality, (20,), seed=4)
    flat = np.where(np.arange(N) < 118, 1.0, quality)
    with pytest.raises(qi.ValidationError, match="labels, seed 0: "):
        few_labels([qi.Mean()], embeddings, flat, (20,))


def test_it_is_told_before_anything_is_embedded():
    columns = {"path": [f"{i}.png" for i in range(40)], "score": np.arange(40.0), "scene": [i // 4 for i in range(40)]}
    source = qi.AnchorSource("own", make_records(columns, 40), "no-reference", "median")
    rated = qi.rated_source(source)
    qi.validation.check_few_labels(rated, (32,), group="scene")
    with pytest.raises(qi.ValidationError, match="33 labels of a pool of 32 images"):
        qi.validation.check_few_labels(rated, (33,), group="scene")
    with pytest.raises(qi.DataError, match="no column 'lost'"):
        qi.validation.check_few_labels(rated, (3,), group="lost")


def test_results_as_data(rated, tmp_path):
    embeddings, quality, *_ = rated
    found = few_labels([qi.Mean(), PLAIN], embeddings, quality, (10, 20), n_seeds=3)
    table = found.to_arrow().to_pylist()
    assert [(one["method"], one["n_labels"], one["n_seeds"]) for one in table[:2]] == [("mean", 10, 3), ("mean", 20, 3)]
    assert table[3]["plcc_highest"] == max(found.rows[3].plcc)
    assert table[3]["srcc"] == np.median(found.rows[3].srcc)
    data = json.loads(json.dumps(found.to_dict()))
    assert data["rows"][3]["srcc"]["values"] == list(found.rows[3].srcc)
    assert data["n_pools"] == [96, 96, 96]
    rows = list(found.by_seed())
    assert tuple(rows[0]) == qi.validation.FEW_LABEL_COLUMNS
    assert [one["seed"] for one in rows] == [0, 1, 2] * 4
    assert [one["srcc"] for one in rows[3:6]] == list(found.rows[1].srcc)
    qi.validation.draw_few_labels(found, tmp_path / "few.svg")
    text = (tmp_path / "few.svg").read_text()
    assert all(word in text for word in ("SRCC", "PLCC", str(PLAIN), "quartiles"))


def test_several_indexes_are_joined_where_their_draws_are_the_same(rated):
    embeddings, quality, *_ = rated
    columns = {"path": [f"{i:03d}.png" for i in range(N)]}
    whole = few_labels_of_images([PLAIN], images_of(embeddings, quality, columns), (20,), n_seeds=3)
    part = few_labels_of_images([PLAIN], images_of(embeddings[:, :4], quality, columns), (20,), n_seeds=3)
    both = qi.validation.join_few_labels({"ten": whole, "four": part})
    assert [row.label for row in both.rows] == [f"ten: {PLAIN}", f"four: {PLAIN}"]
    assert both.rows[1].srcc == part.rows[0].srcc
    fewer = images_of(embeddings[1:], quality[1:], {"path": columns["path"][1:]}, ids=[f"{i}" for i in range(1, N)])
    other = few_labels_of_images([PLAIN], fewer, (20,), n_seeds=3)
    with pytest.raises(qi.ValidationError, match="'fewer' holds other images than 'ten'"):
        qi.validation.join_few_labels({"ten": whole, "fewer": other})
