"""Encoders: input rules, the registry, weights from files or the hub or not at all, and what the networks compute."""

import os
import re
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from quasar_index.encoders import (
    DEFAULT_ENCODER,
    ENCODERS,
    EncoderSpec,
    InputRule,
    TextEncoder,
    encode,
    load_encoder,
    load_recorded_encoder,
)
from quasar_index.encoders.efficientnet import bundled_weights
from quasar_index.encoders.openclip import OpenClipEncoder
from quasar_index.encoders.spec import CLIP_MEAN, CLIP_STD, parse_input
from quasar_index.encoders.torch_encoder import resolve_device
from quasar_index.encoders.torchvision_ops import import_torchvision
from quasar_index.encoders.weights import load_state_dict
from quasar_index.errors import AnchorIndexError, EncoderError, ImageError
from quasar_index.methods import Mean
from quasar_index.methods.prompts import PROMPT_PAIRS, text_anchors
from quasar_index.methods.scoring import Scorer
from quasar_index.own_anchors import make_anchors
from tests.unit.conftest import photo

import_torchvision()  # before timm and open_clip, as the encoders do it

RNG = np.random.default_rng(0)


def normalised(image, mean, std):
    """Return (1, 3, H, W) float32."""
    pixels = (image.astype(np.float64) / 255 - mean) / std
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


# Input rules

ODD_SIZES = [(301, 233), (224, 500), (225, 224), (100, 151), (999, 223), (57, 57), (512, 513), (333, 1000), (17, 400)]


@pytest.mark.parametrize("size", ODD_SIZES)
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_input_rules_equal_torchvision_to_the_pixel(size, interpolation):
    from torchvision import transforms

    mode = transforms.InterpolationMode(interpolation)
    image = photo(*size)
    pil = Image.fromarray(image)
    for target in (64, 224, 225):
        resized = transforms.Resize(target, mode)(pil)
        rule = InputRule("shorter-side", target, interpolation=interpolation)
        np.testing.assert_array_equal(rule.apply(image), np.asarray(resized))
        cropped = transforms.CenterCrop(target)(resized)
        np.testing.assert_array_equal(replace(rule, resize="crop").apply(image), np.asarray(cropped))
        squashed = transforms.Resize((target, target), mode)(pil)
        np.testing.assert_array_equal(replace(rule, resize="squash").apply(image), np.asarray(squashed))


def test_other_input_rules():
    image = photo(40, 60)
    assert InputRule("none").apply(image) is image
    assert InputRule("at-most", 64).apply(image) is image
    assert InputRule("at-most", 40).apply(image) is image
    np.testing.assert_array_equal(InputRule("at-most", 20).apply(image), InputRule("shorter-side", 20).apply(image))
    assert InputRule("shorter-side", 80).apply(image).shape == (80, 120, 3)
    with pytest.raises(ImageError, match="60 x 40 pixels are too small for the encoder, which needs 41 a side"):
        InputRule("none", min_side=41).apply(image)
    for shape in ((1, 20000), (20000, 1)):
        with pytest.raises(ImageError, match=r"would become (4480000 x 224|224 x 4480000) by the input rule crop-224"):
            InputRule("crop", 224).apply(np.zeros((*shape, 3), dtype=np.uint8))
    assert InputRule("crop", 224).apply(np.zeros((1, 1, 3), dtype=np.uint8)).shape == (224, 224, 3)


def test_short_forms_of_input_rules():
    like = InputRule("crop", 9, "bilinear", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 7)
    for text in ("native", "crop-224", "squash-384", "shorter-side=512", "at-most=512"):
        rule = parse_input(text, like)
        assert str(rule) == text
        assert replace(rule, resize="crop", size=9) == like
    for text in ("", "crop", "crop-", "crop-0", "crop--4", "native=3", "at-most", "224", "shorter-side=x"):
        with pytest.raises(EncoderError, match="no input rule"):
            parse_input(text, like)


# The registry and specs


