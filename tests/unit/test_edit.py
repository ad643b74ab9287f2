"""A living index: add, remove and relabel leave what one build of the same data would have made."""

import csv
import shutil
import subprocess
import sys
import unicodedata

import numpy as np
import pyarrow as pa
import pytest

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, make_records
from quasar_index.errors import AnchorIndexError, DataError
from quasar_index.index.lock import lock
from quasar_index.index.manifest import Manifest
from quasar_index.index.match import match_names


def rated(paths, scores, *, name="own", **options):
    """Return a source of rated images."""
    kept = {key: options.pop(key) for key in ("lower_is_better", "score_range", "read_bytes") if key in options}
    records = make_records({"path": list(paths), "score": list(scores), **options}, len(paths))
    return AnchorSource(name, records, "no-reference", "median", **kept)


def paired(paths, sides, *, name="pairs", **columns):
    """Return a source of references and distorted images."""
    records = make_records({"path": list(paths), "side": list(sides), **columns}, len(paths))
    return AnchorSource(name, records, "full-reference", "reference")


def content(index, *, without=("path",)):
    """Return the rows of an index by id, as far as two ways to the same anchors must agree."""
    table = index.tables.read(index.columns)
    kept = [name for name in table.column_names if name not in without]
    return {row["id"]: row for row in table.select(kept).to_pylist()}


def facts(index):
    """Return what the manifest says of the sources, but for what tells builds apart."""
    return [
        (s.name, s.n_good, s.n_bad, s.threshold, s.score_range, s.rating.range_is_declared)
        for s in index.manifest.sources
    ]


def mean_scores(index, queries):
    return qi.Scorer(index).score_embeddings(queries).score


@pytest.fixture
def made(tiny_encoder, write_images, tmp_path):
    """An encoder, 12 images, and an index of the first 8."""
    encoder, paths = tiny_encoder(), write_images(12)
    index = qi.build_index(tmp_path / "own", [rated(paths[:8], range(8))], encoder).index
    return encoder, paths, index


# add


def test_added_in_two_steps_equals_built_at_once(made, tmp_path):
    encoder, paths, index = made
    encoder.batches.clear()
    report = index.add([rated(paths[8:], [20.0, 21.0, 22.0, -5.0])], encoder)
    assert (report.n_added, report.n_updated, report.n_unchanged, report.n_duplicates) == (4, 0, 0, 0)
    assert report.n_embedded == 4 == sum(shape[0] for shape in encoder.batches)
    assert report.n_moved == 1  # the median went from 3.5 to 4.5: the anchor with score 4
    whole = qi.build_index(tmp_path / "whole", [rated(paths, [*range(8), 20.0, 21.0, 22.0, -5.0])], encoder).index
    assert content(report.index) == content(whole)  # the observed range followed too
    assert facts(report.index) == facts(whole) == [("own", 6, 6, 4.5, (-5.0, 22.0), False)]
    assert len(qi.AnchorIndex.open(index.path)) == 12
    queries = np.random.default_rng(0).normal(size=(3, 12))
    np.testing.assert_array_equal(mean_scores(report.index, queries), mean_scores(whole, queries))


def test_the_same_content_is_no_duplicate_and_a_new_label_is_an_update(made, tmp_path):
    encoder, paths, index = made
    same = index.add([rated(paths[:8], range(8))], encoder)
    assert (same.n_added, same.n_updated, same.n_unchanged, same.n_embedded) == (0, 0, 8, 0)
    assert same.index.manifest == index.manifest  # nothing was committed
    again = index.add([rated(paths[:8], [9.0, 1, 2, 3, 4, 5, 6, 7])], encoder)
    assert (again.n_updated, again.n_unchanged, again.n_embedded) == (1, 7, 0)
    whole = qi.build_index(tmp_path / "whole", [rated(paths[:8], [9.0, 1, 2, 3, 4, 5, 6, 7])], encoder).index
    assert content(again.index) == content(whole)
    assert facts(again.index) == facts(whole)


