"""Bundles: an index of one is the index that was pushed, to the bit of its scores; what is damaged is refused."""

import dataclasses
import decimal
import hashlib
import io
import json
import shutil
import stat
import zipfile
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quasar_index as qi
from quasar_index.datasets.base import AnchorSource, Rating, make_records
from quasar_index.index import select_into
from quasar_index.index.manifest import MANIFEST
from quasar_index.sharing import anchor_part, container, install_bundle, push, read_bundle, write_bundle

DATA = Path(__file__).parents[1] / "data"
N, DIM = 60, 6
SPEC = qi.EncoderSpec("tiny", DIM, "0123456789abcdef", qi.encoders.InputRule("at-most", 512), weights="/home/me/w.pt")
METHODS = ("mean", "offset:offset=0.2", "knn", "ridge", "retrieval:top_k=5", "mean:space=raw")
QUERIES = np.random.default_rng(9).normal(size=(7, DIM)).astype(np.float32)
MATRIX = np.random.default_rng(0).normal(size=(2 * N, DIM)).astype(np.float32)


def rated(rows, name="own", **columns):
    scores = [float(row * 37 % 61) for row in rows]
    more = {"camera": [f"c{row % 3}" for row in rows], **columns}
    records = make_records({"path": [f"/home/me/{name}/{row}.png" for row in rows], "score": scores, **more}, len(rows))
    return AnchorSource(name, records, "no-reference", "median", checksums={f"/home/me/{name}.csv": "0" * 64})


def paired(n, name="pairs"):
    columns = {
        "path": [f"/home/me/{name}/{row}.png" for row in range(n)],
        "reference": [f"/home/me/ref/{row // 4}" for row in range(n)],
        "distortion": [None if row % 4 == 0 else f"blur{row % 2}" for row in range(n)],
        "level": [row % 4 for row in range(n)],
        "side": ["good" if row % 4 == 0 else "bad" for row in range(n)],
    }
    return AnchorSource(name, make_records(columns, n), "full-reference", "reference")


def plain():
    return qi.build_from_embeddings("plain", rated(range(N)), MATRIX[:N]).index


def grouped():
    source = rated(range(N), reference=[f"/home/me/scene{row // 5}" if row % 7 else None for row in range(N)])
    sizes = [(10 + row, 20) for row in range(N)]
    ids = [hashlib.sha256(b"%d" % row).hexdigest()[:32] for row in range(N)]
    return qi.build_from_embeddings("grouped", source, MATRIX[:N], spec=SPEC, ids=ids, sizes=sizes).index


def several():
    """Return one of two data sets with sides of their own, in three tables of float16, changed several times."""
    storage = {"dtype": "float16", "anchors_per_shard": 30}
    index = qi.build_from_embeddings("several", [rated(range(N)), paired(20)], MATRIX[: N + 20], spec=SPEC, **storage)
    index = index.index.remove(where="score < 3").index
    index = index.add_embeddings(rated(range(N, N + 30)), MATRIX[N + 20 : N + 50], spec=SPEC).index
    return index.relabel(rated(range(5, 9), score=[1.0, 2.0, 3.0, 4.5])).index


def two_ratings():
    noise = [None if row % 5 == 4 else float(row * 7 % 12) for row in range(N)]
    further = Rating("noise", lower_is_better=True, score_range=(0.0, 20.0), by_person=False)
    source = dataclasses.replace(rated(range(N), noise=noise), rating="quality", ratings=(further,))
    index = qi.build_from_embeddings("two_ratings", source, MATRIX[:N], spec=SPEC).index
    ids = [key.decode() for key in index.anchors().ids.tolist()]
    return index.attach_embedding("second", ids, MATRIX[:N, :3] + 5, dtype="float16")


