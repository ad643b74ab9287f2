"""Explanations of a run: what does not depend on the image is made once."""

import faiss
import numpy as np
import pytest

from quasar_index.methods import Clustering, Retrieval
from quasar_index.methods.explanation import explain
from quasar_index.methods.knn import Knn
from quasar_index.methods.scoring import Scorer
from quasar_index.own_anchors import make_anchors


@pytest.fixture
def trained(monkeypatch):
    """Return a list that grows by one with every run of k-means."""
    runs = []
    train = faiss.Kmeans.train

    def counted(self, *arguments, **options):
        runs.append(self.k)
        return train(self, *arguments, **options)

    monkeypatch.setattr(faiss.Kmeans, "train", counted)
    return runs


@pytest.fixture
def anchors():
    rng = np.random.default_rng(0)
    return make_anchors(rng.normal(0.3, 1, (60, 6)), quality=rng.random(60), is_good=np.arange(60) % 2 == 0)


def test_blocks_of_images_are_explained_by_one_clustering(trained, anchors):
    scorer = Scorer(anchors, Clustering(5))
    assert trained == [5, 5]  # for the score, one a side
    queries = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32)
    whole = list(explain(scorer.fitted, queries))
    blocks = [found for start in range(0, 40, 4) for found in explain(scorer.fitted, queries[start : start + 4])]
    list(explain(scorer.fitted, queries, top=3))
    assert trained == [5, 5, 5, 5]
    for one, other in zip(whole, blocks, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_array_equal(one.weight, other.weight)


@pytest.mark.parametrize("method", [Retrieval(3, blend=0.5), Knn(3)])
def test_members_that_depend_on_the_image_are_not_kept(method, anchors):
    assert method.fit(anchors).static_members is None
