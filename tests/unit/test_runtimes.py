"""What runs an image tower: PyTorch, ONNX Runtime, OpenVINO; exported towers, and the trial that chooses."""

import json
import logging
import os
import subprocess
import sys
import time

import numpy as np
import open_clip
import pytest
import skimage
import timm
import torch

from quasar_index.arrays import unit
from quasar_index.encoders import (
    EncoderSpec,
    InputRule,
    encode,
    exported,
    image_tower,
    load_encoder,
    load_recorded_encoder,
    openvino_runtime,
    ship_tower,
    torch_encoder,
    trial,
)
from quasar_index.encoders.exported import SHIPPED, find_exported, kept_path
from quasar_index.encoders.onnx_encoder import OnnxEncoder
from quasar_index.encoders.torch_encoder import TorchEncoder
from quasar_index.errors import EncoderError
from tests.unit.conftest import photo


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return a user's cache folder of its own."""
    monkeypatch.setenv("QUASAR_INDEX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def assert_same(one, other):
    found = trial.compare_embeddings("onnx", one, other)
    assert found.is_same, found


# The tower that ships


def test_the_shipped_tower_is_the_package_s_weights():
    full = load_encoder(device="cpu", precision="fp32")
    light = load_encoder(device="cpu")
    assert isinstance(full, TorchEncoder)
    assert isinstance(light, OnnxEncoder)
    assert light.spec.difference(full.spec) == ""
    assert (light.spec.key, light.spec.runtime) == (full.spec.key, "onnx")
    pictures = [skimage.data.astronaut(), skimage.data.chelsea(), skimage.data.coffee(), photo(70, 90)]
    flat = [np.full((60, 80, 3), level, dtype=np.uint8) for level in (0, 1, 77, 254, 255)]
    gradient = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (64, 256, 3)).copy()
    images = [*pictures, *flat, gradient]
    assert_same(encode(light, images), encode(full, images))


def test_the_shipped_tower_can_be_made_again(tmp_path):
    made = ship_tower.ship_tower(tmp_path)
    ours, theirs = (json.loads(path.with_suffix(".json").read_text()) for path in (made, SHIPPED / made.name))
    assert ours["spec"] == theirs["spec"]
    assert made.stat().st_size == pytest.approx(theirs["n_bytes"], rel=0.01)
    assert b"/quasar_index/" not in made.read_bytes()  # no path of the machine that made it


def test_an_input_rule_of_its_own_needs_no_pytorch():
    light = load_encoder(device="cpu", input_rule="crop-224")
    full = load_encoder(device="cpu", input_rule="crop-224", precision="fp32")
    assert isinstance(light, OnnxEncoder)
    assert light.spec.difference(full.spec) == ""
    assert_same(encode(light, [photo(300, 400)]), encode(full, [photo(300, 400)]))
    other = InputRule("crop", 224, mean=(0.1, 0.1, 0.1), std=(0.5, 0.5, 0.5), min_side=32)
    assert isinstance(load_encoder(device="cpu", input_rule=other), TorchEncoder)  # normalised otherwise


def test_the_default_encoder_embeds_without_pytorch():
    program = """
import sys, numpy as np, quasar_index as qi
print(qi.encode(qi.load_encoder(), [np.zeros((48, 64, 3), dtype=np.uint8)]).shape)
print([name for name in ("torch", "torchvision", "timm", "open_clip", "faiss", "lancedb") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True,
                          env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})  # fmt: skip
    assert done.stdout.splitlines() == ["(1, 1568)", "[]"]


# Exporting on demand


def weights_of(kind, tmp_path):
    """Return an encoder's name, and a file of random weights of it."""
    path = tmp_path / f"{kind}.pt"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if kind == "dinov2":
            name = "timm:vit_small_patch14_dinov2.lvd142m"
            model = timm.create_model("vit_small_patch14_dinov2.lvd142m", img_size=224)
        elif kind == "vit":
            name, model = "open_clip:ViT-S-32", open_clip.create_model("ViT-S-32")
        else:
            name, model = "clip-rn50", open_clip.create_model("RN50", force_quick_gelu=True)
    torch.save(model.state_dict(), path)
    return name, path