def test_a_declared_range_stays_and_an_observed_one_takes_it_over(made, tmp_path):
    encoder, paths, index = made
    report = index.add([rated(paths[8:], [8, 9, 10, 11], score_range=(0.0, 100.0))], encoder)
    assert facts(report.index) == [("own", 6, 6, 5.5, (0.0, 100.0), True)]
    assert {row["quality"] for row in content(report.index).values()} == {score / 100 for score in range(12)}
    later = report.index.remove(where="score > 9")
    assert facts(later.index) == [("own", 5, 5, 4.5, (0.0, 100.0), True)]


def test_a_new_source_with_new_columns_stands_beside_the_old(made):
    encoder, paths, index = made
    before = content(index)
    source = paired(paths[8:], ["good", "bad", "bad", "bad"], camera=[1, 2, None, 4], reference=["r"] * 4)
    report = index.add([source], encoder)
    after = content(report.index)
    assert {key: {**row, "camera": None} for key, row in before.items()} == {key: after[key] for key in before}
    assert [row["camera"] for row in after.values() if row["dataset"] == "pairs"] == [1, 2, None, 4]
    assert [(s.name, s.n_good, s.n_bad) for s in report.index.manifest.sources] == [("own", 4, 4), ("pairs", 1, 3)]
    assert report.n_moved == 0
    assert report.index.count("camera > 1") == (0, 2)


def test_labels_beyond_the_score_are_updated_and_silence_changes_nothing(made):
    encoder, paths, index = made
    first = index.add([rated(paths[:2], [0.0, 1.0], split=["train", "test"], note=["a", "b"])], encoder)
    assert (first.n_updated, first.n_unchanged) == (2, 0)
    second = first.index.add([rated(paths[:2], [0.0, 1.0], note=["a", None])], encoder)
    assert (second.n_updated, second.n_unchanged) == (0, 2)
    notes = {row["score"]: (row["split"], row["note"]) for row in content(second.index).values()}
    assert notes[0.0] == ("train", "a")
    assert notes[1.0] == ("test", "b")
    assert notes[2.0] == (None, None)


def test_content_of_another_data_set_and_repeats_are_duplicates(made):
    encoder, paths, index = made
    report = index.add([rated([paths[0], paths[8], paths[8], paths[9]], [70, 1, 1, 2], name="new")], encoder)
    assert (report.n_added, report.n_duplicates) == (2, 2)
    assert content(report.index) | content(index) == content(report.index)  # the anchor of 'own' kept its label
    assert [s.n_duplicates for s in report.index.manifest.sources] == [0, 0]


def test_bad_images_are_reported_and_listed_once(made, tmp_path):
    encoder, paths, index = made
    (tmp_path / "images" / "broken.png").write_bytes(b"no image")
    broken = str(tmp_path / "images" / "broken.png")
    report = index.add([rated([paths[8], broken], [8, 9])], encoder)
    assert [path for path, _ in report.failures] == [broken]
    assert report.index.manifest.sources[0].n_failed == 1
    again = report.index.add([rated([paths[9], broken], [9, 9])], encoder)
    assert again.index.manifest.sources[0].n_failed == 1
    assert len((index.path / "failures.jsonl").read_text().splitlines()) == 1
    with pytest.raises(DataError, match="none of 1 image could be embedded"):
        index.add([rated([broken], [9])], encoder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lower_is_better": True}, "'own' differ in lower is better: False and True"),
        ({"note": pa.array([b"\xff"] * 4)}, r"column 'note' is text .* in index 'own', and binary"),
    ],
    ids=["direction", "type"],
)
def test_a_source_that_does_not_fit_is_refused_before_anything_is_embedded(made, options, message):
    encoder, paths, index = made
    index = index.add([rated(paths[:1], [0.0], note=["a"])], encoder).index
    encoder.batches.clear()
    with pytest.raises(DataError, match=message):
        index.add([rated(paths[8:], range(4), **options)], encoder)
    assert encoder.batches == []


