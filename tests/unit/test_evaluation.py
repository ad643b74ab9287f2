"""Evaluation: against naive loops, and no image scored by itself."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import spearmanr

import quasar_index as qi
from quasar_index.datasets.base import make_records
from quasar_index.errors import counted
from quasar_index.validation.folds import make_folds

FEW = {"n_resamples": 40}
METHODS = [qi.Mean(), qi.Retrieval(top_k=3, space="centred"), qi.Ridge()]


@pytest.fixture
def rated():
    """Return embeddings (60, 8), ratings that follow them, and 12 groups."""
    rng = np.random.default_rng(1)
    embeddings = (rng.normal(size=(60, 8)) + 0.5).astype(np.float32)
    quality = embeddings @ rng.normal(size=8) + rng.normal(size=60)
    return embeddings, quality, np.repeat(np.arange(12), 5)


def test_leave_one_group_out_is_the_naive_loop(rated):
    embeddings, quality, groups = rated
    report = qi.cross_validate(METHODS, embeddings, quality, groups.astype(str), **FEW)
    for method, outcome in zip(METHODS, report.outcomes, strict=True):
        expected = np.empty(60)
        for group in range(12):
            test = groups == group
            anchors = qi.make_anchors(embeddings[~test], quality=quality[~test], groups=groups[~test])
            scorer = qi.Scorer(anchors, method)
            expected[test] = scorer.score_embeddings(embeddings[test]).score
        assert outcome.scores == pytest.approx(expected, abs=1e-6)
        assert outcome.figures["srcc"].value == pytest.approx(spearmanr(expected, quality).statistic)
    assert report.n_folds == 12
    assert report.n_units == 12
    assert report.grouped


def test_figures_and_differences_are_those_of_the_bootstrap(rated):
    from quasar_index.statistics.bootstrap import bootstrap, paired_difference

    embeddings, quality, groups = rated
    report = qi.cross_validate(METHODS, embeddings, quality, groups, seed=3, **FEW)
    first, second = report.outcomes[:2]
    assert first.difference is None
    options = {"groups": groups, "seed": 3, **FEW}
    interval = bootstrap("plcc", second.scores, quality, **options)
    assert (second.figures["plcc"].low, second.figures["plcc"].high) == (interval.low, interval.high)
    assert second.difference == paired_difference(second.scores, first.scores, quality, **options)
    assert set(report.to_dict()["methods"][1]) >= {"label", "srcc", "rmse_fitted", "srcc_minus_first"}


@pytest.mark.parametrize("method", [qi.Knn(top_k=1), qi.Retrieval(top_k=1)], ids=["knn", "retrieval"])
def test_an_image_is_not_its_own_anchor(method):
    rng = np.random.default_rng(0)
    embeddings, quality = rng.normal(size=(150, 16)), rng.permutation(150)  # ratings that follow nothing
    ids = [f"{i:03d}" for i in range(150)]
    anchors = qi.make_anchors(embeddings, quality=quality, ids=ids)
    one = [method]
    leaking = qi.evaluate(one, anchors, embeddings, quality, **FEW)
    assert leaking.outcomes[0].figures["srcc"].value > 0.6
    rule = qi.validation.Exclusion([key.decode() for key in anchors.ids], ids)
    fair = qi.evaluate(one, anchors, embeddings, quality, excluded=[rule], **FEW)
    assert abs(fair.outcomes[0].figures["srcc"].value) < 0.25
    assert fair.n_folds == 100  # 150 images, merged


def test_folds_never_leak_and_take_no_more_than_needed():
    rng = np.random.default_rng(0)
    groups, ids = rng.integers(0, 30, 80), np.arange(80)
    test_groups, test_ids = np.append(groups[:50], [99, 98]), np.append(ids[:50], [500, 501])
    rules = [qi.validation.Exclusion(groups, test_groups), qi.validation.Exclusion(ids, test_ids)]
    folds = make_folds(rules, 80, 52, seed=0)
    assert sorted(np.concatenate([fold.images for fold in folds])) == list(range(52))
    for fold in folds:
        for image in fold.images:
            assert list(fold.kept) == [groups[a] != test_groups[image] and ids[a] != test_ids[image] for a in range(80)]


def test_more_than_a_hundred_groups_are_merged():
    keys = np.arange(330) // 2
    folds = make_folds([qi.validation.Exclusion(keys, keys)], 330, 330, seed=0)
    assert len(folds) == 100
    for fold in folds:
        assert not fold.kept[np.isin(keys, keys[fold.images])].any()
        assert (~fold.kept).sum() == len(fold.images)


def test_nothing_is_the_key_of_nothing():
    (fold,) = make_folds([qi.validation.Exclusion([None, "", "a"], ["", None, "b"])], 3, 3, seed=0)
    assert fold.kept.all()


def test_declared_sides_with_unrated_references():
    rng = np.random.default_rng(0)
    reference = np.repeat(np.arange(10), 4)
    level = np.tile(np.arange(4), 10)
    embeddings = rng.normal(size=(40, 6)) + np.array([1.0, -1, 0, 0, 0, 0]) * (2 - level[:, None])
    quality = np.where(level == 0, np.nan, -level.astype(float))
    report = qi.cross_validate(
        [qi.Mean()], embeddings, quality, reference, is_good=level == 0, by={"level": level}, **FEW
    )
    assert report.n_scored == 30
    assert report.outcomes[0].figures["srcc"].value > 0.5
    assert [part.value for part in report.breakdowns] == ["1", "2", "3"]
    assert report.breakdowns[0].srcc == (None,)  # ratings are constant there


def test_breakdown_of_small_parts_is_a_count(rated):
    embeddings, quality, groups = rated
    by = {"half": ["a"] * 58 + ["b"] * 2}
    report = qi.cross_validate([qi.Mean()], embeddings, quality, groups, by=by, **FEW)
    big, small = report.breakdowns
    expected = spearmanr(report.outcomes[0].scores[:58], quality[:58]).statistic
    assert (big.n, big.srcc[0]) == (58, pytest.approx(expected))
    assert (small.n, small.srcc) == (2, (None,))


def test_too_few_for_an_interval():
    rng = np.random.default_rng(0)
    embeddings, quality = rng.normal(size=(8, 3)), np.arange(8)
    report = qi.cross_validate(METHODS[:1] * 2, embeddings, quality, np.arange(8) // 2, **FEW)
    figure = report.outcomes[1].figures["srcc"]
    assert figure.value is not None
    assert figure.low is None
    assert report.outcomes[1].difference is None
    assert "too few" in report.notes[0]


def test_meaningless_evaluations_are_refused(rated):
    embeddings, quality, groups = rated
    anchors = qi.make_anchors(embeddings, quality=quality)
    one = [qi.Mean()]
    for call, message in (
        (lambda: qi.evaluate(one, anchors, embeddings, np.ones(60)), "all 60 ratings are 1"),
        (lambda: qi.evaluate(one, anchors, embeddings[:2], quality[:2]), "2 scored images"),
        (lambda: qi.evaluate([], anchors, embeddings, quality), "nothing to evaluate"),
        (lambda: qi.evaluate(one, anchors, embeddings, quality[:50]), "60 embeddings but 50"),
        (lambda: qi.evaluate(one, anchors, embeddings[[0] * 60], quality), "mean: all 60 scores"),
        (lambda: qi.cross_validate(one, embeddings, quality, [1] * 60), "one group"),
        (lambda: qi.cross_validate(one, embeddings, quality, [None, *groups[1:]]), "no group"),
        (lambda: qi.cross_validate(one, embeddings[:4], [1, 2, 3, 3], [0, 0, 1, 1]), "not theirs"),
        (
            lambda: qi.evaluate(
                one, anchors, embeddings, quality, excluded=[qi.validation.Exclusion([1] * 60, [1] * 60)]
            ),
            "0 anchors that are not theirs",
        ),
    ):
        with pytest.raises(qi.ValidationError, match=message):
            call()
    with pytest.raises(qi.MethodError, match="clustering:n_clusters=80: 80 clusters"):
        qi.cross_validate([qi.Clustering(80)], embeddings, quality, groups)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_picture(rated, tmp_path, ending):
    embeddings, quality, groups = rated
    report = qi.cross_validate(METHODS, embeddings, quality, groups, **FEW)
    path = tmp_path / f"out.{ending}"
    qi.draw_evaluation(report, path)
    assert path.read_bytes().startswith(b"\x89PNG" if ending == "png" else b"<?xml")
    with pytest.raises(qi.DataError, match="picture format"):
        qi.draw_evaluation(report, tmp_path / "out.gif")


@pytest.mark.parametrize(
    ("scores", "quality"),
    [([0.5], [3.0]), ([0.5, 0.6], [3.0, 3.0]), ([0.5] * 9, range(9)), (np.linspace(0, 1, 9), [3.0] * 9)],
)
def test_a_picture_of_one_image_or_constant_values(rated, tmp_path, scores, quality):
    report = qi.cross_validate(METHODS[:1], *rated, **FEW)
    outcome = replace(report.outcomes[0], scores=np.array(scores, dtype=float))
    degenerate = replace(report, outcomes=(outcome,), quality=np.array(quality, dtype=float))
    qi.draw_evaluation(degenerate, tmp_path / "x.svg")
    assert f": {counted(len(scores), 'image')}" in (tmp_path / "x.svg").read_text(encoding="utf-8")


def test_a_fit_at_its_bound_is_marked_everywhere(tmp_path, capsys):
    """Scores that say nothing, beside scores that follow the ratings."""
    from cli.evaluation_tables import print_markdown, print_report

    rng = np.random.default_rng(1)
    embeddings = rng.normal(size=(60, 8)).astype(np.float32)
    quality = np.where(np.arange(60) % 2, 1.0, 0.0) + 0.1 * rng.normal(size=60)
    report = qi.cross_validate(METHODS[:1], embeddings, quality, np.arange(60), n_resamples=40)
    (outcome,) = report.outcomes
    assert outcome.fit_at_bound
    assert [name for name, figure in outcome.figures.items() if figure.at_bound] == ["plcc_fitted", "rmse_fitted"]
    assert report.to_dict()["methods"][0]["fit_at_bound"] is True
    explained = "the logistic fit is as steep as the scores allow"
    value = f"{outcome.figures['plcc_fitted'].value:.3f}"
    print_report(report.to_dict())
    table = capsys.readouterr().out
    assert f"{value}* [" in table
    assert table.count(explained) == 1
    print_markdown(report.to_dict())
    markdown = capsys.readouterr().out
    assert f"{value}\\* [" in markdown
    assert f"\n\n\\* {explained}" in markdown
    qi.draw_evaluation(report, tmp_path / "marked.svg")
    picture = (tmp_path / "marked.svg").read_text()
    assert "dashed where it is as steep as the scores allow" in picture
    assert "stroke-dasharray" in picture


def test_a_fit_inside_its_bound_is_not_marked(tmp_path, capsys):
    from cli.evaluation_tables import print_report

    rng = np.random.default_rng(1)
    embeddings = rng.normal(size=(200, 4)).astype(np.float32)
    quality = np.tanh(embeddings[:, 0])
    report = qi.cross_validate([qi.Ridge()], embeddings, quality, np.arange(200) % 10, **FEW)
    assert report.to_dict()["methods"][0]["fit_at_bound"] is False
    print_report(report.to_dict())
    assert "*" not in capsys.readouterr().out
    qi.draw_evaluation(report, tmp_path / "plain.svg")
    picture = (tmp_path / "plain.svg").read_text()
    assert "dashed" not in picture
    assert "stroke-dasharray: 7" not in picture


@pytest.fixture
def distorted(tmp_path):
    """Return an index of 6 references with 3 distorted versions each, and other versions of them as test images."""
    rng = np.random.default_rng(0)
    reference, level = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    embeddings = (rng.normal(size=(6, 5))[reference] + np.eye(5)[0] * (3.0 - level[:, None])).astype(np.float32)
    columns = {
        "path": [f"{r}-{x}" for r, x in zip(reference, level, strict=True)],
        "score": [None if x == 0 else 4.0 - x + 0.1 * rng.random() for x in level],
        "side": ["good" if x == 0 else "bad" for x in level],
        "reference": [f"r{r}" for r in reference],
        "distortion": [None if x == 0 else f"d{x}" for x in level],
    }
    source = qi.AnchorSource("synthetic", make_records(columns, 24), "full-reference", "reference")
    index = qi.build_from_embeddings(tmp_path / "synthetic", source, embeddings).index
    images = qi.RatedImages(
        "other versions",
        embeddings + np.float32(0.01),
        np.array([np.nan if score is None else score for score in columns["score"]]),
        [f"other{i}" for i in range(24)],
        {"dataset": ["synthetic"] * 24, **{name: columns[name] for name in ("reference", "distortion")}},
        is_good=level == 0,
        is_versioned=True,
    )
    rated = np.flatnonzero(level)
    only_rated = replace(
        images,
        embeddings=images.embeddings[rated],
        quality=images.quality[rated],
        ids=[images.ids[i] for i in rated],
        columns={name: [values[i] for i in rated] for name, values in images.columns.items()},
    )
    return index, images, only_rated


def test_versions_of_one_reference_are_kept_apart(distorted):
    index, _, images = distorted
    one = [qi.Mean()]
    for exclude in (None, "same-image"):
        with pytest.raises(qi.ValidationError, match=r"18 of 18 images .* --exclude same-reference"):
            qi.evaluate_index(one, index, images, exclude=exclude, **FEW)
    report = qi.evaluate_index(one, index, images, exclude="same-reference", by=["distortion"], **FEW)
    assert (report.n_folds, report.n_units, report.grouped, report.n_overlap) == (6, 6, True, 0)
    assert [part.n for part in report.breakdowns] == [6, 6, 6]
    flagged = qi.evaluate_index(one, index, images, allow_overlap=True, **FEW)
    assert flagged.n_overlap == 18
    assert flagged.notes[0].startswith("leak: 18 images")
    with pytest.raises(qi.ValidationError, match="no exclusion 'same'"):
        qi.evaluate_index(one, index, images, exclude="same")
    with pytest.raises(qi.DataError, match="no column 'nosuch'"):
        qi.evaluate_index(one, index, images, exclude="group=nosuch")


def test_cross_validation_of_full_reference_data(distorted):
    index, images, _ = distorted
    one = [qi.Mean()]
    report = qi.cross_validate_images(one, images, "reference", **FEW)
    assert (report.n_scored, report.n_folds) == (18, 6)
    own = qi.cross_validate_images(one, qi.rated_anchors(index), "reference", **FEW)
    assert own.n_scored == 18
    anchors_only = replace(images, columns={**images.columns, "half": list("ababbaba" * 3)})
    with pytest.raises(qi.ValidationError, match=r"18 of 18 images have other versions .* group=reference"):
        qi.cross_validate_images(one, anchors_only, "half", **FEW)
    assert qi.cross_validate_images(one, anchors_only, "half", allow_overlap=True, **FEW).n_overlap == 18


def spaced(seed=0, n_groups=8, size=5, dim=12):
    """Return anchors whose quality shows in a direction of little variance, and embeddings of others like them."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(2 * n_groups), size)
    quality = rng.normal(size=len(groups))
    X = rng.normal(size=(len(groups), dim)) * np.linspace(4, 1, dim) + 3
    X[:, -1] = 3 + 0.35 * quality
    half = groups < n_groups
    anchors = qi.make_anchors(X[half], quality=quality[half], groups=groups[half])
    return anchors, X[~half].astype(np.float32), quality[~half], groups[~half]