def subset():
    index = plain()
    anchors = index.anchors()
    ids = [key.decode() for key in anchors.ids[[0, 1, 2, 3, -1, -2]].tolist()]
    what = qi.index.Subset(
        *("random", {"share": 0.5}, 4, 2, anchors.n_good, anchors.n_bad, "plain", index.manifest.uid, 1),
        where="path LIKE '/home/me/%'",
        reason="those of /home/me",
    )
    return select_into("subset", index, ids, what)


def old(number):
    # Without the search cache of that time: one matrix of all tables, whose sums round otherwise.
    shutil.copytree(DATA / f"index-v{number}", f"v{number}", ignore=shutil.ignore_patterns("cache"))
    return qi.AnchorIndex.open(f"v{number}")


MADE = {
    "plain": plain,
    "grouped": grouped,
    "several": several,
    "two ratings": two_ratings,
    "pairs": lambda: qi.build_from_embeddings("pairs", paired(40), MATRIX[:40]).index,
    "subset": subset,
    "format 1": lambda: old(1),
    "format 2": lambda: old(2),
}


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bundle():
    return write_bundle(plain(), "plain.quasar")


def scores(index, rating=None, embedding=None):
    dim = index.manifest.embedding(embedding).encoder.dim
    anchors = index.anchors(rating=rating, embedding=embedding)
    made = []
    for text in METHODS:
        try:
            made.append(qi.read_method(text).fit(anchors).score(QUERIES[:, :1].repeat(dim, 1) + np.eye(7, dim)).score)
        except qi.QuasarError as error:
            made.append(str(error))  # such as ridge regression without ratings
    return made


def ids_of(index, **which):
    return index.anchors(**which).ids.tolist()


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("kind", MADE)
def test_an_index_of_a_bundle_scores_the_same_to_the_bit(kind, private):
    index = MADE[kind]()
    written = write_bundle(index, "x.quasar", private=private)
    copy = install_bundle("x.quasar", "copy")
    assert (len(written), len(copy), copy.manifest.version) == (len(index), len(index), 1)
    assert copy.ratings == index.ratings
    assert copy.verify().damage == ()
    assert len(copy.manifest.shards) == len(index.manifest.shards)
    for embedding in index.manifest.embeddings:
        for rating in index.ratings:
            one, other = (i.anchors(rating=rating, embedding=embedding.name) for i in (index, copy))
            np.testing.assert_array_equal(one.directions, other.directions)
            np.testing.assert_array_equal(one.norms, other.norms)
            np.testing.assert_array_equal(one.groups, other.groups)
            assert one.n_good == other.n_good
            if one.quality is not None:
                np.testing.assert_array_equal(one.quality, other.quality)
            if not private:
                assert one.ids.tolist() == other.ids.tolist()
            for mine, theirs in zip(
                scores(index, rating, embedding.name), scores(copy, rating, embedding.name), strict=True
            ):
                np.testing.assert_array_equal(mine, theirs)
    types = [one.dtype for one in index.manifest.embeddings]
    assert [one.dtype for one in copy.manifest.embeddings] == types
    assert [copy.tables.schema.field(one.name).type for one in copy.manifest.embeddings] == [
        index.tables.schema.field(one.name).type for one in index.manifest.embeddings
    ]
    if not private:
        assert copy.tables.read(copy.columns).to_pylist() == index.tables.read(index.columns).to_pylist()
        wanted = dataclasses.replace(
            *(index.manifest,), uid=copy.manifest.uid, version=1, shards=copy.manifest.shards, embeddings=()
        )
        assert dataclasses.replace(copy.manifest, embeddings=()) == wanted


