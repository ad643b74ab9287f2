"""The stream of embeddings: order, batches by size, errors, bounded memory."""

import itertools
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from quasar_index.encoders import encode
from quasar_index.encoders import pipeline as pipeline_module
from quasar_index.encoders.pipeline import encode_files
from quasar_index.encoders.spec import InputRule
from quasar_index.errors import DataError, EncoderError, ImageError
from quasar_index.images import content_id, decode
from quasar_index.methods.scoring import Scorer
from tests.unit.conftest import png

SIZES = ((16, 16), (9, 30), (40, 12), (16, 16), (5, 5))


def test_results_come_in_order_and_equal_single_embeddings(tiny_encoder, write_images):
    paths = write_images(61, sizes=SIZES)
    encoder = tiny_encoder()
    results = list(encode_files(paths, encoder, batch_size=4, n_workers=3))
    assert [image.path for image in results] == paths
    assert all(shape[0] <= 4 for shape in encoder.batches)
    # Images of one size share batches, though their neighbours in the list have other sizes.
    assert sum(shape[0] == 4 for shape in encoder.batches) >= 12
    for path, image in zip(paths, results, strict=True):
        data = Path(path).read_bytes()
        pixels = decode(data)
        assert (image.height, image.width) == pixels.shape[:2]
        assert image.id == content_id(data)
        np.testing.assert_allclose(image.embedding, encode(encoder, [pixels])[0], rtol=1e-4, atol=1e-5)


def test_an_embedding_does_not_depend_on_its_batch(tiny_encoder, write_images):
    paths = write_images(20, sizes=((16, 16), (20, 20)))
    encoder = tiny_encoder()
    alone = [image.embedding for path in paths for image in encode_files([path], encoder)]
    for batch_size in (1, 3, 16):
        together = [image.embedding for image in encode_files(paths[::-1], encoder, batch_size=batch_size)][::-1]
        np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_encode_mixes_sizes_and_keeps_the_order(tiny_encoder, write_images):
    images = [decode(Path(path).read_bytes()) for path in write_images(17, sizes=SIZES)]
    encoder = tiny_encoder()
    for batch_size in (1, 4, 100):
        embeddings = encode(encoder, images, batch_size=batch_size)
        for image, embedding in zip(images, embeddings, strict=True):
            np.testing.assert_allclose(embedding, encoder.forward(image[None])[0], rtol=1e-4, atol=1e-5)
    assert encode(encoder, []).shape == (0, 12)
    with pytest.raises(ImageError, match="2 x 3 pixels are too small"):
        encode(encoder, [*images, np.zeros((3, 2, 3), dtype=np.uint8)])


def test_bad_images_are_errors_and_the_stream_goes_on(tiny_encoder, write_images, tmp_path):
    good = write_images(6)
    bad = {
        "empty.png": (b"", "the file is empty"),
        "text.jpg": (b"not a photograph\n", "not an image"),
        "cut.png": (Path(good[0]).read_bytes()[:-40], "cannot be decoded"),
    }
    for name, (data, _) in bad.items():
        (tmp_path / name).write_bytes(data)
    write_images(1, "small", sizes=((3, 50),))
    paths = [
        good[0], str(tmp_path / "empty.png"), good[1], str(tmp_path / "missing.png"), "odd://x.png",
        str(tmp_path / "text.jpg"), good[2], str(tmp_path / "cut.png"), str(tmp_path / "small/0000.png"), str(tmp_path),
        *good[3:],
    ]  # fmt: skip
    results = list(encode_files(paths, tiny_encoder(), batch_size=4))
    assert [image.path for image in results] == paths
    errors = {image.path.rsplit("/", 1)[-1]: image.error for image in results if image.error}
    assert len(errors) == 7
    for name, message in {
        **{name: message for name, (_, message) in bad.items()},
        "missing.png": "cannot be read (No such file",
        "x.png": "Protocol not known",
        tmp_path.name: "Is a directory",
    }.items():
        assert message in errors[name]
    small = results[8]
    assert "50 x 3 pixels are too small for the encoder, which needs 4 a side" in small.error
    assert [image.path for image in results if image.embedding is not None] == good


def test_errors_of_a_sources_own_reader_are_rows_too(tiny_encoder, write_images):
    paths = write_images(3)

    def read(path):
        if path == paths[1]:
            raise DataError("the shard is cut off")
        return Path(path).read_bytes()

    results = list(encode_files(paths, tiny_encoder(), read=read))
    assert [image.error for image in results] == ["", "the shard is cut off", ""]


def test_too_large_images_are_errors(tiny_encoder, write_images):
    results = list(encode_files(write_images(2, sizes=((8, 8), (8, 9))), tiny_encoder(), max_pixels=64))
    assert results[0].embedding is not None
    assert "9 x 8 pixels are more than the limit of 64" in results[1].error