def test_auto_chooses_what_leaving_out_groups_finds_best():
    anchors, _, _, _ = spaced()
    found = qi.choose_space(anchors, qi.Mean(space="auto", shrinkage="auto"))
    best, _ = max(found.trials, key=lambda trial: trial[1])
    assert (found.method.space, found.method.shrinkage) == (best.space, best.shrinkage)
    assert found.method.space == "whitened"
    assert found.n_groups == 8
    assert f"{found}".startswith(best.space_words)
    # Each trial is what cross-validation over the same groups says of anchors that keep their sides.
    raw = anchors.directions * anchors.norms[:, None]
    report = qi.cross_validate(
        [qi.Mean(space="centred")], raw, anchors.quality, anchors.groups, is_good=anchors.is_good
    )
    (centred,) = (value for one, value in found.trials if one.space == "centred")
    assert centred == pytest.approx(report.outcomes[0].figures["srcc"].value)


def test_auto_is_chosen_in_each_fold_by_its_anchors_alone():
    anchors, X, quality, groups = spaced()
    auto = qi.Mean(space="auto", shrinkage="auto")
    report = qi.evaluate([auto], anchors, X, quality)
    chosen = qi.choose_space(anchors, auto).method
    np.testing.assert_allclose(report.outcomes[0].scores, chosen.fit(anchors).score(X).score)
    assert any("in 1 of 1 fold" in note for note in report.notes)
    # In cross-validation a fold's choice must not see the fold: a set with one group turned inside out does not
    # change what is chosen for that group.
    first = qi.cross_validate([auto], X, quality, groups)
    turned = np.where(groups == groups[0], -quality, quality)
    other = qi.cross_validate([auto], X, turned, groups)
    rows = groups == groups[0]
    np.testing.assert_array_equal(first.outcomes[0].scores[rows], other.outcomes[0].scores[rows])


