"""Files of embeddings with paths, ids and the encoder: whole, of another encoder, damaged."""

import numpy as np
import pyarrow.parquet as pq
import pytest

import quasar_index as qi
from quasar_index.index import EmbeddedImages, read_embedded_images, write_embedded_images

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(5, 6)).astype(np.float32)
PATHS = ["a.png", "b c.png", "ü.png", "s3://x/d.png", "shard.tar::e.jpg"]
IDS = [f"{n:032x}" for n in range(5)]
SPEC = qi.EncoderSpec("own", 6, "f" * 16)


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_what_is_written_is_read_back(tmp_path, ending):
    path = tmp_path / f"some.{ending}"
    write_embedded_images(path, PATHS, MATRIX, ids=IDS, spec=SPEC)
    found = read_embedded_images(path)
    assert found.records.to_pydict() == {"path": PATHS, "id": IDS}
    assert (found.embeddings == MATRIX).all()
    assert (found.spec, len(found)) == (SPEC, 5)
    write_embedded_images(path, PATHS[:0], MATRIX[:0])
    assert (len(read_embedded_images(path)), read_embedded_images(path).spec) == (0, None)


def test_names_that_are_no_text(tmp_path):
    write_embedded_images(tmp_path / "a.parquet", ["caf\udce9.png"], MATRIX[:1])
    assert read_embedded_images(tmp_path / "a.parquet").records["path"].to_pylist() == ["caf\\xe9.png"]


@pytest.mark.parametrize("ending", ["npz", "parquet", "pt"])
def test_an_exported_index_keeps_paths_ids_labels_and_encoder(tmp_path, ending):
    source = qi.AnchorSource(
        "mine", qi.datasets.make_records({"path": PATHS, "score": [1.0, 2, 3, 4, 5]}, 5), "no-reference", "median"
    )
    index = qi.build_from_embeddings(tmp_path / "index", source, MATRIX, spec=SPEC, ids=IDS).index
    index.export(tmp_path / f"out.{ending}")
    found = read_embedded_images(tmp_path / f"out.{ending}")
    assert found.records.select(["path", "id", "score"]).to_pydict() == {
        "path": PATHS,
        "id": IDS,
        "score": [1.0, 2.0, 3.0, 4.0, 5.0],
    }
    assert (found.embeddings == MATRIX).all()
    assert found.spec == SPEC


def test_another_encoder_is_refused_and_an_unknown_one_is_not():
    found = EmbeddedImages(None, MATRIX, SPEC)
    found.check(SPEC, "mine")
    found.check(qi.EncoderSpec("precomputed", 6), "mine")
    EmbeddedImages(None, MATRIX).check(SPEC, "mine")
    with pytest.raises(qi.AnchorIndexError, match=r"of own \(6-d\) but index 'mine' holds other \(6-d\): fingerprint"):
        found.check(qi.EncoderSpec("other", 6, "e" * 16), "mine")


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_damage_is_one_line(tmp_path, ending):
    path = tmp_path / f"some.{ending}"
    write_embedded_images(path, PATHS, MATRIX, ids=IDS, spec=SPEC)
    whole = path.read_bytes()
    for cut in range(1, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(qi.DataError) as raised:
            read_embedded_images(path)
        assert "\n" not in str(raised.value)


def test_what_cannot_be_written_or_read(tmp_path):
    with pytest.raises(qi.DataError, match=r"does not end in \.parquet or \.npz"):
        write_embedded_images(tmp_path / "a.csv", PATHS, MATRIX)
    with pytest.raises(qi.DataError, match="5 embeddings but 4 paths"):
        write_embedded_images(tmp_path / "a.npz", PATHS[:4], MATRIX)
    table = pq.read_table
    write_embedded_images(tmp_path / "a.parquet", PATHS, MATRIX)
    other = table(tmp_path / "a.parquet").replace_schema_metadata(None)
    pq.write_table(other, tmp_path / "b.parquet")
    with pytest.raises(qi.DataError, match=r"b\.parquet is no file of embeddings"):
        read_embedded_images(tmp_path / "b.parquet")
