"""Methods that predict ratings: k nearest neighbours and ridge regression against naive versions and scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.encoders.pipeline import encode_files
from quasar_index.methods.shrinkage import left_out_errors


@pytest.fixture
def rated():
    """Return embeddings (40, 6), their ratings, and 5 queries, of lengths other than one."""
    rng = np.random.default_rng(0)
    embeddings = (rng.normal(size=(45, 6)) + 1).astype(np.float32)
    quality = embeddings @ rng.normal(size=6) + 0.1 * rng.normal(size=45)
    return embeddings[:40], quality[:40], embeddings[40:]


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [None, 0.1])
def test_knn_is_the_weighted_mean_of_the_nearest(rated, temperature):
    embeddings, quality, queries = rated
    scores = qi.Scorer(
        qi.make_anchors(embeddings, quality=quality), qi.Knn(7, temperature, space="raw")
    ).score_embeddings(queries)
    for query, score in zip(unit(queries), scores.score, strict=True):
        cosine = unit(embeddings) @ query
        near = np.argsort(-cosine)[:7]
        weights = np.maximum(cosine[near], 0) if temperature is None else np.exp(cosine[near] / temperature)
        assert score == pytest.approx(np.average(quality[near], weights=weights), abs=1e-5)
    assert np.isnan(scores.similarity_good).all()


def test_knn_without_a_similar_anchor_is_the_mean():
    anchors = qi.make_anchors([[1.0, 0.0], [1.0, 0.01]], quality=[1.0, 3.0])
    assert qi.Scorer(anchors, qi.Knn(2, space="raw")).score_embeddings([[-1.0, 0.0]]).score == pytest.approx([2.0])


def test_knn_says_when_there_are_fewer_anchors(rated, caplog):
    embeddings, quality, queries = rated
    scores = qi.Scorer(qi.make_anchors(embeddings, quality=quality), qi.Knn(100)).score_embeddings(queries)
    assert np.isfinite(scores.score).all()
    assert "top-k 100 is more than the 40 anchors" in caplog.text


@pytest.mark.parametrize("space", ["raw", "centred", "whitened"])
def test_ridge_is_scikit_learns_in_the_space(rated, space):
    from sklearn.linear_model import RidgeCV

    embeddings, quality, queries = rated
    anchors = qi.make_anchors(embeddings, quality=quality)
    fitted = qi.methods.fit_space(anchors, space)
    inside = [x if space == "raw" else fitted.apply(unit(x)) for x in (embeddings, queries)]
    scale = np.sqrt(np.mean(np.sum((inside[0] - inside[0].mean(axis=0)) ** 2, axis=1)))
    expected = RidgeCV(alphas=(0.1, 1, 10, 100)).fit(inside[0] / scale, quality).predict(inside[1] / scale)
    scores = qi.Scorer(anchors, qi.Ridge(space=space)).score_embeddings(queries)
    assert scores.score == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("n", "dim"), [(50, 96), (120, 24)])
@pytest.mark.parametrize("scale", [0.1, 30.0])
def test_ridge_without_rescaling_is_scikit_learns(n, dim, scale):
    from sklearn.linear_model import Ridge, RidgeCV

    rng = np.random.default_rng(n)
    embeddings = ((rng.normal(size=(n + 40, dim)) + 1) * scale).astype(np.float32)
    quality = embeddings @ rng.normal(size=dim) / scale + rng.normal(size=n + 40)
    anchors, queries = qi.make_anchors(embeddings[:n], quality=quality[:n]), embeddings[n:]
    inside = anchors.directions.astype(np.float64) * anchors.norms[:, None]
    for alpha in (0.1, 1.0, 10.0, 100.0):
        expected = Ridge(alpha=alpha).fit(inside, anchors.quality).predict(queries)
        found = qi.Ridge((alpha,), rescale=False, space="raw").fit(anchors).score(queries).score
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    chosen = RidgeCV(alphas=(0.1, 1, 10, 100)).fit(inside, anchors.quality)
    found = qi.read_method("ridge:rescale=false,space=raw").fit(anchors).score(queries).score
    np.testing.assert_allclose(found, chosen.predict(queries), rtol=1e-6, atol=1e-6)
    assert str(qi.Ridge(rescale=False, space="raw")) == "ridge:rescale=false,space=raw"


def test_ridge_does_not_mind_the_scale_of_the_embeddings(rated):
    embeddings, quality, queries = rated
    one, other = (
        qi.Scorer(qi.make_anchors(embeddings * s, quality=quality), qi.Ridge()).score_embeddings(queries * s).score
        for s in (1, 100)
    )
    assert one == pytest.approx(other, abs=1e-4)


def test_they_need_ratings_and_sound_parameters(rated):
    embeddings, _, _ = rated
    anchors = qi.make_anchors(embeddings, is_good=[True] * 20 + [False] * 20)
    for method in (qi.Knn(), qi.Ridge()):
        with pytest.raises(qi.MethodError, match="needs an opinion score"):
            qi.Scorer(anchors, method)
    for make in (lambda: qi.Knn(0), lambda: qi.Knn(3, 0.0), lambda: qi.Ridge(()), lambda: qi.Ridge((0.0,))):
        with pytest.raises(qi.MethodError):
            make()
    alike = qi.make_anchors(np.ones((3, 2)), quality=[1, 2, 3])
    with pytest.raises(qi.MethodError, match="all alike"):
        qi.Scorer(alike, qi.Ridge())


def test_files_scored_by_a_head_have_no_similarities(rated, tiny_encoder, write_images):
    encoder = tiny_encoder()
    paths = write_images(6)
    embeddings = np.stack([image.embedding for image in encode_files(paths, encoder)])
    scorer = qi.Scorer(qi.make_anchors(embeddings, quality=np.arange(6)), qi.Knn(1), encoder=encoder)
    rows = list(scorer.score_files([*paths, "missing.png"]))
    assert [row.score for row in rows[:6]] == pytest.approx(range(6), abs=1e-6)
    assert rows[0].similarity_good is None
    assert rows[6].error


@pytest.mark.parametrize(("n", "dim"), [(60, 5), (60, 80), (60, 59)])
@pytest.mark.parametrize("sizes", ["single", "equal", "one large"])
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 100.0])
def test_errors_without_a_group_are_those_of_fitting_again_without_it(n, dim, sizes, alpha):
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(3)
    groups = {"single": np.arange(n), "equal": np.arange(n) % 12, "one large": np.arange(n) // 45}[sizes]
    vectors, quality = rng.normal(size=(n, dim)) + rng.normal(size=dim), rng.normal(size=n) + 3
    expected = np.empty(n)
    for group in np.unique(groups):
        out = groups == group
        expected[out] = quality[out] - Ridge(alpha=alpha).fit(vectors[~out], quality[~out]).predict(vectors[out])
    centred = vectors - vectors.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    left, squares = left[:, singular > 1e-9], singular[singular > 1e-9] ** 2
    filters = squares / (squares + alpha)
    for codes in (groups, None) if sizes == "single" else (groups,):
        [found] = left_out_errors(left, [filters], quality - quality.mean(), codes)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * max(1, 1 / alpha))


def test_ridge_leaves_out_groups_to_choose_its_penalty():
    # 150 contents x 10 versions: a version of an image gives it away, so leaving out single images wants no penalty.
    alone, together, best = [], [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        better = rng.normal(size=150)
        better /= np.linalg.norm(better)
        sets = []
        for _ in range(2):
            content = np.repeat(rng.normal(size=(150, 150)), 10, axis=0)
            quality = np.repeat(rng.normal(size=150), 10) + 0.2 * rng.normal(size=1500)
            noise = 0.05 * rng.normal(size=(1500, 150))
            sets.append((content + noise + 0.7 * quality[:, None] * better, quality))
        (embeddings, quality), (others, truth) = sets

        def reached(method, groups, embeddings=embeddings, quality=quality, others=others, truth=truth):
            anchors = qi.make_anchors(embeddings, quality=quality, groups=groups)
            return qi.srcc(qi.Scorer(anchors, replace(method, space="raw")).score_embeddings(others).score, truth)

        alone.append(reached(qi.Ridge(), None))
        together.append(reached(qi.Ridge(), np.arange(1500) // 10))
        best.append(max(reached(qi.Ridge((alpha,)), None) for alpha in qi.Ridge().alphas))
    assert np.mean(together) > np.mean(alone) + 0.1
    assert np.mean(together) > np.mean(best) - 0.03


def test_ridge_of_one_penalty_or_one_group(rated):
    embeddings, quality, queries = rated
    one = qi.Scorer(qi.make_anchors(embeddings, quality=quality), qi.Ridge((1.0,))).score_embeddings(queries).score
    assert np.isfinite(one).all()
    several = qi.Scorer(qi.make_anchors(embeddings, quality=quality), qi.Ridge()).score_embeddings(queries).score
    same = qi.make_anchors(embeddings, quality=quality, groups=["a"] * 40)
    assert qi.Scorer(same, qi.Ridge()).score_embeddings(queries).score.tolist() == several.tolist()


def test_an_index_gives_ridge_its_references_as_groups(tmp_path):
    rng = np.random.default_rng(0)
    records = make_records(
        {
            "path": [f"{i}.png" for i in range(60)],
            "score": rng.normal(size=60),
            "reference": [f"r{i // 6}" for i in range(60)],
        },
        60,
    )
    source = AnchorSource("own", records, "no-reference", "median")
    index = qi.build_from_embeddings(tmp_path / "own", source, rng.normal(size=(60, 9)).astype(np.float32)).index
    assert index.content_column() == "reference"
    queries = rng.normal(size=(5, 9))
    with_groups = qi.Scorer(index.anchors(group="reference"), qi.Ridge()).score_embeddings(queries).score
    assert qi.Scorer(index, qi.Ridge()).score_embeddings(queries).score.tolist() == with_groups.tolist()