def test_the_registry_agrees_with_the_libraries():
    import open_clip
    from timm.models import get_pretrained_cfg

    assert {
        "efficientnet-lite0", "clip-rn50", "clip-rn50-pos", "clip-vit-l-14", "clip-vit-l-14-laion2b", "clip-vit-h-14",
        "clip-vit-bigg-14", "coca-vit-l-14", "dinov2-vit-l-14",
    } <= ENCODERS.keys()  # fmt: skip
    assert DEFAULT_ENCODER == "efficientnet-lite0"
    for name, entry in ENCODERS.items():
        assert entry.name == name
        assert entry.licence
        assert entry.source
        parse_input(entry.input, InputRule("none"))
        if entry.family == "open_clip":
            config = open_clip.get_pretrained_cfg(entry.options["architecture"], entry.options["pretrained"])
            assert config["hf_hub"].rstrip("/") == entry.source.removeprefix("huggingface.co/")
            assert open_clip.get_model_config(entry.options["architecture"])["embed_dim"] == entry.dim
        elif entry.family == "timm":
            assert get_pretrained_cfg(entry.options["architecture"]).hf_hub_id
        assert entry.text == (entry.family == "open_clip" or name == "grepq-high")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("clip-rn5", {}, r"no encoder 'clip-rn5'; did you mean clip-rn50"),
        ("nonsense", {}, "no encoder 'nonsense'; 'quasar-index encoders' lists them"),
        ("open_clip:", {}, "no encoder"),
        ("open_clip:RN51/openai", {}, r"open_clip has no model 'RN51'; did you mean .*RN50"),
        ("open_clip:RN50/opeanai", {}, "RN50 has no tag 'opeanai'; use one of openai"),
        ("open_clip:ViT-S-32", {}, "names no weights; write open_clip:ViT-S-32/TAG, or give a file by --weights"),
        ("timm:resnet51", {}, "timm has no model 'resnet51'"),
        ("timm:resnet50.nonsense", {}, "nonsense"),
        ("efficientnet-lite0", {"layers": "first"}, "has no layers 'first'; use --layers stats or final"),
        ("clip-rn50", {"layers": "stats"}, "'clip-rn50' has no layers 'stats'"),
        ("efficientnet-lite0", {"input_rule": "crop"}, "no input rule 'crop'"),
        ("efficientnet-lite0", {"device": "abacus"}, "no device 'abacus'"),
        ("efficientnet-lite0", {"device": "cuda:99"}, "device 'cuda:99' is not on this machine"),
        ("efficientnet-lite0", {"weights": "/no/such/file"}, "no weights file '/no/such/file'"),
    ],
)
def test_unknown_names_and_options(name, options, message):
    with pytest.raises(EncoderError, match=message):
        load_encoder(name, **options)


def test_devices():
    assert resolve_device("cpu").type == "cpu"
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_specs_differ_by_what_decides_an_embedding():
    spec = EncoderSpec("clip-rn50", 1024, "ab12", InputRule("none"), weights="/here")
    assert spec.difference(spec) == ""
    assert spec.difference(replace(spec, name="renamed", weights="/there")) == ""
    for change in ({"dim": 3}, {"fingerprint": "cd"}, {"layers": "stats"}, {"input": InputRule("crop", 224)}):
        (what,) = change
        assert spec.difference(replace(spec, **change)).startswith(what)
    own = EncoderSpec("precomputed", 3)
    assert own.difference(EncoderSpec("other", 3)) == "name precomputed != other"
    assert EncoderSpec.from_dict(spec.to_dict()) == spec
    with pytest.raises(EncoderError, match="unknown keys"):
        EncoderSpec.from_dict({**spec.to_dict(), "quantised": True})


# EfficientNet-Lite0


@pytest.fixture(scope="module")
def lite0():
    """Return timm's model with the package's weights, put in by order here."""
    import timm

    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    state = torch.load(bundled_weights("lite0"), map_location="cpu", weights_only=True)
    names = list(model.state_dict())
    model.load_state_dict(dict(zip(names, state.values(), strict=True)))
    return model.eval()


