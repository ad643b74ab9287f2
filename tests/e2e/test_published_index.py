"""An index of published embeddings: the encoder of that name scores by it, once its weights are there."""

import json
from pathlib import Path

import numpy as np
import pytest

import quasar_index as qi
from tests.published import write_published

from .conftest import Run
from .paper_data import save_rn50


def test_the_encoder_of_that_name_scores(
    call: Run, photos: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    found = qi.datasets.read_published(write_published(tmp_path, "tad66k_224", 40), "clip-rn50")
    index = qi.index.build_published(tmp_path / "tad", found).index
    said = call("info", "tad").stdout
    assert "clip-rn50, 1024-d, layers final, input crop-224" in said
    assert "known by its name alone: nobody hashed its weights" in said
    photo = next(photos.glob("coffee_*.png"))
    missing = call("score", photo, "-i", "tad", HF_HUB_OFFLINE="1")
    assert missing.returncode == 5
    assert "the weights of 'clip-rn50'" in missing.stderr
    weights = tmp_path_factory.mktemp("weights") / "rn50.safetensors"
    save_rn50(weights)
    try:
        done = call("score", photo, "-i", "tad", "--weights", weights, "--device", "cpu", "--no-cache")
        encoder = qi.load_encoder("clip-rn50", input_rule="crop-224", weights=weights, device="cpu")
    finally:
        weights.unlink()
    assert done.returncode == 0, done.stderr
    (embedded,) = qi.encoders.encode(encoder, [np.asarray(qi.images.decode(photo.read_bytes()))])
    expected = qi.Mean().fit(index).score(embedded[None]).score[0]
    assert json.loads(done.stdout)["score"] == pytest.approx(expected, abs=1e-6)