@settings(max_examples=8, deadline=None)
@given(
    data=st.lists(
        st.tuples(
            st.floats(-1e6, 1e6, width=32).filter(lambda v: abs(v) > 1e-3),
            st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9),
            st.one_of(st.none(), st.text(max_size=5)),
            st.one_of(st.none(), st.integers(-(2**62), 2**62)),
        ),
        min_size=2,
        max_size=20,
    ).filter(
        lambda rows: len({row[1] for row in rows}) > 1 and max(r[1] for r in rows) > np.median([r[1] for r in rows])
    ),
    private=st.booleans(),
)
def test_any_labels_come_back(data, private, tmp_path_factory):
    home = tmp_path_factory.mktemp("any")
    matrix = np.array([[row[0], 1.0] for row in data], dtype=np.float32)
    columns = {
        "path": [f"{row}" for row in range(len(data))],
        "score": [row[1] for row in data],
        "reference": [row[2] for row in data],
        "größe": [row[3] for row in data],
    }
    source = AnchorSource("any", make_records(columns, len(data)), "aesthetics", "median")
    index = qi.build_from_embeddings(home / "any", source, matrix).index
    write_bundle(index, home / "any.quasar", private=private)
    copy = install_bundle(home / "any.quasar", home / "copy")
    np.testing.assert_array_equal(index.anchors().directions, copy.anchors().directions)
    np.testing.assert_array_equal(index.anchors().quality, copy.anchors().quality)
    np.testing.assert_array_equal(index.anchors().groups, copy.anchors().groups)
    if not private:
        assert copy.tables.read(copy.columns).to_pylist() == index.tables.read(index.columns).to_pylist()


def test_an_installed_index_can_be_changed_and_pushed_again_to_the_same_bytes(tmp_path):
    index = several()
    write_bundle(index, "one.quasar")
    (tmp_path / "elsewhere").mkdir()
    copy = install_bundle("one.quasar", "elsewhere/several")
    write_bundle(copy, "two.quasar")
    assert Path("one.quasar").read_bytes() == Path("two.quasar").read_bytes()
    changed = copy.remove(where="score > 50").index
    assert changed.verify().is_whole
    assert changed.history()[0].action == f"pull from a bundle of 'several': {len(index)} anchors"


def test_one_version_goes():
    index = several()
    first = qi.AnchorIndex.open("indexes/several", 1)
    write_bundle(first, "first.quasar")
    copy = install_bundle("first.quasar", "first")
    assert (len(copy), len(first), len(index)) == (N + 20, N + 20, len(index))
    for one, other in zip(scores(first), scores(copy), strict=True):
        np.testing.assert_array_equal(one, other)
    assert (dict(copy.tags), len(copy.history())) == ({}, 1)


@pytest.mark.parametrize("private", [False, True])
def test_calibrations_and_the_approximate_search_go_too(private):
    rng = np.random.default_rng(3)
    centres = 3 * rng.normal(size=(20, 12))
    matrix = (rng.normal(0.3, 1, (800, 12)) + centres[rng.integers(0, 20, 800)]).astype(np.float32)
    scores = (matrix[:, 0] + rng.normal(size=800)).tolist()
    index = qi.build_from_embeddings("many", rated(range(800), score=scores), matrix).index
    index = qi.approximate(index, top_k=20, recall=0.9, n_queries=40)
    for method in (qi.Mean(), qi.Knn()):
        qi.calibrate(index, method, level=0.8)
    write_bundle(index, "many.quasar", private=private)
    copy = install_bundle("many.quasar", "copy")
    for method in (qi.Mean(), qi.Knn()):
        one, other = (qi.read_calibration(i, method) for i in (index, copy))
        assert one == dataclasses.replace(other, version=one.version)
        np.testing.assert_array_equal(one.predict([0.2, 0.5]), other.predict([0.2, 0.5]))
    assert copy.manifest.approximate == index.manifest.approximate
    fitted = [qi.Scorer(i, qi.Retrieval(top_k=10)) for i in (index, copy)]
    exact = qi.Scorer(qi.search_exactly(qi.AnchorIndex.open("many")), qi.Retrieval(top_k=10))
    queries = matrix[::5] + rng.normal(size=(160, 12)).astype(np.float32)
    one, other, full = (scorer.score_embeddings(queries).score for scorer in (*fitted, exact))
    np.testing.assert_array_equal(one, other)
    assert (one != full).any()  # so it is the approximate search that agrees