def outputs(model, modules, pixels):
    """Return what some modules give on the way through a model."""
    seen = []
    handles = [module.register_forward_hook(lambda *call: seen.append(call[2])) for module in modules]
    with torch.inference_mode():
        model(pixels)
    for handle in handles:
        handle.remove()
    return [tensor.double().numpy()[0] for tensor in seen]


def test_statistics_of_all_stages(lite0):
    encoder = load_encoder("efficientnet-lite0", device="cpu")
    assert (encoder.spec.dim, encoder.spec.layers, str(encoder.spec.input)) == (1568, "stats", "at-most=512")
    for size in ((97, 131), (600, 550)):
        image = photo(*size)
        prepared = encoder.prepare(image)
        assert min(prepared.shape[:2]) == min(512, *size)
        stages = outputs(lite0, list(lite0.blocks), normalised(prepared, 0.5, 0.5))
        parts = []
        for stage in stages:
            mean, std = stage.mean(axis=(1, 2)), stage.std(axis=(1, 2))
            parts += [mean / np.linalg.norm(mean), std / np.linalg.norm(std)]
        np.testing.assert_allclose(encode(encoder, [image])[0], np.concatenate(parts), atol=2e-5)


def test_final_layer(lite0):
    encoder = load_encoder("efficientnet-lite0", layers="final", device="cpu")
    assert (encoder.spec.dim, encoder.spec.layers, str(encoder.spec.input)) == (1280, "final", "crop-224")
    image = photo(250, 300)
    (features,) = outputs(lite0, [lite0.bn2], normalised(encoder.prepare(image), 0.5, 0.5))
    np.testing.assert_allclose(encode(encoder, [image])[0], features.mean(axis=(1, 2)), rtol=1e-4, atol=1e-4)


