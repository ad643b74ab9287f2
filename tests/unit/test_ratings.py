"""Several ratings an anchor: how label files name them, what divides by them, and what is kept of which."""

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets.base import Rating
from quasar_index.errors import AnchorIndexError, DataError, ValidationError
from quasar_index.selection import Extremes

N = 60


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(N, 8)).astype(np.float32)


def write(folder, x, *, name="own", columns=("quality", "appeal", "noise"), lacking=()):
    """Write embeddings, and labels: quality is the first number, appeal the second, noise minus the third."""
    values = {"quality": x[:, 0], "appeal": x[:, 1], "noise": -x[:, 2]}
    lines = [",".join(["image", "scene", *columns])]
    for row in range(len(x)):
        cells = ["" if column == "appeal" and row in lacking else f"{values[column][row]:.5f}" for column in columns]
        lines.append(",".join([f"{name}{row}.png", f"s{row // 3}", *cells]))
    np.save(folder / f"{name}.npy", x)
    (folder / f"{name}.csv").write_text("\n".join(lines))
    return folder / f"{name}.npy", folder / f"{name}.csv"


RATINGS = ["quality", "appeal", "noise:lower"]


@pytest.fixture
def index(x, tmp_path):
    """60 anchors with three ratings; appeal is missing for two."""
    source = qi.load_embeddings(*write(tmp_path, x, lacking=(4, 5)), score_column=RATINGS)
    return qi.build_from_embeddings(tmp_path / "index", *source).index


def built(path, x, folder, **labels):
    return qi.build_from_embeddings(folder / path, *qi.load_embeddings(*write(folder, x, name=path), **labels)).index


def test_the_first_column_is_the_score_and_the_others_are_ratings(tmp_path, x):
    _, labels = write(tmp_path, x[:3], lacking=(1,))
    source = qi.load_source(labels, score_column=RATINGS)
    assert (source.rating, source.lower_is_better) == ("quality", False)
    assert [(one.name, one.lower_is_better) for one in source.ratings] == [("appeal", False), ("noise", True)]
    assert source.records["score"].to_pylist() == pytest.approx(x[:3, 0], abs=1e-4)
    assert source.records["appeal"].to_pylist()[1] is None
    same = qi.load_source(f"{labels}?score=quality&ratings=appeal,noise:lower")
    assert same.ratings == source.ratings
    assert same.records.equals(source.records)
    assert qi.load_source(labels, score_column="noise:lower").lower_is_better
    assert qi.load_source(labels, score_column=["noise", "quality"], lower_is_better=True).ratings == (
        Rating("quality"),
    )


def test_a_column_may_have_a_comma_or_a_colon_in_its_name(tmp_path):
    (tmp_path / "a.csv").write_text('image,quality,"appeal, mean","noise:lower"\na.png,1,2,3\nb.png,2,1,4\n')
    source = qi.load_source(tmp_path / "a.csv", score_column=["quality", "appeal, mean", "noise:lower"])
    assert [(one.name, one.lower_is_better) for one in source.ratings] == [
        ("appeal, mean", False),
        ("noise:lower", False),  # that is its name
    ]


@pytest.mark.parametrize(
    ("columns", "cause"),
    [
        (["quality", "quality"], "rating 'quality' is the score column already; name each score column once"),
        (["quality", "appeal", "appeal:lower"], "rating 'appeal' is named twice"),
        (["quality", "beauty"], "rating 'beauty' is no column of it; further columns: image, appeal, dmos, words"),
        (["quality", "words"], "2 cells in 'words' are not numbers: 'nice', 'bad'"),
        (["quality", "empty"], "rating 'empty' is empty"),
        (["quality", "dmos"], "its direction is not said; write it behind the name, --score-column dmos:lower"),
        (["quality", "level"], "a further rating cannot be called 'level'; name it first, or rename it"),
        (["quality", " "], "a score column has no name"),
    ],
)
def test_columns_that_cannot_be_ratings_are_refused(tmp_path, columns, cause):
    (tmp_path / "a.csv").write_text(
        "image,quality,appeal,dmos,words,empty,level\na.png,1,2,3,nice,,1\nb.png,2,1,4,bad,,2\n"
    )
    with pytest.raises(DataError, match=cause):
        qi.load_source(tmp_path / "a.csv", score_column=columns)


def test_two_directions_and_ratings_given_twice_are_refused(tmp_path, x):
    _, labels = write(tmp_path, x[:3])
    with pytest.raises(DataError, match="two directions of 'noise' are given"):
        qi.load_source(f"{labels}?lower=false", score_column="noise:lower")
    with pytest.raises(DataError, match=r"ratings is given twice: \?ratings=noise:lower and 'appeal'"):
        qi.load_source(f"{labels}?ratings=noise:lower", score_column=["quality", "appeal"])


