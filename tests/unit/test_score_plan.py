"""Scoring into a folder: the job, the plan, the places, and what a kill at any point leaves."""

import hashlib
import json
from pathlib import Path

import cloudpickle
import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import quasar_index as qi
from quasar_index.methods import score_places
from quasar_index.methods.score_plan import KeptInputs, ScoreJob
from quasar_index.plans.plan import shard_rows_of


@pytest.fixture
def scorer(tiny_encoder):
    x = np.random.default_rng(0).normal(size=(20, 12)).astype(np.float32)
    return qi.Scorer(qi.make_anchors(x, quality=x[:, 0]), qi.Mean(), tiny_encoder(), batch_size=4)


def rows_of(place):
    return pq.read_table(place).to_pylist()


def names_of(folder):
    return sorted(path.name for path in Path(folder).iterdir())


class Killing(qi.plans.LocalExecutor):
    """Ends as Ctrl-C does, after so many pieces, or within one after so many rows."""

    def __init__(self, pieces=None, rows=None):
        self.pieces, self.rows = pieces, rows

    def run(self, *args, on_rows, on_piece, **how):
        done = []

        def piece(one):
            on_piece(one)
            done.append(one)
            if len(done) == self.pieces:
                raise KeyboardInterrupt

        def counted(n):
            on_rows(n)
            if self.rows is not None:
                self.rows -= n
                if self.rows == 0:
                    raise KeyboardInterrupt

        super().run(*args, on_rows=counted, on_piece=piece, **how)


def test_rows_are_those_of_the_scorer_in_order_and_the_manifest_says_what_is_there(scorer, write_images, tmp_path):
    paths = write_images(10)
    Path(paths[3]).write_bytes(b"")
    said = []
    done = qi.methods.score_to_folder(
        tmp_path / "out", paths, scorer, shard_rows=4, on_progress=lambda *now: said.append(now)
    )
    expected = list(scorer.score_files(paths))
    rows = rows_of(tmp_path / "out")
    assert [row["path"] for row in rows] == paths
    assert [row["score"] for row in rows] == pytest.approx([one.score for one in expected], abs=1e-6)
    assert rows[3]["error"] == expected[3].error
    assert (done.n_rows, done.n_failed, done.n_resumed, done.was_there) == (10, 1, 0, False)
    assert said[-1] == (10, 10, 1)
    manifest = json.loads((tmp_path / "out" / "_manifest.json").read_text())
    assert [(one["start"], one["end"], one["n_failed"]) for one in manifest["shards"]] == [
        (0, 4, 1),
        (4, 8, 0),
        (8, 10, 0),
    ]
    for one in manifest["shards"]:
        assert hashlib.sha256((tmp_path / "out" / one["file"]).read_bytes()).hexdigest() == one["sha256"]
    assert manifest["columns"] == {one.name: str(one.type) for one in pq.read_table(tmp_path / "out").schema}
    assert manifest["causes"] == {"empty": 1}
    assert names_of(tmp_path / "out") == ["_manifest.json", *(one["file"] for one in manifest["shards"])]


@pytest.mark.parametrize("killing", [Killing(pieces=1), Killing(pieces=2), Killing(rows=6), Killing(rows=1)])
def test_an_interrupted_run_goes_on_and_gives_the_same_rows(scorer, write_images, tmp_path, killing):
    paths = write_images(10)
    qi.methods.score_to_folder(tmp_path / "calm", paths, scorer, shard_rows=4)
    with pytest.raises(KeyboardInterrupt):
        qi.methods.score_to_folder(tmp_path / "out", paths, scorer, shard_rows=4, executor=killing)
    assert names_of(tmp_path / "out") == [".plan"]
    n_before = len(scorer.encoder.batches)
    done = qi.methods.score_to_folder(tmp_path / "out", paths, scorer, shard_rows=4)
    assert done.n_resumed > 0
    seen = sum(shape[0] for shape in scorer.encoder.batches[n_before:])
    assert seen == 10 - done.n_resumed
    calm, rows = rows_of(tmp_path / "calm"), rows_of(tmp_path / "out")
    assert [row["path"] for row in rows] == paths
    assert [row["score"] for row in rows] == pytest.approx([row["score"] for row in calm], abs=1e-6)


