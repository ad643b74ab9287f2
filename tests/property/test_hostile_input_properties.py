"""Whatever bytes come in, parsers and decoders answer or raise one error of ours, in one line."""

import io
import json
import os
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quasar_index.cells import as_text, csv_line
from quasar_index.datasets.arrow_images import read_arrow
from quasar_index.datasets.embeddings import read_matrix
from quasar_index.datasets.label_files import read_table
from quasar_index.datasets.labelled import source_from_table
from quasar_index.datasets.spec import Options, parse_spec
from quasar_index.datasets.webdataset import load_webdataset
from quasar_index.errors import AnchorIndexError, ImageError, QuasarError
from quasar_index.images import decode
from quasar_index.index.filters import check_filter
from quasar_index.index.manifest import Manifest, cache_base
from tests.torture.mutated_images import mutate, seeds

pytestmark = pytest.mark.filterwarnings("ignore")
# `make torture` raises the number
QUICK = settings(
    max_examples=int(os.environ.get("QUASAR_INDEX_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
IMAGES = seeds()
NAMES = st.text(st.characters(), max_size=12)  # surrogates and control characters too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def ours(act, *arguments, error=QuasarError):
    """Return the answer, or None where an error of ours came, in one line; any other error fails the test."""
    try:
        return act(*arguments)
    except error as caught:
        message = str(caught)
    assert len(message.splitlines()) == 1
    return None


def damaged(data):
    """Return a strategy of a file's bytes with a few of them changed, and perhaps its end cut off."""
    places = st.integers(0, max(0, len(data) - 1))

    def change(edits, end):
        copy = bytearray(data)
        for place, value in edits:
            copy[place] = value
        return bytes(copy[:end])

    edits = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)
    return st.builds(change, edits, st.just(len(data)) | places)


@QUICK
@given(st.integers(0, 2**32), st.integers(0, 2**16))
def test_mutated_images(number, seed):
    pixels = ours(lambda: decode(mutate(number, seed, IMAGES), max_pixels=1_000_000), error=ImageError)
    if pixels is not None:
        assert pixels.dtype == np.uint8
        assert pixels.shape[2] == 3
        assert pixels.size <= 3_000_000


@QUICK
@given(st.binary(max_size=200))
@example(b"\x00\x00\x00\x0cJXL \r\n\x87\n")
def test_bytes_that_are_no_image(data):
    assert ours(lambda: decode(data, max_pixels=1_000_000), error=ImageError) is None or data[:2] in (
        b"BM",
        b"P5",
        b"P6",
    )


CELLS = st.text(st.sampled_from('ab1.-+=e,;\t"\n\r \0\ufeffé\u2028'), max_size=6)
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5)


@QUICK
@given(
    LINES, st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]), st.binary(max_size=3)
)
def test_delimited_labels(lines, separator, encoding, tail):
    text = "image" + separator + "score\n" + "\n".join(separator.join(line) for line in lines)
    content = text.encode(encoding, errors="replace") + tail

    def read():
        return source_from_table(read_table(content, "labels.csv"), Options(), resolve=str, name="labels")

    source = ours(read)
    assert source is None or np.isfinite(source.records["score"].to_numpy()).all()


@QUICK
@given(st.binary(max_size=12) | CELLS.map(str.encode), st.sampled_from(["csv", "tsv", "json", "jsonl", "xlsx"]))
@example(b"\0#", "csv")
def test_bytes_that_are_no_labels(content, ending):
    ours(lambda: source_from_table(read_table(content, f"l.{ending}"), Options(), resolve=str, name="labels"))


@QUICK
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["image", "score", "side", "rater", "id", "x"]), JSON, max_size=4), max_size=4
    )
)
@example([{"image": "a", "score": 10**400}])
@example([{"image": "a", "score": 1, "x": 10**40}, {"image": "b", "score": 2, "x": {"y": []}}])
@example([{"image": "\ud800", "score": 1}])
def test_json_lines(rows):
    content = "\n".join(map(json.dumps, rows)).encode()
    ours(lambda: source_from_table(read_table(content, "labels.jsonl"), Options(), resolve=str, name="labels"))


@QUICK
@given(JSON | st.dictionaries(st.text(max_size=3), JSON, max_size=4) | st.lists(st.lists(JSON, max_size=3), max_size=3))
@example({"columns": ["image"], "data": [5], "index": [1, 2]})
@example([["image", "score"], ["a", [1]]])
@example({"a": {"b": 1}, "c": {}})
def test_json_tables(document):
    content = json.dumps(document).encode()
    for labelled in (True, False):
        options = Options(labelled=labelled)
        ours(lambda: source_from_table(read_table(content, "l.json"), options, resolve=str, name="labels"))  # noqa: B023


def workbook():
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (("image", "score"), ("a.png", 1), ("b.png", "2,5")):
        book.active.append(row)
    book.save(file)
    return file.getvalue()


WORKBOOK = workbook()


@QUICK
@given(damaged(WORKBOOK))
def test_damaged_workbooks(content):
    ours(lambda: source_from_table(read_table(content, "l.xlsx"), Options(), resolve=str, name="labels"))


@QUICK
@given(damaged(zipfile.ZipFile(io.BytesIO(WORKBOOK)).read("xl/worksheets/sheet1.xml")))
def test_damaged_sheets(xml):
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, xml if name.endswith("sheet1.xml") else old.read(name))
    ours(lambda: source_from_table(read_table(file.getvalue(), "l.xlsx"), Options(), resolve=str, name="labels"))