def test_very_wide_images(tiny_encoder, write_images):
    (wide,) = write_images(1, sizes=((8, 20000),))
    (native,) = encode_files([wide], tiny_encoder())
    assert (native.width, native.height, native.error) == (20000, 8, "")
    (line,) = write_images(1, "line", sizes=((1, 20000),))
    # Scaled to a shorter side of 224 it would be 4,480,000 pixels wide, 3 GB.
    (cropped,) = encode_files([line], tiny_encoder(InputRule("crop", 224)))
    assert "20000 x 1 pixels would become 4480000 x 224" in cropped.error


def test_embeddings_that_are_not_finite_or_zero_are_errors(tiny_encoder, write_images):
    encoder = tiny_encoder()
    forward = encoder.forward
    paths = write_images(4)
    wrong = {
        encoder.prepare(decode(Path(path).read_bytes())).tobytes(): factor
        for path, factor in zip(paths, (np.nan, 0.0), strict=False)
    }

    def broken(batch):
        return forward(batch) * wrong.get(batch[0].tobytes(), 1.0)

    encoder.forward = broken
    results = list(encode_files(paths, encoder, batch_size=1))
    assert ["not finite or zero" in image.error for image in results] == [True, True, False, False]
    assert [image.embedding is None for image in results] == [True, True, False, False]


def test_known_images_are_not_embedded(tiny_encoder, write_images):
    paths = write_images(5)
    encoder = tiny_encoder()
    known = {content_id(Path(path).read_bytes()) for path in paths[1:3]}
    results = list(encode_files(paths, encoder, known=known))
    assert [image.embedding is None for image in results] == [False, True, True, False, False]
    assert sum(shape[0] for shape in encoder.batches) == 3


def test_copies_have_the_embedding_of_the_first(tiny_encoder, write_images):
    path, *others = write_images(3)
    encoder = tiny_encoder()
    results = list(encode_files([path] * 3 + others + [path] * 40, encoder, batch_size=2, n_workers=1))
    assert all((image.embedding == results[0].embedding).all() for image in [*results[:3], *results[5:]])
    assert sum(shape[0] for shape in encoder.batches) <= 6


def test_copies_do_not_wait_for_a_batch_that_never_fills(tiny_encoder, write_images):
    (path,) = write_images(1)
    data = Path(path).read_bytes()
    encoder, embedded = tiny_encoder(), threading.Event()
    forward = encoder.forward

    def begun(batch):
        embedded.set()
        return forward(batch)

    encoder.forward = begun
    together = threading.Barrier(3)
    taken = itertools.count()

    def read(name):
        # Three are prepared before the first batch of two: the third is alone in the next one.
        together.wait(10) if int(name) < 3 else embedded.wait(10)
        return data

    stream = encode_files((str(next(taken)) for _ in range(5000)), encoder, batch_size=2, n_workers=3, read=read)
    for _ in range(4):
        next(stream)
    stream.close()
    assert next(taken) < 1000
    assert encoder.batches[0][0] == 2


def test_a_generator_is_read_a_bounded_way_ahead(tiny_encoder, write_images):
    files = write_images(80)  # different ones: of copies some answer at once, while another is being decoded
    taken = 0

    def paths():
        nonlocal taken
        for path in files:
            taken += 1
            yield path

    stream = encode_files(paths(), tiny_encoder(), batch_size=2, n_workers=2)
    for n in range(1, 20):
        next(stream)
        assert taken <= n + 20
    stream.close()  # an abandoned stream ends its threads
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_pixels_in_front_of_the_encoder_stay_below_the_budget(tiny_encoder, monkeypatch):
    # Every image has its own size, so that no batch ever fills: without a limit all would wait till the end.
    limit = 200_000
    monkeypatch.setattr(pipeline_module, "WAITING_BYTES", limit)
    budgets = []

    class Budget(pipeline_module.Budget):
        def __init__(self, *arguments, **more):
            super().__init__(*arguments, **more)
            budgets.append(self)

    monkeypatch.setattr(pipeline_module, "Budget", Budget)
    encoder = tiny_encoder()
    forward, alive, lock = encoder.forward, [0, 0], threading.Lock()
    prepare = encoder.prepare

    def counted_prepare(image):
        with lock:
            alive[0] += image.nbytes
            alive[1] = max(alive)
        return prepare(image)

    def slow_forward(batch):
        time.sleep(0.005)
        embeddings = forward(batch)
        with lock:
            alive[0] -= batch.nbytes
        return embeddings

    encoder.prepare, encoder.forward = counted_prepare, slow_forward

    results = list(
        encode_files(
            [str(n) for n in range(150)],
            encoder,
            batch_size=8,
            n_workers=4,
            read=lambda path: png(int(path), (20, 20 + int(path))),
        )
    )
    assert [image.width for image in results] == list(range(20, 170))
    assert all(image.embedding is not None for image in results)
    (budget,) = budgets
    assert limit / 2 < budget.peak <= limit
    assert limit / 4 < alive[1] <= limit  # what the encoder has not seen yet, counted from outside
    assert budget.used == 0


