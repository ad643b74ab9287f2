"""What is kept beside the search cache is what would be computed, and is computed again when it is damaged or old."""

import os
from dataclasses import replace

import numpy as np
import pytest

import quasar_index as qi
from quasar_index import fits as fits_module
from quasar_index.fits import Fits


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Return a small index whose fits are kept as if it were a large one."""
    for module in ("fits", "anchors"):
        monkeypatch.setattr(f"quasar_index.{module}.LARGE", 0)
    rng = np.random.default_rng(0)
    quality = rng.permutation(60).astype(float)
    np.save(tmp_path / "x.npy", (rng.normal(size=(60, 8)) + 0.05 * quality[:, None]).astype(np.float32))
    rows = "".join(f"image{i}.png,{value}\n" for i, value in enumerate(quality))
    (tmp_path / "labels.csv").write_text("image,score\n" + rows)
    source, matrix = qi.load_embeddings(tmp_path / "x.npy", tmp_path / "labels.csv")
    return qi.build_from_embeddings(tmp_path / "index", [source], matrix).index


def entries(index):
    return sorted(path.name for path in (index.path / "cache").glob("*-v*-*"))


def queries():
    return np.random.default_rng(1).normal(size=(7, 8)).astype(np.float32)


@pytest.mark.parametrize("space", ["raw", "centred", "whitened"])
@pytest.mark.parametrize("method", [qi.Mean(), qi.Clustering(3, prototypes="nearest"), qi.Retrieval(5)])
def test_kept_fits_are_those_that_are_computed(index, space, method, monkeypatch):
    anchors = index.anchors()
    plain = qi.make_anchors(
        anchors.directions * anchors.norms[:, None], is_good=anchors.is_good, quality=anchors.quality
    )
    method = replace(method, space=space, shrinkage=3.0 if space == "whitened" else None)
    expected = qi.Scorer(plain, method).score_embeddings(queries())
    first = qi.Scorer(index, method).score_embeddings(queries())
    if entries(index):
        # Nothing is computed again.
        monkeypatch.setattr("quasar_index.methods.moments.moments_of", pytest.fail)
        monkeypatch.setattr("quasar_index.fits._normalise", pytest.fail)
        if not method.is_adaptive:
            monkeypatch.setattr(type(method), "aggregate", pytest.fail)
    again = qi.Scorer(index, method).score_embeddings(queries())
    np.testing.assert_allclose(first.score, expected.score, atol=2e-6)
    np.testing.assert_array_equal(again.score, first.score)


def test_the_shrinkage_that_ratings_choose_is_kept(index, monkeypatch):
    monkeypatch.setattr("quasar_index.anchors.LARGE", 1 << 60)  # it is kept of few anchors, too
    fitted = qi.Mean().fit(index)
    some = qi.Mean().fit(index.anchors(where="score > 12"))
    assert entries(index)

    def again(*_):
        raise AssertionError("chosen again")

    monkeypatch.setattr("quasar_index.methods.shrinkage.left_out_errors", again)
    assert qi.Mean().fit(index).space.shrinkage == fitted.space.shrinkage
    assert qi.Mean().fit(index.anchors(where="score > 12")).space.shrinkage == some.space.shrinkage
    with pytest.raises(AssertionError, match="chosen again"):  # other groups leave out others
        qi.Mean().fit(replace(index.anchors(), groups=np.arange(60) // 2))
    with pytest.raises(AssertionError, match="chosen again"):
        qi.Mean().fit(index.remove(where="score < 7").index)


def test_filters_versions_and_parameters_do_not_share_entries(index):
    def scores(**options):
        return qi.Scorer(index.anchors(**options), qi.Mean(space="whitened")).score_embeddings(queries()).score

    every, some, others = scores(), scores(where="score > 12"), scores(ratio=0.5, seed=1)
    assert not np.allclose(every, some)
    assert not np.allclose(some, others)
    np.testing.assert_array_equal(scores(where="score > 12"), some)
    wide = qi.Scorer(index, qi.Mean(space="whitened", shrinkage=50.0)).score_embeddings(queries()).score
    assert not np.allclose(wide, every)
    smaller = index.remove(where="score < 7").index
    assert not np.allclose(qi.Scorer(smaller, qi.Mean(space="whitened")).score_embeddings(queries()).score, every)
    np.testing.assert_array_equal(scores(), every)


def test_damaged_entries_are_computed_again(index, caplog):
    before = qi.Scorer(index, qi.Mean(space="whitened")).score_embeddings(queries()).score
    for path in (index.path / "cache").glob("*-v*-*"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data[: len(data) - 9] if path.suffix == ".npy" else data)
    np.testing.assert_array_equal(qi.Scorer(index, qi.Mean(space="whitened")).score_embeddings(queries()).score, before)
    assert "computing it again" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"more",
        lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),  # as after a power cut
        lambda data: b"",
        lambda data: data[:-40] + bytes(40),
        lambda data: data[:90],
    ],
)
def test_a_torn_matrix_is_made_again(damage, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(fits_module, "LARGE", 0)
    fits = Fits(tmp_path / "uid-v1")
    rows = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    first = [np.array(one) for one in fits.normalised(lambda: iter([rows[:7], rows[7:]]), rows.shape)]
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    with pytest.raises(fits_module.DAMAGED):
        fits_module.check_entry(path)
    for one, other in zip(fits.normalised(lambda: iter([rows]), rows.shape), first, strict=True):
        np.testing.assert_array_equal(one, other)
    assert "computing it again" in caplog.text
    assert path.read_bytes() == whole
    fits_module.check_entry(path)
    assert fits.normalised(pytest.fail, rows.shape)[0].shape == rows.shape  # mapped


def test_a_matrix_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(fits_module, "LARGE", 0)
    synced = []
    monkeypatch.setattr("os.fsync", lambda file: synced.append((os.fstat(file).st_ino, os.fstat(file).st_size)))
    rows = np.ones((4, 3), dtype=np.float32)
    Fits(tmp_path / "uid-v1").normalised(lambda: iter([rows]), rows.shape)
    (path,) = tmp_path.iterdir()
    assert synced[0] == (path.stat().st_ino, path.stat().st_size)
    assert [number for number, _ in synced[1:]] == [tmp_path.stat().st_ino]  # its name, too


def age(path, hours):
    """Let a file have been used some hours earlier."""
    there = path.stat()
    os.utime(path, ns=(there.st_atime_ns, there.st_mtime_ns - int(hours * 3600e9)))


def test_the_entries_that_were_used_last_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(fits_module, "MAX_ENTRIES", 3)
    fits = Fits(tmp_path / "uid-v1")
    for number, name in enumerate(["lists", "moments", "centroids"]):
        fits.save(name, value=np.arange(number))
        age(fits._path(name, ".npz"), 9 - number)
    assert fits.load("lists") is not None
    Fits(tmp_path / "uid-v1").save("more", value=np.arange(3))
    assert fits.load("moments") is None  # written after the lists, and not used since
    assert all(fits.load(name) is not None for name in ("lists", "centroids", "more"))


def test_a_matrix_that_was_mapped_was_used(tmp_path, monkeypatch):
    monkeypatch.setattr(fits_module, "LARGE", 0)
    monkeypatch.setattr(fits_module, "MAX_ENTRIES", 2)
    rows = np.ones((4, 3), dtype=np.float32)
    Fits(tmp_path / "uid-v1").normalised(lambda: iter([rows]), rows.shape)
    (matrix,) = tmp_path.iterdir()
    Fits(tmp_path / "uid-v1").save("moments", value=np.arange(3))
    age(matrix, 9)
    Fits(tmp_path / "uid-v1").normalised(pytest.fail, rows.shape)
    Fits(tmp_path / "uid-v1").save("more", value=np.arange(3))
    assert matrix.exists()
    assert Fits(tmp_path / "uid-v1").load("moments") is None


def test_what_this_process_has_in_use_makes_no_room_for_what_it_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(fits_module, "LARGE", 0)
    monkeypatch.setattr(fits_module, "MAX_ENTRIES", 3)
    rows = np.ones((4, 3), dtype=np.float32)
    user = Fits(tmp_path / "uid-v1", "whitened")
    user.normalised(lambda: iter([rows]), rows.shape)
    (matrix,) = tmp_path.iterdir()
    user.save("lists", value=np.arange(2))
    user.hold("lists")
    writer = Fits(tmp_path / "uid-v1", "raw")
    for number in range(9):
        writer.save(f"entry {number}", value=np.arange(number))
    assert len(list(tmp_path.iterdir())) == 3
    assert matrix.exists()
    assert user.load("lists") is not None
    assert writer.load("entry 8") is not None
    del user  # nobody uses them any more
    for number in range(9):
        writer.save(f"entry {number}", value=np.arange(number))
    assert len(list(tmp_path.iterdir())) == 3
    assert not matrix.exists()


def test_reading_an_entry_of_somebody_else_is_no_error(tmp_path, monkeypatch):
    fits = Fits(tmp_path / "uid-v1")
    fits.save("entry", value=np.arange(3))

    def refused(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.utime", refused)
    np.testing.assert_array_equal(fits.load("entry")["value"], np.arange(3))


def test_only_the_newest_entries_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(fits_module, "MAX_ENTRIES", 3)
    fits = Fits(tmp_path / "uid-v1")
    for number in range(6):
        fits.save(f"entry {number}", value=np.arange(number))
    assert len(list(tmp_path.iterdir())) == 3
    assert fits.load("entry 0") is None
    assert len(fits.load("entry 5")["value"]) == 5


def test_without_a_place_to_write_nothing_is_kept(tmp_path):
    fits = Fits(tmp_path / "missing" / "uid-v1")
    fits.save("entry", value=np.arange(3))
    assert fits.load("entry") is None
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    directions, lengths = fits.normalised(lambda: iter([rows[:3], rows[3:]]), rows.shape)
    np.testing.assert_allclose(directions * lengths[:, None], rows, rtol=1e-6)
