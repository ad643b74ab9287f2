"""No image is embedded twice, and a cache costs time at worst: it raises nothing and never gives a wrong embedding."""

import resource
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.encoders import embedding_cache as module
from quasar_index.encoders import pipeline as pipeline_module
from quasar_index.encoders.pipeline import encode_files
from quasar_index.sizes import read_size, size_text
from tests.unit.conftest import png

DIM = 12
FOLDER = "cache"


@pytest.fixture
def cache(tmp_path):
    """Return a function that opens the cache of this test, as another process would."""
    return lambda **options: qi.EmbeddingCache(tmp_path / FOLDER, **options)


def embed(paths, encoder, cache, **options):
    """Return the (n, D) embeddings of files."""
    images = list(encode_files(paths, encoder, cache=cache, **options))
    assert not [image.error for image in images if image.error]
    return np.stack([image.embedding for image in images])


def as_runtime(encoder, runtime):
    encoder.spec = replace(encoder.spec, runtime=runtime)
    return encoder


def n_embedded(encoder):
    n = sum(batch[0] for batch in encoder.batches)
    encoder.batches.clear()
    return n


def test_a_second_look_embeds_and_decodes_nothing_and_gives_the_same_bits(
    cache, tiny_encoder, write_images, monkeypatch
):
    paths = write_images(40, sizes=((16, 16), (9, 30)))
    encoder = tiny_encoder()
    anchors = qi.make_anchors(np.random.default_rng(0).normal(size=(30, DIM)), is_good=np.arange(30) < 10)
    first = list(qi.Scorer(anchors, qi.Mean(), encoder, cache=cache()).score_files(paths))
    assert n_embedded(encoder) == 40
    alone = list(qi.Scorer(anchors, qi.Mean(), encoder).score_files(paths))
    assert [row.score for row in first] == pytest.approx([row.score for row in alone], abs=1e-6)
    encoder.batches.clear()
    monkeypatch.setattr(pipeline_module, "decode", None)
    again = cache()
    second = list(qi.Scorer(anchors, qi.Mean(), encoder, cache=again).score_files(paths[::-1]))[::-1]
    assert second == first
    assert all((a.embedding == b.embedding).all() for a, b in zip(first, second, strict=True))
    assert second[0].embedding.dtype == np.float32
    assert (n_embedded(encoder), again.n_found) == (0, 40)
    (image,) = encode_files(paths[1:2], encoder, cache=again)
    assert (image.width, image.height, image.is_found) == (30, 9, True)


def test_content_counts_not_names_and_is_embedded_once_in_a_run(cache, tiny_encoder, write_images, tmp_path):
    paths = write_images(3)
    copies = [shutil.copy(path, tmp_path / f"copy-{n}.png") for n, path in enumerate(paths)]
    encoder = tiny_encoder()
    embed([*paths, *copies], encoder, cache(), batch_size=1, n_workers=1)
    assert n_embedded(encoder) < 6
    embed(list(map(str, copies)), encoder, cache())
    assert n_embedded(encoder) == 0
    Path(paths[0]).write_bytes(png(99))
    embed(paths, encoder, cache())
    assert n_embedded(encoder) == 1


def test_everything_that_decides_an_embedding_tells_encoders_apart(cache, tiny_encoder, write_images):
    paths = write_images(4)
    embed(paths, tiny_encoder(), cache())
    rule = qi.encoders.InputRule("none", min_side=4)
    others = [
        tiny_encoder(seed=1),
        tiny_encoder(replace(rule, version=1)),
        tiny_encoder(replace(rule, resize="crop", size=8)),
        tiny_encoder(replace(rule, mean=(0.5, 0.5, 0.5))),
    ]
    others.append(tiny_encoder())
    others[-1].spec = replace(others[-1].spec, layers="stats")
    for other in others:
        expected = embed(paths, other, None)
        other.batches.clear()
        assert embed(paths, other, cache()) == pytest.approx(expected, abs=1e-6)
        assert n_embedded(other) == 4
    assert {share.rule for share in cache().shares()} == {1, 2}
    same = tiny_encoder(name="another name")
    embed(paths, same, cache())
    assert n_embedded(same) == 0