@pytest.mark.parametrize(("kind", "options"), [("rn50", {}), ("vit", {}), ("dinov2", {"input_rule": "crop-224"})])
def test_towers_export_on_demand_and_agree(kind, options, cache, tmp_path):
    """Pins the TorchScript exporter, which PyTorch is going to drop."""
    name, path = weights_of(kind, tmp_path)
    full = load_encoder(name, weights=path, device="cpu", precision="fp32", **options)
    made = load_encoder(name, weights=path, device="cpu", precision="onnx", **options)
    images = [photo(230, 300), photo(260, 224, 1), np.full((224, 240, 3), 128, dtype=np.uint8)]
    expected = encode(full, images)
    assert_same(encode(made, images), expected)
    assert made.spec.runtime == "onnx"
    assert kept_path(made.spec).parent == cache / "towers"
    path.unlink()  # from now on neither weights nor PyTorch are needed
    again = load_recorded_encoder(full.spec, device="cpu")
    assert isinstance(again, OnnxEncoder)
    assert_same(encode(again, images), expected)


def tower(network, *, n_images=None, precision="auto", rule=None):
    spec = EncoderSpec("made", 6, "ab", rule or InputRule("none", mean=(0.0,) * 3, std=(1.0,) * 3))
    return TorchEncoder(spec, network, torch.device("cpu"), precision, n_images=n_images)


def moments(pixels):
    return torch.cat([pixels.mean(dim=(2, 3)), pixels.std(dim=(2, 3))], dim=1)


def by_heart(pixels):
    return torch.cat([pixels.sum(dim=(2, 3)) / (pixels.shape[2] * pixels.shape[3]), pixels.amax(dim=(2, 3))], dim=1) + (
        0.01 * float(pixels.shape[3])
    )


def unexportable(pixels):
    return torch.fft.fft2(pixels).abs().mean(dim=(2, 3)).repeat(1, 2)


def test_a_long_enough_run_exports_for_later_ones(cache, caplog):
    caplog.set_level(logging.INFO, logger="quasar_index")
    for n_images, there in ((None, False), (10, False), (64, True)):
        encoder = tower(moments, n_images=n_images)
        encoder.forward(BATCH)
        assert (find_exported(encoder.spec) is not None) == there
        assert encoder.runtime == "fp32"  # this run goes on as it began
    assert "is kept for ONNX Runtime" in caplog.text


@pytest.mark.parametrize(("network", "why"), [(by_heart, "embeds otherwise in ONNX Runtime"),
                                              (unexportable, "does not export")])  # fmt: skip
def test_what_does_not_export_or_agree_stays_with_pytorch(network, why, cache, caplog):
    for attempt in range(2):
        caplog.clear()
        embeddings = tower(network, n_images=64).forward(BATCH)
        np.testing.assert_array_equal(embeddings, tower(network).forward(BATCH))
        (record,) = caplog.records
        assert why in record.getMessage()
        assert record.getMessage().endswith("PyTorch runs it")
        if attempt == 0:
            (noted,) = cache.glob("towers/*.json")
            before = noted.stat().st_mtime_ns
    assert noted.stat().st_mtime_ns == before  # it is tried once
    assert not list(cache.glob("towers/*.onnx"))
    with pytest.raises(EncoderError, match=f"{why}.*use --precision fp32"):
        tower(network, precision="onnx").forward(BATCH)


def test_torn_damaged_and_old_files_are_made_again(cache, monkeypatch, caplog):
    expected = tower(moments).forward(BATCH)

    def find():
        encoder = tower(moments, precision="onnx")
        np.testing.assert_allclose(encoder.forward(BATCH), expected, rtol=1e-5)
        return find_exported(encoder.spec)

    path = find().path
    whole = path.read_bytes()
    for damaged in (whole[:-9], whole[:50] + b"?" + whole[51:], b""):
        path.write_bytes(damaged)
        assert find_exported(tower(moments).spec) is None
        assert find().path.read_bytes() == whole
    record = path.with_suffix(".json")
    for text in ("", "{", "[]", '{"version": 1}'):
        record.write_text(text)
        assert find().path == path
    assert "is damaged" in caplog.text
    monkeypatch.setattr(exported, "VERSION", 2)
    assert find_exported(tower(moments).spec) is None
    assert find().path == path
    path.unlink()
    assert find().path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_just_costs_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("QUASAR_INDEX_CACHE", str(tmp_path / "file" / "cache"))
    encoder = tower(moments, precision="onnx")
    np.testing.assert_allclose(encoder.forward(BATCH), tower(moments).forward(BATCH), rtol=1e-5)
    assert find_exported(encoder.spec) is None
    tower(moments, n_images=64).forward(BATCH)


