"""Distortions and the data set written from them: ranges, order, naming, resuming, failures."""

from __future__ import annotations

import csv
import math
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from quasar_index.errors import DataError
from quasar_index.synthesis import DISTORTIONS, LEVELS, contact_sheet, distort, synthesize

NAMES = list(DISTORTIONS)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A photograph of 203 x 171 px (odd on purpose), not writable."""
    picture = Image.fromarray(skimage.data.astronaut()).crop((0, 0, 406, 342)).resize((203, 171))
    image = np.array(picture)
    image.flags.writeable = False
    return image


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder of three small photographs, one of them in a subfolder."""
    folder = tmp_path / "pristine"
    (folder / "more").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.jpg", "more/a.bmp")):
        crop = skimage.data.astronaut()[40 * number : 40 * number + 64, 100:180]
        Image.fromarray(crop).save(folder / name)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_kadids():
    assert [distortion.number for distortion in DISTORTIONS.values()] == list(range(1, 26))
    assert all(name == distortion.name for name, distortion in DISTORTIONS.items())
    assert NAMES[0] == "gaussian-blur"
    assert NAMES[9] == "jpeg"
    assert NAMES[24] == "contrast-change"


@pytest.mark.parametrize("name", NAMES)
def test_strengths_are_strictly_monotone(name):
    steps = np.diff(DISTORTIONS[name].levels)
    assert (steps > 0).all() or (steps < 0).all()
    assert DISTORTIONS[name].parameter


@pytest.mark.parametrize("name", NAMES)
def test_error_grows_with_level(name, photo):
    before = photo.copy()
    errors = []
    for level in LEVELS:
        image = distort(photo, name, level, rng=np.random.default_rng(0))
        assert image.shape == photo.shape
        assert image.dtype == np.uint8
        assert not np.shares_memory(image, photo)
        np.testing.assert_array_equal(image, distort(photo, name, level, rng=np.random.default_rng(0)))
        errors.append(np.square(image.astype(float) - photo).mean())
    np.testing.assert_array_equal(photo, before)
    assert errors[0] > 1, "level 1 cannot be told from the original"
    assert (np.diff(errors) > 0).all(), errors


@pytest.mark.parametrize("name", NAMES)
def test_smallest_and_uniform_images(name):
    for height, width in ((32, 32), (33, 47), (32, 150)):
        for value in (0, 255):
            image = np.full((height, width, 3), value, np.uint8)
            for level in (1, 5):
                assert distort(image, name, level, rng=np.random.default_rng(1)).shape == image.shape


def test_noise_has_the_variance_asked_for():
    grey = np.full((256, 256, 3), 128, np.uint8)
    noisy = distort(grey, "white-noise", 5, rng=np.random.default_rng(0)) / 255
    assert noisy.var() == pytest.approx(0.01, rel=0.03)
    hit = distort(grey, "impulse-noise", 5, rng=np.random.default_rng(0)) != 128
    assert hit.mean() == pytest.approx(0.03, rel=0.1)


def test_lens_blur_is_a_disc_and_motion_blur_a_line():
    point = np.zeros((65, 65, 3), np.uint8)
    point[32, 32] = 255
    disc = distort(point, "lens-blur", 4, rng=np.random.default_rng(0))
    lit = np.argwhere(disc[..., 0] > 0) - 32
    assert np.hypot(*lit.T).max() <= 6.5
    assert (disc[..., 0] > 0).sum() == pytest.approx(math.pi * 36, rel=0.1)
    line = distort(point, "motion-blur", 5, rng=np.random.default_rng(0))[..., 0].astype(float)
    weights = line / line.sum()
    y, x = np.mgrid[-32:33, -32:33]
    across = (weights * x * y).sum()
    spread = np.linalg.eigvalsh([[(weights * x * x).sum(), across], [across, (weights * y * y).sum()]])
    assert spread[1] == pytest.approx(10**2 / 12, rel=0.15)  # the variance along a segment of length 10
    assert spread[0] < 0.5


def test_blur_keeps_the_mean_and_pixelate_does_not_shift(photo):
    for name in ("gaussian-blur", "lens-blur", "motion-blur"):
        assert distort(photo, name, 5, rng=np.random.default_rng(0)).mean() == pytest.approx(photo.mean(), abs=1.5)
    coarse = distort(photo, "pixelate", 4, rng=np.random.default_rng(0))
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float) for image in (photo, coarse)]
    shift, _ = cv2.phaseCorrelate(*grey)
    assert np.abs(shift).max() < 0.5


def test_saturation(photo):
    rng = np.random.default_rng(0)
    grey = distort(photo, "color-saturation-1", 4, rng=rng)
    assert np.ptp(grey, axis=2).max() == 0
    spread = [np.ptp(distort(photo, "color-saturation-2", level, rng=rng), axis=2).mean() for level in LEVELS]
    assert (np.diff([np.ptp(photo, axis=2).mean(), *spread]) > 0).all()