def test_a_rating_divides_as_an_index_of_it_alone_does(index, x, tmp_path, caplog):
    alone = built("alone", np.delete(x, (4, 5), axis=0), tmp_path, score_column="appeal")
    anchors = index.anchors(rating="appeal")
    assert anchors.rating == "appeal"
    assert "rating 'appeal': 2 anchors without it are left out" in caplog.text
    queries = np.random.default_rng(1).normal(size=(5, 8)).astype(np.float32)
    np.testing.assert_allclose(
        qi.Mean().fit(anchors).score(queries).score, qi.Mean().fit(alone).score(queries).score, rtol=1e-5
    )
    lower = index.anchors(rating="noise")
    raw = qi.index.raw_scores(index, lower)
    assert raw[lower.is_good].max() < raw[~lower.is_good].min()
    assert index.anchors(rating="quality").rating is None  # the first
    assert anchors.take(np.arange(0, 58, 2)).rating == "appeal"
    with pytest.raises(AnchorIndexError, match="no rating 'beauty'; ratings: quality, appeal, noise"):
        index.anchors(rating="beauty")


def test_an_evaluation_by_a_rating_is_that_of_an_index_of_it(index, x, tmp_path):
    alone = built("alone", x, tmp_path, score_column="noise:lower")
    images = qi.rated_anchors(index, rating="noise")
    assert images.name == "index 'index' by noise"
    reports = [
        qi.cross_validate_images([qi.Mean()], one, "scene", n_resamples=50) for one in (images, qi.rated_anchors(alone))
    ]
    first, second = (report.outcomes[0].figures["srcc"] for report in reports)
    assert first.value == pytest.approx(second.value, abs=1e-6)
    assert first.value > 0.8
    by_quality = qi.evaluate_index([qi.Mean()], index, images, exclude="same-image", n_resamples=50)
    by_noise = qi.evaluate_index([qi.Mean()], index, images, exclude="same-image", rating="noise", n_resamples=50)
    assert (
        by_quality.protocol
        == "index 'index' by noise against 60 anchors of index 'index', without those of the same image"
    )
    assert "60 anchors of index 'index' by noise" in by_noise.protocol
    assert by_noise.outcomes[0].figures["srcc"].value > by_quality.outcomes[0].figures["srcc"].value + 0.3


def test_a_calibration_is_of_one_rating(index, x):
    with pytest.raises(AnchorIndexError, match=r"no calibration of 'mean by noise'.*--rating noise"):
        qi.read_calibration(index, rating="noise")
    made = qi.calibrate(index, rating="noise")
    assert (made.rating, made.lower_is_better) == ("noise", True)
    assert made.scale == pytest.approx((-x[:, 2].max(), -x[:, 2].min()), abs=1e-4)
    with pytest.raises(AnchorIndexError, match=r"no calibration of 'mean' .*there are some for 'mean by noise'"):
        qi.read_calibration(index)
    first = qi.calibrate(index)
    assert first.rating is None
    assert qi.read_calibration(index, rating="quality").scale == first.scale
    found = qi.read_calibration(index, rating="noise")
    mos, low, high = found.predict(qi.Mean().fit(index.anchors(rating="noise")).score(x).score)
    assert (low <= mos).all()
    assert (mos <= high).all()
    assert np.corrcoef(mos, -x[:, 2])[0, 1] > 0.7


def test_an_approximate_search_is_of_one_rating(tmp_path, caplog):
    many = np.random.default_rng(2).normal(size=(600, 8)).astype(np.float32)
    index = built("many", many, tmp_path, score_column=["quality", "appeal"])
    faster = qi.approximate(index, top_k=20, recall=0.9, n_queries=40, rating="appeal")
    assert faster.manifest.approximate.rating == "appeal"
    again = qi.AnchorIndex.open(index.path)
    assert again.manifest == faster.manifest
    method = qi.Retrieval(top_k=10)
    method.fit(again.anchors(rating="appeal")).score(many[:4])
    assert "the search is approximate" in caplog.text
    caplog.clear()
    exact = method.fit(again.anchors()).score(many[:4]).score
    assert "the search is exact: it is of all anchors by appeal" in caplog.text
    np.testing.assert_array_equal(exact, method.fit(index.anchors()).score(many[:4]).score)
    assert qi.search_exactly(faster).manifest.approximate is None


def test_a_subset_is_chosen_by_a_rating_and_stays_so(index, tmp_path, caplog):
    made = qi.select_subset(tmp_path / "few", index, Extremes(), size=10, rating="appeal")
    assert (made.subset.rating, made.subset.n_good) == ("appeal", 5)
    few = qi.AnchorIndex.open(tmp_path / "few")
    assert few.manifest.subset == made.subset
    assert few.verify().is_whole
    caplog.clear()
    kept = few.anchors(rating="appeal")
    assert "were selected by" not in caplog.text
    whole = index.anchors(rating="appeal")
    assert kept.ids[kept.is_good].tolist() == whole.ids[:5].tolist()
    assert kept.n_good == kept.n_bad == 5
    few.anchors()
    assert "the anchors of 'few' were selected by appeal, and are used by quality here" in caplog.text
    with pytest.raises(ValidationError, match="--cross-validate group=scene --rating appeal, which selects anew"):
        qi.cross_validate_images([qi.Mean()], qi.rated_anchors(few, rating="appeal"), "scene")
    left = few.remove(ids=[kept.ids[0].decode()]).index
    assert left.anchors(rating="appeal").n_good == 4  # still divided as the whole was


