"""Likes divide themselves, and a threshold that the user gives divides what the median does not."""

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.errors import DataError
from quasar_index.sides import divide_at, divide_at_median, proposed_threshold
from quasar_index.validation.cross_fit import leave_group_out

STARS = [1.0] * 2 + [3.0] * 3 + [4.0] * 5 + [5.0] * 12


def write(path, scores, *, header="image,score", further=None):
    rows = [f"{i},{score}" + ("" if further is None else f",{further[i]}") for i, score in enumerate(scores)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


def build(path, spec, seed=0, **options):
    source = qi.load_source(spec, **options)
    return qi.build_from_embeddings(path, source, embeddings(len(source), seed)).index


def embeddings(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 6)).astype(np.float32)


def sides(index):
    table = index.tables.read(["score", "side"])
    return {
        side: sorted({row["score"] for row in table.to_pylist() if row["side"] == side}) for side in ("good", "bad")
    }


@pytest.mark.parametrize("words", [("true", "false"), ("Yes", "NO"), ("TRUE", "FALSE"), ("1", "0")])
def test_likes_in_words_divide_themselves(tmp_path, words):
    scores = [words[i % 3 != 0] for i in range(8)]
    index = build(tmp_path / "index", write(tmp_path / "likes.csv", scores, header="image,liked"), score_column="liked")
    assert sides(index) == {"good": [1.0], "bad": [0.0]}
    (tmp_path / "mixed.csv").write_text("image,liked\n1,true\n2,3\n")
    with pytest.raises(DataError, match="line 2: score 'true' is not a number"):
        qi.load_source(tmp_path / "mixed.csv", score_column="liked")


@pytest.mark.parametrize(
    ("scores", "lower", "threshold", "n_good"),
    [
        ([0, 0, 0, 1], False, 0, 1),
        ([0, 1, 1, 1], False, 0, 3),
        ([0, 1, 1, 1], True, 1, 1),
        ([0, 0, 0, 1], True, 1, 3),
        ([2, 2, 4, 4], False, 3, 2),
        ([-1, -1, 7], True, 7, 2),
    ],
)
def test_two_scores_divide_themselves(scores, lower, threshold, n_good):
    is_good, found = divide_at_median(np.array(scores, dtype=float), lower_is_better=lower)
    assert (found, is_good.sum()) == (threshold, n_good)


@pytest.mark.parametrize(("lower", "message"), [(False, "?threshold=4 would make 12 good, 10 bad"), (True, None)])
def test_the_error_proposes_a_threshold_that_works(lower, message):
    scores = np.array(STARS) * (-1 if lower else 1)
    with pytest.raises(DataError, match="at least half of the 22 opinion scores are") as caught:
        divide_at_median(scores, lower_is_better=lower)
    assert caught.value.hint == (message or "?threshold=-4 would make 12 good, 10 bad")
    assert divide_at(scores, -4 if lower else 4, lower_is_better=lower).sum() == 12
    assert proposed_threshold(np.array([3.0, 3.0])) == ""


@pytest.mark.parametrize("threshold", [5, 7, 0.5])
def test_a_threshold_that_leaves_a_side_empty_names_the_range(tmp_path, threshold):
    spec = write(tmp_path / "stars.csv", STARS)
    with pytest.raises(DataError, match=f"stars: the threshold {threshold:g} leaves no .* from 1 to 5"):
        build(tmp_path / "index", spec, threshold=threshold)


def test_check_says_what_a_threshold_divides(tmp_path, write_images):
    rows = [f"{image},{score}" for image, score in zip(write_images(22), STARS, strict=True)]
    (tmp_path / "stars.csv").write_text("\n".join(["image,score", *rows]))
    found = {}
    for option in ("", "?threshold=4", "?threshold=9"):
        report = qi.checks.check_sources([qi.load_source(f"{tmp_path / 'stars.csv'}{option}")])
        found[option] = next((one.severity, one.message) for one in report.findings if one.check == "sides")
    assert found[""][0] == found["?threshold=9"][0] == "error"
    assert all("?threshold=4 would make 12 good, 10 bad" in found[option][1] for option in ("", "?threshold=9"))
    assert found["?threshold=4"] == ("ok", "12 good, 10 bad (good is above the threshold, 4)")


def test_a_given_threshold_stays_and_the_range_follows(tmp_path):
    index = build(tmp_path / "index", write(tmp_path / "stars.csv", STARS) + "?threshold=3")
    assert sides(index) == {"good": [4, 5], "bad": [1, 3]}
    more = qi.load_source(write(tmp_path / "more.csv", [0, 2, 3.5, 9]) + "?name=stars")
    matrix = embeddings(4, 1)
    index = index.add_embeddings(more, matrix).index
    assert sides(index) == {"good": [3.5, 4, 5, 9], "bad": [0, 1, 2, 3]}
    rating = index.manifest.sources[0].rating
    assert (rating.threshold, rating.threshold_is_given, rating.score_range) == (3, True, (0, 9))
    assert not index.verify().damage
    # Exported and built again, it is the same.
    index.export(tmp_path / "out.parquet")
    export = qi.read_export(tmp_path / "out.parquet")
    again = qi.build_from_embeddings(tmp_path / "again", export.sources, export.embeddings, ids=export.ids).index
    assert again.manifest.sources[0].rating == rating
    other = qi.load_source(write(tmp_path / "other.csv", [1, 2, 3, 4]) + "?name=stars&threshold=2")
    with pytest.raises(DataError, match=r"differ in threshold: 3\.0 and 2\.0"):
        index.add_embeddings(other, embeddings(4, 2))