def test_an_image_larger_than_the_whole_budget_is_let_in_alone(tiny_encoder, monkeypatch):
    monkeypatch.setattr(pipeline_module, "WAITING_BYTES", 1000)

    sizes = [(40, 40), (4, 5), (60, 50), (4, 4), (4, 4)]
    results = list(
        encode_files(
            [str(n) for n in range(5)], tiny_encoder(), n_workers=3, read=lambda path: png(0, sizes[int(path)])
        )
    )
    assert [(image.height, image.width) for image in results] == sizes
    assert not any(image.error for image in results)


def test_a_crop_does_not_keep_the_whole_image(tiny_encoder, monkeypatch, write_images):
    kept = []
    loaded = pipeline_module._Run._loaded

    def look(self, row, future):
        kept.append(future.result()[1].base)
        loaded(self, row, future)

    monkeypatch.setattr(pipeline_module._Run, "_loaded", look)
    results = list(encode_files(write_images(2, sizes=((30, 50),)), tiny_encoder(InputRule("crop", 8))))
    assert len(results) == 2
    assert not any(isinstance(base, np.ndarray) for base in kept)


def test_an_error_of_the_encoder_ends_the_stream_and_its_threads(tiny_encoder, write_images):
    encoder = tiny_encoder()

    def broken(batch):
        raise EncoderError("the network is broken")

    encoder.forward = broken
    with pytest.raises(EncoderError, match="broken"):
        list(encode_files(write_images(40), encoder, batch_size=4))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_images_are_loaded_while_the_encoder_works_in_the_callers_thread(tiny_encoder, write_images):
    encoder, paths = tiny_encoder(), write_images(64)
    forward, read_files, threads, ahead = encoder.forward, threading.Semaphore(0), set(), []

    def read(path):
        read_files.release()
        return Path(path).read_bytes()

    def slow(batch):
        # A second set of OpenMP threads, made for another thread, would slow down both.
        threads.add(threading.current_thread())
        ahead.append(all(read_files.acquire(timeout=10) for _ in range(4)))
        return forward(batch)

    encoder.forward = slow
    stream = encode_files(paths, encoder, batch_size=4, n_workers=2, read=read)
    assert sum(1 for image in stream if not image.error) == 64
    assert threads == {threading.current_thread()}
    assert ahead == [True] * 16


def test_finished_results_do_not_pile_up_behind_an_unfinished_image(tiny_encoder, write_images, monkeypatch):
    # The first image's size never comes again: it must not hold back the rest until the end.
    monkeypatch.setattr(pipeline_module, "WAITING_RESULTS", 10)
    odd, common = write_images(1, "odd", sizes=((30, 31),))[0], write_images(1, "common")[0]
    taken = 0

    def paths():
        nonlocal taken
        for taken in range(500):
            yield odd if taken == 0 else common

    stream = encode_files(paths(), tiny_encoder(), batch_size=4, n_workers=2)
    assert next(stream).path == odd
    assert taken < 60
    assert sum(1 for _ in stream) == 499


def test_large_images_go_in_small_batches(tiny_encoder, write_images, monkeypatch):
    monkeypatch.setattr(pipeline_module, "BATCH_PIXELS", 1000)
    encoder = tiny_encoder()
    list(encode_files(write_images(12, sizes=((16, 16), (40, 40))), encoder, batch_size=8))
    assert {shape[0] for shape in encoder.batches if shape[2] == 40} == {1}
    assert max(shape[0] for shape in encoder.batches if shape[2] == 16) == 3


def test_decoding_runs_ahead_in_threads(tiny_encoder, write_images):
    data = Path(write_images(1)[0]).read_bytes()
    together = threading.Barrier(4)

    def read(path):
        together.wait(timeout=30)  # fails unless four are read at a time
        return data

    results = list(encode_files(["x"] * 24, tiny_encoder(), n_workers=4, read=read))
    assert [image.error for image in results] == [""] * 24


def test_a_scorer_streams_files_in_order(tiny_encoder, write_images, tmp_path):
    from quasar_index.methods import Mean, Retrieval
    from quasar_index.own_anchors import make_anchors

    paths = write_images(40, sizes=SIZES)
    paths.insert(3, str(tmp_path / "missing.png"))
    encoder = tiny_encoder()
    rng = np.random.default_rng(0)
    anchors = make_anchors(rng.normal(size=(30, 12)), is_good=np.arange(30) < 10)
    images = [decode(Path(path).read_bytes()) for path in paths if "missing" not in path]
    for aggregator in (Mean(), Retrieval(4)):
        scorer = Scorer(anchors, aggregator, encoder=encoder, batch_size=4)
        rows = list(scorer.score_files(iter(paths)))
        assert [row.path for row in rows] == paths
        assert rows[3].score is None
        assert "cannot be read" in rows[3].error
        scores = [row.score for row in rows if not row.error]
        np.testing.assert_allclose(scores, scorer.score_images(images).score, atol=1e-5)