def test_an_embedding_does_not_depend_on_its_batch():
    encoder = load_encoder("efficientnet-lite0", device="cpu")
    images = [photo(64, 80, seed) for seed in range(5)]
    together = encode(encoder, images)
    for image, embedding in zip(images, together, strict=True):
        np.testing.assert_allclose(encode(encoder, [image])[0], embedding, atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 1e-2


def test_weights_of_efficientnet_in_any_layout(lite0, tmp_path):
    from safetensors.torch import save_file

    bundled = load_encoder("efficientnet-lite0", device="cpu").spec
    own = torch.load(bundled_weights("lite0"), map_location="cpu", weights_only=True)
    save_file(lite0.state_dict(), tmp_path / "timm.safetensors")  # sorted by name, as all safetensors files
    save_file({name: tensor.contiguous() for name, tensor in own.items()}, tmp_path / "package.safetensors")
    torch.save(lite0.state_dict(), tmp_path / "timm.pt")
    torch.save({"state_dict": {f"module.{k}": v for k, v in lite0.state_dict().items()}}, tmp_path / "wrapped.pt")
    for name in ("timm.safetensors", "package.safetensors", "timm.pt", "wrapped.pt"):
        spec = load_encoder("efficientnet-lite0", weights=tmp_path / name, device="cpu").spec
        assert spec.difference(bundled) == ""
        assert spec.weights == str(tmp_path / name)


def test_recorded_encoders(lite0, tmp_path):
    encoder = load_encoder("efficientnet-lite0", layers="final", input_rule="crop-96", device="cpu")
    again = load_recorded_encoder(EncoderSpec.from_dict(encoder.spec.to_dict()), device="cpu")
    assert again.spec == encoder.spec
    image = photo(120, 100)
    np.testing.assert_array_equal(encode(again, [image]), encode(encoder, [image]))
    other = {name: tensor + 1 if name == "conv_head.weight" else tensor for name, tensor in lite0.state_dict().items()}
    torch.save(other, tmp_path / "other.pt")
    with pytest.raises(AnchorIndexError, match=r"are not those the index was built with \(fingerprint"):
        load_recorded_encoder(encoder.spec, weights=tmp_path / "other.pt", device="cpu")
    recorded = load_encoder("efficientnet-lite0", weights=tmp_path / "other.pt", device="cpu").spec
    assert load_recorded_encoder(recorded, device="cpu").spec == recorded  # from the recorded file
    (tmp_path / "other.pt").unlink()
    with pytest.raises(AnchorIndexError, match=r"give the original file by --weights"):
        load_recorded_encoder(recorded, device="cpu")
    with pytest.raises(AnchorIndexError, match="precomputed embeddings"):
        load_recorded_encoder(EncoderSpec("precomputed", 3))


# Weights files


class Harmful:
    """Unpickling it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("name", ["efficientnet-lite0", "clip-rn50", "timm:test_resnet.r160_in1k"])
def test_code_in_a_weights_file_is_never_run(name, tmp_path):
    torch.save({"weight": torch.zeros(3), "code": Harmful(tmp_path / "harm")}, tmp_path / "weights.pt")
    with pytest.raises(EncoderError):
        load_encoder(name, weights=tmp_path / "weights.pt", device="cpu")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("name", ["efficientnet-lite0", "clip-rn50", "timm:test_resnet.r160_in1k"])
def test_weights_of_another_architecture(name, tmp_path):
    import timm
    from safetensors.torch import save_file

    save_file(timm.create_model("test_vit").state_dict(), tmp_path / "other.safetensors")
    with pytest.raises(EncoderError, match=r"other.safetensors' does not hold the weights of"):
        load_encoder(name, weights=tmp_path / "other.safetensors", device="cpu")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no readable weights file|holds more than tensors"),
        (b"no weights\n", "no readable weights file|holds more than tensors"),
        ([1, 2], "no state dict of tensors"),
        ({}, "no state dict of tensors"),
        ({"epoch": 3, "weights": {"a": torch.zeros(1)}}, "no state dict of tensors"),
    ],
)
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_unreadable_weights_files(content, message, suffix, tmp_path):
    path = tmp_path / f"weights{suffix}"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
        message += "|no readable weights file"
    with pytest.raises(EncoderError, match=message):
        load_state_dict(path)


# timm


def test_a_timm_network_without_its_classifier(tmp_path):
    import timm

    model = timm.create_model("test_resnet", num_classes=1000).eval()
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    encoder = load_encoder("timm:test_resnet.r160_in1k", weights=tmp_path / "weights.pt", device="cpu")
    assert str(encoder.spec.input) == "crop-160"
    image = photo(200, 170)
    with torch.inference_mode():
        pixels = normalised(encoder.prepare(image), 0.5, 0.5)
        expected = model.forward_head(model.forward_features(pixels), pre_logits=True)
    np.testing.assert_allclose(encode(encoder, [image]), expected.numpy(), rtol=1e-4, atol=1e-5)


def test_missing_weights_never_stay_random(tmp_path):
    import timm

    state = timm.create_model("test_resnet", num_classes=1000).state_dict()
    for missing in ("conv1.0.weight", next(name for name in state if name.startswith("layer3"))):
        torch.save({name: tensor for name, tensor in state.items() if name != missing}, tmp_path / "weights.pt")
        with pytest.raises(EncoderError, match="does not hold the weights of timm's test_resnet"):
            load_encoder("timm:test_resnet.r160_in1k", weights=tmp_path / "weights.pt", device="cpu")
    # What a file has beyond the backbone does not matter.
    torch.save({**state, "aux.weight": torch.zeros(2)}, tmp_path / "weights.pt")
    load_encoder("timm:test_resnet.r160_in1k", weights=tmp_path / "weights.pt", device="cpu")


def test_dinov2_gives_its_class_token(tmp_path):
    import timm

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = timm.create_model("vit_small_patch14_dinov2.lvd142m", img_size=518).eval()
        for parameter in model.parameters():
            parameter.data += 0.02 * torch.randn_like(parameter)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    name = "timm:vit_small_patch14_dinov2.lvd142m"
    encoder = load_encoder(name, weights=tmp_path / "weights.pt", input_rule="crop-224", device="cpu")
    assert (encoder.spec.dim, str(encoder.spec.input)) == (384, "crop-224")
    # The same network with the positions of 37 x 37 patches resized to 16 x 16 here.
    small = timm.create_model("vit_small_patch14_dinov2.lvd142m", img_size=224).eval()
    state = model.state_dict()
    grid = state["pos_embed"][:, -37 * 37 :].reshape(1, 37, 37, 384).permute(0, 3, 1, 2)
    resized = functional.interpolate(grid, size=(16, 16), mode="bicubic", antialias=True)
    prefix = state["pos_embed"][:, : -37 * 37]
    state["pos_embed"] = torch.cat([prefix, resized.permute(0, 2, 3, 1).reshape(1, 256, 384)], dim=1)
    small.load_state_dict(state)
    image = photo(230, 300)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    with torch.inference_mode():
        expected = small.forward_features(normalised(encoder.prepare(image), mean, std))[:, 0]
    np.testing.assert_allclose(encode(encoder, [image]), expected.numpy(), rtol=1e-3, atol=1e-3)
    with pytest.raises(EncoderError, match="takes square input"):
        load_encoder(name, weights=tmp_path / "weights.pt", input_rule="native", device="cpu")


# CLIP ResNet-50


@pytest.fixture(scope="module")
def rn50(tmp_path_factory):
    """Return a random RN50 with QuickGELU, and its weights file; every part of it matters."""
    import open_clip
    from safetensors.torch import save_file

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.create_model("RN50", force_quick_gelu=True).eval()
        for name, values in (*model.visual.named_parameters(), *model.visual.named_buffers()):
            if (
                "bn" in name or "downsample.1" in name
            ):  # which start as zeros and ones, the last of each block as nothing
                if name.endswith(("weight", "running_var")):
                    values.data.uniform_(0.5, 1.0)
                elif not name.endswith("num_batches_tracked"):
                    values.data.normal_(0, 0.1)
        model.visual.attnpool.positional_embedding.data.normal_(0, 0.5)
        model.logit_scale.data.fill_(4.0)
    model = model.half().float()  # so that half a file holds it exactly
    path = tmp_path_factory.mktemp("rn50") / "rn50.safetensors"
    save_file({name: tensor.half() for name, tensor in model.state_dict().items()}, path)
    yield model, path
    path.unlink()


@pytest.fixture(scope="module")
def without_positions(rn50):
    return load_encoder("clip-rn50", weights=rn50[1], device="cpu")


@pytest.fixture(scope="module")
def with_positions(rn50):
    return load_encoder("clip-rn50-pos", weights=rn50[1], device="cpu")


def attention_pool(pool, features, positions):
    """Do CLIP's attention pool by the book: (B, C, H, W) to (B, D)."""
    tokens = features.flatten(2).transpose(1, 2)
    tokens = torch.cat([tokens.mean(dim=1, keepdim=True), tokens], dim=1) + positions
    n_heads = pool.num_heads
    query, key, value = (
        functional.linear(part, layer.weight, layer.bias).unflatten(2, (n_heads, -1)).transpose(1, 2)
        for part, layer in ((tokens[:, :1], pool.q_proj), (tokens, pool.k_proj), (tokens, pool.v_proj))
    )
    weights = torch.softmax(query @ key.transpose(2, 3) / query.shape[-1] ** 0.5, dim=-1)
    pooled = (weights @ value).transpose(1, 2).flatten(2)[:, 0]
    return functional.linear(pooled, pool.c_proj.weight, pool.c_proj.bias)


@torch.inference_mode()
def rn50_reference(model, image, positions=None):
    """Compute an embedding from the model's parts, on an image of any size."""
    visual = model.visual
    x = normalised(image, CLIP_MEAN, CLIP_STD)
    for n in (1, 2, 3):
        x = functional.relu(getattr(visual, f"bn{n}")(getattr(visual, f"conv{n}")(x)))
    x = functional.avg_pool2d(x, 2)
    for n in (1, 2, 3, 4):
        x = getattr(visual, f"layer{n}")(x)
    added = 0 if positions is None else positions(visual.attnpool.positional_embedding, *x.shape[2:])
    return attention_pool(visual.attnpool, x, added).numpy()


def interpolated(embedding, height, width):
    side = int((len(embedding) - 1) ** 0.5)
    grid = embedding[1:].T.reshape(1, -1, side, side)
    grid = functional.interpolate(grid, size=(height, width), mode="bicubic", align_corners=False)
    return torch.cat([embedding[:1], grid[0].flatten(1).T])


def assert_embedding(found, expected):
    """Compare to 1e-5 of the embedding's own scale."""
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1.0, float(np.abs(expected).max())), rtol=0)