@pytest.mark.parametrize("at", range(1, 6))
def test_a_run_that_ends_while_the_files_take_their_places_goes_on(scorer, write_images, tmp_path, monkeypatch, at):
    paths = write_images(10)
    steps = 0

    def counted(method):
        def step(self, *args):
            nonlocal steps
            steps += 1
            if steps == at:
                raise KeyboardInterrupt
            return method(self, *args)

        return step

    with monkeypatch.context() as patch:
        for name in ("put", "write", "remove"):
            patch.setattr(score_places.LocalPlace, name, counted(getattr(score_places.LocalPlace, name)))
        with pytest.raises(KeyboardInterrupt):
            qi.methods.score_to_folder(tmp_path / "out", paths, scorer, shard_rows=4)
    n_before = len(scorer.encoder.batches)
    done = qi.methods.score_to_folder(tmp_path / "out", paths, scorer, shard_rows=4)
    assert len(scorer.encoder.batches) == n_before, "an image was embedded again"
    assert done.was_there == (at == 5)
    assert [row["path"] for row in rows_of(tmp_path / "out")] == paths
    assert names_of(tmp_path / "out") == ["_manifest.json", *(one["file"] for one in done.manifest["shards"])]


def test_a_whole_folder_stays_as_it_is(scorer, write_images, tmp_path):
    paths = write_images(3)
    qi.methods.score_to_folder(tmp_path / "out", paths, scorer)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    n_before = len(scorer.encoder.batches)
    assert qi.methods.score_to_folder(tmp_path / "out", paths, scorer).was_there
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before
    assert len(scorer.encoder.batches) == n_before
    next((tmp_path / "out").glob("*.parquet")).unlink()
    with pytest.raises(qi.DataError, match="misses 1 of its files, such as 'part-0"):
        qi.methods.score_to_folder(tmp_path / "out", paths, scorer)


@pytest.mark.parametrize("is_whole", [True, False])
def test_another_request_is_refused_and_nothing_is_cleared(scorer, tiny_encoder, write_images, tmp_path, is_whole):
    paths = write_images(6)
    if is_whole:
        qi.methods.score_to_folder(tmp_path / "out", paths, scorer, shard_rows=2)
    else:
        with pytest.raises(KeyboardInterrupt):
            qi.methods.score_to_folder(tmp_path / "out", paths, scorer, shard_rows=2, executor=Killing(pieces=1))
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    fewer = scorer.fitted.anchors.take(np.arange(1, 20))
    others = {
        "other method": (paths, qi.Scorer(scorer.anchors, qi.Knn(), scorer.encoder), {}),
        "other encoder": (paths, qi.Scorer(scorer.anchors, qi.Mean(), tiny_encoder(seed=1)), {}),
        "other anchors": (
            paths,
            qi.Scorer(fewer, qi.Mean(), scorer.encoder),
            {},
        ),
        "other images": (paths[::-1], scorer, {}),
        "other max pixels": (paths, scorer, {"max_pixels": 1000}),
        "other where": (paths, scorer, {"about": {"where": "x"}}),
    }
    for words, (images, one, how) in others.items():
        with pytest.raises(qi.DataError, match=words.replace("where", "conditions")) as refused:
            qi.methods.score_to_folder(tmp_path / "out", images, one, **how)
        assert "name another folder" in str(refused.value.hint)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_a_folder_with_other_files_and_a_file_are_refused(scorer, write_images, tmp_path):
    paths = write_images(2)
    with pytest.raises(qi.DataError, match=r"is not empty: it holds '0000\.png'"):
        qi.methods.score_to_folder(tmp_path / "images", paths, scorer)
    with pytest.raises(qi.DataError, match="is a file"):
        qi.methods.score_to_folder(paths[0], paths, scorer)
    assert names_of(tmp_path / "images") == ["0000.png", "0001.png"]


def test_a_changed_image_is_scored_again(scorer, write_images, tmp_path):
    paths = write_images(6)
    with pytest.raises(KeyboardInterrupt):
        qi.methods.score_to_folder(tmp_path / "out", paths, scorer, shard_rows=2, executor=Killing(pieces=2))
    Path(paths[0]).write_bytes(Path(paths[5]).read_bytes())
    assert qi.methods.score_to_folder(tmp_path / "out", paths, scorer, shard_rows=2).n_resumed == 2
    rows = rows_of(tmp_path / "out")
    assert rows[0]["score"] == pytest.approx(rows[5]["score"], abs=1e-6)


def test_a_row_that_fails_is_tried_once_more(scorer, write_images, tmp_path):
    paths = write_images(4)
    asked = {}

    def read(path):
        asked[path] = asked.get(path, 0) + 1
        if path == paths[1] and asked[path] == 1:
            raise qi.DataError("the share was away")
        if path == paths[2]:
            raise qi.DataError("the share is gone")
        return Path(path).read_bytes()

    source = qi.datasets.ImageSource("own", pa.table({"path": paths}), read)
    done = qi.methods.score_to_folder(tmp_path / "out", source, scorer)
    assert asked == {paths[0]: 1, paths[1]: 2, paths[2]: 2, paths[3]: 1}
    assert done.n_failed == 1
    assert [bool(row["error"]) for row in rows_of(tmp_path / "out")] == [False, False, True, False]


