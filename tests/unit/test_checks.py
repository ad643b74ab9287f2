"""Checks before building: each fault is found, and sound data give no cause."""

import dataclasses
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.encoders import InputRule


def photo(seed, size=(64, 48)):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def rated(folder, n, *, scores=None, name="labels.csv", header="image,score", images=True):
    """Write n images and their label file; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    scores = np.linspace(1, 5, n) if scores is None else scores
    if images:
        for row in range(n):
            photo(row).save(folder / f"{row:03d}.png")
    lines = [header, *(f"{row:03d}.png,{score:g}" for row, score in enumerate(scores))]
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder / name


def check(*specs, **options):
    return qi.checks.check_sources([qi.load_source(str(spec)) for spec in specs], **options)


def found(report, check_name, severity=None):
    return [f for f in report.findings if f.check == check_name and severity in (None, f.severity)]


def test_sound_data_give_no_cause(tmp_path):
    report = check(rated(tmp_path, 8))
    assert {f.severity for f in report.findings} == {"ok"}
    assert not report.must_stop
    assert report.n_images == 8
    assert report.of("ok") == report.findings


def test_missing_unreadable_and_unlabelled_images_are_told_apart(tmp_path):
    labels = rated(tmp_path, 8)
    (tmp_path / "001.png").unlink()
    (tmp_path / "002.png").write_bytes(b"")
    (tmp_path / "003.png").write_text("no image")
    photo(99).save(tmp_path / "other.jpg")
    (tmp_path / ".hidden.jpg").write_bytes(b"")
    report = check(labels)
    missing, unreadable = found(report, "files", "warning")
    assert missing.count == 1
    assert missing.examples == (str(tmp_path / "001.png"),)
    assert unreadable.count == 2
    assert "the file is empty" in unreadable.examples[0]
    assert "not an image" in unreadable.examples[1]
    (beside,) = found(report, "unlabelled")
    assert beside.count == 1
    assert beside.examples == (str(tmp_path / "other.jpg"),)
    assert not report.must_stop


def test_truncated_images_are_found_by_decoding_only(tmp_path):
    labels = rated(tmp_path, 8)
    whole = (tmp_path / "004.png").read_bytes()
    (tmp_path / "004.png").write_bytes(whole[: len(whole) // 2])
    assert found(check(labels), "files", "ok")
    (finding,) = found(check(labels, decode=True), "files")
    assert (finding.severity, finding.count) == ("warning", 1)


def test_images_above_the_pixel_limit_are_unreadable(tmp_path):
    (finding,) = found(check(rated(tmp_path, 4), max_pixels=100), "files")
    assert finding.severity == "error"
    assert "limit of 100" in finding.examples[0]


@pytest.mark.parametrize("content", [None, b"no image"])
def test_nothing_usable_is_an_error(tmp_path, content):
    labels = rated(tmp_path, 4, images=False)
    for row in range(4 if content else 0):
        (tmp_path / f"{row:03d}.png").write_bytes(content)
    report = check(labels)
    assert report.must_stop
    assert [f.check for f in report.of("error")] == ["files"]


def test_images_of_other_splits_are_not_unlabelled(tmp_path):
    labels = rated(tmp_path, 4)
    rows = labels.read_text().splitlines()
    labels.write_text("\n".join([rows[0] + ",split", *(f"{r},{'ab'[i % 2]}" for i, r in enumerate(rows[1:]))]))
    assert found(check(f"{labels}?split=a"), "unlabelled") == []
    assert found(check(labels), "unlabelled", "ok")


def test_images_inside_an_archive(tmp_path):
    labels = rated(tmp_path / "in", 4)
    with tarfile.open(tmp_path / "s.tar", "w") as tar:
        for row in range(4):
            (tmp_path / f"{row}.json").write_text(f'{{"score": {row}}}')
            tar.add(tmp_path / f"{row}.json", f"{row}.json")
            tar.add(labels.with_name(f"{row:03d}.png"), f"{row}.png")
    report = check(tmp_path / "s.tar")
    assert not report.must_stop
    assert found(report, "unlabelled") == []
    assert found(report, "files", "ok")


def test_constant_and_few_valued_labels(tmp_path):
    report = check(rated(tmp_path / "constant", 4, scores=[3] * 4))
    assert report.must_stop
    assert "all 4 scores are 3" in found(report, "labels")[0].message
    report = check(rated(tmp_path / "few", 24, scores=[1, 2, 3] * 8))
    (finding,) = found(report, "labels", "warning")
    assert "(1, 2, 3)" in finding.message
    assert not report.must_stop


def test_ties_at_the_median_unbalance_the_sides(tmp_path):
    scores = [3] * 16 + [1, 2, 4, 5, 4.5, 1.5]
    (finding,) = found(check(rated(tmp_path, 22, scores=scores)), "sides")
    assert finding.severity == "warning"
    assert finding.message.startswith("3 good, 19 bad (good is above the median, 3)")


def test_the_median_is_that_of_the_raw_scores_where_lower_is_better(tmp_path):
    labels = rated(tmp_path, 4, scores=[10, 20, 30, 40])
    (finding,) = found(check(f"{labels}?lower=true"), "sides")
    assert finding.message == "2 good, 2 bad (good is below the median, 25)"


def test_outliers_by_the_robust_z_score(tmp_path):
    scores = [*np.linspace(2, 4, 19), 40]
    (finding,) = found(check(rated(tmp_path, 20, scores=scores)), "outliers")
    assert (finding.severity, finding.count) == ("warning", 1)
    assert "019.png: 40" in finding.examples[0]
    (finding,) = found(check(rated(tmp_path / "tied", 6, scores=[3, 3, 3, 3, 1, 5])), "outliers")
    assert finding.severity == "ok"


def test_many_normal_labels_have_no_outlier_by_chance():
    """Of 100,000 normal labels some 47 are beyond 3.5; the limit grows with n."""
    from quasar_index.checks.files import Inspection
    from quasar_index.checks.labels import check_labels
    from quasar_index.datasets import make_records

    n = 100_000
    scores = np.random.default_rng(0).normal(5, 0.7, n)
    source = qi.AnchorSource("ava", make_records({"path": [""] * n, "score": scores}, n), "aesthetics", "median")
    assert all(f.severity == "ok" for f in check_labels(Inspection(source, np.zeros(n, dtype="S32"))))


def test_warnings_of_the_adapter_are_findings(tmp_path):
    labels = rated(tmp_path, 4)
    source = dataclasses.replace(qi.load_source(str(labels)), warnings=("a count differs",))
    report = qi.checks.check_sources([source])
    assert found(report, "labels", "warning")[0].message == "a count differs"


def distorted(folder, n_references=8, *, level=True):
    """Make references and blurred versions, rated 5 - level; return the label file."""
    folder.mkdir()
    lines = ["image,reference,score" + (",level" if level else "")]
    rng = np.random.default_rng(0)
    for number in range(n_references):
        image = np.array(photo(number, (96, 64)))
        Image.fromarray(image).save(folder / f"r{number}.png")
        for strength in range(1, 6):
            blurred = qi.synthesis.distort(image, "white-noise", strength, rng=rng)
            Image.fromarray(blurred).save(folder / f"r{number}_{strength}.png")
            lines.append(f"r{number}_{strength}.png,r{number}.png,{6 - strength}" + (f",{strength}" if level else ""))
    (folder / "labels.csv").write_text("\n".join(lines))
    return folder / "labels.csv"


@pytest.mark.parametrize("level", [True, False])
def test_an_inverted_direction_of_full_reference_data_is_found(tmp_path, level):
    labels = distorted(tmp_path / "d", level=level)
    (finding,) = found(check(f"{labels}?division=reference"), "direction")
    assert finding.severity == "ok"
    assert ("strength of distortion" if level else "SSIM") in finding.message
    assert "SRCC +" in finding.message
    (finding,) = found(check(f"{labels}?division=reference&lower=true"), "direction")
    assert finding.severity == "warning"
    assert "inverted scores?" in finding.message


def test_sharpness_tells_the_direction_of_blurred_images(tmp_path):
    n = 40
    scores = np.arange(n) / 10
    labels = rated(tmp_path, n, scores=scores)
    rng = np.random.default_rng(0)
    for row in range(n):
        image = np.array(Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)))
        blurred = qi.synthesis.distort(image, "gaussian-blur", 5 - row // 8, rng=rng)
        Image.fromarray(blurred).save(tmp_path / f"{row:03d}.png")
    assert "quality rises with the sharpness" in found(check(labels), "direction")[0].message
    assert found(check(f"{labels}?lower=true"), "direction", "warning")


def test_few_images_say_nothing_about_the_direction(tmp_path):
    (finding,) = found(check(rated(tmp_path, 6)), "direction")
    assert (finding.severity, "too few" in finding.message) == ("ok", True)


def test_duplicates_inside_a_source(tmp_path):
    labels = rated(tmp_path, 6)
    for copy in ("002.png", "005.png"):
        (tmp_path / copy).write_bytes((tmp_path / "001.png").read_bytes())
    (finding,) = found(check(labels), "duplicates")
    assert (finding.severity, finding.count) == ("warning", 2)
    assert "2 have another score, up to 3.2 apart" in finding.message
    assert finding.examples[0] == f"{tmp_path / '005.png'} = {tmp_path / '001.png'}"


def test_unreadable_images_are_no_duplicates_of_one_another(tmp_path):
    labels = rated(tmp_path, 6)
    for name in ("002.png", "005.png"):
        (tmp_path / name).write_bytes(b"")
    report = check(labels, labels)
    assert all(f.severity == "ok" for f in found(report, "duplicates"))
    assert found(report, "overlap")[0].count == 4


def test_a_leak_is_an_error_and_an_overlap_a_warning(tmp_path):
    first, second = rated(tmp_path / "a", 6), rated(tmp_path / "b", 9)
    report = check(first, second)
    assert not report.must_stop
    assert found(report, "overlap")[0].count == 6
    report = check(first, against=[qi.load_source(str(second))])
    assert report.must_stop
    (finding,) = found(report, "leak")
    assert (finding.count, finding.severity) == (6, "error")
    assert finding.examples[0] == f"{tmp_path / 'a/000.png'} = {tmp_path / 'b/000.png'}"
    apart = rated(tmp_path / "c", 3)
    for row in range(3):
        photo(100 + row).save(tmp_path / "c" / f"{row:03d}.png")
    assert not check(first, against=[qi.load_source(str(apart))]).must_stop


def test_an_unreadable_benchmark_cannot_be_cleared(tmp_path):
    other = rated(tmp_path / "b", 3, images=False)
    report = check(rated(tmp_path / "a", 4), against=[qi.load_source(str(other))])
    assert report.must_stop
    assert "stays unseen" in report.of("error")[0].message


def test_one_empty_side_is_an_error(tmp_path):
    for part in ("reference", "distorted"):
        (tmp_path / part).mkdir()
        for row in range(3):
            photo(row + len(part)).save(tmp_path / part / f"{row}.png")
    assert not check(tmp_path).must_stop
    for image in (tmp_path / "reference").iterdir():
        image.write_bytes(b"")
    report = check(tmp_path)
    assert report.must_stop
    assert "no usable image is on the good side" in report.of("error")[0].message


class Thumbnail:
    """An encoder whose embedding is the image at 8 x 6 pixels."""

    spec = qi.EncoderSpec("thumbnail", 144, "0", InputRule("none"))

    def prepare(self, image):
        return np.asarray(Image.fromarray(image).resize((8, 6), Image.Resampling.BOX))

    def forward(self, batch):
        flat = batch.reshape(len(batch), -1).astype(np.float32) - 127.5
        return flat + 1e-3


@pytest.fixture
def index(tmp_path):
    source = qi.load_source(str(rated(tmp_path / "anchors", 12)))
    return qi.build_index(tmp_path / "index", [source], Thumbnail()).index


def test_near_duplicates_in_an_index_and_inside(tmp_path, index):
    labels = rated(tmp_path / "b", 6)
    for row in range(6):
        photo(200 + row).save(tmp_path / "b" / f"{row:03d}.png")
    photo(3).save(tmp_path / "b" / "000.png")  # an anchor
    photo(4, (128, 96)).save(tmp_path / "b" / "001.png")  # an anchor, enlarged
    photo(203, (128, 96)).save(tmp_path / "b" / "005.png")  # near 003.png
    before = {path: path.read_bytes() for path in Path(tmp_path / "b").iterdir()}
    calls = []
    report = check(labels, index=index, encoder=Thumbnail(), on_progress=lambda *done: calls.append(done))
    in_index, inside = found(report, "near-duplicates")
    assert in_index.severity == inside.severity == "warning"
    assert in_index.count == 2
    assert in_index.message.startswith("1 in the index, 1 nearly so")
    assert "001.png ~ " in in_index.examples[0]
    assert in_index.examples[0].split(" ~ ")[1].startswith(str(tmp_path / "anchors/004.png"))
    assert "same content" in in_index.examples[1]
    assert inside.count == 1
    assert not report.must_stop
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1][0] == calls[-1][1]
    assert before == {path: path.read_bytes() for path in Path(tmp_path / "b").iterdir()}


def test_nothing_near(tmp_path, index):
    labels = rated(tmp_path / "b", 6)
    for row in range(6):
        photo(200 + row).save(tmp_path / "b" / f"{row:03d}.png")
    assert all(f.severity == "ok" for f in found(check(labels, index=index, encoder=Thumbnail()), "near-duplicates"))


def test_data_that_are_the_index(tmp_path, index):
    report = check(tmp_path / "anchors/labels.csv", index=index, encoder=Thumbnail())
    assert found(report, "near-duplicates")[0].message.startswith("12 in the index, 0 nearly so")


def test_versions_of_one_reference_are_no_near_duplicates(tmp_path, index):
    labels = distorted(tmp_path / "d")
    inside = found(check(f"{labels}?division=reference", index=index, encoder=Thumbnail()), "near-duplicates")[1]
    assert inside.severity == "ok"


def test_scores_of_the_index_tell_the_direction(tmp_path):
    folder = tmp_path / "grey"
    labels = rated(folder, 40)
    for row in range(40):
        Image.new("RGB", (64, 48), (5 * row + 20,) * 3).save(folder / f"{row:03d}.png")
    index = qi.build_index(tmp_path / "index", [qi.load_source(str(labels))], Thumbnail()).index
    options = {"index": index, "encoder": Thumbnail(), "threshold": 1.0}
    assert "score of the index" in found(check(labels, **options), "direction")[-1].message
    (finding,) = found(check(f"{labels}?lower=true", **options), "direction", "warning")
    assert "score of the index" in finding.message


def test_bad_arguments(tmp_path, index):
    source = qi.load_source(str(rated(tmp_path / "b", 4)))
    with pytest.raises(qi.DataError, match="no data"):
        qi.checks.check_sources([])
    with pytest.raises(qi.DataError, match="threshold"):
        qi.checks.check_sources([source], threshold=1.5)
    other = Thumbnail()
    other.spec = dataclasses.replace(Thumbnail.spec, fingerprint="1")
    with pytest.raises(qi.AnchorIndexError, match="another encoder"):
        qi.checks.check_sources([source], index=index, encoder=other)


def test_a_sample_is_seeded_and_bounded():
    from quasar_index.checks.direction import SAMPLE, _sample

    rows = np.arange(3 * SAMPLE)
    assert len(_sample(rows, 0)) == SAMPLE
    assert (_sample(rows, 0) == _sample(rows, 0)).all()
    assert (_sample(rows, 0) != _sample(rows, 1)).any()