def test_a_private_bundle_tells_no_place():
    for kind, make in MADE.items():
        shutil.rmtree("indexes", ignore_errors=True)
        index = make()
        index = index.relabel(rated(range(1))).index if kind == "plain" else index
        bundle = write_bundle(index, f"{kind}.quasar", private=True)
        content = bundle.path.read_bytes()
        for secret in (b"/home", b"me/", b".png", b"images", b"camera", b"own", b"pairs", b"scene"):
            assert secret not in content, (kind, secret)
        assert (bundle.name, bundle.private, read_bundle(bundle.path)) == ("", True, bundle)
    # What says where files lie in a plain bundle, so that the test above can fail.
    content = write_bundle(subset(), "open.quasar").path.read_bytes()
    assert all(secret in content for secret in (b"/home/me/own/", b"camera", b"own.csv", b"those of /home/me"))
    assert b"/home/me/w.pt" not in write_bundle(grouped(), "weights.quasar").path.read_bytes()


def test_ids_of_images_stay_and_those_made_of_paths_go():
    index = grouped()
    write_bundle(index, "x.quasar", private=True)
    assert ids_of(install_bundle("x.quasar", "images")) == ids_of(index)
    other = plain()
    write_bundle(other, "y.quasar", private=True)
    numbered = install_bundle("y.quasar", "paths")
    assert set(ids_of(numbered)) == {b"anchor-%02d" % number for number in range(1, N + 1)}
    ranks = [np.argsort(np.argsort(ids_of(i))).tolist() for i in (other, numbered)]
    assert ranks[0] == ranks[1]


def test_terms_go_and_the_given_licence_comes_first():
    records = make_records({"path": list("abcd"), "score": [1, 2, 3, 4]}, 4)
    index = qi.build_from_embeddings("sac", AnchorSource("sac", records, "aesthetics", "median"), np.eye(4)).index
    found = write_bundle(index, "sac.quasar", licence="CC-BY-4.0").terms
    assert [(one.of, one.licence) for one in found] == [("the index", "CC-BY-4.0"), ("sac", "CC0")]
    copy = install_bundle("sac.quasar", "copy", origin=qi.index.Origin("sac.quasar"))
    assert tuple(qi.index.terms_of(copy)) == found
    assert [one.source for one in qi.index.read_origins(copy.path)] == ["sac.quasar"]
    write_bundle(copy, "open.quasar")
    origins = qi.index.read_origins(install_bundle("open.quasar", "third", origin=qi.index.Origin("open.quasar")).path)
    assert [one.source for one in origins] == ["sac.quasar", "open.quasar"]
    again = write_bundle(copy, "again.quasar", private=True)
    assert [(one.of, one.licence) for one in again.terms] == [("the index", "CC-BY-4.0"), ("sac", "CC0")]
    assert again.origins == ()
    assert [source.name for source in again.manifest.sources] == ["sac"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["x", "y", "x", None]).dictionary_encode(),
        pa.nulls(4),
        pa.array([1, 2, None, 4], pa.timestamp("us")),
        pa.array([1, 2, 3, 4], pa.date32()),
        pa.array([[1, 2], None, [], [3]]),
        pa.array([{"a": 1, "b": "x"}] * 4),
        pa.array([decimal.Decimal("1.20"), None] * 2),
        pa.array(["x"] * 4, pa.large_string()),
        pa.array([b"\xff", None] * 2),
        pa.array([1, 2, 3, 4], pa.int8()),
        pa.array([True, None, False, True]),
    ],
    ids=lambda values: str(values.type),
)
def test_columns_of_label_files_go_whatever_their_type(values):
    records = make_records({"path": list("abcd"), "score": [1, 2, 3, 4]}, 4).append_column("more", values)
    index = qi.build_from_embeddings("own", AnchorSource("own", records, "aesthetics", "median"), np.eye(4)).index
    write_bundle(index, "own.quasar")
    copy = install_bundle("own.quasar", "copy")
    found, kept = (one.tables.read(["more"])["more"] for one in (copy, index))
    assert found.to_pylist() == kept.to_pylist() == values.to_pylist()
    assert found.type == kept.type