def test_palette_and_tones(photo):
    rng = np.random.default_rng(0)
    for level in LEVELS:
        few = distort(photo, "color-quantization", level, rng=rng).reshape(-1, 3)
        assert len(np.unique(few, axis=0)) <= DISTORTIONS["color-quantization"].levels[level - 1]
        tones = distort(photo, "quantization", level, rng=rng)
        assert len(np.unique(tones)) <= DISTORTIONS["quantization"].levels[level - 1]


def test_direction_of_shift_and_contrast_varies(photo):
    for name, measure in (("mean-shift", np.mean), ("contrast-change", np.std)):
        changes = {
            bool(measure(distort(photo, name, 5, rng=np.random.default_rng(seed))) > measure(photo))
            for seed in range(12)
        }
        assert changes == {True, False}


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((31, 64, 3), np.uint8), "64 x 31 px is too small"),
        (np.zeros((64, 64), np.uint8), r"shape \(64, 64\)"),
        (np.zeros((64, 64, 4), np.uint8), r"\(64, 64, 4\)"),
        (np.zeros((64, 64, 3), np.float32), "float32"),
        ([[1]], r"shape \(1, 1\)"),
    ],
)
def test_unfit_images_are_refused(image, message):
    with pytest.raises(DataError, match=message):
        distort(image, "jpeg", 1, rng=np.random.default_rng(0))


def test_unknown_names_and_levels_are_refused(photo):
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="did you mean 'gaussian-blur'"):
        distort(photo, "gausian-blur", 1, rng=rng)
    for level in (0, 6, 1.0, "1"):
        with pytest.raises(DataError, match=r"no level|level of distort is .*; give a whole number"):
            distort(photo, "jpeg", level, rng=rng)