def test_pooled_sources_are_divided_by_the_threshold_of_either(tmp_path):
    one = qi.load_source(write(tmp_path / "one.csv", STARS) + "?name=own&threshold=3")
    two = qi.load_source(write(tmp_path / "two.csv", [1, 2, 3, 4] * 4) + "?name=own")
    for pair in ([one, two], [two, one]):
        path = tmp_path / pair[0].rating / str(len(pair[0]))
        index = qi.build_from_embeddings(path, pair, embeddings(38)).index
        assert sides(index) == {"good": [4, 5], "bad": [1, 2, 3]}
        assert len(index.manifest.sources) == 1


def test_relabelling_can_give_a_threshold(tmp_path):
    path = write(tmp_path / "stars.csv", STARS)
    index = build(tmp_path / "index", f"{path}?threshold=3")
    report = index.relabel(qi.load_source(f"{path}?threshold=4"))
    assert (report.n_changed, report.n_moved) == (0, 5)
    assert sides(report.index) == {"good": [5], "bad": [1, 3, 4]}
    assert not report.index.verify().damage


def test_a_further_rating_has_a_threshold_of_its_own(tmp_path):
    spec = write(tmp_path / "two.csv", range(22), header="image,mos,stars", further=STARS)
    index = build(tmp_path / "index", f"{spec}?score=mos&ratings=stars&threshold=stars:3")
    assert index.manifest.sources[0].threshold == 10.5
    assert index.anchors(rating="stars").n_good == 17
    with pytest.raises(DataError, match="'foo', which is no score column"):
        qi.load_source(f"{spec}?score=mos&threshold=foo:3")


@pytest.mark.parametrize("text", ["x", "nan", ":3", "3,4", "inf"])
def test_what_is_no_threshold_is_refused(tmp_path, text):
    with pytest.raises(DataError, match="option threshold="):
        qi.load_source(write(tmp_path / "a.csv", [1, 2]) + f"?threshold={text}")


def test_a_threshold_with_declared_sides_is_refused(tmp_path):
    spec = write(tmp_path / "a.csv", [1, 2], header="image,score,side", further=["good", "bad"])
    with pytest.raises(DataError, match="declares its sides"):
        qi.load_source(f"{spec}?threshold=1")


def test_a_subset_and_an_evaluation_keep_the_threshold(tmp_path):
    index = build(tmp_path / "index", write(tmp_path / "stars.csv", STARS) + "?threshold=4")
    images = qi.rated_anchors(index)
    assert images.is_good is not None
    assert (images.is_good == (images.quality > 4)).all()
    part = qi.select_subset(tmp_path / "part", index, qi.selection.Random(3), size=8).index
    assert part.manifest.sources[0].threshold == 4
    more = qi.load_source(write(tmp_path / "more.csv", [4.5, 4, 3]) + "?name=stars")
    assert sides(part.add_embeddings(more, embeddings(3, 1)).index) == {"good": [4.5, 5], "bad": [1, 3, 4]}


def test_sides_cut_elsewhere_follow_the_ratings(tmp_path):
    """They choose the shrinkage and weigh from the threshold on; without the user's word it is as it was."""
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(200, 6)).astype(np.float32)
    scores = matrix[:, 0] + 0.5 * rng.normal(size=200)
    spec = write(tmp_path / "own.csv", [f"{score:.6f}" for score in scores])
    high = float(np.quantile(scores, 0.9))
    source = qi.load_source(f"{spec}?threshold={high:.6f}")
    index = qi.build_from_embeddings(tmp_path / "index", source, matrix).index
    anchors = index.anchors()
    assert anchors.is_cut
    assert anchors.sides_follow_ratings
    assert anchors.quality[: anchors.n_good].min() > anchors.centre >= anchors.quality[anchors.n_good :].max()
    plain = qi.make_anchors(matrix, quality=scores, is_good=scores > high)
    assert not plain.sides_follow_ratings
    assert plain.centre == np.median(scores)
    assert index.anchors(where=f"score > {np.median(scores)}").is_cut
    part = qi.select_subset(tmp_path / "part", index, qi.selection.Random(3), size=40).index
    assert part.anchors().is_cut
    assert qi.methods.rated_shrinkage(anchors) is not None
    assert qi.methods.rated_shrinkage(plain) is None
    # Left out and put together again, the anchors of a fold are divided and weighed as those of the index.
    images = qi.rated_anchors(index)
    assert images.is_cut
    parts = leave_group_out(images.embeddings, images.quality, images.ids, is_good=images.is_good, is_cut=True)
    assert parts.anchors_of(np.ones(200, dtype=np.bool_)).centre == pytest.approx(high, abs=0.1)
