"""GRepQ's zero-shot score by the commands: one folder of weights, an index of patches, Q_L and Q_L + Q_H."""

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import quasar_index as qi
from quasar_index.demo import read_photographs
from quasar_index.encoders.grepq_networks import LowLevelNetwork

from .conftest import Run
from .test_cli import one_error_line, rows_of

SIZE = 64


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photographs for the index, three to score with ratings, and both levels of random weights in `weights`."""
    import open_clip

    folder = tmp_path_factory.mktemp("grepq-patches")
    for name in ("pristine", "rated", "weights"):
        (folder / name).mkdir()
    for number, (name, pixels) in enumerate(read_photographs()[:7]):
        image = Image.fromarray(pixels).convert("RGB").crop((0, 0, 3 * SIZE, 2 * SIZE))
        image.save(folder / ("pristine" if number < 4 else "rated") / f"{name}.png")
    rated = sorted((folder / "rated").glob("*.png"))
    lines = ["image,score", *(f"{path.name},{n}" for n, path in enumerate(rated))]
    (folder / "rated" / "ratings.csv").write_text("\n".join(lines) + "\n")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        low = LowLevelNetwork().state_dict()
        high = open_clip.create_model("RN50", force_quick_gelu=True).state_dict()
    save_file(low, folder / "weights" / "low.safetensors", metadata={"quasar-index": "grepq-low"})
    halves = {name: tensor.half() for name, tensor in high.items()}
    save_file(halves, folder / "weights" / "high.safetensors", metadata={"quasar-index": "grepq-high"})
    return folder


def plain_low(pristine: np.ndarray, own: np.ndarray) -> float:
    """Return Q_L by the formula as it is written."""
    pristine, own = pristine.astype(np.float64), own.astype(np.float64)
    mean = pristine.mean(axis=0) - own.mean(axis=0)
    between = (np.cov(pristine, rowvar=False) + np.cov(own, rowvar=False)) / 2 + 0.001 * np.eye(len(mean))
    return 1 - 1 / (1 + math.exp(-math.sqrt(mean @ np.linalg.inv(between) @ mean) / 100))


def test_one_folder_of_weights_is_all_that_is_named(call: Run, made: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(made / "weights", weights)
    index, photographs = tmp_path / "clean", sorted((made / "rated").glob("*.png"))
    cut = ["--patches", made / "pristine", "--patch-size", SIZE]
    built = call("build", index, *cut, "--encoder", "grepq", "--weights", weights)
    assert built.returncode == 0, built.stderr
    assert "grepq-low, 128-d" in built.stdout

    def patches_of(pixels: np.ndarray, stride: int) -> np.ndarray:
        places = [
            (left, top)
            for top in range(0, pixels.shape[0] - SIZE + 1, stride)
            for left in range(0, pixels.shape[1] - SIZE + 1, stride)
        ]
        return np.stack([pixels[top : top + SIZE, left : left + SIZE] for left, top in places])

    low = qi.load_encoder("grepq-low", weights=weights, device="cpu")
    opened = qi.AnchorIndex.open(index)
    records = opened.metadata(opened.anchors(), ["path"])["path"].to_pylist()
    pristine = qi.encode(low, [np.asarray(Image.open(p.partition("::")[0]).crop(_box(p))) for p in records])
    pixels = [np.asarray(Image.open(path)) for path in photographs]
    q_low = [plain_low(pristine, qi.encode(low, patches_of(one, SIZE // 2))) for one in pixels]
    scored = call("score", *photographs, "-i", index, "--explain", "e.jsonl", "--explain-top", 1)
    assert scored.returncode == 0, scored.stderr
    assert [row["score"] for row in rows_of(scored.stdout)] == pytest.approx(q_low, abs=1e-6)
    told = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert [Path(row["path"]).name for row in told] == [path.name for path in photographs]

    high = qi.load_encoder("grepq-high", weights=weights, device="cpu")
    texts = high.encode_text(["a good photo.", "a bad photo."]).astype(np.float64)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    both = []
    for own, image in zip(q_low, pixels, strict=True):
        whole = qi.encode(high, [image])[0].astype(np.float64)
        good, bad = texts @ (whole / np.linalg.norm(whole))
        both.append(own + 1 / (1 + math.exp(-10 * (good - bad))))

    prompts = ["score", *photographs, "-i", index, "--method", "patches:prompts"]
    named = ["--encoder", "grepq-high", "--weights"]
    for more in ([], ["--encoder", "grepq", "--weights", weights], [*named, weights / "high.safetensors"]):
        done = call(*prompts, *more)
        assert done.returncode == 0, done.stderr
        assert [row["score"] for row in rows_of(done.stdout)] == pytest.approx(both, abs=1e-6)
    evaluated = call(
        "evaluate", "-i", index, "--data", made / "rated" / "ratings.csv", "--method", "patches",
        "--method", "patches:prompts", "--predictions", "p.csv", "--resamples", 50,
    )  # fmt: skip
    assert evaluated.returncode == 0, evaluated.stderr
    with (tmp_path / "p.csv").open(encoding="utf-8") as file:
        predicted = list(csv.DictReader(file))
    assert list(predicted[0])[-2:] == ["patches", "patches:prompts"]
    assert [float(row["patches"]) for row in predicted] == pytest.approx(q_low, abs=1e-6)
    assert [float(row["patches:prompts"]) for row in predicted] == pytest.approx(both, abs=1e-6)
    assert call("add", index, "--patches", *photographs[:1], "--patches", made / "rated").returncode == 0

    moved = weights.rename(tmp_path / "moved")
    one_error_line(call(*prompts, "--no-cache"), 5, "no longer at", "give them by --weights")
    again = call("score", *photographs, "-i", index, "--version", 1, "--method", "patches:prompts", "--weights", moved)
    assert [row["score"] for row in rows_of(again.stdout)] == pytest.approx(both, abs=1e-6)
    again = call("score", *photographs, "-i", index, "--version", 1, "--method", "patches:prompts", *named, moved)
    assert [row["score"] for row in rows_of(again.stdout)] == pytest.approx(both, abs=1e-6)


def _box(path: str) -> tuple[int, int, int, int]:
    """Return where a patch lies in its photograph, by its name."""
    left, top = map(int, path.rpartition("x")[2].split("+")[1:])
    return left, top, left + SIZE, top + SIZE
