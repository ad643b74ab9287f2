"""`verify` finds every kind of damage, mends what derives from the table, and finds nothing in a whole index."""

import json
import os
import shutil
import time

import numpy as np
import pyarrow as pa
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.errors import AnchorIndexError
from quasar_index.fits import Fits
from quasar_index.index.change import changing

N, DIM = 40, 6


def rated(first, n, scores=None):
    scores = np.random.default_rng(first).permutation(n) * 1.0 if scores is None else scores
    records = make_records({"path": [f"{first + i}.png" for i in range(n)], "score": list(scores)}, n)
    return AnchorSource("own", records, "no-reference", "median")


@pytest.fixture
def index(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(2 * N, DIM)).astype(np.float32)
    index = qi.build_from_embeddings(tmp_path / "own", rated(0, N), matrix[:N]).index
    index = index.add_embeddings(rated(N, N), matrix[N:]).index
    index.anchors()
    return index


def messages(index, **options):
    report = index.verify(**options)
    assert all("\n" not in one.message for one in report.damage)
    return [(one.part, one.message) for one in report.damage]


def flip(path, place, bit=1):
    data = bytearray(path.read_bytes())
    data[place] ^= bit
    path.write_bytes(data)


def rewrite(index, change_manifest):
    data = json.loads((index.path / "manifest.json").read_text(encoding="utf-8"))
    change_manifest(data)
    (index.path / "manifest.json").write_text(json.dumps(data), encoding="utf-8")
    return qi.AnchorIndex.open(index.path)


def edit_rows(index, **columns):
    """Change rows of the table behind the back of the manifest's counts."""
    with changing(index) as change:
        rows = pa.table({"id": [index.anchors().ids[0].decode()], **columns})
        change.write(lambda table: table.merge_insert("id").when_matched_update_all().execute(rows))
        return change.commit("edit")


def test_a_whole_index_has_no_damage_at_any_version(index):
    report = index.verify()
    assert (report.damage, report.notes, report.n_anchors, report.is_whole) == ((), (), 2 * N, True)
    assert messages(qi.AnchorIndex.open(index.path, index.history()[0].version)) == []


@pytest.mark.parametrize("ending", [".faiss", ".npz"])
def test_a_flipped_bit_of_the_cache_is_found_and_repaired(index, ending):
    (path,) = (index.path / "cache").glob(f"*-v{index.manifest.version}{ending}")
    before = index.anchors()
    good = (np.array(before.directions), before.ids, before.norms)
    flip(path, path.stat().st_size - 5 if ending == ".faiss" else 200)
    (found,) = messages(index)
    assert found[0] == "cache"
    report = index.verify(repair=True)
    assert [one.repaired for one in report.damage] == [True]
    assert report.is_whole
    after = index.anchors()
    for one, other in zip(good, (after.directions, after.ids, after.norms), strict=True):
        np.testing.assert_array_equal(one, other)
    assert messages(index) == []