def test_columns_pass_on_from_several_sources(scorer, write_images, tmp_path):
    paths = write_images(5)
    one = qi.datasets.ImageSource("one", pa.table({"path": paths[:3], "n": [1, None, 3], "who": ["a", "b", "c"]}))
    two = qi.datasets.ImageSource("two", pa.table({"path": paths[3:], "n": [0.5, 2.0]}))
    keep = {"n": "n", "who": "who_in_file"}
    qi.methods.score_to_folder(tmp_path / "out", [one, two], scorer, keep=keep, shard_rows=2)
    table = pq.read_table(tmp_path / "out")
    assert table.column_names[:3] == ["path", "n", "who_in_file"]
    assert (table.schema.field("n").type, table.schema.field("who_in_file").type) == (pa.float64(), pa.string())
    assert table["n"].to_pylist() == [1, None, 3, 0.5, 2]
    assert table["who_in_file"].to_pylist() == ["a", "b", "c", None, None]


def test_the_job_does_the_same_after_pickling(scorer, write_images):
    paths = write_images(5)
    source = qi.datasets.ImageSource("own", pa.table({"path": paths, "n": [1, 2, 3, 4, 5]}))
    inputs = KeptInputs.of([source], {"n": "n"})
    scorings = [qi.methods.Scoring(scorer), qi.methods.Scoring(scorer, rating="again", embeds=False)]
    job = ScoreJob(scorings, inputs.reads, 1, 10**8, keep=("n",), types=inputs.types)
    rows = list(inputs.rows(range(1, 4)))
    assert [row[1:] for row in rows] == [(paths[1], (2,)), (paths[2], (3,)), (paths[3], (4,))]
    expected = list(job.run(rows))
    other = cloudpickle.loads(cloudpickle.dumps(job))
    assert list(other.run(cloudpickle.loads(cloudpickle.dumps(rows)))) == expected
    packed = other.pack(1, [*expected[:2], other.failed(rows[2], "its worker died three times")])
    table = pq.read_table(pa.BufferReader(packed.data))
    assert table["n"].to_pylist() == [2, 3, 4]
    assert table["error"].to_pylist() == [None, None, "its worker died three times"]
    assert table.column_names == job.columns
    assert packed.facts["n_failed"] == 1


def test_a_list_of_images_is_read_by_row_groups(tmp_path):
    names = [f"s3://bucket/{i:04d}.jpg" for i in range(1000)]
    pq.write_table(
        pa.table({"url": names, "n": range(1000), "large": [b"x" * 100] * 1000}),
        tmp_path / "l.parquet",
        row_group_size=64,
    )
    images = qi.datasets.ImageList(tmp_path / "l.parquet")
    inputs = KeptInputs.of([images, ["more.png"]], {"n": "n"})
    assert len(inputs) == 1001
    assert list(inputs.rows(range(60, 200))) == [(0, names[i], (i,)) for i in range(60, 200)]
    assert list(inputs.rows(range(999, 1001))) == [(0, names[999], (999,)), (1, "more.png", (None,))]
    again = cloudpickle.loads(cloudpickle.dumps(images))
    assert again.paths[63:66].to_pylist() == names[63:66]
    _, columns, table = images._held
    assert (len(table), sorted(columns)) == (1000 % 64, ["n", "url"]), "one row group of two columns is held"


def test_names_of_a_list_are_below_its_folder(tmp_path):
    table = pa.table({"file": ["a.png", "/b.png", "s3://c.png", None, "d/e.png"]})
    pq.write_table(table, tmp_path / "l.parquet")
    found = qi.datasets.ImageList(tmp_path / "l.parquet").paths[0:5].to_pylist()
    assert found == [f"{tmp_path}/a.png", "/b.png", "s3://c.png", "", f"{tmp_path}/d/e.png"]


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ({"x": ["a"]}, None, "has no image column; its columns: x"),
        ({"path": ["a"]}, "image", "has no column 'image'"),
        ({"path": [1]}, None, "is int64, not text"),
    ],
)
def test_a_list_without_names_is_refused(tmp_path, table, column, words):
    pq.write_table(pa.table(table), tmp_path / "l.parquet")
    with pytest.raises(qi.DataError, match=words):
        qi.datasets.ImageList(tmp_path / "l.parquet", image_column=column)
    (tmp_path / "no.parquet").write_bytes(b"none")
    with pytest.raises(qi.DataError, match="is not a Parquet file"):
        qi.datasets.ImageList(tmp_path / "no.parquet")