def test_rn50_without_positions_at_native_resolution(rn50, without_positions):
    (model, path), encoder = rn50, without_positions
    assert (encoder.spec.dim, str(encoder.spec.input), encoder.spec.weights) == (1024, "native", str(path))
    images = [photo(224, 224), photo(97, 131, 1), photo(33, 200, 2)]
    embeddings = encode(encoder, images)
    for image, embedding in zip(images, embeddings, strict=True):
        expected = rn50_reference(model, image)
        assert np.abs(expected).max() > 1e-2
        assert_embedding(embedding[None], expected)
    assert np.abs(embeddings[0] - embeddings[1]).max() > 1e-3
    with pytest.raises(ImageError, match="too small for the encoder"):
        encode(encoder, [photo(31, 64)])


def test_rn50_with_positions(rn50, with_positions):
    (model, _), encoder = rn50, with_positions
    image, large = photo(224, 224), photo(160, 290)
    with torch.inference_mode():
        expected = model.encode_image(normalised(image, CLIP_MEAN, CLIP_STD)).numpy()
    assert_embedding(encode(encoder, [image]), expected)
    assert_embedding(rn50_reference(model, image, lambda embedding, *_: embedding), expected)
    assert_embedding(encode(encoder, [large]), rn50_reference(model, large, interpolated))
    # And positions do matter.
    assert np.abs(rn50_reference(model, image) - expected).max() > 1e-3