def test_another_encoder_is_refused(made, tiny_encoder):
    _, paths, index = made
    with pytest.raises(AnchorIndexError, match=r"holds tiny .* but the data to add are embedded by"):
        index.add([rated(paths[8:], range(4))], tiny_encoder(seed=1))


def test_an_interrupted_addition_goes_on_where_it_stopped(made, monkeypatch, tmp_path):
    encoder, paths, index = made
    copy = shutil.copytree(index.path, tmp_path / "copy")
    monkeypatch.setattr("quasar_index.plans.plan.SHARD_ROWS", 2)

    def interrupt(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.add([rated(paths[8:], range(8, 12))], encoder, batch_size=1, on_progress=interrupt)
    assert qi.AnchorIndex.open(index.path).manifest == index.manifest
    report = index.add([rated(paths[8:], range(8, 12))], encoder, batch_size=1)
    assert report.n_resumed >= 2
    assert report.n_resumed + report.n_embedded == report.n_added == 4
    smooth = qi.AnchorIndex.open(copy).add([rated(paths[8:], range(8, 12))], encoder, batch_size=1)
    assert content(report.index) == content(smooth.index)
    assert not (index.path / ".adding").exists()


def test_embeddings_are_added_to_embeddings(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(10, 5)).astype(np.float32)
    names = [f"{i}.png" for i in range(10)]
    index = qi.build_from_embeddings(tmp_path / "half", rated(names[:6], range(6)), matrix[:6]).index
    report = index.add_embeddings(rated(names[4:], [40.0, *range(5, 10)]), matrix[4:])
    assert (report.n_added, report.n_updated, report.n_unchanged) == (4, 1, 1)
    whole = qi.build_from_embeddings(tmp_path / "whole", rated(names, [0, 1, 2, 3, 40.0, *range(5, 10)]), matrix).index
    assert content(report.index) == content(whole)
    assert facts(report.index) == facts(whole)
    with pytest.raises(AnchorIndexError, match="4-d"):
        index.add_embeddings(rated(names[:1], [1.0]), matrix[:1, :4])
    with pytest.raises(DataError, match="1 embedding but 2 labels"):
        index.add_embeddings(rated(names[:2], [1.0, 2.0]), matrix[:1])


# remove


def test_removing_equals_never_having_been_there(made, tmp_path):
    encoder, paths, index = made
    report = index.remove(where="score >= 6")
    assert (report.n_removed, report.n_moved) == (2, 1)
    whole = qi.build_index(tmp_path / "whole", [rated(paths[:6], range(6))], encoder).index
    assert content(report.index) == content(whole)
    assert facts(report.index) == facts(whole)
    (gone,) = (key for key, row in content(whole).items() if row["score"] == 0)
    by_id = report.index.remove(ids=[gone, "0000"])
    assert (by_id.n_removed, by_id.unknown) == (1, ("0000",))
    assert len(by_id.index) == 5
    nothing = by_id.index.remove(where="score > 100")
    assert (nothing.n_removed, nothing.index.manifest) == (0, by_id.index.manifest)


def test_removing_a_whole_source_drops_its_record(made):
    encoder, paths, index = made
    index = index.add([rated(paths[8:], range(4), name="other")], encoder).index
    left = index.remove(where="dataset = 'other'").index
    assert [source.name for source in left.manifest.sources] == ["own"]
    assert len(left) == 8


def test_both_sides_must_stay(made):
    encoder, paths, index = made
    pairs = qi.build_index(index.path.with_name("p"), [paired(paths[:3], ["good", "bad", "bad"])], encoder).index
    for one, where in ((pairs, "side = 'good'"), (pairs, "side = 'bad'"), (index, "score > 0")):
        with pytest.raises(DataError, match=r"without (this anchor|these \d anchors) the rest cannot be divided"):
            one.remove(where=where)
    with pytest.raises(DataError, match="these are all 8 anchors"):
        index.remove(where="score >= 0")
    assert qi.AnchorIndex.open(index.path).manifest == index.manifest
    with pytest.raises(AnchorIndexError, match="cannot be used"):
        index.remove(where="nonsense = 1")
    with pytest.raises(AnchorIndexError, match="either by id or by a filter"):
        index.remove()


# relabel


def test_relabelling_equals_building_with_the_new_labels(made, tmp_path):
    encoder, paths, index = made
    new = [7.0, 6, 5, 4, 3, 2, 1, 50]
    with (tmp_path / "new.csv").open("w", newline="") as file:
        rows = [[f"{i:04d}.png", new[i]] for i in range(8)]
        csv.writer(file).writerows([["image", "mos"], *rows, ["nobody.png", 3]])
    report = index.relabel(qi.load_source(str(tmp_path / "new.csv")))
    assert (report.n_matched, report.n_changed) == (8, 8)
    assert [path.rsplit("/", 1)[-1] for path in report.unmatched] == ["nobody.png"]
    whole = qi.build_index(tmp_path / "whole", [rated(paths[:8], new)], encoder).index
    assert content(report.index) == content(whole)
    assert facts(report.index) == facts(whole)
    again = report.index.relabel(qi.load_source(str(tmp_path / "new.csv")))
    assert (again.n_changed, again.index.manifest) == (0, report.index.manifest)


def test_relabelling_by_id_and_some_only(made):
    _, _, index = made
    ids = sorted(content(index), key=lambda key: content(index)[key]["score"])
    report = index.relabel(rated([ids[0]], [30.0]))
    assert (report.n_matched, report.n_changed) == (1, 1)
    assert content(report.index)[ids[0]]["score"] == 30.0
    with pytest.raises(DataError, match="no anchor is called"):
        index.relabel(rated([ids[0]], [30.0]), where="score < 5")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (rated(["0000.png"], [1.0], lower_is_better=True), "a higher score is better, in own a lower one"),
        (rated(["x/0000.png", "y/0000.png"], [1.0, 2.0]), "are one anchor and have scores 1 and 2"),
        (rated(["none.png"], [1.0]), "no anchor is called 'none.png'"),
    ],
    ids=["direction", "two scores", "nobody"],
)
def test_labels_that_cannot_be_meant_are_refused(made, labels, message):
    with pytest.raises(DataError, match=message):
        made[2].relabel(labels)