def parquet():
    file = io.BytesIO()
    pq.write_table(pa.table({"image": ["a.png", "b.png"], "score": [1.0, 2.0], "split": ["x", None]}), file)
    return file.getvalue()


@QUICK
@given(damaged(parquet()))
def test_damaged_parquet(content):
    ours(lambda: source_from_table(read_table(content, "labels.parquet"), Options(), resolve=str, name="labels"))


def arrow():
    file = io.BytesIO()
    table = pa.table({"image": pa.array([b"one", b"two", None]), "score": [1, 2, 3], "name": ["x", "y", None]})
    with pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


@QUICK
@given(damaged(arrow()))
def test_damaged_arrow(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.arrow")
        path.write_bytes(content)
        table = ours(read_arrow, str(path))
        if table is not None:
            table.to_pylist()


def shard():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in (
            ("a.jpg", b"x" * 600),
            ("a.json", b'{"score": 1}'),
            ("b.jpg", b"y"),
            ("b.json", b'{"score": 2}'),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()[:4608]


@QUICK
@given(damaged(shard()))
def test_damaged_shards(content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.tar")
        path.write_bytes(content)
        source = ours(load_webdataset, [str(path)], Options(), "a")
        for name in source.records["path"].to_pylist() if source else ():
            ours(source.read_bytes, name)


def array(save):
    file = io.BytesIO()
    save(file)
    return file.getvalue()


MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)
ARRAYS = {
    ".npy": array(lambda file: np.save(file, MATRIX)),
    ".npz": array(lambda file: np.savez_compressed(file, embeddings=MATRIX, ids=np.array(["a", "b"]))),
}


@QUICK
@given(st.sampled_from(sorted(ARRAYS)).flatmap(lambda name: st.tuples(st.just(name), damaged(ARRAYS[name]))))
def test_damaged_arrays(item):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{item[0]}")
        path.write_bytes(item[1])
        found = ours(read_matrix, path)
        assert found is None or found[0].ndim == 2
        del found  # the mapping, before its file goes


@QUICK
@given(NAMES | st.text(st.sampled_from("ab:?=&%/.~\0\\"), max_size=20))
@example("a?x=%00")
@example("~nobody-of-this-name/x")
def test_specs(text):
    ours(parse_spec, text)


SOUND = {
    "encoder": {"name": "e", "dim": 4, "input": {"resize": "crop", "size": 2, "mean": [0, 0, 0], "std": [1, 1, 1]}},
    "sources": [],
    "n_good": 1,
    "n_bad": 1,
    "table_version": 1,
    "uid": "0a",
    "created": "",
    "libraries": {},
    "schema_version": 1,
}


SOUND_2 = {
    "embeddings": [{"name": "embedding", "dtype": "float16", "encoder": SOUND["encoder"]}],
    "shards": [{"table": "anchors", "version": 1}],
    "sources": [
        {
            "name": "own", "kind": "no-reference", "division": "median", "n_good": 1, "n_bad": 1,
            "ratings": [{"name": "score", "column": "score", "score_range": [0, 1], "threshold": 0.5, "kept": False}],
        }
    ],
    "n_good": 1,
    "n_bad": 1,
    "version": 1,
    "uid": "0a",
    "created": "",
    "libraries": {},
    "subset": None,
    "approximate": None,
    "schema_version": 2,
}  # fmt: skip
PLACES = [
    *((SOUND, (key,)) for key in SOUND),
    *((SOUND, ("encoder", key)) for key in SOUND["encoder"]),
    *((SOUND_2, (key,)) for key in SOUND_2),
    *((SOUND_2, (part, 0, key)) for part in ("embeddings", "shards", "sources") for key in SOUND_2[part][0]),
    *((SOUND_2, ("sources", 0, "ratings", 0, key)) for key in SOUND_2["sources"][0]["ratings"][0]),
]


@QUICK
@given(st.sampled_from(PLACES), JSON)
def test_manifests(place, value):
    sound, keys = place
    data = json.loads(json.dumps(sound))
    inner = data
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    manifest = ours(Manifest.from_dict, data, Path("index"))
    if manifest is not None:
        assert manifest.uid.replace("-", "").replace("_", "").isalnum()
        base = cache_base(Path("index"), manifest, manifest.embeddings[-1].name)
        assert base.parent == Path("index", "cache")
        assert all(Path("index", f"{shard.table}.lance").parent == Path("index") for shard in manifest.shards)


@QUICK
@given(NAMES | st.text(st.sampled_from("ab'\"();,-=<>| \n\0ANDOR"), max_size=30))
@example("score > 3; DROP TABLE anchors")
def test_filters(text):
    checked = ours(check_filter, text, error=AnchorIndexError)
    assert checked is None or checked == f"({text})"


@QUICK
@given(st.lists(NAMES, min_size=1, max_size=4))
def test_csv_comes_back(names):
    import csv

    columns = [f"n{number}" for number in range(len(names))]
    text = csv_line(dict(zip(columns, names, strict=True)), columns)
    text.encode()
    (cells,) = csv.reader(io.StringIO(text, newline=""), strict=True) if text != "\n" else ([""],)
    for name, cell in zip(names, cells, strict=True):
        assert cell.removeprefix("'") == as_text(name).removeprefix("'")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
