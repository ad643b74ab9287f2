"""Sweeps: what is selected from, what is resumed, what the intervals are, and plans as files."""

import dataclasses
import json

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.sweep import run
from quasar_index.sweep.draws import DrawnById, draw_ratio

SIZES = (0.1, 8, 0.5, 1)


def build(folder, *, n_groups=10, per_group=6, seed=0, rated=True):
    """Build an index whose ratings follow one direction of the embeddings, in groups of one content each."""
    rng = np.random.default_rng(seed)
    n = n_groups * per_group
    quality = rng.normal(size=n)
    contents = np.repeat(rng.normal(size=(n_groups, 8)), per_group, axis=0)
    embeddings = (contents + np.outer(quality, np.eye(8)[0]) + 0.4 * rng.normal(size=(n, 8)) + 2).astype(np.float32)
    np.save(folder / "e.npy", embeddings)
    lines = [f"i{i:03d}.png,{q:.6f},g{i // per_group}" for i, q in enumerate(quality)]
    (folder / "labels.csv").write_text("image,quality,content\n" + "\n".join(lines) + "\n", encoding="utf-8")
    source, matrix = qi.load_embeddings(folder / "e.npy", folder / "labels.csv", score_column="quality")
    qi.build_from_embeddings(folder / "index", [source], matrix)
    return qi.AnchorIndex.open(folder / "index")


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return build(tmp_path_factory.mktemp("sweep"))


@pytest.fixture(scope="module")
def bench(index):
    return qi.sweep.anchors_bench(index, "content")


def make(**more):
    options = {"selectors": qi.sweep.make_selectors(["extremes", "kmeans"]), "n_seeds": 3, "n_resamples": 60, **more}
    return qi.sweep.Sweep("size", SIZES, **options)


def test_a_point_is_the_naive_loop(index, bench):
    (point,) = qi.sweep.run_sweep(make(selectors=qi.sweep.make_selectors(["extremes"]), n_seeds=1), bench).curve(
        "mean", "extremes"
    )[2:3]
    images = qi.rated_anchors(index)
    groups = np.array(images.column("content"))
    expected = np.empty(len(groups))
    for group in np.unique(groups):
        test = groups == group
        anchors = qi.make_anchors(images.embeddings[~test], quality=images.quality[~test], groups=groups[~test])
        rows = np.r_[0 : round(anchors.n_good / 2), anchors.n_good : anchors.n_good + round(anchors.n_bad / 2)]
        expected[test] = qi.Scorer(anchors.take(rows)).score_embeddings(images.embeddings[test]).score
    assert point.value == 0.5
    assert point.srcc == pytest.approx(qi.srcc(expected, images.quality), abs=1e-6)


def test_methods_see_the_anchors_of_the_fold_alone(bench):
    seen = []

    @dataclasses.dataclass(frozen=True)
    class Spy:
        def select(self, anchors, n_good, n_bad, *, on_progress=None):
            seen.append((anchors.ids.copy(), anchors.groups.copy()))
            return np.r_[0:n_good, anchors.n_good : anchors.n_good + n_bad]

    qi.sweep.run_sweep(make(selectors=(("spy", Spy()),), n_seeds=1), bench)
    n_folds = len(bench.folds)
    assert len(seen) == 3 * n_folds  # not where all anchors are taken
    for (ids, groups), fold in zip(seen, [*bench.folds] * 3, strict=True):
        left_out = bench.groups[fold.images]
        assert len(ids) == fold.kept.sum() == len(bench.quality) - len(fold.images)
        assert len(np.unique(groups)) == n_folds - len(np.unique(left_out))
        own = bench.anchors_of(fold.kept)
        assert set(ids.tolist()) == set(own.ids.tolist())