def test_float32_runtimes_serve_each_other_and_reduced_precision_serves_none(cache, tiny_encoder, write_images):
    paths = write_images(4)
    for runtime in ("openvino", "fp16", "bf16", "openvino-bf16", "a new one"):
        encoder = as_runtime(tiny_encoder(), runtime)
        embed(paths, encoder, cache())
        assert n_embedded(encoder) == 4
    for runtime in ("fp32", "onnx", "openvino", "", "fp16", "bf16", "openvino-bf16", "a new one"):
        encoder = as_runtime(tiny_encoder(), runtime)
        embed(paths, encoder, cache())
        assert n_embedded(encoder) == 0
    on_a_gpu = as_runtime(_On(tiny_encoder(), "cuda:1"), "fp32")
    embed(paths, on_a_gpu, cache())
    assert n_embedded(on_a_gpu) == 4
    embed(paths, _On(tiny_encoder(), "cuda:0"), cache())
    shares = {share.runtime: share.n_images for share in cache().shares()}
    # What made the float32 ones is recorded.
    assert shares == dict.fromkeys(["openvino", "fp16", "bf16", "openvino-bf16", "a new one", "fp32 on cuda"], 4)


class _On:
    """An encoder that says of itself where it runs."""

    def __init__(self, encoder, device):
        self.spec, self.device, self.batches = encoder.spec, device, encoder.batches
        self.prepare, self.forward = encoder.prepare, encoder.forward


def test_an_encoder_that_finds_its_runtime_as_it_runs_looks_where_it_belongs(cache, tiny_encoder, write_images):
    paths = write_images(12)
    encoder = as_runtime(tiny_encoder(), "")
    forward = encoder.forward

    def choosing(batch):
        encoder.spec = replace(encoder.spec, runtime="bf16")
        return forward(batch)

    encoder.forward = choosing
    embed(paths, encoder, cache(), batch_size=4, n_workers=1)
    assert [(share.runtime, share.n_images) for share in cache().shares()] == [("bf16", 12)]


def test_an_encoder_of_unknown_weights_is_not_cached(cache, tiny_encoder, write_images):
    encoder = tiny_encoder()
    encoder.spec = replace(encoder.spec, fingerprint="")
    for _ in range(2):
        embed(write_images(2), encoder, cache())
        assert n_embedded(encoder) == 2
    assert not cache().path.exists()


def test_a_known_image_that_is_too_large_now_is_an_error_all_the_same(cache, tiny_encoder, write_images):
    paths = write_images(2, sizes=((8, 8), (8, 9)))
    embed(paths, tiny_encoder(), cache())
    errors = [image.error for image in encode_files(paths, tiny_encoder(), max_pixels=64, cache=cache())]
    assert errors[0] == ""
    assert "9 x 8 pixels are more than the limit of 64" in errors[1]


def test_an_interrupted_run_keeps_what_it_has_embedded(cache, tiny_encoder, write_images):
    paths = write_images(20)
    stream = encode_files(paths, tiny_encoder(), batch_size=4, cache=cache())
    for _ in range(9):
        next(stream)
    stream.close()
    encoder = tiny_encoder()
    embed(paths, encoder, cache())
    assert n_embedded(encoder) <= 20 - 9


def fill(cache, encoder, n, first=0):
    """Keep n embeddings of images of these numbers."""
    for number in range(first, first + n):
        cache.keep(f"{number:032x}", encoder, np.full(encoder.spec.dim, number + 1, np.float32), 8, 8)
    cache.flush()


def found(cache, encoder, n):
    return {number for number in range(n) if cache.find(f"{number:032x}", encoder) is not None}


def test_what_was_not_used_for_the_longest_time_makes_room(cache, tiny_encoder, monkeypatch):
    encoder, now, limit = tiny_encoder(dim=500), 1e9, 4_000_000  # room for 1,800
    monkeypatch.setattr(module.time, "time", lambda: now)
    for part in range(3):
        fill(cache(limit=limit), encoder, 500, first=500 * part)
        now += 10_000
    user = cache(limit=limit)
    assert found(user, encoder, 50) == set(range(50))  # the oldest, which are used again
    user.flush()
    now += 10_000
    for part in range(3, 5):
        fill(cache(limit=limit), encoder, 500, first=500 * part)
        now += 10_000
        assert cache().n_bytes <= limit
    there = found(cache(limit=limit), encoder, 2500)
    assert there >= {*range(50), *range(1500, 2500)}
    gone = sorted(set(range(2500)) - there)
    assert gone == list(range(50, 50 + len(gone)))
    assert 700 < len(gone) < 1100


