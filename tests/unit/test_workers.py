"""Scoring in other processes: forked ones work or say why not, at once; all else can be pickled."""

import os
import pickle
import subprocess
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

import quasar_index as qi
from tests.unit.conftest import photo

RNG = np.random.default_rng(0)
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

START = """
import os, signal, sys, warnings
import numpy as np, quasar_index as qi

warnings.filterwarnings("ignore", message="lancedb fork")  # LanceDB's own, which a worker does without
warnings.filterwarnings("ignore", category=DeprecationWarning)  # Python's, of forks beside threads
rng = np.random.default_rng(0)
matrix = rng.normal(size=(4000, 128)).astype(np.float32)
queries = rng.normal(size=(300, 128)).astype(np.float32)
images = list(rng.integers(0, 256, (6, 64, 64, 3), dtype=np.uint8))

def fork(work):
    if (child := os.fork()) == 0:
        signal.alarm(20)
        try:
            print("child", work(), flush=True)
        except qi.QuasarError as error:
            print("child", error, flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("child hangs", flush=True)

def build():
    records = qi.datasets.make_records({"path": [str(n) for n in range(4000)], "score": range(4000)}, 4000)
    return qi.build_from_embeddings("own", qi.AnchorSource("own", records, "no-reference", "median"), matrix).index

def score(method):
    fitted = method.fit(qi.make_anchors(matrix, quality=matrix[:, 0]))
    return lambda: fitted.score(queries).score[:3].tolist()
"""
WORKS = {
    # Large enough to be shared among threads.
    "search": "matrix = np.tile(matrix, (6, 2)) + rng.normal(size=(24000, 256)); queries = matrix[:512]\n"
    "work = score(qi.Retrieval(top_k=8, space='raw'))",
    "whitened": "work = score(qi.Mean())",
    "clusters": "work = lambda: score(qi.Clustering(n_clusters=9))()",
    "ridge": "work = lambda: score(qi.Ridge())()",
    "onnx": "e = qi.load_encoder(precision='onnx'); work = lambda: qi.encode(e, images).sum().round(3)",
    "fp32": "e = qi.load_encoder(precision='fp32'); work = lambda: qi.encode(e, images).sum().round(3)",
    "loading": "work = lambda: qi.encode(qi.load_encoder(precision='fp32'), images).sum().round(3)",
    "index": "i = build(); i.anchors(); work = lambda: qi.Scorer(i).score_embeddings(queries).score[:3].tolist()",
    "opened": "build().anchors(); work = lambda: len(qi.AnchorIndex.open('own').anchors())",
}
STREAM = """
from PIL import Image
for n in range(60): Image.fromarray(images[n % 6]).save(f"{n}.png")
encoder, parent = qi.load_encoder(), os.getpid()
anchors = qi.make_anchors(rng.normal(size=(9, 1568)), is_good=[True, False, True] * 3)
rows = qi.Scorer(anchors, encoder=encoder, batch_size=2).score_files(f"{n}.png" for n in range(60))
work = lambda: next(rows).path if os.getpid() == parent else [row.path for row in rows]
"""
REFUSED = {
    "table": ("i = build(); work = lambda: len(i.anchors(where='score < 3000'))", "start workers by 'spawn'"),
    "stream": (STREAM, "begin the run in the worker"),
}