def test_scores_beyond_a_declared_range_are_refused(tiny_encoder, write_images, tmp_path):
    paths = write_images(4)
    index = qi.build_index(tmp_path / "own", [rated(paths, [1, 2, 3, 4], score_range=(1.0, 5.0))], tiny_encoder()).index
    with pytest.raises(DataError, match=r"score 50 of .* is outside 1 to 5"):
        index.relabel(rated(paths[:1], [50.0]))


def test_declared_sides_are_relabelled(tiny_encoder, write_images, tmp_path):
    paths = write_images(4)
    index = qi.build_index(tmp_path / "p", [paired(paths, ["good", "bad", "bad", "bad"])], tiny_encoder()).index
    report = index.relabel(paired([paths[1]], ["good"]))
    assert (report.n_changed, report.n_moved, report.index.manifest.n_good) == (1, 1, 2)


def test_names_match_by_path_id_and_as_many_folders_as_needed():
    ids = ["aa", "bb", "cc"]
    paths = ["/data/x/1.png", "/data/y/1.png", "/data/y/2.png"]
    names = ["/data/y/1.png", "bb", "/elsewhere/x/1.png", "2.png", "3.png", r"y\1.png"]
    rows, unmatched = match_names(names, ids, paths)
    assert rows.tolist() == [1, 1, 0, 2, -1, 1]
    assert unmatched == ("3.png",)
    with pytest.raises(DataError, match=r"'1\.png' means 2 anchors: '/data/x/1\.png', '/data/y/1\.png'"):
        match_names(["1.png"], ids, paths)
    rows, _ = match_names(["1.png"], ids, paths, considered={"aa"})
    assert rows.tolist() == [0]
    composed, apart = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
    both = [f"/x/{apart}", f"/y/{apart}", f"/z/{composed}"]
    rows, _ = match_names([f"y/{composed}", f"q/{composed}", f"/x/{apart}"], ["1", "2", "3"], both)
    assert rows.tolist() == [1, 2, 0]