def test_indexes_with_and_without_positions_do_not_mix(without_positions, with_positions):
    assert without_positions.spec.difference(with_positions.spec).startswith("fingerprint")
    assert load_recorded_encoder(without_positions.spec, device="cpu").spec == without_positions.spec


def activations(encoder):
    return {type(block.mlp.gelu).__name__ for block in encoder._model.transformer.resblocks}


def test_quick_gelu_follows_the_tag(rn50):
    model, path = rn50
    tokens = ["Good photo.", "Bad photo.", "a very good photograph of a very bad cat"]
    import open_clip

    with torch.inference_mode():
        expected = model.encode_text(open_clip.get_tokenizer("RN50")(tokens)).numpy()
    quick = load_encoder("open_clip:RN50/openai", weights=path, device="cpu")
    assert activations(quick) == {"QuickGELU"}
    assert_embedding(quick.encode_text(tokens), expected)
    assert str(quick.spec.input) == "crop-224"
    plain = load_encoder("open_clip:RN50", weights=path, device="cpu")
    assert activations(plain) == {"GELU"}
    assert np.abs(plain.encode_text(tokens) - expected).max() > 1e-4


def test_preprocessing_follows_the_tag(tmp_path):
    """A model whose images are squeezed to a square, bilinearly, with other means than CLIP's."""
    import open_clip
    from safetensors.torch import save_file

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.create_model("PE-Core-T-16-384").eval().half().float()
    save_file(
        {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}, tmp_path / "w.safetensors"
    )
    encoder = load_encoder("open_clip:PE-Core-T-16-384/meta", weights=tmp_path / "w.safetensors", device="cpu")
    assert str(encoder.spec.input) == "squash-384"
    transform = open_clip.image_transform(
        384, is_train=False, mean=(0.5,) * 3, std=(0.5,) * 3, resize_mode="squash", interpolation="bilinear"
    )
    image = photo(301, 500)
    with torch.inference_mode():
        expected = model.encode_image(transform(Image.fromarray(image))[None]).numpy()
    assert_embedding(encode(encoder, [image]), expected)
    with pytest.raises(EncoderError, match="takes 384 x 384 pixels, not native"):
        load_encoder(
            "open_clip:PE-Core-T-16-384/meta", weights=tmp_path / "w.safetensors", input_rule="native", device="cpu"
        )


