"""The commands of the main job as a user meets them: build, score, info, encoders; every bad input one clear line."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

import quasar_index as qi

from .conftest import SUMMARY, Run

METHODS = [
    "mean",
    "offset:offset=0.3",
    "clustering:n_clusters=3",
    "retrieval:top_k=4",
    "retrieval:top_k=6,mode=joint,division=local,rating_power=1,blend=0.5",
]


def rows_of(stdout: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in stdout.splitlines()]


def test_build_score_info_through_the_installed_command(run: Run, photos: Path, tmp_path: Path) -> None:
    built = run("build", tmp_path / "mine", "--data", photos / "ratings.csv", "--score-column", "quality", "--json")
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["anchors"] == "20: 10 good, 10 bad"
    assert "clip-rn50" in built.stderr
    assert "clip-vit-l-14" in built.stderr
    assert "WARN" not in built.stderr
    scored = run("score", photos, "--index", tmp_path / "mine", "--method", "retrieval:top_k=4")
    assert scored.returncode == 0, scored.stderr
    rows = rows_of(scored.stdout)  # jsonl, because this is a pipe
    assert [row["path"] for row in rows] == sorted(str(path) for path in photos.glob("*.png"))
    ratings = {name: float(q) for name, q, _ in list(csv.reader((photos / "ratings.csv").open()))[1:]}
    quality = [ratings[Path(str(row["path"])).name] for row in rows]
    assert (
        qi.srcc([float(str(row["score"])) for row in rows], quality) > 0.7
    )  # its own anchors: it must tell them apart
    facts = json.loads(run("info", tmp_path / "mine", "--json").stdout)
    assert facts["embeddings"][0]["encoder"]["name"] == "efficientnet-lite0"
    assert facts["n_good"] == 10


def test_calibrated_scores(call: Run, photos: Path, tmp_path: Path) -> None:
    image = photos / "coffee_0.png"
    done = call("score", image, "-i", "rated", "--calibrated")
    one_error_line(done, 4, "no calibration of 'mean'", "calibrate")
    done = call("score", image, "-i", "rated", "--calibrated", "-m", "retrieval:top_k=4,space=raw")
    one_error_line(done, 4, "make one: quasar-index calibrate rated --method retrieval:top_k=4,space=raw")
    made = call("calibrate", "rated", "--group", "photograph", "--level", "0.6", "--json")
    assert made.returncode == 0, made.stderr
    numbers = json.loads(made.stdout)
    assert numbers["n_groups"] == 5
    low, high = numbers["scale"]
    assert numbers["span"] == pytest.approx(min(1, 2 * numbers["half_width"] / (high - low)))
    assert numbers["method"] == "mean"
    said = call("calibrate", "rated", "--group", "photograph", "--level", "0.6").stdout
    assert f"the interval spans {numbers['span']:.0%} of the range of the ratings, {low:.6g} to {high:.6g}" in said
    for output in ("scores.jsonl", "scores.csv", "scores.parquet"):
        assert call("score", image, tmp_path / "gone.png", "-i", "rated", "--calibrated", "-o", output).returncode == 3
    good, bad = rows_of((tmp_path / "scores.jsonl").read_text())
    assert 1 <= good["low"] <= good["mos"] <= good["high"] <= 5.2
    assert good["familiarity"] == 1.0  # it is an anchor
    assert bad["mos"] is None
    assert pq.read_table(tmp_path / "scores.parquet")["mos"].to_pylist() == [good["mos"], None]
    assert call("score", image, "-i", "rated", "--calibrated", "--ratio", "0.5").returncode == 2


@pytest.mark.parametrize("space", ["space=raw", "space=centred", "space=whitened,shrinkage=oas"])
def test_every_space(call: Run, photos: Path, space: str) -> None:
    rows = rows_of(call("score", photos, "-i", "rated", "-m", f"retrieval:top_k=5,{space}").stdout)
    scores = {Path(str(row["path"])).stem: float(str(row["score"])) for row in rows}
    assert all(0 < score < 1 for score in scores.values())
    assert scores["coffee_0"] > scores["coffee_3"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_in_every_format(call: Run, photos: Path, tmp_path: Path, method: str) -> None:
    few = sorted(photos.glob("chelsea*.png"))
    results = {}
    for ending in ("csv", "jsonl", "parquet"):
        output = tmp_path / f"scores.{ending}"
        done = call("score", *few, "-i", "rated", "-m", method, "-o", output)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        results[ending] = output
    from_csv = [float(row["score"]) for row in csv.DictReader(results["csv"].open())]
    from_jsonl = [float(str(row["score"])) for row in rows_of(results["jsonl"].read_text())]
    from_parquet = pq.read_table(results["parquet"])["score"].to_pylist()
    assert from_csv == from_jsonl == from_parquet
    assert all(0 < score < 1 for score in from_csv)
    table = call("score", *few, "-i", "rated", "-m", method, "-f", "table")
    assert f"{from_csv[0]:.4f}" in table.stdout
    assert not list(tmp_path.glob(".*partial"))


def test_scores_are_those_of_the_formula(call: Run, home: Path, photos: Path) -> None:
    path = photos / "coffee_0.png"
    row = rows_of(call("score", path, "-i", "rated", "-m", "mean:space=raw,temperature=0.1").stdout)[0]
    anchors = qi.AnchorIndex.open(home / "rated").anchors()
    raw = anchors.directions.astype(np.float64) * anchors.norms[:, None]
    image = np.asarray(Image.open(path).convert("RGB"))
    x = qi.encode(qi.load_encoder(device="cpu"), [image])[0].astype(np.float64)
    cosines = [x @ c / np.linalg.norm(x) / np.linalg.norm(c) for c in (raw[:10].mean(0), raw[10:].mean(0))]
    expected = 1 / (1 + np.exp(-(cosines[0] - cosines[1]) / 0.1))
    assert row["score"] == pytest.approx(expected, abs=1e-5)


def test_files_folders_globs_and_stdin(call: Run, photos: Path) -> None:
    listed = "\n".join([str(photos / "coffee_0.png"), str(photos / "coffee_3.png")])
    from_stdin = call("score", "-", "-i", "rated", stdin=listed)
    from_glob = call("score", f"{photos}/coffee_[03].png", "-i", "rated")
    assert from_stdin.returncode == 0
    assert from_stdin.stdout == from_glob.stdout
    assert len(rows_of(from_stdin.stdout)) == 2


def test_score_does_not_depend_on_the_batch(call: Run, photos: Path) -> None:
    alone = rows_of(call("score", photos / "hubble_deep_field_1.png", "-i", "rated", "--batch-size", "1").stdout)
    together = rows_of(call("score", photos, "-i", "rated", "--batch-size", "7").stdout)
    same = next(row for row in together if str(row["path"]).endswith("hubble_deep_field_1.png"))
    # Another batch rounds otherwise, and little shrinkage makes more of that.
    assert alone[0]["score"] == pytest.approx(same["score"], abs=2e-5)


def make_bad_images(folder: Path, good: Path) -> dict[str, str]:
    """Write images that cannot be scored, and return a word of the error of each."""
    folder.mkdir()
    data = good.read_bytes()
    (folder / "empty.png").write_bytes(b"")
    (folder / "noimage.jpg").write_text("hello")
    (folder / "truncated.png").write_bytes(data[: len(data) // 2])
    Image.new("RGB", (1, 1)).save(folder / "pixel.png")
    return {"empty.png": "empty", "noimage.jpg": "format", "truncated.png": "decoded", "pixel.png": "too small"}


def test_bad_images_cost_one_row_each(call: Run, photos: Path, tmp_path: Path) -> None:
    expected = make_bad_images(tmp_path / "bad", photos / "coffee_0.png")
    missing = tmp_path / "gone.png"
    done = call("score", photos / "coffee_0.png", tmp_path / "bad", missing, "-i", "rated", "-f", "jsonl")
    assert done.returncode == 3
    rows = {Path(str(row["path"])).name: row for row in rows_of(done.stdout)}
    assert rows["coffee_0.png"]["score"] is not None
    for name, word in {**expected, "gone.png": "cannot be read"}.items():
        assert rows[name]["score"] is None
        assert word in str(rows[name]["error"])
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(
        r"quasar-index: error: 6 images in [\d.]+ s \([\d.]+/s\): 1 scored, 5 failed \((.*)\); see the column error",
        line,
    )


def save_rgba(path: Path, image: Image.Image) -> None:
    image.putalpha(200)
    image.save(path)


UNUSUAL: dict[str, Callable[[Path, Image.Image], None]] = {
    "cmyk.jpg": lambda path, image: image.convert("CMYK").save(path),
    "deep.png": lambda path, image: Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257).save(path),
    "palette.gif": lambda path, image: image.convert("P").save(path),
    "alpha.png": save_rgba,
    "animated.webp": lambda path, image: image.save(path, save_all=True, append_images=[image.rotate(90)]),
    "wide.png": lambda path, image: image.resize((20000, 64)).save(path),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_images_are_scored(call: Run, photos: Path, tmp_path: Path, name: str) -> None:
    UNUSUAL[name](tmp_path / name, Image.open(photos / "coffee_0.png"))
    done = call("score", tmp_path / name, "-i", "rated")
    assert done.returncode == 0, done.stdout + done.stderr
    assert 0 < float(str(rows_of(done.stdout)[0]["score"])) < 1


def test_exif_rotation_does_not_change_the_score(call: Run, photos: Path, tmp_path: Path) -> None:
    image = Image.open(photos / "coffee_0.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees: the file holds it lying down
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    done = call("score", photos / "coffee_0.png", tmp_path / "turned.png", "-i", "rated")
    upright, turned = rows_of(done.stdout)
    assert turned["score"] == upright["score"]


def one_error_line(done: object, code: int, *words: str) -> None:
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)  # type: ignore[attr-defined]
    lines = [line for line in done.stderr.splitlines() if line.startswith("quasar-index: error:")]  # type: ignore[attr-defined]
    assert len(lines) == 1, done.stderr  # type: ignore[attr-defined]
    assert "Traceback" not in done.stderr  # type: ignore[attr-defined]
    for word in words:
        assert word in lines[0]


def test_bad_input_of_score(call: Run, photos: Path, tmp_path: Path) -> None:
    image = photos / "coffee_0.png"
    (tmp_path / "nothing").mkdir()
    one_error_line(call("score", image, "-i", "nowhere"), 4, "no index 'nowhere'", "rated")
    one_error_line(
        call("score", image, "-i", "rated", "-e", "clip-rn50"), 4, "holds efficientnet-lite0", "drop --encoder"
    )
    one_error_line(call("score", tmp_path / "nothing", "-i", "rated"), 3, "no image in")
    one_error_line(call("score", tmp_path / "*.jpg", "-i", "rated"), 3, "no file matches")
    one_error_line(call("score", image, "-i", "rated", "-o", tmp_path / "scores.xls"), 3, "names no format")
    one_error_line(call("score", image, "-i", "rated", "-m", "clustering"), 6, "100 clusters are more than the 10 good")
    one_error_line(call("score", image, "-i", "rated", "-m", "offset:offset=1"), 6, "is a number in [0, 1)")
    one_error_line(call("score", image, "-i", "rated", "-m", "mean:temperature=0"), 6, "is a number above 0")
    one_error_line(call("score", image, "-i", "rated", "--where", "nocolumn > 1"), 4, "nocolumn")
    one_error_line(call("score", image, "-i", "rated", "--where", "score > 100"), 3, "selected 0 anchors")
    one_error_line(call("score", image, "-i", "rated", "--anchors", "text"), 5, "no text tower", "clip-rn50")
    one_error_line(call("score", image, "-i", "rated", "--device", "cuda:7"), 5, "cuda:7")
    one_error_line(call("score", image, "-i", "rated", "-m", "mean:shrinkage=0"), 6, "is a number above 0")
    for method, words in (
        ("mean:space=raw,shrinkage=1", "shrinkage of mean is 1.0, and its space is raw"),
        ("mean:top_k=3", "the method 'mean' has no parameter 'top_k'"),
        ("nothing", "there is no method 'nothing'"),
        ("mean/offset", "'mean/offset' is several methods, and one is needed here"),
    ):
        one_error_line(call("score", image, "-i", "rated", "-m", method), 6, words)
    for usage in (["-m"], ["--nosuch"], ["--anchors", "text", "--prompts", "nosuch"]):
        assert call("score", image, "-i", "rated", *usage).returncode == 2
    assert call("score", "-i", "rated").returncode == 2


def test_bad_embeddings(call: Run, home: Path, tmp_path: Path) -> None:
    anchors = qi.AnchorIndex.open(home / "rated").anchors()
    good = anchors.directions[:3].copy()
    np.save(tmp_path / "good.npy", good)
    rows = rows_of(call("score", "--embeddings", tmp_path / "good.npy", "-i", "rated").stdout)
    expected = qi.Scorer(anchors).score_embeddings(good).score
    assert [row["score"] for row in rows] == pytest.approx(list(expected))
    bad = {"dim": good[:, :7], "nan": np.where(np.arange(len(good))[:, None] == 1, np.nan, good), "zero": good * 0}
    words = {"dim": "7-d, 1568-d is needed", "nan": "NaN", "zero": "only zeros"}
    for name, matrix in bad.items():
        np.save(tmp_path / f"{name}.npy", matrix)
        one_error_line(call("score", "--embeddings", tmp_path / f"{name}.npy", "-i", "rated"), 3, words[name])


def test_bad_input_of_build(call: Run, photos: Path, tmp_path: Path) -> None:
    same = tmp_path / "same.csv"
    same.write_text("image,score\n" + "".join(f"{path},3\n" for path in photos.glob("*.png")))
    one_error_line(call("build", tmp_path / "a", "-d", same), 3, "all 20 opinion scores are 3")
    one_error_line(call("build", tmp_path / "a", "-d", tmp_path / "gone.csv"), 3, "gone.csv")
    one_error_line(call("build", "rated", "-d", photos / "ratings.csv", "--score-column", "quality"), 4, "--overwrite")
    one_error_line(call("build", tmp_path / "a", "-d", photos / "ratings.csv", "-e", "clip-rn"), 5, "clip-rn50")
    assert call("build", tmp_path / "a").returncode == 2
    (tmp_path / "unscored.csv").write_text("image,colour\na.png,red\n")
    one_error_line(call("build", tmp_path / "a", "-d", tmp_path / "unscored.csv"), 3, "colour")
    one_sided = tmp_path / "pairs"
    (one_sided / "reference").mkdir(parents=True)
    (one_sided / "distorted").mkdir()
    (one_sided / "reference" / "a.png").write_bytes((photos / "coffee_0.png").read_bytes())
    assert call("build", tmp_path / "a", "-d", one_sided).returncode == 3
    assert not (tmp_path / "a").exists()


def test_a_corrupt_image_does_not_stop_a_build(call: Run, photos: Path, tmp_path: Path) -> None:
    lines = (photos / "ratings.csv").read_text().splitlines()
    (tmp_path / "broken.png").write_bytes(b"broken")
    labels = tmp_path / "ratings.csv"
    labels.write_text("\n".join([lines[0], "broken.png,1,x", *(f"{photos}/{line}" for line in lines[1:])]) + "\n")
    done = call("build", tmp_path / "mine", "-d", labels, "--score-column", "quality", "--json")
    assert done.returncode == 0
    assert "1 failed" in json.loads(done.stdout)["data ratings"]
    assert "broken.png" in done.stderr
    failure = json.loads((tmp_path / "mine" / "failures.jsonl").read_text())
    assert failure["path"].endswith("broken.png")


def test_reference_and_distorted_folders(call: Run, photos: Path, tmp_path: Path) -> None:
    for side, level in (("reference", 0), ("distorted", 3)):
        (tmp_path / "pairs" / side).mkdir(parents=True)
        for path in photos.glob(f"*_{level}.png"):
            (tmp_path / "pairs" / side / path.name).write_bytes(path.read_bytes())
    assert call("build", tmp_path / "pairs-index", "-d", tmp_path / "pairs").returncode == 0
    rows = rows_of(call("score", tmp_path / "pairs", "-i", tmp_path / "pairs-index", "-m", "retrieval").stdout)
    side = {"reference": [], "distorted": []}
    for row in rows:
        side[Path(str(row["path"])).parent.name].append(row["score"])
    assert min(side["reference"]) > max(side["distorted"])
    one_error_line(call("score", photos, "-i", tmp_path / "pairs-index", "-m", "offset"), 6, "opinion score")


def test_embeddings_of_your_own(call: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    quality = rng.random(30)
    np.save(tmp_path / "e.npy", rng.normal(size=(30, 8)) + quality[:, None] * 5)
    (tmp_path / "labels.csv").write_text("id,mos\n" + "".join(f"img{i},{q}\n" for i, q in enumerate(quality)))
    built = call("build", tmp_path / "own", "--embeddings", tmp_path / "e.npy", "--labels", tmp_path / "labels.csv")
    assert built.returncode == 0, built.stderr
    done = call("score", "--embeddings", tmp_path / "e.npy", "-i", tmp_path / "own", "-m", "retrieval:top_k=5")
    scores = [float(str(row["score"])) for row in rows_of(done.stdout)]
    assert qi.srcc(scores, quality) > 0.5
    data = ("--embeddings", tmp_path / "e.npy", "--labels", tmp_path / "labels.csv")
    in_tables = call("build", tmp_path / "tables", *data, "--anchors-per-shard", "0.012k")
    assert "30: 15 good, 15 bad, in 3 tables" in in_tables.stdout
    done = call("score", "--embeddings", tmp_path / "e.npy", "-i", tmp_path / "tables", "-m", "retrieval:top_k=5")
    np.testing.assert_allclose([float(str(row["score"])) for row in rows_of(done.stdout)], scores, atol=1e-5)
    one_error_line(call("build", tmp_path / "no", *data, "--anchors-per-shard", "5x"), 3, "'5x' is no count", "250k")
    image = tmp_path / "x.png"
    Image.new("RGB", (40, 40)).save(image)
    one_error_line(call("score", image, "-i", tmp_path / "own"), 4, "precomputed", "--embeddings")


def test_clip_without_positional_embedding_at_native_resolution(call: Run, photos: Path, tmp_path: Path) -> None:
    import open_clip

    torch.manual_seed(0)
    torch.save(open_clip.create_model("RN50", pretrained=None).state_dict(), tmp_path / "rn50.pt")
    weights = ["--weights", tmp_path / "rn50.pt"]
    built = call(
        "build",
        tmp_path / "clip",
        "-d",
        photos / "ratings.csv",
        "--score-column",
        "quality",
        "-e",
        "clip-rn50",
        *weights,
    )
    assert built.returncode == 0, built.stderr
    assert "1024-d" in built.stdout
    assert "native" in built.stdout
    # The file is found again where the manifest says it was.
    scored = call("score", photos / "coffee_0.png", "-i", tmp_path / "clip")
    assert 0 < float(str(rows_of(scored.stdout)[0]["score"])) < 1
    text = call(
        "score", photos / "coffee_0.png", "--anchors", "text", "-e", "clip-rn50", *weights, "--prompts", "sharpness"
    )
    assert 0 < float(str(rows_of(text.stdout)[0]["score"])) < 1
    torch.manual_seed(1)
    torch.save(open_clip.create_model("RN50", pretrained=None).state_dict(), tmp_path / "other.pt")
    other = call("score", photos / "coffee_0.png", "-i", tmp_path / "clip", "--weights", tmp_path / "other.pt")
    one_error_line(other, 4, "not those the index was built with")


def test_encoders_lists_the_registry(call: Run) -> None:
    done = call("encoders")
    for name, entry in qi.ENCODERS.items():
        assert name in done.stdout
        assert entry.licence in done.stdout
    assert set(json.loads(call("encoders", "--json").stdout)) == set(qi.ENCODERS)


def test_debug_shows_the_traceback(run: Run) -> None:
    assert "Traceback" in run("--debug", "info", "nowhere").stderr
    assert "Traceback" not in run("info", "nowhere").stderr


def test_names_with_control_characters_are_escaped(call: Run, photos: Path, tmp_path: Path) -> None:
    name = tmp_path / "a\x1b[31m\nb.png"
    name.write_bytes((photos / "coffee_0.png").read_bytes())
    for format_ in ("table", "jsonl"):
        done = call("score", name, "-i", "rated", "-f", format_)
        assert done.returncode == 0
        assert "\x1b[31m" not in done.stdout


def test_a_closed_pipe_is_no_error(home: Path, photos: Path) -> None:
    """What `| head -1` does: the reader goes after the first line."""
    installed = str(Path(sys.executable).with_name("quasar-index"))
    command = [installed, "score", str(photos / "coffee_0.png"), "missing.png", "-i", str(home / "rated")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
    # Whether the second row was asked for before the pipe was found closed is a matter of buffers.
    assert not said or SUMMARY.fullmatch(said.strip())


def test_an_interrupted_build_keeps_what_it_embedded(home: Path, photos: Path, tmp_path: Path) -> None:
    source = qi.load_source(str(photos / "ratings.csv"), score_column="quality")
    encoder = qi.load_encoder(device="cpu")

    def interrupt(done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        qi.build_index(tmp_path / "mine", [source], encoder, batch_size=1, on_progress=interrupt)
    assert not (tmp_path / "mine").exists()
    report = qi.build_index(tmp_path / "mine", [source], encoder)
    assert report.n_resumed == 7
    assert report.n_embedded == 13
    whole = qi.AnchorIndex.open(home / "rated").anchors()
    np.testing.assert_allclose(report.index.anchors().directions, whole.directions, atol=1e-6)


def test_an_index_home_that_cannot_be_made(call: Run, photos: Path) -> None:
    data = f"{photos / 'ratings.csv'}?score=quality"
    one_error_line(call("build", "x", "-d", data, QUASAR_INDEX_HOME="/proc/nope"), 4, "cannot be made")


def test_paths_of_pathlib_and_misuse_in_python(home: Path, photos: Path) -> None:
    scorer = qi.Scorer(qi.AnchorIndex.open(home / "rated"), encoder=qi.load_encoder(device="cpu"))
    (row,) = scorer.score_files([photos / "coffee_0.png"])
    assert row.score is not None
    with pytest.raises(qi.DataError, match="give a list, each one a path"):
        list(scorer.score_files(str(photos / "coffee_0.png")))
    for wrong in (None, "mean", qi.Mean):
        with pytest.raises(qi.DataError, match=r"method of Scorer is .*; give a method"):
            qi.Scorer(scorer.anchors, wrong)


def test_output_to_a_url(call: Run, photos: Path, tmp_path: Path) -> None:
    """`memory://` stands for any store that fsspec writes."""
    import fsspec

    image = photos / "coffee_0.png"
    assert call("score", image, "-i", "rated", "-o", "memory://results/scores.csv").returncode == 0
    assert call("score", image, "-i", "rated", "-o", tmp_path / "scores.csv").returncode == 0
    store = fsspec.filesystem("memory")
    assert store.cat("/results/scores.csv") == (tmp_path / "scores.csv").read_bytes()
    exported = call("export", "rated", "memory://results/rated.pt", "--json")
    assert exported.returncode == 0
    files = json.loads(exported.stdout)["files"]
    assert "memory://results/rated.json" in files
    assert all(store.exists(file) for file in files)