def test_two_processes_export_once(cache, tmp_path):
    program = """
import sys, time, numpy as np, torch
from quasar_index.encoders import onnx_export, EncoderSpec, InputRule
from quasar_index.encoders.torch_encoder import TorchEncoder
def moments(pixels):
    return torch.cat([pixels.mean(dim=(2, 3)), pixels.std(dim=(2, 3))], dim=1)
export, n = onnx_export.export_tower, []
def counting(*arguments):
    n.append(1)
    time.sleep(1)
    export(*arguments)
onnx_export.export_tower = counting
spec = EncoderSpec("made", 6, "ab", InputRule("none", mean=(0.0,) * 3, std=(1.0,) * 3))
encoder = TorchEncoder(spec, moments, torch.device("cpu"), "onnx")
print(encoder.forward(np.arange(3 * 8 * 8 * 3, dtype=np.uint8).reshape(3, 8, 8, 3)).sum(), len(n))
"""
    running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said[0][0] == said[1][0]
    assert sorted(n for _, n in said) == ["0", "1"]


# The trial of precisions and runtimes


def trial_encoder(noise, *, n_images=None, seconds=0.0):
    """Return an encoder whose network is slow in float32 and, in bfloat16, quick and off by `noise`."""

    def network(pixels):
        features = torch.stack([pixels.mean(dim=(1, 2, 3)), pixels[:, 0].std(dim=(1, 2)), pixels[:, 1, 0, 0]], dim=1)
        if torch.is_autocast_enabled("cpu"):
            return features + noise * torch.tensor([1.0, -2.0, 3.0])
        time.sleep(seconds)
        return features

    spec = EncoderSpec("x", 3, "ab", InputRule("none", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)))
    encoder = TorchEncoder(spec, network, torch.device("cpu"), n_images=n_images)
    encoder.candidates = lambda: ["bf16"]
    return encoder


BATCH = np.stack([photo(16, 16, seed) for seed in range(16)])


@pytest.mark.parametrize(
    ("noise", "seconds", "runtime"), [(0.0, 0.02, "bf16"), (0.1, 0.02, "fp32"), (0.0, 0.0, "fp32")]
)
def test_only_what_agrees_and_is_faster_is_chosen(noise, seconds, runtime, monkeypatch):
    if not seconds:  # then bfloat16 is not faster, whatever the clock says
        monkeypatch.setattr(trial, "_gain", lambda *arguments: 1.05)
    encoder = trial_encoder(noise, seconds=seconds)
    (found,) = encoder.choose_runtime([BATCH[:8], BATCH[8:]])
    assert encoder.runtime == encoder.spec.runtime == runtime
    assert found.agrees == (noise == 0)
    assert np.isnan(found.gain) == (noise > 0)
    embeddings = encoder.forward(BATCH)
    assert embeddings.shape == (16, 3)
    assert embeddings.dtype == np.float32


def test_embeddings_that_agree_but_reorder_the_images_are_refused():
    # Images so alike that a drift far below the limit of the cosine turns who is nearer to whom.
    rng = np.random.default_rng(0)
    reference = (np.ones((12, 64)) + 1e-2 * rng.normal(size=(12, 64))).astype(np.float32)
    drifted = reference + 8e-3 * rng.normal(size=reference.shape).astype(np.float32)
    found = trial.compare_embeddings("x", drifted, reference)
    assert found.cosine > trial.AGREEMENT
    assert found.ranks < trial.RANK_AGREEMENT
    assert not found.agrees
    assert trial.compare_embeddings("x", reference * 2, reference).agrees
    assert not trial.compare_embeddings("x", reference * np.nan, reference).agrees