def test_auto_without_ratings_orders_by_sides_and_can_be_refused():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(40, 6)) + np.where(np.arange(40) % 2, 0.5, 0)[:, None]
    anchors = qi.make_anchors(X, is_good=np.arange(40) % 2 == 1, groups=np.arange(40) // 2)
    found = qi.choose_space(anchors, qi.Mean(space="auto"))
    assert found.n_groups == 20
    assert all(-1 <= value <= 1 for _, value in found.trials)
    with pytest.raises(qi.ValidationError, match="1 anchor that is not theirs"):
        qi.choose_space(qi.make_anchors(X[:2], is_good=[True, False]), qi.Mean(space="auto"))
    with pytest.raises(qi.MethodError, match="not chosen yet"):
        qi.Mean(space="auto").fit(anchors)
    fixed = qi.Mean(space="centred")
    assert qi.choose_space(anchors, fixed).method == fixed


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (qi.Mean(space="raw"), "raw: fixed, so nothing was tried"),
        (qi.Mean(space="centred"), "centred: fixed, so nothing was tried"),
        (qi.Mean(shrinkage=3.0), "whitened(3): fixed, so nothing was tried"),
    ],
)
def test_a_fixed_space_says_so(method, words):
    anchors = qi.make_anchors(np.random.default_rng(2).normal(size=(40, 6)), is_good=np.arange(40) % 2 == 1)
    assert str(qi.choose_space(anchors, method)) == words


