"""Patches in one HDF5 file, as GRepQ's authors publish them: read, checked, built of, found again, damaged."""

import contextlib

import h5py
import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.images import content_id, decode, patch_files, read_image_bytes
from quasar_index.methods import Patches

SIZE = 24
NAME = "pristine_patches_024_0.75_0.80.hdf5"


@pytest.fixture
def pixels():
    """Seven patches, (7, 24, 24, 3) uint8."""
    return np.random.default_rng(0).integers(0, 256, (7, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture
def file(tmp_path, monkeypatch, pixels):
    """The authors' way to write them: torch's `ToTensor`, then h5py's `create_dataset` of float32."""
    monkeypatch.chdir(tmp_path)
    write(pixels.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255))
    return tmp_path / NAME


def write(values, name="data", **options):
    with h5py.File(NAME, "w") as made:
        made.create_dataset(name, data=values, **options)


def test_each_patch_is_the_picture_that_it_was(file, pixels):
    source = qi.datasets.ready_patches([NAME])
    assert source.patches == {"size": SIZE}
    assert source.records["path"].to_pylist() == [f"{NAME}::{row}" for row in range(7)]
    assert source.records["reference"].null_count == 7
    for row, patch in enumerate(pixels):
        data = read_image_bytes(f"{NAME}::{row}")
        assert np.array_equal(decode(data), patch)
    Image.fromarray(pixels[3]).save("same.png")
    cut = read_image_bytes(f"same.png::{SIZE}x{SIZE}+0+0")
    assert content_id(cut) == content_id(read_image_bytes(f"{NAME}::3"))  # one patch, whatever holds it


def test_an_index_of_it_is_that_of_the_patches_as_files(file, pixels, tiny_encoder):
    names = [f"{row}.png" for row in range(7)]
    for name, patch in zip(names, pixels, strict=True):
        Image.fromarray(patch).save(name)
    of_file = qi.build_index("one", [qi.datasets.ready_patches([NAME])], tiny_encoder()).index
    of_names = qi.build_index("two", [qi.datasets.ready_patches(names)], tiny_encoder()).index
    assert str(of_file.manifest.sources[0].patches) == "24 x 24, ready-cut"
    Image.fromarray(np.tile(pixels[0], (2, 2, 1)) // 2).save("query.png")
    scorers = [qi.Scorer(one, Patches(), tiny_encoder()) for one in (of_file, of_names)]
    first, second = (next(iter(one.score_files(["query.png"]))).score for one in scorers)
    assert first == pytest.approx(second, abs=1e-9)
    both = qi.datasets.ready_patches([*names[:2], NAME])
    assert len(both) == 9
    assert qi.build_index("three", [both], tiny_encoder()).n_duplicates == 0  # a PNG file is another file
    few = qi.select_subset("few", of_file, qi.SELECTORS["random"](), size=4).index
    assert len(few) == 4


def test_verify_finds_a_file_that_changed_and_one_that_has_gone(file, pixels, tiny_encoder, monkeypatch):
    index = qi.build_index("one", [qi.datasets.ready_patches([NAME])], tiny_encoder()).index
    found = index.verify(files=True)
    assert (found.n_files, found.n_missing, found.damage) == (7, 0, ())
    values = pixels.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    values[2] = 0
    write(values[:6])  # one is another, one is no more there
    (damage,) = index.verify(files=True).damage
    assert "2 image files are not those that were embedded" in damage.message
    assert f"{NAME}::2" in damage.message
    absent = patch_files.Extra("hdf5", "not_there", "an HDF5 file of patches", (".hdf5",))
    monkeypatch.setattr("quasar_index.index.verify.HDF5", absent)
    with pytest.raises(qi.QuasarError, match="which needs the package not_there"):
        index.verify(files=True)
    file.unlink()
    assert index.verify(files=True).n_missing == 7


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda values: write(values[..., :-1]), r"shape \(7, 3, 24, 23\)"),
        (lambda values: write(values[0]), r"shape \(3, 24, 24\)"),
        (lambda values: write(values[:, :1]), r"shape \(7, 1, 24, 24\)"),
        (lambda values: write(values[:0]), r"shape \(0, 3, 24, 24\)"),
        (lambda values: write(np.float32(1)), r"shape \(\)"),
        (lambda values: write((values * 255).astype(np.uint8)), "values of uint8"),
        (lambda values: write(values * 255), "patch 0 has values from 0 to 255; they are in"),
        (lambda values: write(values * 2 - 1), "patch 0 has values from -1 to 1"),
        (lambda values: write(np.concatenate([values[:2], values[2:] * np.nan])), "patch 2 has values from nan"),
        (lambda values: write(np.concatenate([values[:5], values[5:] * 0.999])), "patch 5 is no 8-bit picture"),
        (lambda values: write(values, "patches"), "no data set 'data', but 'patches'"),
        (lambda values: write(values, "data/inside"), "'data' is no data set"),
    ],
)
def test_another_content_is_one_line(file, pixels, make, message):
    make(pixels.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255))
    with pytest.raises(qi.DataError, match=message) as caught:
        qi.datasets.ready_patches([NAME])
    assert caught.value.hint
    assert NAME in caught.value.message


def test_other_files_are_not_followed(file, pixels):
    file.rename("elsewhere.h5")
    with h5py.File(NAME, "w") as made:
        made["data"] = h5py.ExternalLink("elsewhere.h5", "/data")
    with pytest.raises(qi.DataError, match="no data set 'data'"):
        qi.datasets.ready_patches([NAME])
    with h5py.File(NAME, "w") as made:
        layout = h5py.VirtualLayout((7, 3, SIZE, SIZE), np.float32)
        layout[:] = h5py.VirtualSource("elsewhere.h5", "data", (7, 3, SIZE, SIZE))
        made.create_virtual_dataset("data", layout)
    with pytest.raises(qi.DataError, match="are in other files"):
        qi.datasets.ready_patches([NAME])
    with h5py.File(NAME, "w") as made:
        made.create_dataset("data", (10**9, 3, SIZE, SIZE), np.float32, chunks=(64, 3, SIZE, SIZE))
    with pytest.raises(qi.DataError, match="holds no values"):
        qi.datasets.ready_patches([NAME])


def test_a_damaged_file_is_one_line(file):
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    n_read = 0
    for length in (0, 7, 100, 900, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(qi.DataError, match="cannot be read"):
            qi.datasets.ready_patches([NAME])
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, 2200, 8):
            damaged[place] = rng.integers(256)
        file.write_bytes(damaged)
        with contextlib.suppress(qi.DataError):  # any other error fails
            qi.datasets.ready_patches([NAME])
            n_read += 1
    assert n_read < 130


def test_patches_are_read_a_few_at_a_time(file, pixels, monkeypatch):
    monkeypatch.setattr(patch_files, "_BLOCK_BYTES", 12 * SIZE * SIZE * 2)
    blocks = []
    kept = patch_files._as_pixels

    def counting(values, start):
        blocks.append(len(values))
        return kept(values, start)

    monkeypatch.setattr(patch_files, "_as_pixels", counting)
    assert len(qi.datasets.ready_patches([NAME])) == 7
    assert blocks == [2, 2, 2, 1]