def test_layout_names_and_tables(sources, tmp_path):
    calls: list[tuple[int, int]] = []
    out = tmp_path / "out"
    report = synthesize(
        sources, out, types=["jpeg", "gaussian-blur"], levels=(5, 1), on_progress=lambda *call: calls.append(call)
    )

    assert (report.n_references, report.n_distorted, report.n_written, report.n_kept) == (3, 12, 12, 0)
    assert report.failures == []
    assert calls == [(1, 3), (2, 3), (3, 3)]
    names = ("a", "b", "more__a")
    assert sorted(contents(out)) == sorted(
        [f"ref_imgs/{name}.png" for name in names]
        + [
            f"dist_imgs/{name}_{number}_{level}.png"
            for name in names
            for number in ("01", "10")
            for level in ("01", "05")
        ]
        + ["kadis700k_ref_imgs.csv", "labels.csv"]
    )
    assert (out / "kadis700k_ref_imgs.csv").read_text().splitlines() == [
        "ref_im,dist_type_1,dist_type_2",
        "a.png,1,10",
        "b.png,1,10",
        "more__a.png,1,10",
    ]
    labels = rows(out / "labels.csv")
    assert len(labels) == 15
    assert labels[0] == {
        "path": "ref_imgs/a.png",
        "reference": "ref_imgs/a.png",
        "distortion": "",
        "level": "0",
        "severity": "0",
    }
    assert labels[2] == {
        "path": "dist_imgs/a_01_05.png",
        "reference": "ref_imgs/a.png",
        "distortion": "gaussian-blur",
        "level": "5",
        "severity": "5",
    }
    assert all((out / row["path"]).is_file() and (out / row["reference"]).is_file() for row in labels)
    reference = np.array(Image.open(out / "ref_imgs/a.png"))
    np.testing.assert_array_equal(reference, np.array(Image.open(sources / "a.png")))
    expected = distort(reference, "gaussian-blur", 5, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(np.array(Image.open(out / "dist_imgs/a_01_05.png")), expected)


def test_result_depends_on_seed_only(sources, tmp_path):
    options = {"types": ["white-noise", "color-block", "jitter"], "levels": (2, 4)}
    synthesize(sources, tmp_path / "one", n_workers=1, **options)
    synthesize(sources, tmp_path / "three", n_workers=3, **options)
    assert contents(tmp_path / "one") == contents(tmp_path / "three")

    Image.fromarray(skimage.data.chelsea()[:64, :64]).save(sources / "0.png")
    synthesize(sources, tmp_path / "more", n_workers=2, **options)
    before, after = contents(tmp_path / "one"), contents(tmp_path / "more")
    images = [name for name in before if name.endswith(".png")]
    assert {name: after[name] for name in images} == {name: before[name] for name in images}

    synthesize(sources, tmp_path / "other", seed=1, **options)
    other = contents(tmp_path / "other")
    assert all(other[name] != before[name] for name in images)  # a reference notes its seed


def test_streams_differ_between_images_types_and_levels(tmp_path):
    folder = tmp_path / "grey"
    folder.mkdir()
    for name, value in (("x", 128), ("y", 127)):
        Image.fromarray(np.full((32, 32, 3), value, np.uint8)).save(folder / f"{name}.png")
    synthesize(folder, tmp_path / "out", types=["white-noise"], levels=(4, 5))
    noise = [
        np.array(Image.open(path)).astype(float).ravel() for path in sorted((tmp_path / "out/dist_imgs").iterdir())
    ]
    correlations = np.corrcoef(noise)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 0.1


def test_per_image_draws_distinct_pairs(sources, tmp_path):
    out = tmp_path / "out"
    report = synthesize(sources, out, per_image=7, seed=3)
    assert report.n_distorted == 21
    labels = [row for row in rows(out / "labels.csv") if row["level"] != "0"]
    drawn = Counter((row["reference"], row["distortion"], row["level"]) for row in labels)
    assert max(drawn.values()) == 1
    assert len({(row["distortion"], row["level"]) for row in labels}) > 7  # not the same for every image
    table = rows(out / "kadis700k_ref_imgs.csv")
    for row in table:
        numbers = [int(value) for key, value in row.items() if key.startswith("dist_type_") and value]
        names = {label["distortion"] for label in labels if label["reference"] == f"ref_imgs/{row['ref_im']}"}
        assert numbers == sorted(DISTORTIONS[name].number for name in names)
    synthesize(sources, tmp_path / "again", per_image=7, seed=3, n_workers=1)
    assert contents(out) == contents(tmp_path / "again")


def test_per_image_draws_types_and_levels_of_each(sources, tmp_path):
    out = tmp_path / "out"
    assert synthesize(sources, out, per_image=(4, 2), seed=3).n_distorted == 3 * 8
    labels = [row for row in rows(out / "labels.csv") if row["level"] != "0"]
    types, levels = set(), set()
    for reference in {row["reference"] for row in labels}:
        drawn = [(row["distortion"], row["level"]) for row in labels if row["reference"] == reference]
        assert len(set(drawn)) == 8
        assert sorted(Counter(name for name, _ in drawn).values()) == [2, 2, 2, 2]
        types.add(frozenset(name for name, _ in drawn))
        levels |= {(name, level) for name, level in drawn}
    assert len(types) == 3  # not the same for every image
    assert len({level for _, level in levels}) > 2  # nor for every type


def test_an_interrupted_run_is_finished(sources, tmp_path):
    out = tmp_path / "out"
    options = {"types": ["multiplicative-noise", "lens-blur"], "levels": (1, 3)}

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(sources, out, n_workers=1, on_progress=interrupt, **options)
    assert not (out / "labels.csv").exists()
    # As if the power had failed in the midst of a write.
    (out / "dist_imgs/a_02_01.png").unlink()
    (out / "dist_imgs/.a_02_01.png.1.tmp").write_bytes(b"half")
    kept = {path: path.stat().st_mtime_ns for path in (out / "dist_imgs").glob("a_*.png")}
    report = synthesize(sources, out, **options)
    assert report.n_distorted == 12
    assert 1 <= report.n_written <= 12 - len(kept)
    assert report.n_kept == 12 - report.n_written
    assert {path: path.stat().st_mtime_ns for path in kept} == kept

    (out / "dist_imgs/.a_02_01.png.1.tmp").unlink()
    synthesize(sources, tmp_path / "whole", **options)
    assert contents(out) == contents(tmp_path / "whole")
    assert synthesize(sources, out, **options).n_written == 0


def test_a_changed_source_or_seed_is_made_anew(sources, tmp_path):
    out = tmp_path / "out"
    synthesize(sources, out, types=["white-noise", "jpeg"], levels=(5,))
    Image.fromarray(skimage.data.chelsea()[:64, :64]).save(sources / "a.png")
    report = synthesize(sources, out, types=["white-noise"], levels=(5,))
    assert (report.n_written, report.n_kept) == (1, 2)
    assert not (out / "dist_imgs/a_10_05.png").exists()  # of the old source
    assert (out / "dist_imgs/b_10_05.png").exists()
    assert synthesize(sources, out, types=["white-noise"], levels=(5,), seed=9).n_kept == 0


def test_bmp(sources, tmp_path):
    out = tmp_path / "out"
    synthesize(sources, out, types=["darken"], levels=(2,), extension="bmp")
    synthesize(sources, tmp_path / "png", types=["darken"], levels=(2,))
    assert {path.suffix for path in (out / "dist_imgs").iterdir()} == {".bmp"}
    bitmap = np.array(Image.open(out / "dist_imgs/b_17_02.bmp"))
    np.testing.assert_array_equal(bitmap, np.array(Image.open(tmp_path / "png/dist_imgs/b_17_02.png")))
    assert rows(out / "labels.csv")[1]["path"] == "dist_imgs/a_17_02.bmp"


def test_bad_images_are_reported_and_the_run_goes_on(sources, tmp_path):
    (sources / "broken.jpg").write_bytes((sources / "b.jpg").read_bytes()[:400])
    (sources / "empty.png").write_bytes(b"")
    Image.new("RGB", (20, 64)).save(sources / "tiny.png")
    (sources / "gone.png").symlink_to(sources / "nowhere")
    out = tmp_path / "out"
    report = synthesize(sources, out, types=["jpeg"], levels=(1,))
    assert report.n_references == 3
    assert [path.name for path, _ in report.failures] == ["broken.jpg", "empty.png", "gone.png", "tiny.png"]
    assert "too small" in report.failures[3][1]
    assert {row["ref_im"] for row in rows(out / "kadis700k_ref_imgs.csv")} == {"a.png", "b.png", "more__a.png"}
    assert len(list((out / "ref_imgs").iterdir())) == 3


def test_output_inside_the_sources_is_no_source(sources):
    out = sources / "out"
    first = synthesize(sources, out, types=["jpeg"], levels=(1,))
    assert synthesize(sources, out, types=["jpeg"], levels=(1,)).n_references == first.n_references == 3


def test_equal_names_do_not_overwrite_each_other(sources, tmp_path):
    Image.new("RGB", (40, 40)).save(sources / "A.webp")
    with pytest.raises(DataError, match="would both become") as error:
        synthesize(sources, tmp_path / "out")
    assert "A.webp" in error.value.message
    assert not (tmp_path / "out").exists()


def test_other_peoples_files_are_left_alone(sources, tmp_path):
    out = tmp_path / "kadis"
    (out / "ref_imgs").mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(out / "ref_imgs/a.png")
    before = contents(out)
    with pytest.raises(DataError, match="not written by quasar-index"):
        synthesize(sources, out, types=["jpeg"], levels=(1,), n_workers=1)
    assert contents(out)["ref_imgs/a.png"] == before["ref_imgs/a.png"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other/kadis700k_ref_imgs.csv").write_text("ref_im,dist_type_1\n")
    with pytest.raises(DataError, match="another KADIS-like"):
        synthesize(sources, tmp_path / "other")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"types": ["blurr"]}, "no distortion 'blurr'"),
        ({"types": "jpeg"}, "types of synthesize is 'jpeg'; give a list"),
        ({"types": []}, "no distortion type"),
        ({"levels": ()}, "no level"),
        ({"levels": (0, 1)}, "no level 0"),
        ({"per_image": 0}, "cannot draw 0 of 125"),
        ({"per_image": (26, 1)}, "cannot draw 26 x 1 of 25 types x 5 levels"),
        ({"per_image": (1, 2), "levels": (3,)}, "cannot draw 1 x 2 of 25 types x 1 level"),
        ({"per_image": (1, 2, 3)}, "cannot draw 1 x 2 x 3 of"),
        ({"per_image": 3, "types": ["jpeg"], "levels": (1, 1, 2)}, "cannot draw 3 of 2"),
        ({"seed": -1}, "negative"),
        ({"n_workers": 0}, "0 workers"),
        ({"extension": "jpg"}, "'jpg'"),
    ],
)
def test_unfit_arguments_are_refused_before_anything_is_written(options, message, sources, tmp_path):
    with pytest.raises(DataError, match=message):
        synthesize(sources, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_unfit_folders_are_refused(sources, tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "file").write_text("")
    for source, output, message in (
        (tmp_path / "nowhere", tmp_path / "out", "nowhere"),
        (tmp_path / "none", tmp_path / "out", "no image"),
        (sources, sources, "lie in the output"),
        (sources / "more", sources, "lie in the output"),
        (sources, tmp_path / "file", "cannot write"),
    ):
        with pytest.raises(DataError, match=message):
            synthesize(source, output)


def test_contact_sheet(photo):
    sheet = contact_sheet(photo, side=96)
    assert sheet.mode == "RGB"
    assert sheet.height > 25 * 80
    assert sheet.width > 6 * 96
    few = contact_sheet(photo, types=["jpeg", "darken"], side=96)
    assert few.height < sheet.height / 8
    np.testing.assert_array_equal(np.array(few), np.array(contact_sheet(photo, types=["jpeg", "darken"], side=96)))
    with pytest.raises(DataError, match="no distortion"):
        contact_sheet(photo, types=["nothing"])
    assert contact_sheet(np.zeros((33, 400, 3), np.uint8), types=["denoise"], side=64).width > 6 * 64