@pytest.mark.parametrize("methods", ["mean", ["mean"], qi.Mean()])
def test_methods_are_a_list_of_methods(methods):
    anchors, X, quality, groups = spaced()
    for run in (
        lambda: qi.evaluate(methods, anchors, X, quality),
        lambda: qi.cross_validate(methods, X, quality, groups),
    ):
        with pytest.raises(qi.DataError, match=r"methods(\[0\])? of \w+ is .*; give .*a method, such as qi.Mean\(\)"):
            run()
    with pytest.raises(qi.DataError, match="anchors of evaluate is of type ndarray; give anchors"):
        qi.evaluate([qi.Mean()], X, X, quality)


def test_joined_evaluations_leave_out_what_one_of_them_lacks(rated):
    embeddings, quality, groups = rated
    part = np.delete(np.arange(60), [3, 17])[::-1]
    reports = {}
    for name, rows in (("all", np.arange(60)), ("part", part)):
        one = qi.cross_validate([qi.Mean()], embeddings[rows], quality[rows], groups[rows], **FEW)
        known = {**one.columns, "path": [f"{row}.png" for row in rows], "half": [str(row % 2) for row in rows]}
        reports[name] = replace(one, columns=known)
    joined = qi.validation.join_evaluations(reports, by=["half"])
    first, second = joined.outcomes
    kept = np.sort(part)
    assert joined.quality == pytest.approx(quality[kept])
    assert first.scores == pytest.approx(reports["all"].outcomes[0].scores[kept])
    assert second.scores == pytest.approx(reports["part"].outcomes[0].scores[::-1])
    assert second.figures["srcc"].value == pytest.approx(spearmanr(second.scores, quality[kept]).statistic)
    assert joined.breakdowns[0].n == int((kept % 2 == 0).sum())
    assert joined.notes == ("not in all of them, and left out: 2 of 'all'",)
    changed = replace(reports["part"], quality=-reports["part"].quality)
    with pytest.raises(qi.ValidationError, match="58 images are rated otherwise in 'part'"):
        qi.validation.join_evaluations({"all": reports["all"], "part": changed})