def test_other_tools_read_a_bundle(bundle, tmp_path):
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(tmp_path / "out")
    for line in (tmp_path / "out/SHA256SUMS").read_text().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digest
    with pa.OSFile(str(tmp_path / "out/anchors.arrow")) as file:
        table = pa.ipc.open_file(file).read_all()
    assert (len(table), table.schema.field("embedding").type) == (N, pa.list_(pa.float32(), DIM))


@pytest.mark.parametrize("target", ["memory://place/deep/own.quasar", "own.quasar", Path("own.QUASAR")])
def test_push_puts_a_bundle_where_it_is_told(target):
    report = push(plain(), target)
    assert (report.target, len(report.bundle)) == (str(target), N)
    with fsspec.open(str(target), "rb") as file:
        Path("got.quasar").write_bytes(file.read())
    assert len(install_bundle("got.quasar", "copy")) == N


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("own.zip", "'own.zip' is no name of a bundle"),
        (".quasar", "'.quasar' is no name of a bundle"),
        ("", "'' is no name of a bundle"),
        ("https://example.org/own.quasar", "is a web address"),
        ("nosuch://x/own.quasar", "cannot be opened"),
        ("no/own.quasar", "cannot be written"),
        ("hf://own", "names nothing on the hub"),
        ("hf://a/b/c", "names nothing on the hub"),
        ("hf://../b", "names nothing on the hub"),
    ],
)
def test_a_target_that_cannot_be_is_refused(target, message):
    index = plain()
    with pytest.raises(qi.DataError, match=message):
        push(index, target)
    assert sorted(path.name for path in Path().iterdir()) == ["indexes"]


