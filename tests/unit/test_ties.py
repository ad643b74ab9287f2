"""Equal files have equal scores, whatever batches they come in."""

import logging
import os
import shutil
import sqlite3

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.encoders import pipeline


class Rounding:
    """An encoder whose result depends on the batch, as rounding does, but more."""

    def __init__(self, encoder):
        self.encoder = encoder
        self.spec = encoder.spec
        self.n_images = 0

    def prepare(self, image):
        return self.encoder.prepare(image)

    def forward(self, batch):
        found = self.encoder.forward(batch)
        noise = np.random.default_rng(self.n_images).normal(0, 1e-3, found.shape)
        self.n_images += len(batch)
        return (found + noise).astype(np.float32)


@pytest.fixture
def files(write_images, tmp_path):
    """Files of two sizes, and copies of one of them between them."""
    paths = write_images(40, sizes=((16, 16), (16, 24)))
    first = paths[3]
    for n in range(10):
        shutil.copyfile(first, tmp_path / f"copy {n}.png")
        paths.insert(4 * n, str(tmp_path / f"copy {n}.png"))
    return paths


def anchors():
    rng = np.random.default_rng(0)
    return qi.make_anchors(rng.normal(size=(20, 12)), is_good=[True, False] * 10)


def copies(rows):
    return [row for row in rows if "copy" in row.path]


@pytest.mark.parametrize("method", [qi.Mean(space="raw"), qi.Retrieval(top_k=3)])
@pytest.mark.parametrize("recent", [1, 4096])
def test_copies_of_a_file_tie(tiny_encoder, files, monkeypatch, method, recent):
    monkeypatch.setattr(pipeline, "RECENT", recent)
    scorer = qi.Scorer(anchors(), method, Rounding(tiny_encoder()), batch_size=3)
    rows = list(scorer.score_files(files))
    found = copies(rows)
    assert len({(row.score, row.similarity_good, row.familiarity) for row in found}) == 1
    assert len({row.score for row in rows}) == 40
    assert [row.path for row in rows] == files
    # Embeddings, too, as long as the first one is remembered.
    assert (len({row.embedding.tobytes() for row in found}) == 1) == (recent > 1)
    assert scorer.encoder.n_images < len(files) or recent == 1


def test_copies_tie_by_another_rating_in_blocks(tiny_encoder, files, monkeypatch):
    monkeypatch.setattr(pipeline, "RECENT", 1)
    rows = list(qi.Scorer(anchors(), qi.Mean(), Rounding(tiny_encoder()), batch_size=3).score_files(files))
    other = qi.Scorer(anchors(), qi.Mean(temperature=1), ties=qi.methods.Ties())
    parts = [other.score_again(rows[start : start + 7]) for start in range(0, len(rows), 7)]
    assert len({row.score for part in parts for row in copies(part)}) == 1


def test_calls_share_what_ties_only_where_they_are_told_to(tiny_encoder, files):
    for ties, n_scores in ((None, 2), (qi.methods.Ties(), 1)):
        scorer = qi.Scorer(anchors(), qi.Mean(), Rounding(tiny_encoder()), ties=ties)
        assert len({row.score for _ in range(2) for row in copies(scorer.score_files(files))}) == n_scores


def test_a_bad_copy_is_a_row_each(tiny_encoder, tmp_path):
    paths = [str(tmp_path / name) for name in "abc"]
    for path in paths:
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(b"no image")
    rows = list(qi.Scorer(anchors(), encoder=tiny_encoder()).score_files(paths))
    assert [(row.path, bool(row.error), row.score) for row in rows] == [(path, True, None) for path in paths]


def test_rated_copies_have_one_embedding(tiny_encoder, files, monkeypatch):
    monkeypatch.setattr(pipeline, "RECENT", 1)
    records = qi.datasets.make_records({"path": files, "score": np.arange(50.0)}, 50)
    source = qi.AnchorSource("own", records, "no-reference", "median")
    images = qi.embed_rated(qi.rated_source(source), Rounding(tiny_encoder()), batch_size=3)
    rows = [row for row, path in enumerate(files) if "copy" in path]
    assert len({images.embeddings[row].tobytes() for row in rows}) == 1


def test_a_full_disk_costs_no_run(monkeypatch, caplog):
    def full(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    ties, row = qi.methods.Ties(), (0.5, None, None, None)
    with caplog.at_level(logging.WARNING):
        assert ties.tied(["a"], [row]) == ties.tied(["a"], [row]) == [row]
    assert caplog.text.count("database or disk is full") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_its_own():
    ties = qi.methods.Ties()
    ties.tied(["a"], [(0.25, None, None, None)])
    if (child := os.fork()) == 0:
        (row,) = ties.tied(["a"], [(0.5, None, None, None)])
        os._exit(0 if row[0] == 0.5 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ties.tied(["a"], [(0.5, None, None, None)])[0][0] == 0.25