def test_one_run_fills_half_at_most(cache, tiny_encoder):
    encoder, limit = tiny_encoder(dim=500), 4_000_000
    fill(cache(limit=limit), encoder, 2000)
    n = len(found(cache(), encoder, 2000))
    assert n == pytest.approx(limit / 2 / (4 * 500), rel=0.15)
    assert limit / 4 < cache().n_bytes <= 0.6 * limit


def test_a_limit_of_nothing_keeps_nothing(cache, tiny_encoder, write_images, monkeypatch):
    monkeypatch.setenv("QUASAR_INDEX_CACHE_SIZE", "0")
    embed(write_images(2), tiny_encoder(), cache())
    assert not cache().path.exists()


def test_each_run_has_room_of_its_own(cache, tiny_encoder):
    encoder, service = tiny_encoder(dim=500), cache(limit=1_000_000)
    fill(service, encoder, 400)
    n = len(found(cache(), encoder, 400))
    assert n < 300
    service.end_run()
    fill(service, encoder, 20, first=390)
    assert len(found(cache(), encoder, 410)) == n + 20


def test_a_user_without_a_home_has_no_cache(tiny_encoder, write_images, monkeypatch):
    monkeypatch.setenv("QUASAR_INDEX_CACHE", "~nobody-of-this-name/cache")
    encoder = tiny_encoder()
    embed(write_images(3), encoder, qi.EmbeddingCache())
    assert (n_embedded(encoder), qi.EmbeddingCache().shares()) == (3, [])