def test_a_url_takes_the_files_when_all_are_there(scorer, write_images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = write_images(6)
    files = fsspec.filesystem("memory")
    url = f"memory://{tmp_path.name}-scores/"
    with pytest.raises(KeyboardInterrupt):
        qi.methods.score_to_folder(url, paths, scorer, shard_rows=2, executor=Killing(pieces=2))
    assert [Path(name).name for name in files.ls(url, detail=False)] == [".plan.json"]
    with pytest.raises(qi.DataError, match="other images"):
        qi.methods.score_to_folder(url, paths[:4], scorer, shard_rows=2)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(qi.DataError, match="belongs to a run that was begun in another folder"):
        qi.methods.score_to_folder(url, paths, scorer, shard_rows=2)
    monkeypatch.chdir(tmp_path)

    put = score_places.RemotePlace.put
    sent = []

    def failing(self, file, name):
        if len(sent) == 1:
            raise PermissionError("The security token included in the request is expired")
        sent.append(name)
        put(self, file, name)

    with monkeypatch.context() as patch:
        patch.setattr(score_places.RemotePlace, "put", failing)
        with pytest.raises(qi.DataError, match=r"cannot be written .*expired") as refused:
            qi.methods.score_to_folder(url, paths, scorer, shard_rows=2)
    assert "the same command goes on" in refused.value.hint
    monkeypatch.setattr(
        score_places.RemotePlace, "put", lambda self, file, name: (sent.append(name), put(self, file, name))
    )
    done = qi.methods.score_to_folder(url, paths, scorer, shard_rows=2)
    assert sent == [one["file"] for one in done.manifest["shards"]], "each was sent once"
    names = [Path(name).name for name in files.ls(url, detail=False)]
    assert sorted(names) == ["_manifest.json", *sent]
    table = pa.concat_tables(pq.read_table(files.open(f"{url}{name}")) for name in sent)
    assert table["path"].to_pylist() == paths
    assert qi.methods.score_to_folder(url, paths, scorer).was_there
    assert not list(tmp_path.glob(".quasar*"))


def test_two_at_once_are_refused(scorer, write_images, tmp_path):
    paths = write_images(4)

    class Second(qi.plans.LocalExecutor):
        def run(self, *args, **how):
            with pytest.raises(qi.DataError, match="another process writes"):
                qi.methods.score_to_folder(tmp_path / "out", paths, scorer)
            super().run(*args, **how)

    assert qi.methods.score_to_folder(tmp_path / "out", paths, scorer, executor=Second()).n_rows == 4


def test_shards_of_very_many_rows_are_larger():
    assert [shard_rows_of(n) for n in (0, 1000, 10**7, 10**8, 10**9)] == [1024, 1024, 1024, 2000, 20000]


def test_a_long_list_is_scored_from_the_file(scorer, write_images, tmp_path, monkeypatch):
    from quasar_index.cli import score_inputs

    from quasar_index.datasets import image_list

    paths = write_images(5)
    file = tmp_path / "images" / "list.parquet"
    pq.write_table(pa.table({"image": [Path(path).name for path in paths], "n": range(5)}), file, row_group_size=2)
    assert qi.datasets.find_long_list(file) is None
    monkeypatch.setattr(image_list, "LONG", 4)
    given = score_inputs.read_inputs(None, [str(file)], None, keep=["n"], long=True)
    (images,) = given.images
    assert isinstance(images, qi.datasets.ImageList)
    assert (len(given), given.keep) == (5, {"n": "n"})
    qi.methods.score_to_folder(tmp_path / "out", given.images, scorer, keep=given.keep, shard_rows=2)
    table = pq.read_table(tmp_path / "out")
    assert table["path"].to_pylist() == paths
    assert table["n"].to_pylist() == [0, 1, 2, 3, 4]
    assert not any(table["error"].to_pylist())
    with pytest.raises(qi.DataError, match="--keep 'm' is no column of the data"):
        score_inputs.read_inputs(None, [str(file)], None, keep=["m"], long=True)
    whole = score_inputs.read_inputs(None, [str(file)], None, long=False)
    assert list(whole.paths) == paths


@pytest.mark.parametrize("name", ["list.csv", "none.parquet", "torn.parquet", "pictures.parquet"])
def test_what_is_no_long_list_is_left_to_others(tmp_path, monkeypatch, name):
    monkeypatch.setattr("quasar_index.datasets.image_list.LONG", 0)
    (tmp_path / "list.csv").write_text("image\na.png\n")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"image": [b"bytes"]}), tmp_path / "pictures.parquet")
    assert qi.datasets.find_long_list(tmp_path / name) is None
