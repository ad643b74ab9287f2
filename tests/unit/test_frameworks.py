"""Scores in the shape of other libraries: as pyiqa's metrics, of torchmetrics, and as a scikit-learn estimator."""

import copy
import io
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

import quasar_index as qi
from quasar_index.frameworks import AnchorRegressor, MeanScore
from tests.unit.conftest import photo

PHOTOS = [photo(72, 96, seed) for seed in range(4)]
BATCH = torch.from_numpy(np.stack(PHOTOS)).permute(0, 3, 1, 2).float() / 255


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number, pixels in enumerate(PHOTOS):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return sorted(folder.glob("*.png"))


@pytest.fixture(scope="module")
def starter():
    return qi.metric("starter", device="cpu")


@pytest.fixture(scope="module")
def of_files(paths):
    """Scores of the files as `Scorer` gives them, float64."""
    index = qi.AnchorIndex.open("starter")
    scorer = qi.Scorer(index, qi.Retrieval(), qi.load_encoder(device="cpu"))
    return np.array([row.score for row in scorer.score_files(paths)])


def test_a_metric_is_as_one_of_pyiqa(starter):
    assert (starter.metric_name, starter.metric_mode, starter.lower_better) == ("starter retrieval", "NR", False)
    assert starter.score_range == (0.0, 1.0)
    assert starter.eval() is starter
    assert starter.train(False) is starter
    assert starter(BATCH[0], BATCH[1]).shape == (1,)  # a reference image is ignored


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.uint8])
def test_a_tensor_has_the_scores_of_its_files(starter, of_files, dtype):
    batch = (BATCH * 255).round().to(torch.uint8) if dtype == torch.uint8 else BATCH.to(dtype)
    scores = starter(batch.requires_grad_(dtype.is_floating_point))
    assert (scores.shape, scores.dtype, scores.requires_grad) == ((4,), torch.float32, False)
    # bfloat16 keeps 8 bits of a number, so its pixels are others by a level or two
    np.testing.assert_allclose(scores, of_files, atol=0.02 if dtype == torch.bfloat16 else 1e-6)


def test_paths_and_images_have_those_scores_too(starter, paths, of_files):
    for images in (paths, list(map(str, paths)), [Image.open(path) for path in paths], PHOTOS, np.stack(PHOTOS)):
        np.testing.assert_allclose(starter(images), of_files, atol=1e-6)
    for image in (paths[2], str(paths[2]), Image.open(paths[2]), PHOTOS[2], BATCH[2], BATCH[2:3]):
        assert starter(image).item() == pytest.approx(of_files[2], abs=1e-6)
    assert starter([]).shape == (0,)
    assert starter(BATCH[:0]).shape == (0,)


def test_grey_is_grey(starter):
    grey = BATCH.mean(dim=1, keepdim=True)
    files = [Image.fromarray((one[0] * 255).round().to(torch.uint8).numpy()) for one in grey]
    np.testing.assert_allclose(starter(grey), starter(files), atol=1e-6)