def test_the_starter_and_a_damaged_index_are_not_pushed():
    with pytest.raises(qi.AnchorIndexError, match="everybody has it"):
        write_bundle(qi.AnchorIndex.open("starter"), "x.quasar")
    index = plain()
    (data,) = Path("indexes/plain/anchors.lance/data").glob("*.lance")
    content = bytearray(data.read_bytes())
    content[len(content) // 3] ^= 1
    data.write_bytes(content)
    with pytest.raises(qi.AnchorIndexError, match="is damaged"):
        write_bundle(index, "x.quasar")
    assert not Path("x.quasar").exists()


def test_an_index_is_complete_or_not_there(bundle, monkeypatch):
    with pytest.raises(qi.AnchorIndexError, match="exists already"):
        install_bundle(bundle.path, "plain")
    # Interrupted at its end, and then by a build that left embeddings and failures there.
    with monkeypatch.context() as patch:
        patch.setattr("quasar_index.index.build.Manifest.write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            install_bundle(bundle.path, "copy")
    left = Path("indexes/.copy.building")
    assert (left / "anchors.lance").exists()
    (left / "failures.jsonl").write_text('{"path": "a", "error": "b"}\n')
    (left / "anchors-1.lance").mkdir()
    assert not Path("indexes/copy").exists()
    copy = install_bundle(bundle.path, "copy")
    assert copy.verify().damage == ()
    assert {path.name for path in copy.path.iterdir()} == {"anchors.lance", "history", MANIFEST, ".lock"}
    assert len(install_bundle(bundle.path, "copy", overwrite=True)) == N


def refused(content, match=None):
    Path("bad.quasar").write_bytes(content)
    before = sorted(Path().rglob("*"))
    with pytest.raises(qi.AnchorIndexError, match=match) as caught:
        install_bundle("bad.quasar", "bad")
    left = [path for path in sorted(Path().rglob("*")) if path not in before and path.name != ".lock"]
    assert [path.name for path in left if path.name != ".bad.building"] == []
    return str(caught.value)


def test_a_flipped_bit_anywhere_is_refused(bundle):
    content = bundle.path.read_bytes()
    rng = np.random.default_rng(0)
    # The heads of the parts, the directory and the end of the archive all, of the rest some.
    with zipfile.ZipFile(bundle.path) as archive:
        heads = [range(one.header_offset, one.header_offset + 80) for one in archive.infolist()]
        ends = range(archive.start_dir, len(content))
    places = {*ends, *(place for head in heads for place in head), *rng.integers(0, len(content), 200).tolist()}
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << int(rng.integers(8))
        refused(bytes(changed))


@pytest.mark.parametrize("end", [0, 1, 100, -1000, -1])
def test_half_a_bundle_is_refused(bundle, end):
    refused(bundle.path.read_bytes()[:end])


@pytest.mark.parametrize(("before", "after"), [(b"x", b""), (b"", b"x"), (b"#!/bin/sh\n", b"")])
def test_what_is_no_part_of_it_is_refused(bundle, before, after):
    refused(before + bundle.path.read_bytes() + after)


def parts_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != container.SUMS}


def with_head(parts, **changes):
    head = json.loads(parts[container.HEAD])
    manifest = head["manifest"] | changes.pop("manifest", {})
    return {**parts, container.HEAD: json.dumps({**head, "manifest": manifest, **changes}).encode()}


def packed(parts):
    """Return a bundle of any parts, with checksums that are right."""
    made = [(name, lambda sink, data=data: sink.write(data)) for name, data in parts.items()]
    container.write_container(Path("made.quasar"), made)
    return Path("made.quasar").read_bytes()


def arrow(table, **options):
    file = io.BytesIO()
    with pa.ipc.new_file(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return file.getvalue()


def anchors_of(parts):
    return pa.ipc.open_file(pa.BufferReader(parts[container.ANCHORS])).read_all()


def with_anchors(parts, table, **options):
    return packed({**parts, container.ANCHORS: arrow(table, **options)})


def test_what_is_packed_so_would_be_read(bundle):
    parts = parts_of(bundle.path)
    for content in (packed(parts), with_anchors(parts, anchors_of(parts)), packed(with_head(parts, name="other"))):
        Path("good.quasar").write_bytes(content)
        assert len(install_bundle("good.quasar", "good", overwrite=True)) == N


@pytest.mark.parametrize("name", ["../evil", "/etc/x", "evil.py", "calibrations/../x.json", "calibrations/x.json"])
def test_an_unknown_part_is_refused(bundle, name):
    refused(packed({**parts_of(bundle.path), name: b"{}"}), "which is no part of a bundle")
    assert not Path("../evil").exists()


def test_parts_that_are_no_plain_stored_files_are_refused(bundle):
    parts = parts_of(bundle.path)

    def archive(change=lambda info: None, **options):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", **options) as made:
            for name, data in parts.items():
                info = zipfile.ZipInfo(name)
                info.compress_type = options.get("compression", 0)
                change(info)
                made.writestr(info, data)
        return file.getvalue()

    def link(info):
        info.external_attr = (stat.S_IFLNK | 0o777) << 16

    refused(archive(link), "is no plain file")
    refused(archive(compression=zipfile.ZIP_DEFLATED), "is compressed")
    refused(archive(), "is missing")
    file = io.BytesIO(archive())
    with zipfile.ZipFile(file, "a") as made, pytest.warns(UserWarning, match="Duplicate name"):
        made.writestr(container.ANCHORS, b"")
    refused(file.getvalue(), "twice")


def test_a_part_is_compared_with_its_checksum(bundle):
    """Also where somebody made the checksum of the file anew, as a tool that repacks archives does not."""
    content = bundle.path.read_bytes()
    parts = parts_of(bundle.path)
    digest = hashlib.sha256(parts[container.ANCHORS]).hexdigest().encode()
    changed = content.replace(digest, b"0" * 64)[:-64]
    assert len(changed) == len(content) - 64
    crc = zipfile.ZipFile(bundle.path).getinfo(container.SUMS).CRC
    sums = zipfile.ZipFile(bundle.path).read(container.SUMS).replace(digest, b"0" * 64)
    import zlib

    changed = changed.replace(crc.to_bytes(4, "little"), zlib.crc32(sums).to_bytes(4, "little"))
    refused(changed + hashlib.sha256(changed).hexdigest().encode(), "'anchors.arrow' is not as it was written")


def test_a_newer_format_says_so(bundle):
    parts = parts_of(bundle.path)
    head = json.loads(parts[container.HEAD]) | {"format": 2, "more": 1}
    content = packed({container.HEAD: json.dumps(head).encode(), "new.part": b""})
    assert "format 2" in refused(content, "update quasar-index")
    refused(packed(with_head(parts, manifest={"schema_version": 3})), "update quasar-index")


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "1"},
        {"format": True},
        {"more": 1},
        {"name": 3},
        {"name": "x" * 300},
        {"private": "no"},
        {"tables": 0},
        {"tables": 1.5},
        {"terms": [{"of": "x"}]},
        {"terms": [{"of": "x", "licence": 3}]},
        {"terms": 4},
        {"origins": 4},
        {"manifest": {"n_good": 0, "n_bad": N}},
        {"manifest": {"n_good": 10**18}},
        {"manifest": {"n_good": -1}},
        {"manifest": {"sources": []}},
        {"manifest": {"sources": 3}},
        {"manifest": {"embeddings": []}},
        {"manifest": {"uid": "../x"}},
        {"manifest": {"libraries": 3}},
    ],
)
def test_an_unsound_head_is_refused(bundle, changes):
    if changes == {"manifest": {"uid": "../x"}}:  # a bundle has none: that of the index is made anew
        Path("x.quasar").write_bytes(packed(with_head(parts_of(bundle.path), **changes)))
        assert install_bundle("x.quasar", "x").manifest.uid != "../x"
        return
    refused(packed(with_head(parts_of(bundle.path), **changes)))