def run(code, place):
    done = subprocess.run(
        [sys.executable, "-c", START + textwrap.dedent(code)],
        capture_output=True, text=True, cwd=place, timeout=90, check=False,
        env=os.environ | {"QUASAR_INDEX_HOME": ".", "OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@forks
@pytest.mark.parametrize("name", WORKS)
def test_a_forked_process_computes_what_its_parent_does(tmp_path, name):
    before, *children = run(
        f"{WORKS[name]}\nprint(work())\nfork(work)\nfork(lambda: (work(), fork(work))[0])", tmp_path
    )
    assert children == [f"child {before}"] * 3


@forks
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_forked_process_cannot_do_is_one_line_at_once(tmp_path, name):
    code, message = REFUSED[name]
    _, *children = run(f"{code}\nprint(work())\nfor n in range(9): fork(work)", tmp_path)
    assert len(children) == 9
    assert all(message in line for line in children)


@forks
def test_pytorchs_workers_score_by_fork(tmp_path):
    code = """
    import torch
    encoder = qi.load_encoder()
    scorer = qi.Scorer(qi.make_anchors(rng.normal(size=(9, 1568)), is_good=[True, False, True] * 3),
                       qi.Retrieval(top_k=2, space="raw"), encoder, cache=qi.EmbeddingCache("cache"))
    from PIL import Image
    for n in range(6): Image.fromarray(images[n]).save(f"{n}.png")
    names = [f"{n}.png" for n in range(6)]
    class Data(torch.utils.data.Dataset):
        def __len__(self):
            return 6
        def __getitem__(self, n):
            return scorer.score_images([images[n]]).score[0], next(scorer.score_files([names[n]])).score
    print([round(row.score, 4) for row in scorer.score_files(names)])
    loader = torch.utils.data.DataLoader(Data(), batch_size=2, num_workers=2, timeout=30,
                                         multiprocessing_context="fork")
    found = torch.cat([torch.stack(batch) for batch in loader], dim=1)
    print(*[np.round(row, 4).tolist() for row in found.numpy()], sep="\\n")
    """
    lines = run(code, tmp_path)
    assert len(lines) == 3
    assert len(set(lines)) == 1


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    place = tmp_path_factory.mktemp("index")
    records = qi.datasets.make_records({"path": [str(n) for n in range(60)], "score": range(60)}, 60)
    source = qi.AnchorSource("own", records, "no-reference", "median")
    spec = qi.load_encoder().spec
    return qi.build_from_embeddings(place / "own", source, RNG.normal(size=(60, spec.dim)), spec=spec).index


def again(value):
    return pickle.loads(pickle.dumps(value))  # noqa: S301


METHODS = [qi.Mean(), qi.Clustering(n_clusters=3), qi.Offset(), qi.Retrieval(top_k=4), qi.Knn(3), qi.Ridge()]


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_what_is_fitted_scores_alike_when_it_was_pickled(method):
    matrix = RNG.normal(size=(60, 16)).astype(np.float32)
    anchors = qi.make_anchors(matrix, quality=matrix[:, 0], groups=np.arange(60) // 2)
    fitted = method.fit(anchors)
    for one in (fitted, qi.Scorer(anchors, method), qi.Scorer(fitted)):
        there = again(one)
        score = (lambda x, one=there: one.score(x)) if one is fitted else there.score_embeddings
        np.testing.assert_array_equal(score(matrix[:9]).score, fitted.score(matrix[:9]).score)
    np.testing.assert_array_equal(again(anchors).directions, anchors.directions)


def test_an_index_is_sent_as_its_place_and_version(index, monkeypatch, tmp_path):
    monkeypatch.chdir(index.path.parent)
    old = qi.AnchorIndex.open("own")
    old.tags.set("first")
    later = old.remove(where="score < 5").index
    pinned = qi.AnchorIndex.open("own", "first")
    sent = [pickle.dumps(one) for one in (old, later, pinned, qi.Scorer(later), qi.Scorer(pinned, qi.Knn(3)))]
    assert max(map(len, sent)) < 20_000
    x = RNG.normal(size=(4, index.manifest.encoder.dim))
    expected = qi.Scorer(later).score_embeddings(x).score
    monkeypatch.chdir(tmp_path)
    got = [pickle.loads(one) for one in sent]  # noqa: S301
    assert [len(one) for one in got[:3]] == [60, 55, 60]
    assert [one.pinned for one in got[:3]] == [False, False, True]
    assert [len(one.fitted.anchors) for one in got[3:]] == [55, 60]
    np.testing.assert_array_equal(got[3].score_embeddings(x).score, expected)


@pytest.mark.parametrize("precision", ["fp32", "onnx"])
@pytest.mark.parametrize("rule", [None, "crop-64"])
def test_an_encoder_is_loaded_again(precision, rule):
    encoder = qi.load_encoder(precision=precision, input_rule=rule, device="cpu")
    images = [photo(70, 90, n) for n in range(3)]
    before = qi.encode(encoder, images)
    there = again(encoder)
    assert (type(there), there.spec, there.spec.runtime) == (type(encoder), encoder.spec, precision)
    np.testing.assert_array_equal(qi.encode(there, images), before)
    lazy = again(qi.encoders.LazyEncoder(encoder.spec, precision=precision))
    np.testing.assert_array_equal(qi.encode(lazy, images), before)
    assert qi.encode(again(lazy), images).shape == before.shape


def test_an_encoder_of_ones_own_is_sent_with_its_network(tmp_path):
    code = """
    import pickle, torch
    from quasar_index.encoders.torch_encoder import TorchEncoder, fingerprint
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
    spec = qi.EncoderSpec("mine", 8, fingerprint(net), qi.encoders.InputRule("none"))
    encoder = TorchEncoder(spec, net.requires_grad_(False), torch.device("cpu"))
    before = qi.encode(encoder, images)
    print(np.array_equal(qi.encode(pickle.loads(pickle.dumps(encoder)), images), before))
    """
    assert run(code, tmp_path) == ["True"]


def scores_of(scorer, paths):
    return os.getpid(), [row.score for row in scorer.score_files(paths)]


@pytest.mark.parametrize("way", ["spawn", "forkserver", pytest.param("fork", marks=forks)])
def test_workers_score_parts_of_a_list(index, tmp_path, write_images, way):
    paths = write_images(6, sizes=((64, 64),))
    scorer = qi.Scorer(index, encoder=qi.load_encoder(), cache=qi.EmbeddingCache(tmp_path / "cache"))
    alone = qi.Scorer(index, encoder=qi.load_encoder())
    expected = [row.score for row in alone.score_files(paths)]
    with ProcessPoolExecutor(2, get_context(way)) as pool:
        parts = list(pool.map(scores_of, [scorer] * 3, [paths[:2], paths[2:4], paths[4:]], timeout=90))
    assert os.getpid() not in {process for process, _ in parts}
    np.testing.assert_allclose([score for _, part in parts for score in part], expected, rtol=1e-4)


def test_a_cache_that_was_pickled_is_the_same_file(tmp_path):
    cache = qi.EmbeddingCache(tmp_path, limit=1 << 20)
    assert (again(cache).path, again(cache).limit) == (cache.path, cache.limit)