def test_pruning_makes_the_file_smaller(cache, tiny_encoder):
    encoder = tiny_encoder(dim=500)
    fill(cache(), encoder, 1000)
    before = cache().n_bytes
    removed = cache().prune(before // 2)
    assert 480 < removed < 600
    assert cache().n_bytes <= before // 2
    assert cache().prune(before) == 0
    assert cache().prune(0) == 1000 - removed
    assert (cache().shares(), cache().n_bytes < 300_000) == ([], True)


def zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def empty(path):
    path.write_bytes(b"")


def other_version(path):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 7")


def other_tables(path):
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE images RENAME COLUMN embedding TO vector")


def other_types(path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE images SET embedding = 7, width = 'wide'")


@pytest.mark.parametrize("harm", [zeros, cut, empty, other_version, other_tables, other_types])
def test_a_damaged_file_costs_time_and_is_made_again(cache, tiny_encoder, write_images, caplog, harm):
    paths, encoder = write_images(300), tiny_encoder()
    expected = embed(paths, encoder, cache())
    harm(cache().path)
    assert embed(paths, encoder, cache()) == pytest.approx(expected, abs=1e-6)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * (harm is not empty)
    assert "is made again" in caplog.text or harm is empty
    n_embedded(encoder)
    embed(paths, encoder, cache())
    assert n_embedded(encoder) == 0


def test_no_damage_gives_an_error_or_a_wrong_embedding(cache, tiny_encoder, write_images, tmp_path):
    paths, encoder = write_images(60), tiny_encoder()
    expected = embed(paths, encoder, cache())
    whole = cache().path.read_bytes()
    n_lost = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        data = np.frombuffer(whole, dtype=np.uint8).copy()
        # Few bytes or a whole stretch, as a disk harms files; and what a process that begins finds of a journal.
        places = rng.integers(len(data), size=rng.integers(1, 60))
        if seed % 3 == 0:
            start = int(rng.integers(len(data)))
            places = np.arange(start, min(start + 4096, len(data)))
        data[places] = rng.integers(256, size=len(places))
        cache().path.write_bytes(data.tobytes())
        cache().path.with_name("embeddings.sqlite-journal").unlink(missing_ok=True)
        encoder.batches.clear()
        got = embed(paths, encoder, cache())
        n_lost.append(n_embedded(encoder))
        np.testing.assert_allclose(got, expected, atol=1e-6)
    assert min(n_lost) == 0 < max(n_lost)


# The encoders of several processes need no torch: mean and deviation of each channel.
PROCESS = """
import dataclasses, sys
import numpy as np
import quasar_index as qi
from quasar_index.encoders.pipeline import encode_files
from tests.unit.conftest import png

class Moments:
    spec = qi.EncoderSpec("moments", 6, "moments", qi.encoders.InputRule("none"))
    n_embedded = 0
    def prepare(self, image):
        return image
    def forward(self, batch):
        self.n_embedded += len(batch)
        values = batch.reshape(len(batch), -1, 3).astype(np.float32)
        return np.concatenate([values.mean(axis=1), values.std(axis=1)], axis=1)

folder, seed, limit, n = sys.argv[1], *map(int, sys.argv[2:])
rng, encoder = np.random.default_rng(seed), Moments()
for round in range(3):
    names = list(map(str, rng.permutation(n)))
    cache = qi.EmbeddingCache(folder, limit=limit)
    read = lambda name: png(int(name), (4, 4))
    for name, image in zip(names, encode_files(names, encoder, cache=cache, read=read, batch_size=4), strict=True):
        (expected,) = encode_files([name], Moments(), read=read)
        assert np.abs(image.embedding - expected.embedding).max() < 1e-4, name
print(encoder.n_embedded)
"""


def in_processes(folder, limit, n, number=4):
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(folder), str(seed), str(limit), str(n)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for seed in range(number)
    ]
    ended = [(*one.communicate(timeout=300), one.returncode) for one in started]
    for _, said, code in ended:
        assert (said, code) == ("", 0)
    with sqlite3.connect(Path(folder) / "embeddings.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return [int(out) for out, _, _ in ended]


def test_processes_write_and_read_at_once(tmp_path):
    counts = in_processes(tmp_path, 1 << 30, 600)
    assert all(n <= 600 for n in counts)  # each finds at least what it has embedded itself
    (share,) = qi.EmbeddingCache(tmp_path).shares()
    assert share.n_images == 600
    assert in_processes(tmp_path, 1 << 30, 600, number=1) == [0]


def test_processes_evict_while_others_read(tmp_path):
    counts = in_processes(tmp_path, 400_000, 1200)
    assert sum(counts) > 1500  # they push out what is read later
    assert qi.EmbeddingCache(tmp_path).n_bytes <= 400_000


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, tiny_encoder, write_images, caplog):
    (tmp_path / "file").write_text("no folder")
    paths = write_images(600)
    cache = qi.EmbeddingCache(tmp_path / "file" / "deeper")
    encoder = tiny_encoder()
    embed(paths, encoder, cache)
    assert n_embedded(encoder) == 600
    (record,) = caplog.records
    assert "cannot be kept in" in record.getMessage()
    assert cache.shares() == []


def test_a_full_disk_is_one_line_and_what_is_there_stays(cache, tiny_encoder, write_images, caplog):
    paths, encoder = write_images(600), tiny_encoder()
    expected = embed(paths[:100], encoder, cache())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (cache().n_bytes + 4096, hard))
    try:
        n_embedded(encoder)
        rows = embed(paths, encoder, cache())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (rows[:100] == expected).all()
    assert n_embedded(encoder) == 500
    (record,) = caplog.records
    assert "cannot be kept in" in record.getMessage()
    embed(paths[:100], encoder, cache())
    assert n_embedded(encoder) == 0