def test_a_candidate_that_does_not_run_is_no_error():
    def broken():
        raise RuntimeError("no kernel\nat line 7")

    forward = trial_encoder(0.0).forward
    name, chosen, (found,) = trial.choose([BATCH], ("fp32", forward), {"odd": broken})
    assert (name, chosen) == ("fp32", forward)
    assert "does not run (no kernel" in str(found)
    assert "\n" not in str(found)


def test_auto_tries_on_the_first_images_of_a_long_run_only(monkeypatch):
    tried = []
    monkeypatch.setattr(TorchEncoder, "candidates", lambda self: ["bf16"])
    monkeypatch.setattr(TorchEncoder, "choose_runtime", lambda self: tried.append(len(self._sample)))
    monkeypatch.setattr(torch_encoder, "EXPORT_IMAGES", 10**9)
    network = trial_encoder(0.0).network
    for n_images, seconds, expected in ((None, 0.0, 0), (100, 0.0, 0), (10**6, 1e9, 0), (10**6, 0.0, 3)):
        monkeypatch.setattr(image_tower, "TRIAL_PAYS", seconds)
        tried.clear()
        encoder = TorchEncoder(trial_encoder(0.0).spec, network, torch.device("cpu"), n_images=n_images)
        encoder._forward = encoder.make("fp32", BATCH)
        for start in (0, 6, 12):
            encoder.forward(BATCH[start : start + 6])
        assert tried == ([expected] if expected else [])  # batches that were seen by then


def test_many_pixels_go_through_the_network_in_parts(monkeypatch):
    monkeypatch.setattr(image_tower, "CPU_BATCH_PIXELS", 3 * 16 * 16)
    encoder = trial_encoder(0.0)
    seen = []
    network = encoder.network
    encoder.network = lambda pixels: seen.append(len(pixels)) or network(pixels)
    whole = encoder.forward(BATCH)
    assert max(seen) <= 3
    np.testing.assert_array_equal(whole[:1], encoder.forward(BATCH[:1]))


@pytest.mark.skipif(not openvino_runtime.is_installed(), reason="the extra openvino is not installed")
def test_openvino_agrees_at_every_size():
    other = load_encoder("efficientnet-lite0", device="cpu", precision="openvino")
    assert other.spec.runtime == "openvino"
    images = [photo(96, 96), photo(64, 130), photo(64, 130, 1), photo(33, 200)]
    one, two = encode(load_encoder("efficientnet-lite0", device="cpu"), images), encode(other, images)
    assert two.dtype == np.float32
    np.testing.assert_allclose(one, two, atol=2e-4)
    assert np.einsum("nd,nd->n", unit(one), unit(two)).min() > 0.99999


@pytest.mark.skipif(not openvino_runtime.is_installed(), reason="the extra openvino is not installed")
def test_openvino_reports_to_nobody():
    program = """
import os, sys
os.register_at_fork(before=lambda: print("forked", file=sys.stderr))
import numpy as np
import quasar_index as qi
encoder = qi.load_encoder("efficientnet-lite0", device="cpu", precision="openvino")
encoder.forward(np.zeros((1, 64, 64, 3), dtype=np.uint8))
print("openvino_telemetry" in {name for name, module in sys.modules.items() if module is not None})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    assert done.stdout.strip() == "False"
    assert "forked" not in done.stderr


def test_openvino_that_is_missing_or_misplaced_is_an_error(monkeypatch):
    with pytest.raises(EncoderError, match="runs on a CPU, not on cuda"):
        TorchEncoder(trial_encoder(0.0).spec, torch.nn.Identity(), torch.device("cuda"), "openvino")
    monkeypatch.setattr(openvino_runtime, "is_installed", lambda: False)
    for options in ({}, {"layers": "final"}):  # exported already, and not
        with pytest.raises(EncoderError, match=r"OpenVINO is not installed; pip install -e '.\[openvino\]'"):
            load_encoder("efficientnet-lite0", device="cpu", precision="openvino", **options).forward(BATCH)