def test_a_tokenizer_that_cannot_be_had_hinders_no_image(without_positions, tmp_path, monkeypatch):
    # SigLIP's needs a package that is not among the dependencies, and files of the hub.
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    encoder = OpenClipEncoder(
        without_positions.spec, without_positions._model, "ViT-B-16-SigLIP", torch.device("cpu"), "fp32"
    )
    assert encode(encoder, [photo(64, 64)]).shape == (1, 1024)
    with pytest.raises(EncoderError, match="tokenizer of 'clip-rn50' cannot be had here"):
        encoder.encode_text(["Good photo."])


def test_text_anchors_score_as_clip_iqa_does(rn50, without_positions):
    (model, _), encoder = rn50, without_positions
    assert isinstance(encoder, TextEncoder)
    assert encoder.logit_scale == pytest.approx(np.exp(4.0), rel=1e-3)
    import open_clip

    images = [photo(64, 80, seed) for seed in range(3)]
    for pair in (PROMPT_PAIRS["quality"], PROMPT_PAIRS["sharpness"], PROMPT_PAIRS["quality"][::-1]):
        anchors, temperature = text_anchors(encoder, *pair)
        assert (anchors.n_good, anchors.n_bad) == (1, 1)
        scores = Scorer(anchors, Mean(space="raw", temperature=temperature), encoder=encoder).score_images(images).score
        with torch.inference_mode():
            text = model.encode_text(open_clip.get_tokenizer("RN50")(list(pair)))
            vision = torch.from_numpy(np.concatenate([rn50_reference(model, image) for image in images]))
            cosines = functional.cosine_similarity(vision[:, None], text[None], dim=-1)
            expected = torch.softmax(model.logit_scale.exp() * cosines, dim=1)[:, 0]
        np.testing.assert_allclose(scores, expected.numpy(), atol=1e-4)


def test_prompt_pairs_and_encoders_without_text():
    assert PROMPT_PAIRS["quality"] == ("Good photo.", "Bad photo.")
    assert all(good != bad for good, bad in PROMPT_PAIRS.values())
    encoder = load_encoder("efficientnet-lite0", device="cpu")
    assert not isinstance(encoder, TextEncoder)
    with pytest.raises(EncoderError, match="'efficientnet-lite0' has no text tower; use one of clip-rn50, "):
        text_anchors(encoder, "Good photo.", "Bad photo.")


# Precision


def test_reduced_precision_is_checked_and_close(lite0):
    full, reduced = (load_encoder("efficientnet-lite0", device="cpu", precision=p) for p in ("fp32", "bf16"))
    image = photo(96, 96)
    one, other = encode(full, [image])[0], encode(reduced, [image])[0]
    assert other.dtype == np.float32
    assert np.abs(one - other).max() > 0
    assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.99


# No network


def run_without_network(code, tmp_path, **environment):
    """Run Python with an empty hub cache; return its stdout."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HF_HOME": str(tmp_path / "hub"), "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


FETCH = """
import time
from quasar_index.encoders import weights
from quasar_index.errors import EncoderError
weights.CONNECT_SECONDS = 1.5
start = time.monotonic()
try:
    weights.fetch_from_hub("timm/resnet50_clip.openai", ("a.safetensors", "b.bin"), encoder="clip-rn50")
except EncoderError as error:
    print(error)
    print(time.monotonic() - start)