def test_a_process_that_holds_the_file_makes_nobody_wait_for_long(
    cache, tiny_encoder, write_images, caplog, monkeypatch
):
    monkeypatch.setattr("quasar_index.encoders.cache_file.WAIT", 0.1)
    paths, encoder = write_images(20), tiny_encoder()
    embed(paths, encoder, cache())
    holder = sqlite3.connect(cache().path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    n_embedded(encoder)
    embed(paths, encoder, cache())
    holder.close()
    assert n_embedded(encoder) == 20
    (record,) = caplog.records
    assert record.getMessage().endswith("cannot be read (database is locked): images are embedded anew")


def test_a_build_takes_known_embeddings(cache, tiny_encoder, write_images, tmp_path):
    paths, encoder = write_images(30, sizes=((16, 16), (9, 30))), tiny_encoder()
    labels = tmp_path / "labels.csv"
    labels.write_text("image,score\n" + "".join(f"{p},{i}\n" for i, p in enumerate(paths)), encoding="utf-8")
    source = qi.load_source(labels)
    embed(paths[:20], encoder, cache())
    n_embedded(encoder)
    report = qi.build_index(tmp_path / "one", [source], encoder, cache=cache())
    assert (n_embedded(encoder), report.n_embedded, report.n_found, len(report.index)) == (10, 10, 20, 30)
    again = qi.build_index(tmp_path / "two", [source], encoder, cache=cache())
    assert (n_embedded(encoder), again.n_embedded, again.n_found) == (0, 0, 30)
    plain = qi.build_index(tmp_path / "three", [source], encoder)
    for column in ("width", "height", "path", "side"):
        tables = [one.index.tables.read([column, "id"]).sort_by("id") for one in (report, again, plain)]
        assert tables[0] == tables[1] == tables[2]
    fewer = plain.index.remove(ids=plain.index.tables.read(["id"])["id"].to_pylist()[:5]).index
    added = fewer.add([source], encoder, cache=cache())
    assert (added.n_added, added.n_embedded, added.n_found) == (5, 0, 5)


def test_rated_images_and_checks_look_there_too(cache, tiny_encoder, write_images, tmp_path):
    paths, encoder = write_images(30), tiny_encoder()
    labels = tmp_path / "labels.csv"
    labels.write_text("image,score\n" + "".join(f"{p},{i}\n" for i, p in enumerate(paths)), encoding="utf-8")
    source = qi.load_source(labels)
    first = qi.embed_rated(qi.rated_source(source), encoder, cache=cache())
    index = qi.build_index(tmp_path / "one", [source], encoder).index
    n_embedded(encoder)
    assert (qi.embed_rated(qi.rated_source(source), encoder, cache=cache()).embeddings == first.embeddings).all()
    qi.checks.check_sources([source], index=index, encoder=encoder, cache=cache())
    assert n_embedded(encoder) == 0


@pytest.mark.parametrize(
    ("text", "n"), [("0", 0), ("500", 500), ("2K", 2048), ("1.5 GiB", 3 << 29), ("10g", 10 << 30), (" 7MB", 7 << 20)]
)
def test_sizes_are_read(text, n):
    assert read_size(text) == n


def test_what_is_no_size_is_named(monkeypatch):
    monkeypatch.setenv("QUASAR_INDEX_CACHE_SIZE", "much")
    with pytest.raises(qi.DataError, match=r"QUASAR_INDEX_CACHE_SIZE: 'much' is no size; write for example 500M or 2G"):
        qi.EmbeddingCache()


def test_sizes_are_told():
    assert list(map(size_text, (0, 1023, 1024, 2 << 30, (1 << 20) - 1))) == [
        "0 B", "1023 B", "1.0 KiB", "2.0 GiB", "1.0 MiB",
    ]  # fmt: skip


def test_a_lazy_encoder_loads_with_the_first_unknown_image(cache, tmp_path, write_images):
    paths = write_images(3, sizes=((40, 40),))
    loaded = qi.load_encoder(device="cpu")
    expected = embed(paths[:2], loaded, cache())
    lazy = qi.encoders.LazyEncoder(loaded.spec, device="cpu")
    assert (embed(paths[:2], lazy, cache()) == expected).all()
    assert not lazy.is_loaded
    assert embed(paths, lazy, cache())[:2] == pytest.approx(expected, abs=1e-6)
    assert lazy.is_loaded
    assert lazy.spec == loaded.spec
    wrong = replace(loaded.spec, fingerprint="0" * 16)
    other = qi.encoders.LazyEncoder(wrong, device="cpu")
    with pytest.raises(qi.AnchorIndexError, match="not those the index was built with"):
        embed(paths, other, cache())
    # Weights that the user names are looked at whether or not an image needs them.
    (tmp_path / "weights.pt").write_bytes(b"none")
    with pytest.raises(qi.EncoderError, match=r"weights\.pt"):
        qi.encoders.LazyEncoder(loaded.spec, weights=tmp_path / "weights.pt", device="cpu")


def test_a_lazy_encoder_refuses_at_once_what_can_be_refused(tmp_path):
    spec = qi.EncoderSpec(qi.DEFAULT_ENCODER, 1568, "0", qi.encoders.InputRule("none"))
    for wrong, options in (
        (replace(spec, name="nothing"), {}),
        (spec, {"device": "tpu"}),
        (spec, {"weights": tmp_path / "none.pt"}),
    ):
        with pytest.raises(qi.EncoderError):
            qi.encoders.LazyEncoder(wrong, **options)
    with pytest.raises(qi.AnchorIndexError, match="precomputed"):
        qi.encoders.LazyEncoder(qi.EncoderSpec("precomputed", 4))
    assert qi.encoders.LazyEncoder(spec, precision="fp16").spec.runtime == "fp16"