def test_no_bundle_names_weights_on_this_machine(bundle):
    parts = parts_of(bundle.path)
    embedding = json.loads(parts[container.HEAD])["manifest"]["embeddings"][0]
    embedding["encoder"]["weights"] = "/etc/passwd"
    refused(packed(with_head(parts, manifest={"embeddings": [embedding]})), "weights on your machine")


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"[" * 100_000, b"\xff\xfe", b'{"format": 1e400}'])
def test_a_head_that_is_no_json_is_refused(bundle, text):
    refused(packed({**parts_of(bundle.path), container.HEAD: text}))


def test_anchors_that_are_not_those_of_the_manifest_are_refused(bundle):
    parts = parts_of(bundle.path)
    table = anchors_of(parts)

    def replaced(name, values):
        return table.set_column(table.schema.get_field_index(name), name, values)

    wide = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(N * 3, dtype=np.float32)), 3)
    zero = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(N * DIM, dtype=np.float32)), DIM)
    nan = pa.FixedSizeListArray.from_arrays(pa.array(np.full(N * DIM, np.nan, dtype=np.float32)), DIM)
    bad = {
        "one fewer": table.slice(1),
        "one more": pa.concat_tables([table, table.slice(0, 1)]),
        "none": table.slice(0, 0),
        "no ids": replaced("id", pa.nulls(N, pa.string())),
        "one id": replaced("id", pa.array(["x"] * N)),
        "no side": replaced("side", pa.array(["good"] * N)),
        "odd side": replaced("side", pa.array(["ugly"] * N)),
        "other data": replaced("dataset", pa.array(["x"] * N)),
        "moved": replaced("score", pa.array(np.arange(N, dtype=np.float64))),
        "quality": replaced("quality", pa.array(np.zeros(N))),
        "no score": table.drop_columns(["score"]),
        "score as text": replaced("score", pa.array(["1"] * N)),
        "wide": replaced("embedding", wide),
        "zero": replaced("embedding", zero),
        "nan": replaced("embedding", nan),
        "dictionary": table.append_column("more", pa.array(["x"] * N).dictionary_encode()),
        "runs": table.append_column("more", pa.array(["x"] * N).cast(pa.string())).append_column(
            "runs", pa.RunEndEncodedArray.from_arrays(pa.array([N], pa.int32()), pa.array([1]))
        ),
        "views": table.append_column("more", pa.array(["x"] * N, pa.string_view())),
        "twice": table.append_column("camera", pa.array(["x"] * N)),
    }
    for name, one in bad.items():
        assert refused(with_anchors(parts, one)), name


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_compressed_anchors_are_refused_before_they_are_unpacked(bundle, compression):
    parts = parts_of(bundle.path)
    zeros = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(N * 2**16, dtype=np.float32)), 2**16)
    table = anchors_of(parts).append_column("bomb", zeros)
    content = with_anchors(parts, table, compression=compression)
    assert len(content) < 1 << 20
    refused(content, "compressed anchors")