def test_resumes_where_it_was_interrupted(bench, tmp_path, monkeypatch):
    state = tmp_path / "x.points.jsonl"
    whole = qi.sweep.run_sweep(make(), bench)
    assert (whole.n_resumed, whole.failures) == (0, ())

    def stop(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        qi.sweep.run_sweep(make(), bench, state=state, on_progress=stop)
    assert len(state.read_bytes().splitlines()) == 5
    with state.open("ab") as file:
        file.write(b'{"key": "torn')  # as a kill in the middle of a write leaves it
    resumed = qi.sweep.run_sweep(make(), bench, state=state)
    assert (resumed.n_resumed, resumed.n_computed) == (5, whole.n_computed - 5)
    assert resumed.rows() == whole.rows()
    lines = state.read_bytes().splitlines()
    assert len(lines) == whole.n_computed + 1
    assert len({json.loads(line)["key"] for line in lines if line.endswith(b"}")}) == whole.n_computed

    def never(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(run, "_compute", never)
    assert qi.sweep.run_sweep(make(), bench, state=state).rows() == whole.rows()


def test_points_of_another_sweep_are_not_taken_for_ones_own(index, bench, tmp_path):
    state = tmp_path / "x.points.jsonl"
    qi.sweep.run_sweep(make(), bench, state=state)
    centred = (qi.Mean(space="centred"),)
    assert qi.sweep.run_sweep(make(methods=centred), bench, state=state).n_resumed == 0
    assert qi.sweep.run_sweep(make(n_resamples=70), bench, state=state).n_resumed == 0
    assert qi.sweep.run_sweep(make(stratify=2), bench, state=state).n_resumed == 1  # all anchors: nothing is selected
    fewer = qi.sweep.anchors_bench(index, "content", max_folds=3)
    assert qi.sweep.run_sweep(make(), fewer, state=state).n_resumed == 0
    more = qi.sweep.run_sweep(make(n_seeds=4), bench, state=state)
    assert more.n_resumed > more.n_computed > 0


def test_random_is_the_baseline_of_every_size(bench):
    report = qi.sweep.run_sweep(make(), bench)
    assert report.curves[0] == ("mean", "random")
    random = {point.value: point for point in report.curve("mean", "random")}
    assert list(random) == list(SIZES)
    for value in (0.1, 8, 0.5):
        point = random[value]
        assert point.n_seeds == 3
        assert point.seeds.low < point.srcc < point.seeds.high
        assert point.minus_random is None
    assert random[1].n_seeds == 1
    assert random[1].seeds.low is None
    for point in report.curve("mean", "extremes"):
        assert point.n_seeds == 1
        if point.value != 1:
            paired = point.minus_random
            assert paired.value == pytest.approx(point.srcc - random[point.value].srcc)
            assert paired.low <= paired.high
        assert point.bootstrap.low <= point.bootstrap.high


def test_random_draws_of_folds_agree():
    rng = np.random.default_rng(0)
    anchors = qi.make_anchors(rng.normal(size=(200, 4)), is_good=np.arange(200) < 80)
    whole = set(anchors.ids[DrawnById(3).select(anchors, 20, 30)].tolist())
    assert len(whole) == 50
    without = anchors.take(np.setdiff1d(np.arange(200), [1, 50, 120]))
    part = set(without.ids[DrawnById(3).select(without, 20, 30)].tolist())
    assert len(whole & part) >= 47
    assert len(whole & set(anchors.ids[DrawnById(4).select(anchors, 20, 30)].tolist())) < 30
    drawn = np.concatenate([DrawnById(seed).select(anchors, 20, 30) for seed in range(400)])
    counts = np.bincount(drawn, minlength=200)
    assert np.abs(counts[:80] - 100).max() < 45  # 400 x 1/4, standard deviation 8.7
    assert np.abs(counts[80:] - 100).max() < 45


def test_ratio_draws_whole_references():
    rng = np.random.default_rng(0)
    anchors = qi.make_anchors(rng.normal(size=(60, 4)), is_good=np.arange(60) % 6 == 0)
    references = {key: b"%d" % (int(key) // 6) for key in anchors.ids.tolist()}
    drawn = draw_ratio(anchors, 0.3, 5, references)
    assert len(drawn) == 18
    assert len({references[key] for key in drawn.ids.tolist()}) == 3


def test_methods_that_draw_nothing_are_evaluated_twice_at_most(bench):
    calls = []

    @dataclasses.dataclass(frozen=True)
    class Same:
        seed: int = 0

        def select(self, anchors, n_good, n_bad, *, on_progress=None):
            calls.append(self.seed)
            return np.r_[0:n_good, anchors.n_good : anchors.n_good + n_bad]

    report = qi.sweep.run_sweep(make(selectors=(("same", Same()),), n_seeds=5), bench)
    assert set(calls) == {0, 1}
    assert {point.n_seeds for point in report.curve("mean", "same")} == {1}


@pytest.mark.parametrize(
    ("parameter", "values", "seeds"),
    [
        ("ratio", (0.3, 1), 3),
        ("offset", (0, 0.5), 1),
        ("clusters", (1, 4), 3),
        ("top-k", (2, 8), 1),
        ("shrinkage", (0.1, 10, "oas"), 1),
    ],
)
def test_each_parameter_varies(bench, parameter, values, seeds):
    report = qi.sweep.run_sweep(qi.sweep.Sweep(parameter, values, n_seeds=3, n_resamples=60), bench)
    assert report.failures == ()
    assert [point.value for point in report.points] == list(values)
    assert report.points[0].n_seeds == seeds
    whole = qi.sweep.run_sweep(
        qi.sweep.Sweep("size", (1,), selectors=qi.sweep.make_selectors(["random"]), n_resamples=60), bench
    )
    if parameter in ("offset", "clusters"):  # no offset, and one cluster, are the mean
        assert report.points[0].srcc == pytest.approx(whole.points[0].srcc, abs=1e-6)
    if parameter == "ratio":
        assert report.points[1].srcc == whole.points[0].srcc


def test_what_cannot_be_computed_is_said_and_the_rest_goes_on(bench):
    report = qi.sweep.run_sweep(qi.sweep.Sweep("clusters", (2, 1000), n_seeds=2, n_resamples=60), bench)
    assert [point.value for point in report.points] == [2]
    ((what, reason),) = report.failures
    assert what.endswith("clusters 1000")
    assert "1000 clusters" in reason
    with pytest.raises(qi.ValidationError, match="no point of the sweep can be computed"):
        qi.sweep.run_sweep(qi.sweep.Sweep("clusters", (1000,), n_seeds=2, n_resamples=60), bench)

    @dataclasses.dataclass(frozen=True)
    class Unable:
        def select(self, anchors, n_good, n_bad, *, on_progress=None):
            raise qi.MethodError("not with these anchors")

    partly = qi.sweep.run_sweep(make(selectors=(("unable", Unable()),), n_seeds=2), bench)
    assert partly.curves == [("mean", "random")]  # all anchors alone make no curve
    assert partly.failures == (("mean, unable 0.1, 8, 0.5", "not with these anchors"),)
    with pytest.raises(qi.ValidationError, match="70 of 60 anchors"):
        qi.sweep.run_sweep(
            qi.sweep.Sweep("size", (70,), selectors=qi.sweep.make_selectors(["random"]), n_resamples=60), bench
        )


@pytest.mark.parametrize(
    "change",
    [
        *({"values": values} for values in ((), (0,), (1.5,), ("a",), (True,))),
        *({"parameter": parameter} for parameter in ("nosuch", "offset")),
        {"selectors": ()},
        {"methods": ()},
        {"n_seeds": 0},
        {"n_resamples": 3},
    ],
)
def test_declarations_are_checked(change):
    with pytest.raises((qi.ValidationError, qi.DataError)):
        dataclasses.replace(make(), **change)


def test_own_images_are_refused_as_tests(index):
    images = qi.rated_anchors(index)
    with pytest.raises(qi.ValidationError, match="would be scored by themselves"):
        qi.sweep.index_bench(index, images)
    bench = qi.sweep.index_bench(index, images, exclude="group=content")
    assert len(bench.folds) == 10
    report = qi.sweep.run_sweep(make(n_seeds=2), bench)
    assert report.n_images == 60
    flagged = qi.sweep.index_bench(index, images, allow_overlap=True)
    assert flagged.notes[0].startswith("leak: 60 images")


def test_one_group_or_no_column_is_an_error(index):
    with pytest.raises(qi.ValidationError, match="all images are in one group"):
        qi.sweep.anchors_bench(index, "dataset")
    with pytest.raises(qi.DataError, match="no column 'nosuch'"):
        qi.sweep.anchors_bench(index, "nosuch")


def test_suggests_the_smallest_within_one_standard_error(bench):
    report = qi.sweep.run_sweep(make(selectors=qi.sweep.make_selectors(["extremes", "herding"])), bench)
    from quasar_index.sweep import suggest_from

    found = suggest_from(report)
    assert [one.selector for one in found.by_selector] == ["random", "extremes", "herding"]
    for one in found.by_selector:
        curve = report.curve("mean", one.selector)
        assert one.best.srcc == max(point.srcc for point in curve)
        draws = one.best.replicates
        if len(draws) == 1:
            assert one.standard_error == pytest.approx(draws[0].std())
        assert one.chosen.srcc >= one.threshold
        smaller = [point for point in curve if point.n_anchors < one.chosen.n_anchors]
        assert all(point.srcc < one.threshold for point in smaller)
    assert found.overall.best.srcc == max(point.srcc for point in report.points)
    with pytest.raises(qi.ValidationError, match="suggests no subset"):
        suggest_from(qi.sweep.run_sweep(qi.sweep.Sweep("offset", (0.1,), n_resamples=60), bench))


def test_a_sweep_of_which_no_curve_is_left_is_refused(bench):
    clustering = qi.Clustering(10)
    sweep = make(selectors=qi.sweep.make_selectors(["extremes"]), methods=(clustering,))
    with pytest.raises(qi.ValidationError, match=r"no point of the sweep can be computed: .*10 clusters are more than"):
        qi.sweep.run_sweep(dataclasses.replace(sweep, values=(8, 1)), bench)  # all anchors are enough, and no selection


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("size", 8), ("size", 1), ("ratio", 1), ("offset", 0), ("clusters", 1), ("top-k", 1), ("shrinkage", "oas")],
)
def test_one_point_is_drawn(bench, tmp_path, parameter, value):
    selectors = qi.sweep.make_selectors(["extremes"]) if parameter == "size" else ()
    report = qi.sweep.run_sweep(
        qi.sweep.Sweep(parameter, (value,), selectors=selectors, n_seeds=1, n_resamples=60), bench
    )
    first = report.points[0]
    constant = dataclasses.replace(first, seeds=dataclasses.replace(first.seeds, value=0.0))
    for point in (first, constant):
        qi.sweep.draw_sweep(dataclasses.replace(report, points=(point,)), tmp_path / "x.svg")
        assert "SRCC" in (tmp_path / "x.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("ending", ["png", "svg"])
@pytest.mark.parametrize("kind", ["few", "many", "clusters"])
def test_pictures_hold_the_band_of_random_draws(bench, tmp_path, ending, kind):
    names = ["random", "extremes", "herding"] if kind == "few" else [one for one in qi.SELECTORS if one[0] not in "fi"]
    sweep = qi.sweep.Sweep("clusters", (1, 3), n_seeds=2, n_resamples=60)
    if kind != "clusters":
        sweep = qi.sweep.Sweep("size", (0.2, 1), selectors=qi.sweep.make_selectors(names), n_seeds=2, n_resamples=60)
    path = tmp_path / f"curves.{ending}"
    qi.sweep.draw_sweep(qi.sweep.run_sweep(sweep, bench), path)
    assert path.stat().st_size > 5_000
    if ending == "svg" and kind != "clusters":
        text = path.read_text(encoding="utf-8")
        assert ">random<" in text
        assert "95% of random draws" in text
        assert text.count("FillBetweenPolyCollection") >= (1 if kind == "few" else len(names) - 1)


PLAN = """
index = "index"
cross-validate = "content"
selectors = ["herding", { name = "mmr", balance = 0.3 }]
sizes = [0.1, 0.5, 1]
seeds = 2
resamples = 60
method = ["mean:shrinkage=10", "knn:top_k=3"]
"""


def test_reads_a_plan(index, tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(PLAN.replace('"index"', json.dumps(str(index.path))), encoding="utf-8")
    plan = qi.sweep.read_plan(path)
    assert plan.cross_validate == "content"
    assert [name for name, _ in plan.sweep.selectors] == ["herding", "mmr balance=0.3"]
    assert plan.sweep.methods == (qi.Mean(shrinkage=10), qi.Knn(3))
    report = qi.sweep.run_sweep(
        plan.sweep, qi.sweep.anchors_bench(qi.AnchorIndex.open(plan.index), plan.cross_validate)
    )
    assert len(report.curves) == 6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("sizes", "sises"), "unknown key 'sises'; did you mean 'sizes'?"),
        (("[0.1, 0.5, 1]", "0.1"), "'sizes' is 0.1; it is a list"),
        (("[0.1, 0.5, 1]", "[2.5]"), "2.5 is no size to try"),
        (('"herding"', '"hearding"'), "no selector 'hearding'; did you mean 'herding'?"),
        (("balance = 0.3", "ballance = 0.3"), "selector 'mmr' has no parameter 'ballance'"),
        (("balance = 0.3", "balance = 3"), "balance 3 is not in [0, 1]"),
        (("balance = 0.3", 'balance = "a"'), "cannot be made of"),
        (("seeds = 2", "seeds = 2.5"), "'seeds' is 2.5; it is a whole number"),
        (("seeds = 2", "seeds = true"), "'seeds' is True"),
        (("shrinkage=10", "space=whitend"), "space of mean is 'whitend'"),
        (("shrinkage=10", "shrinkage=much"), "shrinkage of mean is 'much'"),
        (('"knn:', '"kn:'), "there is no method 'kn'; did you mean 'knn'?"),
        (("top_k=3", "k=3"), "the method 'knn' has no parameter 'k'"),
        (('["mean:shrinkage=10", "knn:top_k=3"]', "3"), "'method' is 3; it is a text"),
        (("seeds = 2", "offsets = [0.1]"), "sizes and offsets vary at once"),
        (('cross-validate = "content"', 'data = "x.csv"\ncross-validate = "content"'), "what to measure on"),
        (('index = "index"', ""), "it names no index"),
        (("seeds = 2", "seeds = "), "is no TOML"),
    ],
)
def test_faults_of_a_plan_are_one_clear_line(tmp_path, change, words):
    assert change[0] in PLAN
    path = tmp_path / "plan.toml"
    path.write_text(PLAN.replace(*change), encoding="utf-8")
    with pytest.raises(qi.DataError) as caught:
        qi.sweep.read_plan(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"the plan '{path}'")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "method", "base"),
    [
        ("top-k", qi.Retrieval(3, space="raw"), "retrieval:space=raw"),
        ("offset", qi.Offset(0.3), "offset"),
        ("offset", qi.Mean(space="centred"), "offset:space=centred"),
        ("shrinkage", qi.Mean(shrinkage=3.0), "mean"),
        ("ratio", qi.Retrieval(3), "retrieval:top_k=3"),
    ],
)
def test_a_curve_is_named_without_what_varies(parameter, method, base):
    value = {"top-k": 5, "offset": 0.1, "shrinkage": 30.0, "ratio": 0.5}[parameter]
    points = list(qi.sweep.Sweep(parameter, (value,), methods=(method,)).points())
    assert {point.base for point in points} == {base}
    if parameter != "ratio":
        (point,) = points
        assert getattr(point.method, {"top-k": "top_k"}.get(parameter, parameter)) == value


@pytest.mark.parametrize("method", [qi.Mean(space="raw"), qi.Retrieval(space="centred")])
def test_only_the_whitened_space_has_a_shrinkage_to_sweep(method):
    with pytest.raises(qi.MethodError, match="has no shrinkage to sweep; it is of space=whitened"):
        list(qi.sweep.Sweep("shrinkage", (3.0,), methods=(method,)).points())
    with pytest.raises(qi.ValidationError, match="inf is no size to try"):
        qi.sweep.Sweep("size", (float("inf"),), selectors=qi.sweep.make_selectors(["random"]))