def test_images_without_a_group_stand_alone_in_the_resamples(distorted):
    index, _, images = distorted
    scenes = ["a", "a", "b", "b", *([None] * (len(images.ids) - 4))]
    known = replace(images, columns={**images.columns, "scene": scenes})
    report = qi.evaluate_index([qi.Mean()], index, known, exclude="same-reference", group="scene", **FEW)
    assert (report.unit, report.n_units) == ("scene", len(images.ids) - 2)


def test_tiers_of_a_sheet_hold_all_images_in_order_of_rating():
    from quasar_index.validation.sheet import TIERS, _tiers

    rng = np.random.default_rng(0)
    for quality in (rng.normal(size=101), rng.integers(0, 6, 50).astype(float), np.repeat([0.0, 1, 2], [90, 5, 5])):
        tiers = _tiers(quality)
        assert sorted(np.concatenate(tiers)) == list(range(len(quality)))
        assert all(quality[a].max() < quality[b].min() for a, b in pairwise(tiers))
        assert len(tiers) == (TIERS if len(np.unique(quality)) > 8 else len(np.unique(quality)))
    assert {len(tier) for tier in _tiers(np.arange(100.0))} == {20}


def test_a_sheet_needs_two_methods_and_survives_odd_names(rated, tmp_path):
    report = qi.cross_validate(METHODS[:2], *rated, **FEW)
    with pytest.raises(qi.ValidationError, match="compares two methods"):
        qi.validation.draw_sheet(replace(report, outcomes=report.outcomes[:1]), tmp_path / "x.png")
    odd = replace(
        report,
        outcomes=tuple(replace(one, index="$x^{$") for one in report.outcomes),
        columns={"path": ["$a_{$.png"] * 60, "distortion": ["$b$_{"] * 60, "severity": list(range(3)) * 20},
    )
    qi.validation.draw_sheet(odd, tmp_path / "x.svg")
    assert "Rank over severity" in (tmp_path / "x.svg").read_text(encoding="utf-8")