# crashes and rivals


def test_a_crash_before_the_manifest_is_replaced_changes_nothing(made, monkeypatch):
    encoder, paths, index = made
    before, old = content(index), qi.AnchorIndex.open(index.path).manifest
    write = Manifest.write

    def crash(manifest, folder):
        raise KeyboardInterrupt

    for change in (
        lambda: index.remove(where="score = 7"),
        lambda: index.add([rated(paths[8:], range(8, 12), extra=["x"] * 4)], encoder),
        lambda: index.relabel(rated(paths[:1], [99.0])),
    ):
        monkeypatch.setattr(Manifest, "write", crash)
        with pytest.raises(KeyboardInterrupt):
            change()
        monkeypatch.setattr(Manifest, "write", write)
        reopened = qi.AnchorIndex.open(index.path)
        assert reopened.manifest == old
        assert content(reopened) == before
        assert len(reopened.anchors()) == 8
        assert [version.version for version in reopened.history()] == [old.version]
    # the next writer starts from the committed state: nothing of the three shows
    report = index.remove(where="score = 0")
    assert {key: row["score"] for key, row in content(report.index).items()} == {
        key: row["score"] for key, row in before.items() if row["score"] != 0
    }
    assert "extra" not in report.index.columns
    versions = [version.version for version in report.index.history()]
    assert versions == [old.version, report.index.manifest.version]
    assert content(qi.AnchorIndex.open(index.path, old.version)) == before


def test_a_full_disk_is_one_clear_error(made, monkeypatch):
    _, _, index = made
    from quasar_index.index.change import Change

    class Broken:
        def delete(self, where):
            raise OSError("No space left on device\nand more")

    monkeypatch.setattr(Change, "_open", lambda change, shard: Broken())
    with pytest.raises(AnchorIndexError, match=r"could not be changed \(No space left on device\); it is as it was"):
        index.remove(where="score = 7")


def test_a_second_writer_is_told_and_readers_go_on(made):
    encoder, paths, index = made
    with lock(index.path, "own"):
        for change in (
            lambda: index.remove(where="score = 7"),
            lambda: index.tags.set("x"),
            lambda: qi.build_index(index.path, [rated(paths, range(12))], encoder, overwrite=True),
        ):
            with pytest.raises(AnchorIndexError, match="another process is changing index 'own'"):
                change()
        assert len(qi.AnchorIndex.open(index.path).anchors()) == 8
    assert index.remove(where="score = 7").n_removed == 1
    building = index.path.with_name(".new.building")
    building.mkdir()
    with lock(building, "new"), pytest.raises(AnchorIndexError, match="another process is changing index 'new'"):
        qi.build_index(index.path.with_name("new"), [rated(paths, range(12))], encoder)


def test_a_writer_of_another_process_holds_the_lock_until_it_dies(made):
    _, _, index = made
    code = (
        "import sys; from pathlib import Path; from quasar_index.index.lock import lock\n"
        "with lock(Path(sys.argv[1]), 'own'): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(index.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(AnchorIndexError, match="another process"):
            index.remove(where="score = 7")
        process.kill()
    assert index.remove(where="score = 7").n_removed == 1


def test_an_old_version_is_not_changed(made):
    _, _, index = made
    first = index.manifest.version
    index.remove(where="score = 7")
    old = qi.AnchorIndex.open(index.path, first)
    with pytest.raises(AnchorIndexError, match="was opened at version 1, and the current one is"):
        old.remove(where="score = 6")
    # one that was opened as the current one, before another changed it, works on what is current now
    assert len(index.remove(where="score = 6").index) == 6