def test_a_flipped_bit_of_any_file_of_the_table_is_found_and_the_cache_is_left_alone(index):
    index = index.relabel(rated(0, 5, [90.0, 80, 70, 60, 50])).index
    index = index.compact().index
    index.anchors()
    assert messages(index) == []
    (cache,) = (index.path / "cache").glob(f"*-v{index.manifest.version}.faiss")
    before = cache.read_bytes()
    table = index.path / "anchors.lance"
    files = [path for path in table.rglob("*") if path.is_file() and path.suffix != ".json"]
    assert {path.parent.name for path in files} >= {"data", "_versions", "_transactions"}
    for path in files:
        whole = path.read_bytes()
        for place in (len(whole) // 7, len(whole) // 2):
            flip(path, place)
            name = path.relative_to(index.path).as_posix()
            assert ("table", f"'{name}' is not as it was written") in messages(index, repair=True), (name, place)
            assert cache.read_bytes() == before  # it is right, and the table is not
            path.write_bytes(whole)
    assert messages(index) == []


def test_a_flipped_bit_of_an_embedding_is_found_without_a_cache(index):
    # Lance has no checksums, and a number is a number.
    shutil.rmtree(index.path / "cache")
    for path in (index.path / "anchors.lance" / "data").glob("*.lance"):
        vector = index.path.parent / "vector"
        np.random.default_rng(0).normal(size=(2 * N, DIM)).astype(np.float32)[3].tofile(vector)
        place = path.read_bytes().find(vector.read_bytes())
        if place >= 0:
            flip(path, place + 1)
            break
    else:
        pytest.fail("the embeddings are not in the files as they are")
    assert messages(index) == [("table", f"'anchors.lance/data/{path.name}' is not as it was written")]


def test_files_of_interrupted_changes_and_of_old_indexes_are_no_damage(index):
    (index.path / "anchors.lance" / "data" / "abandoned.lance").write_bytes(b"torn")
    assert messages(index) == []
    for path in (index.path / "history").glob("*.json"):
        entry = json.loads(path.read_text(encoding="utf-8"))
        del entry["digests"]
        path.write_text(json.dumps(entry), encoding="utf-8")
    report = index.verify()
    assert report.is_whole
    assert report.notes == ("no digests of the files of version 1, 2: an earlier quasar-index wrote it",)


def test_a_torn_version_that_was_never_committed_is_no_damage_and_in_nobodys_way(index):
    table = index.path / "anchors.lance"
    torn = table / "_versions" / f"{(1 << 64) - 1 - (index.manifest.shards[0].version + 1)}.manifest"
    for content in (b"", b"half of a"):
        torn.write_bytes(content)
        assert messages(index) == []
        assert len(qi.AnchorIndex.open(index.path).anchors()) == 2 * N
        torn.write_bytes(content)
        version = index.manifest.version
        index = index.relabel(rated(0, 3, [90.0, 80, 70 + len(content)])).index.compact(forget_before=version).index
        torn = table / "_versions" / f"{(1 << 64) - 1 - (index.manifest.shards[0].version + 1)}.manifest"
    assert messages(index) == []


def test_a_version_under_the_name_of_a_torn_one_is_recorded_and_synced(index, monkeypatch):
    """A power cut leaves a torn version, whose name the next change uses again: its file is as new as all others."""
    versions = index.path / "anchors.lance" / "_versions"
    torn = versions / f"{(1 << 64) - 1 - (index.manifest.shards[0].version + 1)}.manifest"
    torn.write_bytes(b"half of a")
    synced = set()
    monkeypatch.setattr("os.fsync", lambda file: synced.add(os.fstat(file).st_ino))
    changed = index.relabel(rated(0, 5, [90.0, 80, 70, 60, 50])).index
    assert torn.read_bytes().endswith(b"LANC")
    entry = json.loads((index.path / "history" / f"{changed.manifest.version:08d}.json").read_text("utf-8"))
    assert f"anchors.lance/_versions/{torn.name}" in entry["digests"]
    assert torn.stat().st_ino in synced


def test_damage_of_a_kept_matrix_is_found_and_repaired(index, monkeypatch):
    monkeypatch.setattr("quasar_index.fits.LARGE", 0)
    fits = Fits(index.path / "cache" / f"{index.manifest.uid}-v{index.manifest.version}")
    rows = np.random.default_rng(3).normal(size=(50, DIM)).astype(np.float32)
    fits.normalised(lambda: iter([rows]), rows.shape)
    (path,) = (index.path / "cache").glob(f"{fits.base.name}-*.npy")
    assert messages(index) == []
    flip(path, path.stat().st_size // 2)
    assert messages(index) == [
        ("kept", f"'{path.name}' beside the search cache is damaged (not as it was written)"),
    ]
    assert index.verify(repair=True).is_whole
    assert not path.exists()


def test_damage_of_what_is_kept_beside_the_cache_is_found_and_repaired(index):
    fits = Fits(index.path / "cache" / f"{index.manifest.uid}-v{index.manifest.version}")
    fits.save("something", values=np.arange(100.0))
    assert messages(index) == []
    (path,) = (index.path / "cache").glob(f"{fits.base.name}-*.npz")
    flip(path, 300)
    ((part, message),) = messages(index)
    assert part == "kept"
    assert path.name in message
    assert index.verify(repair=True).is_whole
    assert not path.exists()


def test_counts_and_thresholds_that_are_not_those_of_the_table_are_found(index):
    def wrong_counts(data):
        data["n_good"] += 1
        data["sources"][0]["n_bad"] -= 1

    found = messages(rewrite(index, wrong_counts))
    assert ("manifest", f"{index.manifest.n_good + 1} good anchors, the table has {index.manifest.n_good}") in found
    assert any("bad anchors of 'own'" in message for _, message in found)

    def wrong_threshold(data):
        data["n_good"] -= 1
        data["sources"][0]["n_bad"] += 1
        data["sources"][0]["ratings"][0]["threshold"] += 1

    assert any("threshold of 'own'" in message for _, message in messages(rewrite(index, wrong_threshold)))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"side": ["bad"]}, "1 anchor is on the side that its score is not"),
        ({"quality": [0.123]}, "a quality that does not follow"),
        ({"embedding": pa.array([[np.inf] * DIM], pa.list_(pa.float32(), DIM))}, "1 embedding is not finite"),
        ({"embedding": pa.array([[0.0] * DIM], pa.list_(pa.float32(), DIM))}, "1 embedding is zero"),
    ],
)
def test_wrong_rows_are_found_and_cannot_be_repaired(index, columns, expected):
    changed = edit_rows(index, **columns)
    assert any(part == "table" and expected in message for part, message in messages(changed))
    assert not changed.verify(repair=True).is_whole