def test_a_subset_without_a_side_by_the_first_rating_is_refused(tmp_path):
    x = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
    x[:, 0], x[:, 1] = np.arange(12), [value * (-1) ** value for value in range(12)]
    index = built("odd", x, tmp_path, score_column=["quality", "appeal"])
    with pytest.raises(AnchorIndexError, match=r"none of the 2 anchors .* by 'quality', the first rating; select more"):
        qi.select_subset(
            tmp_path / "two",
            index,
            Extremes(),
            size=2,
            rating="appeal",
            where="score < 2",
        )


def test_a_rating_that_one_of_two_data_sets_lacks(index, x, tmp_path, caplog):
    other = qi.load_embeddings(*write(tmp_path, x[:20] + 1, name="other"), score_column="quality")
    both = index.add_embeddings(*other).index
    assert len(both) == 80
    anchors = both.anchors(rating="noise")
    assert len(anchors) == 60
    assert "rating 'noise': 20 anchors without it are left out (none of other has it)" in caplog.text
    assert qi.rated_anchors(both, rating="noise").quality.min() == pytest.approx(x[:, 2].min(), abs=1e-4)  # raw
    assert qi.rated_anchors(both).quality.min() == 0  # scaled, of two data sets


def test_a_constant_rating_is_refused_by_name(tmp_path, x):
    np.save(tmp_path / "x.npy", x[:4])
    (tmp_path / "x.csv").write_text("image,quality,appeal\na,1,3\nb,2,3\nc,3,3\nd,4,3\n")
    source = qi.load_embeddings(tmp_path / "x.npy", tmp_path / "x.csv", score_column=["quality", "appeal"])
    with pytest.raises(DataError, match="x, appeal: all 4 opinion scores are 3"):
        qi.build_from_embeddings(tmp_path / "constant", *source)
    found = qi.checks.check_sources([source[0]]).findings
    assert any(one.severity == "error" and one.data == "x, appeal" for one in found)


def test_relabelling_gives_each_rating_its_own_scores(index, x, tmp_path):
    (tmp_path / "new.csv").write_text("image,appeal,noise\nown0.png,9,\nown4.png,-9,7\n")
    labels = qi.load_source(tmp_path / "new.csv", score_column=["appeal", "noise:lower"])
    with pytest.raises(DataError, match=r"'appeal', and so is a further rating .* --rating appeal"):
        index.relabel(labels)
    done = index.relabel(labels, rating="appeal")
    assert (done.n_matched, done.n_changed) == (2, 2)
    rows = {row["path"]: row for row in done.index.tables.read(["path", "score", "appeal", "noise"]).to_pylist()}
    assert (rows["own0.png"]["appeal"], rows["own4.png"]["appeal"], rows["own4.png"]["noise"]) == (9, -9, 7)
    assert rows["own0.png"]["noise"] == pytest.approx(-x[0, 2], abs=1e-4)
    assert rows["own0.png"]["score"] == pytest.approx(x[0, 0], abs=1e-4)
    assert done.index.verify().is_whole
    assert len(done.index.anchors(rating="appeal")) == 59
    wrong = qi.load_source(tmp_path / "new.csv", score_column=["appeal", "noise"])
    with pytest.raises(DataError, match="in 'own' a lower noise is better, in new a higher one"):
        index.relabel(wrong, rating="appeal")
    with pytest.raises(AnchorIndexError, match="no rating 'beauty'"):
        index.relabel(labels, rating="beauty")


def test_a_scorer_scores_again_what_another_has_embedded(index, x):
    first, second = (qi.Scorer(index.anchors(rating=name)) for name in ("quality", "appeal"))
    images = [
        qi.ScoredImage("a.png", 0.5, embedding=x[0]),
        qi.ScoredImage("broken.png", error="not an image"),
        qi.ScoredImage("b.png", 0.5, embedding=x[1]),
    ]
    again = second.score_again(images)
    assert [image.path for image in again] == ["a.png", "broken.png", "b.png"]
    assert again[1] == images[1]
    assert [again[0].score, again[2].score] == second.score_embeddings(x[:2]).score.tolist()
    assert again[0].score != first.score_embeddings(x[:1]).score[0]
    assert second.score_again([]) == []


def test_a_sweep_and_a_plan_are_of_a_rating(index, tmp_path):
    benches = [qi.sweep.anchors_bench(index, "scene", rating=name) for name in (None, "quality", "noise")]
    assert benches[0].identity == benches[1].identity != benches[2].identity
    assert "by noise" in benches[2].protocol
    (tmp_path / "plan.toml").write_text(
        'index = "index"\nrating = "noise"\ncross-validate = "scene"\nratios = [0.5, 1]\nseeds = 1\n'
    )
    assert qi.sweep.read_plan(tmp_path / "plan.toml").rating == "noise"
    suggestion = qi.sweep.suggest(
        index,
        selectors=qi.sweep.make_selectors(["extremes"]),
        sizes=[0.5],
        group="scene",
        rating="noise",
        n_seeds=2,
        n_resamples=50,
    )
    assert "by noise" in suggestion.report.protocol
