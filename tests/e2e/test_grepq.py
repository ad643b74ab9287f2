"""GRepQ's encoders through the command: building, scoring, evaluating, prompts, and what is said of weights."""

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from quasar_index.encoders.grepq_networks import LowLevelNetwork

from .conftest import Run
from .test_cli import one_error_line, rows_of


@pytest.fixture
def low(tmp_path: Path) -> Path:
    """A file as `quasar-index train grepq-low` writes it, of random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = LowLevelNetwork()
    save_file(network.state_dict(), tmp_path / "low.safetensors", metadata={"quasar-index": "grepq-low"})
    return tmp_path / "low.safetensors"


def test_an_index_of_the_low_level(call: Run, photos: Path, low: Path, tmp_path: Path) -> None:
    data = ["--data", photos / "ratings.csv", "--score-column", "quality"]
    encoder = ["--encoder", "grepq-low", "--layers", "backbone", "--weights", low]
    built = call("build", tmp_path / "mine", *data, *encoder)
    assert built.returncode == 0, built.stderr
    assert "grepq-low, 512-d, layers backbone, input native" in built.stdout
    scored = call("score", photos, "-i", tmp_path / "mine")  # the weights are found where the index says
    assert scored.returncode == 0, scored.stderr
    rows = rows_of(scored.stdout)
    assert len(rows) == 20
    assert all(0 < float(str(row["score"])) < 1 for row in rows)
    (share,) = json.loads(call("cache", "--json").stdout)["encoders"]
    assert (share["encoder"], share["layers"], share["n_images"]) == ("grepq-low", "backbone", 20)
    shown = call("evaluate", *data, *encoder, "--cross-validate", "group=photograph", "--resamples", "50")
    assert shown.returncode == 0, shown.stderr
    assert "SRCC" in shown.stdout
    moved = low.rename(tmp_path / "elsewhere.safetensors")
    again = ["score", photos / "coffee_0.png", "-i", tmp_path / "mine", "--no-cache"]
    one_error_line(call(*again), 5, "are no longer at", "give them by --weights")
    found = call(*again, "--weights", moved)
    assert found.returncode == 0, found.stderr


def test_prompts_of_the_high_level(call: Run, photos: Path, low: Path, tmp_path: Path) -> None:
    """Also with the weights that an index records; the score is that of the cosines in its row."""
    import open_clip

    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = open_clip.create_model("RN50", force_quick_gelu=True).state_dict()
    halves = {name: tensor.half() for name, tensor in state.items()}
    save_file(halves, tmp_path / "high.safetensors", metadata={"quasar-index": "grepq-high"})
    data = ["--data", photos / "ratings.csv", "--score-column", "quality"]
    built = call("build", tmp_path / "high", *data, "--encoder", "grepq-high", "--weights", tmp_path)
    assert built.returncode == 0, built.stderr
    scored = call("score", photos / "coffee_0.png", "--anchors", "text", "-i", tmp_path / "high", "--prompts", "grepq")
    assert scored.returncode == 0, scored.stderr
    (row,) = rows_of(scored.stdout)
    cosines = [float(str(row[f"similarity_{side}"])) for side in ("good", "bad")]
    assert float(str(row["score"])) == pytest.approx(1 / (1 + math.exp(10 * (cosines[1] - cosines[0]))), abs=1e-6)
    assert cosines[0] != cosines[1]
    both = call("score", photos / "coffee_0.png", "--anchors", "text", "--encoder", "grepq", "--weights", tmp_path)
    one_error_line(both, 5, "'grepq' has no text tower", "--encoder grepq-high")
    (tmp_path / "high.safetensors").unlink()


def test_weights_are_asked_for(call: Run, photos: Path, low: Path, tmp_path: Path) -> None:
    build = ["build", tmp_path / "mine", "--data", photos / "ratings.csv", "--score-column", "quality", "--encoder"]
    one_error_line(call(*build, "grepq"), 5, "come with no package", "github.com/suhas-srinath/GRepQ", "--weights")
    one_error_line(call(*build, "grepq", "--weights", low), 5, "is one file", "give the folder of two")
    one_error_line(call(*build, "grepq", "--weights", low.parent), 5, "holds no file of GRepQ's high level")
    one_error_line(call(*build, "grepq-high", "--weights", low), 5, "holds GRepQ's low level, not GRepQ's high level")
    one_error_line(
        call(*build, "grepq-high", "--weights", low, "--layers", "head"), 5, "has no layers", "drop --layers"
    )
