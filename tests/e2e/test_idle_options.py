"""An option that does nothing beside others is refused by name, with the reason; what has an effect is not."""

from pathlib import Path

import numpy as np
import pytest
from quasar_index.cli import commands

from .conftest import Run

VECTORS = ("--embeddings", "vectors.npy")
VALIDATED = ("evaluate", "-i", "rated", "--cross-validate", "group=photograph", "--resamples", "40")
FEW = ("evaluate", "-i", "rated", "--few-labels", "5")
SWEEP = ("sweep", "rated", "--offsets", "0,0.2", "--cross-validate", "group=photograph")
TEXT = ("score", "x.png", "--anchors", "text")

REFUSED = [
    (("score", *VECTORS, "-i", "rated", "--device", "cuda:9", "--weights", "nofile.pt"),
     "--weights and --device have no effect: --embeddings are scored as they are, without an encoder"),
    (("score", *VECTORS, "-i", "rated", "--encoder", "clip-rn50"), "--encoder has no effect: --embeddings are scored"),
    (("score", *VECTORS, "-i", "rated", "--max-pixels", "9"), "--max-pixels has no effect: no image is read"),
    (("score", "x.png", "-i", "rated", "--prompts", "quality"), "--prompts has no effect: they are for --anchors text"),
    (("score", "x.png", "-i", "rated", "--prompt-pair", "a", "b"), "--prompt-pair has no effect"),
    ((*TEXT, "--prompts", "quality", "--prompt-pair", "a", "b"), "--prompts has no effect: --prompt-pair takes its"),
    (("score", *VECTORS, "-i", "rated", "--seed", "3"), "--seed has no effect: it is for --ratio"),
    ((*TEXT, "--where", "score > 3"), "--where has no effect: the anchors are two texts"),
    ((*TEXT, "-m", "retrieval:top_k=3"), "--method may be mean:temperature=T alone"),
    ((*TEXT, "-m", "mean:space=centred"), "--method may be mean:temperature=T alone"),
    ((*TEXT, "-i", "rated", "-e", "clip-rn50"), "--index has no effect: --anchors text takes no more of an index"),
    (
        ("score", "x.png", "-i", "rated", "-m", "mean:space=raw", "--group", "photograph"),
        "--group has no effect: it is for",
    ),
    ((*VALIDATED, "--batch-size", "2"), "--batch-size has no effect: the anchors of the index are embedded"),
    ((*VALIDATED, "--score-column", "quality"), "--score-column has no effect"),
    ((*VALIDATED, "--seeds", "3", "--test-share", "0.3"), "--seeds and --test-share have no effect: --few"),
    ((*FEW, "--by", "quality"), "--by has no effect: --few-labels draws its anchors from the images"),
    ((*FEW, "--results", "x.jsonl"), "--results has no effect: --few-labels draws its anchors from the images"),
    ((*FEW, "--cross-validate", "group=photograph"), "--cross-validate has no effect: --few-labels draws"),
    ((*SWEEP, "--cache", "here"), "--cache has no effect: the anchors of the index are embedded"),
    ((*SWEEP, "--stratify", "3"), "--stratify has no effect: it is for --sizes"),
    ((*SWEEP[:4], "-d", "ratings.csv", "--folds", "3"), "--folds has no effect: it is for --cross-validate"),
    (("build", "new", *VECTORS, "--precision", "bf16"), "--precision has no effect: --embeddings need no encoder"),
    (("build", "new", *VECTORS, "--encoder", "clip-rn50"), "--encoder has no effect: --embeddings need no encoder"),
    (("build", "new", *VECTORS, "--score-column", "q"), "--score-column has no effect: it is for a file of --labels"),
    (("build", "new", *VECTORS, "--labels", "a.json", "--image-column", "q"), "--image-column has no effect: the"),
    (("add", "rated", *VECTORS, "--threads", "2"), "--threads has no effect: --embeddings need no encoder"),
    (("check", "-d", "ratings.csv", "--device", "cpu"), "--device has no effect: images are embedded for"),
    (("map", "rated", "-o", "x.png", "--thumbnails", "3"), "--thumbnails has no effect: a picture shows no images"),
    (
        ("map", "rated", "-o", "x.png", "--space", "raw", "--group", "photograph"),
        "--group has no effect: it is for --space",
    ),
    (("synthesize", "--list", "--levels", "1"), "--levels has no effect: --list lists the distortions and stops"),
    (("synthesize", "src", "--preview", "x.png", "--levels", "1"), "--levels has no effect: without OUT nothing"),
    (("approximate", "rated", "--off", "--recall", "0.9"), "--recall has no effect: --off searches exactly again"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def vectors(tmp_path: Path) -> None:
    """Embeddings of the index's dimension."""
    np.save(tmp_path / "vectors.npy", np.random.default_rng(0).normal(size=(3, 1568)).astype("float32"))
    return


@pytest.mark.parametrize(("arguments", "text"), REFUSED, ids=lambda value: " ".join(value)[:50] if value else "")
def test_an_idle_option_is_refused(call: Run, arguments: tuple[str, ...], text: str) -> None:
    done = call(*arguments, COLUMNS="300")
    assert done.returncode == 2
    assert text in " ".join(done.stderr.split())


def test_what_has_an_effect_or_is_a_default_is_taken(call: Run) -> None:
    assert call("score", *VECTORS, "-i", "rated").returncode == 0
    assert call("score", *VECTORS, "-i", "rated", "-m", "mean:space=auto", "--group", "photograph").returncode == 0
    assert call("score", *VECTORS, "-i", "rated", "-m", "ridge", "--group", "photograph").returncode == 0
    joint = "retrieval:mode=joint,division=local,top_k=8"
    assert call("score", *VECTORS, "-i", "rated", "-m", joint).returncode == 0
    assert call(*VALIDATED).returncode == 0


def test_every_rule_names_options_of_its_command() -> None:
    n_rules = 0
    for lines in commands.PANELS.values():
        for name in lines:
            command = commands.load(name)
            known = {one.name for one in command.params}
            for rule in command.idle:
                n_rules += 1
                assert set(rule.options) <= known, f"{name}: {rule.why}"
                rule.when({one.name: Path("x") if one.name == "output" else None for one in command.params})
    assert n_rules > 20