def test_anchors_that_are_there_twice_are_found(index):
    with changing(index) as change:
        rows = change.tables.read(change.tables.schema.names).slice(0, 2)
        change.write(lambda table: table.add(rows))
        changed = change.commit("double")
    assert ("table", "2 anchors are there twice, by id") in messages(changed)


def test_another_table_than_the_cache_is_found(index):
    other = np.random.default_rng(5).normal(size=DIM).astype(np.float32)
    base = index.path / "cache" / f"{index.manifest.uid}-v{index.manifest.version}"
    changed = edit_rows(index, embedding=pa.array([other.tolist()], pa.list_(pa.float32(), DIM)))
    for ending in (".npz", ".faiss"):  # a cache under the wrong key
        new = index.path / "cache" / f"{index.manifest.uid}-v{changed.manifest.version}"
        shutil.copy(base.with_suffix(ending), new.with_suffix(ending))
    found = messages(changed)
    assert ("cache", "the search cache has other lengths than the table") in found
    assert ("cache", "the search cache has other embeddings than the table in 1 row") in found


def test_lost_files_of_the_table_are_one_damage(index):
    victim = next((index.path / "anchors.lance" / "data").glob("*.lance"))
    victim.unlink()
    ((part, message),) = messages(index)
    assert part == "table"
    assert "damaged or missing" in message


def test_history_and_tags_are_compared_with_the_table(index):
    (index.path / "tags.json").write_text('{"gone": 77}', encoding="utf-8")
    assert ("history", "tag 'gone' names version 77, which is not there") in messages(index)
    (index.path / "tags.json").unlink()
    first = min((index.path / "history").glob("*.json"))
    oldest = max((index.path / "anchors.lance" / "_versions").glob("*.manifest"))  # named downwards
    oldest.unlink()
    assert ("history", "the table has lost version 1") in messages(index)
    first.write_text("{", encoding="utf-8")
    assert any(part == "history" and "is damaged" in message for part, message in messages(index))


def test_image_files_are_compared_by_content(tiny_encoder, write_images, tmp_path):
    paths = write_images(6)
    source = AnchorSource(
        "own", make_records({"path": paths, "score": [1.0, 2, 3, 4, 5, 6]}, 6), "no-reference", "median"
    )
    index = qi.build_index(tmp_path / "own", [source], tiny_encoder()).index
    assert messages(index, files=True) == []
    os.unlink(paths[0])  # noqa: PTH108
    shutil.copy(paths[1], paths[2])
    report = index.verify(files=True)
    assert (report.n_files, report.n_missing) == (5, 1)
    assert [one.message for one in report.damage] == [
        f"1 image file is not the one that was embedded: {paths[2]}"
    ] or paths[2] in report.damage[0].message


def test_leftovers_are_found_removed_and_waiting_work_is_kept(index):
    left = index.path / ".manifest.json.123.tmp"
    left.write_text("x", encoding="utf-8")
    assert messages(index) == []  # it may be a running process'
    os.utime(left, (time.time() - 7200,) * 2)
    (index.path / ".adding").mkdir()
    assert messages(index) == [("leftover", "'.manifest.json.123.tmp' was left by an interrupted process")]
    report = index.verify(repair=True)
    assert report.is_whole
    assert not left.exists()
    assert (index.path / ".adding").exists()
    assert report.notes == ("an interrupted addition waits: the same command goes on",)


def test_a_damaged_manifest_is_an_error(index):
    (index.path / "manifest.json").write_text('{"schema_version": 1', encoding="utf-8")
    with pytest.raises(AnchorIndexError, match="damaged"):
        qi.AnchorIndex.open(index.path)