WRONG = {
    "from -1 to 1": (BATCH * 2 - 1, r"from -\S+ to \S+, not from 0 to 1; take \(images \+ 1\) / 2"),
    "from 0 to 255": (BATCH * 255, r"not from 0 to 1; scale, or clamp"),
    "NaN": (BATCH * float("nan"), r"numbers from nan to nan"),
    "whole numbers": ((BATCH * 255).long(), r"holds torch.int64; give numbers from 0 to 1, or uint8"),
    "channels last": (BATCH.permute(0, 2, 3, 1), r"shape \(4, 72, 96, 3\); give \(B, 3, H, W\)"),
    "two axes": (BATCH[0, 0], r"shape \(72, 96\)"),
    "None": (None, r"an image is of type NoneType; give a path, a PIL image"),
    "bytes": (b"a.png", r"an image is of type bytes"),
    "mixed": (["a.png", PHOTOS[0]], r"the list holds both paths and images"),
    "missing": (["a.png"], r"'a.png': cannot be read"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_image_is_one_line(starter, name):
    images, message = WRONG[name]
    with pytest.raises(qi.DataError, match=message) as caught:
        starter(images)
    assert "\n" not in str(caught.value)


def test_a_metric_moves(paths):
    metric = qi.metric("starter", device="cpu")
    assert metric.to(torch.device("cpu")) is metric
    if not torch.cuda.is_available():
        with pytest.raises(qi.EncoderError, match="cuda"):
            metric.to("cuda:7")(paths)
        assert metric.to("cpu")(paths).shape == (4,)
    with pytest.raises(qi.EncoderError, match="no device 'sofa'"):
        metric.to("sofa")


def test_method_and_rating_are_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("QUASAR_INDEX_HOME", str(tmp_path))
    encoder = qi.load_encoder(device="cpu")
    pixels = [photo(64, 64, seed) for seed in range(12)]
    records = {"path": list("abcdefghijkl"), "score": range(12), "appeal": [float(11 - n) for n in range(12)]}
    source = qi.AnchorSource(
        "own", qi.datasets.make_records(records, 12), "no-reference", "median",
        ratings=(qi.datasets.base.Rating("appeal"),),
    )  # fmt: skip
    index = qi.build_from_embeddings("own", source, qi.encode(encoder, pixels), spec=encoder.spec).index
    knn = qi.metric("own", method="knn:top_k=1,space=raw", device="cpu")
    np.testing.assert_allclose(knn(pixels), np.arange(12) / 11, atol=1e-5)
    assert (knn.metric_name, knn.score_range) == ("own knn:top_k=1,space=raw", (0.0, 1.0))
    other = qi.metric(index, method=qi.Knn(1, space="raw"), rating="appeal", device="cpu")
    np.testing.assert_allclose(other(pixels), np.arange(12)[::-1] / 11, atol=1e-5)
    assert qi.metric("own", method="ridge").score_range is None
    assert qi.metric("own").metric_name == "own mean"
    assert qi.metric("own", method="mean:space=auto").scorer.method.is_auto is False
    with pytest.raises(qi.AnchorIndexError, match="'beauty'"):
        qi.metric("own", rating="beauty")
    with pytest.raises(qi.MethodError, match="did you mean 'mean'"):
        qi.metric("own", method="maen")


def test_the_mean_score_is_that_of_all_updates(of_files, paths):
    pytest.importorskip("torchmetrics")
    mean = MeanScore("starter")
    assert mean(BATCH[:1]).item() == pytest.approx(of_files[0], abs=1e-6)  # of this batch alone
    mean.update(BATCH[1:3])
    mean.update(paths[3:])
    assert mean.compute().item() == pytest.approx(of_files.mean(), abs=1e-6)
    assert int(mean.n_images) == 4
    for other in (copy.deepcopy(mean), pickle.loads(pickle.dumps(mean)), mean.clone()):  # noqa: S301
        assert other.compute().item() == pytest.approx(of_files.mean(), abs=1e-6)
        other.update(BATCH)
        assert int(other.n_images) == 8
    mean.reset()
    with pytest.warns(UserWarning, match="before the ``update``"):
        assert torch.isnan(mean.compute())


def test_mean_scores_are_collected_and_synchronised(of_files):
    torchmetrics = pytest.importorskip("torchmetrics")
    both = torchmetrics.MetricCollection({"mean": MeanScore(method="mean"), "retrieval": MeanScore()})
    both.update(BATCH)
    found = both.compute()
    assert found["retrieval"].item() == pytest.approx(of_files.mean(), abs=1e-6)
    assert found["mean"] != found["retrieval"]
    # As two processes would: each has half, and the sums are added.
    halves = [MeanScore(), MeanScore()]
    halves[0].update(BATCH[:1])
    halves[1].update(BATCH[1:])
    halves[0].merge_state(halves[1])
    assert halves[0].compute().item() == pytest.approx(of_files.mean(), abs=1e-6)


def test_without_torchmetrics_it_is_one_line():
    code = (
        "import sys; sys.modules['torchmetrics'] = None\n"
        "import quasar_index as qi\n"
        "qi.frameworks.MeanScore, qi.frameworks.AnchorRegressor\n"
        "try: qi.frameworks.MeanScore()\n"
        "except qi.QuasarError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "torchmetrics is not installed; pip install -e '.[torchmetrics]'\n"


ESTIMATORS = [
    AnchorRegressor(),
    AnchorRegressor("retrieval"),
    AnchorRegressor("ridge"),
    AnchorRegressor(on_scale=False),
]
# What `check_estimator` runs, but for arrays of other libraries: scikit-learn checks those by an option of SciPy.
CHECKS = [
    pytest.param(*one, id=f"{one[0]}-{one[1].func.__name__}-{number}")
    for estimator in ESTIMATORS
    for number, one in enumerate(estimator_checks_generator(estimator))
    if "array_api" not in one[1].func.__name__
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_takes_the_estimator(estimator, check):
    check(estimator)


X = np.random.default_rng(0).normal(size=(160, 12))
Y = 20 + 5 * X[:, 0] + np.random.default_rng(1).normal(size=160)


@pytest.mark.parametrize("method", ["mean", "retrieval", "ridge"])
def test_predictions_are_on_the_scale_of_the_ratings_in_the_order_of_the_scores(method):
    model = AnchorRegressor(method).fit(X[:100], Y[:100])
    found = model.predict(X[100:])
    plain = qi.read_method(method).fit(qi.make_anchors(np.float32(X[:100]), quality=Y[:100])).score(X[100:]).score
    assert qi.srcc(found, plain) == pytest.approx(1)
    assert np.abs(found - Y[100:]).mean() < np.abs(Y[:100].mean() - Y[100:]).mean() / 1.5
    assert model.score(X[100:], Y[100:]) > 0.5
    as_they_are = AnchorRegressor(method, on_scale=False).fit(X[:100], Y[:100])
    np.testing.assert_allclose(as_they_are.predict(X[100:]), plain, rtol=1e-5)


def test_it_works_in_pipelines_and_searches():
    groups = np.arange(160) // 4
    steps = make_pipeline(FunctionTransformer(), AnchorRegressor("ridge"))
    found = cross_val_predict(steps, X, Y, cv=GroupKFold(4), groups=groups)
    assert qi.srcc(found, Y) > 0.9
    search = GridSearchCV(AnchorRegressor(), {"method": ["mean", "knn", "ridge"]}, cv=3).fit(X, Y)
    assert search.best_params_ == {"method": "ridge"}


def test_groups_and_rows_of_zeros():
    with_zero = np.vstack([X, np.zeros((1, 12))])
    model = AnchorRegressor().fit(with_zero, np.append(Y, 1000), groups=[*(np.arange(160) // 2), "alone"])
    assert len(model.fitted_.anchors) == 160
    assert model.predict(with_zero)[-1] == pytest.approx(Y.mean())
    assert len(np.unique(model.fitted_.anchors.groups)) == 80
    buffer = io.BytesIO()
    pickle.dump(model, buffer)
    np.testing.assert_array_equal(pickle.loads(buffer.getvalue()).predict(X), model.predict(X))  # noqa: S301
    with pytest.raises(qi.DataError):
        AnchorRegressor().fit(X, np.ones(160))