def test_anchors_that_claim_more_than_there_is_are_refused(bundle):
    parts = parts_of(bundle.path)
    data = parts[container.ANCHORS]
    # The length of a batch's body, which Arrow would make room for before it reads.
    reader = pa.ipc.MessageReader.open_stream(pa.BufferReader(data[8:]))
    reader.read_next_message()
    body = reader.read_next_message().body.size.to_bytes(8, "little")
    for claim in (1 << 40, 1 << 62, (1 << 63) - 8, -8 % (1 << 64)):
        refused(packed({**parts, container.ANCHORS: data.replace(body, claim.to_bytes(8, "little"))}))


def test_mutated_anchors_never_do_worse_than_an_error(bundle):
    """With right checksums: what a stranger may send."""
    parts = parts_of(bundle.path)
    data = parts[container.ANCHORS]
    rng = np.random.default_rng(1)
    n_read = 0
    for _ in range(150):
        changed = bytearray(data)
        for place in rng.integers(0, len(data), 1 + int(rng.integers(3))):
            changed[place] = int(rng.integers(256))
        Path("bad.quasar").write_bytes(packed({**parts, container.ANCHORS: bytes(changed)}))
        try:
            install_bundle("bad.quasar", "bad", overwrite=True)
            n_read += 1  # such as another letter of a camera
        except qi.AnchorIndexError:
            continue
    assert n_read < 100


def test_calibrations_of_strangers_are_looked_at(bundle):
    parts = parts_of(bundle.path)
    name = "calibrations/0123456789ab.json"
    for text in (b"[]", b"{", b"{}", b"[" * 100_000):
        refused(packed({**parts, name: text}))


def test_a_column_of_a_type_that_no_bundle_has_is_named():
    assert anchor_part.is_plain(pa.list_(pa.struct([("a", pa.timestamp("us"))])))
    assert not anchor_part.is_plain(pa.list_(pa.dictionary(pa.int8(), pa.string())))
    assert not anchor_part.is_plain(pa.map_(pa.string(), pa.int8()))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is no bundle"), (b"<html>", "is no bundle"), (None, "there is no bundle")],
)
def test_what_is_no_bundle_says_so(content, message):
    if content is not None:
        Path("x.quasar").write_bytes(content)
    with pytest.raises(qi.AnchorIndexError, match=message):
        read_bundle("x.quasar")
    with pytest.raises(qi.AnchorIndexError, match=r"is no bundle|there is no bundle|cannot be read"):
        read_bundle(".")
    with zipfile.ZipFile("y.quasar", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(qi.AnchorIndexError, match="is an archive but no bundle"):
        read_bundle("y.quasar")