"""


@pytest.mark.parametrize("case", ["offline", "refused", "dead proxy", "silent server", "broken server"])
def test_no_connection_is_one_error_within_seconds(case, tmp_path):
    # Port 9 refuses; the silent server takes the connection and never answers.
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        if case == "broken server":

            def answer():
                while True:
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    with connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")

            threading.Thread(target=answer, daemon=True).start()
        environment = {
            "offline": {"HF_HUB_OFFLINE": "1"},
            "refused": {"HF_ENDPOINT": "http://127.0.0.1:9"},
            "dead proxy": {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_PROXY": ""},
            "silent server": {"HF_ENDPOINT": address},
            "broken server": {"HF_ENDPOINT": address},
        }[case]
        output = run_without_network(FETCH, tmp_path, **environment)
    error, seconds = output.strip().rsplit("\n", 1)
    assert re.match(r"the weights of 'clip-rn50' \(huggingface.co/timm/resnet50_clip.openai\) cannot be had", error)
    assert all(mend in error for mend in ("--weights", "run once with a connection", "--encoder efficientnet-lite0"))
    assert "\n" not in error
    assert float(seconds) < 25  # its own retries would take 46, on an idle machine


@pytest.mark.parametrize(
    ("name", "source"),
    [("clip-rn50", "timm/resnet50_clip.openai"), ("dinov2-vit-l-14", "timm/vit_large_patch14_dinov2.lvd142m")],
)
def test_a_paper_encoder_without_network_is_an_error_and_never_random(name, source, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EncoderError, match=f"the weights of '{name}' .huggingface.co/{source}. cannot be had here"):
        load_encoder(name)


# The torchvision shim


def test_torchvision_whose_operators_do_not_load_is_mended(tmp_path):
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("from . import _meta_registrations\n")
    # What the real package does at import; without its compiled library the operator is unknown.
    (package / "_meta_registrations.py").write_text(
        "import torch\n"
        "@torch.library.register_fake('torchvision::nms')\n"
        "def meta_nms(dets, scores, iou_threshold):\n    return dets.new_empty(0)\n"
    )
    code = (
        "try:\n    import torchvision\nexcept RuntimeError as error:\n    print('torchvision::nms' in str(error))\n"
        "from quasar_index.encoders.torchvision_ops import import_torchvision\n"
        "print(import_torchvision(), import_torchvision())\n"
        "import torchvision\nprint(torchvision.__file__)"
    )
    output = run_without_network(code, tmp_path, PYTHONPATH=str(tmp_path))
    assert output.splitlines() == ["True", "True False", str(package / "__init__.py")]


def test_other_faults_of_torchvision_are_not_hidden(tmp_path):
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('something else')\n")
    code = (
        "from quasar_index.encoders.torchvision_ops import import_torchvision\n"
        "try:\n    import_torchvision()\nexcept RuntimeError as error:\n    print(error)"
    )
    output = run_without_network(code, tmp_path, PYTHONPATH=str(tmp_path))
    assert output == "something else\n"


def test_a_torchvision_that_works_is_left_untouched():
    import torchvision

    from quasar_index.encoders import torchvision_ops

    assert import_torchvision() is False
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.9], [5.0, 5.0, 6.0, 6.0]])
    try:
        kept = torchvision.ops.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist()
    except (NotImplementedError, RuntimeError):  # not a matching pair on this machine
        assert torchvision_ops._kept
    else:
        assert kept == [0, 2]
        assert not torchvision_ops._kept


def test_anchors_of_a_real_encoder_separate_sharp_from_blurred():
    """Blurred tiles score lower than their sharp originals, by whatever the network sees."""
    from PIL import ImageFilter

    encoder = load_encoder("efficientnet-lite0", device="cpu")
    sharp = [photo(96, 96, seed) for seed in range(12)]
    blurred = [np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(2))) for image in sharp]
    anchors = make_anchors(encode(encoder, sharp[:6] + blurred[:6]), is_good=[True] * 6 + [False] * 6)
    scorer = Scorer(anchors, encoder=encoder)
    assert (scorer.score_images(sharp[6:]).score > scorer.score_images(blurred[6:]).score).all()
