"""GRepQ's encoders: the layouts of their files, what the networks compute, and all that an encoder goes through."""

import pickle
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn import functional

import quasar_index as qi
from quasar_index.encoders import check_encoder, encode, exported, load_encoder, load_recorded_encoder, trial
from quasar_index.encoders.grepq import HighLevelEncoder, PairedEncoder
from quasar_index.encoders.grepq_networks import LowLevelNetwork
from quasar_index.encoders.onnx_encoder import OnnxEncoder
from quasar_index.encoders.spec import CLIP_MEAN, CLIP_STD, InputRule
from quasar_index.encoders.torchvision_ops import import_torchvision
from quasar_index.errors import AnchorIndexError, EncoderError, ImageError
from quasar_index.methods.prompts import PROMPT_PAIRS, text_anchors
from tests.unit.conftest import photo

import_torchvision()

CPU = {"device": "cpu", "precision": "fp32"}
SIZES = ((97, 131), (64, 64), (33, 200))
POSITIONS = "attnpool.positional_embedding"


def pixels_of(image, mean=0.0, std=1.0):
    """Return (1, 3, H, W) float32."""
    return torch.from_numpy((image / 255.0 - mean) / std).permute(2, 0, 1)[None].float()


def unsettle(module):
    """Give batch normalisations statistics and weights of their own, so that each of them matters."""
    for one in module.modules():
        if isinstance(one, torch.nn.BatchNorm2d):
            one.weight.data.uniform_(0.5, 1.0)
            one.bias.data.normal_(0, 0.1)
            one.running_mean.normal_(0, 0.1)
            one.running_var.uniform_(0.5, 1.0)
            one.num_batches_tracked.fill_(40)


class PlainLow:
    """The low level in plain torchvision, as its authors build it: a ResNet-18 under two names, and a head."""

    def __init__(self):
        from torchvision.models import resnet18

        self.base_model = resnet18()
        unsettle(self.base_model)
        self.base_model.eval()
        self.resnet18 = torch.nn.Sequential(*list(self.base_model.children())[:-1])
        linear = torch.nn.Linear
        self.head = torch.nn.Sequential(linear(512, 512), torch.nn.ReLU(), linear(512, 128))

    def published(self):
        """Return what the authors' training saves, with the state of an optimiser that has stepped."""
        optimiser = torch.optim.AdamW(self.head.parameters(), lr=1e-4, weight_decay=0.05)
        self.head(torch.ones(1, 512)).sum().backward()
        before = {name: tensor.clone() for name, tensor in self.head.state_dict().items()}
        optimiser.step()
        self.head.load_state_dict(before)
        parts = {"encoder.base_model": self.base_model, "encoder.resnet18": self.resnet18, "head": self.head}
        state = {f"{part}.{name}": tensor for part, one in parts.items() for name, tensor in one.state_dict().items()}
        return {
            "model": {"state_dict": state},
            "current_iteration": 9375,
            "optimizer": {"state_dict": optimiser.state_dict()},
        }

    def ours(self):
        """Return the same weights under the names of `LowLevelNetwork`."""
        backbone = {f"backbone.{name}": tensor for name, tensor in self.base_model.state_dict().items()}
        del backbone["backbone.fc.weight"], backbone["backbone.fc.bias"]
        return backbone | {f"head.{name}": tensor for name, tensor in self.head.state_dict().items()}

    @torch.inference_mode()
    def embed(self, image, *, head=True):
        pooled = self.resnet18(pixels_of(image)).flatten(1)
        return (self.head(pooled) if head else pooled).numpy()


@torch.inference_mode()
def embed_high(model, image):
    """Embed by open_clip's own forward pass, whose positions are zeros, as many as the image needs."""
    pool = model.visual.attnpool
    kept = pool.positional_embedding
    height, width = image.shape[0] // 32, image.shape[1] // 32
    pool.positional_embedding = torch.nn.Parameter(torch.zeros(height * width + 1, kept.shape[1]))
    try:
        return model.encode_image(pixels_of(image, CLIP_MEAN, CLIP_STD)).numpy()
    finally:
        pool.positional_embedding = kept


def copied(encoder):
    return pickle.loads(pickle.dumps(encoder))  # noqa: S301 - what was made here


def assert_embedding(found, expected):
    """Compare to 1e-5 of the embedding's own scale."""
    np.testing.assert_allclose(found, expected, atol=1e-5 * max(1.0, float(np.abs(expected).max())), rtol=0)


@pytest.fixture(scope="module")
def low():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PlainLow()


@pytest.fixture(scope="module")
def clip():
    """Return a random RN50, image and text tower, every part of which matters."""
    import open_clip

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.create_model("RN50", force_quick_gelu=True).eval()
        unsettle(model.visual)
        model.visual.attnpool.positional_embedding.data.normal_(0, 0.5)
    return model.half().float().requires_grad_(requires_grad=False)  # so that half a file holds it exactly


@pytest.fixture(scope="module")
def authors(low, clip, tmp_path_factory):
    """Return a folder of the authors' two files."""
    folder = tmp_path_factory.mktemp("authors")
    torch.save(low.published(), folder / "low_level_model_weights.tar")
    state = {name: tensor.half() for name, tensor in clip.visual.state_dict().items() if name != POSITIONS}
    torch.save(state, folder / "high_level_model_weights.pth")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ours(low, clip, tmp_path_factory):
    """Return a folder of the same weights as `quasar-index train` writes them."""
    folder = tmp_path_factory.mktemp("ours")
    save_file(low.ours(), folder / "grepq-low.safetensors", metadata={"quasar-index": "grepq-low"})
    whole = {name: tensor.half() for name, tensor in clip.state_dict().items()}
    save_file(whole, folder / "grepq-high.safetensors", metadata={"quasar-index": "grepq-high"})
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module", params=["authors", "ours"])
def folder(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def pair(folder):
    """Return the encoder of a folder's two files."""
    return load_encoder("grepq", weights=folder, **CPU)


# What they compute


@pytest.mark.parametrize(("layers", "dim"), [(None, 128), ("head", 128), ("backbone", 512)])
def test_low_level_is_the_plain_network_at_native_size(low, folder, layers, dim):
    (file,) = folder.glob("*low*")
    encoder = load_encoder("grepq-low", weights=file, layers=layers, **CPU)
    assert (encoder.spec.dim, encoder.spec.layers, str(encoder.spec.input)) == (dim, layers or "head", "native")
    images = [photo(*size, seed) for seed, size in enumerate(SIZES)]
    for found, image in zip(encode(encoder, images), images, strict=True):
        assert_embedding(found[None], low.embed(image, head=dim == 128))
    with pytest.raises(ImageError, match="too small for the encoder, which needs 32 a side"):
        encode(encoder, [photo(31, 64)])
    assert encode(encoder, [photo(32, 32)]).shape == (1, dim)


def test_batch_normalisations_use_their_own_statistics(low, ours):
    """Not those of the batch: an embedding is the same alone and among others, and not what training would give."""
    encoder = load_encoder("grepq-low", weights=ours, **CPU)
    images = [photo(64, 64, seed) for seed in range(3)]
    together = encode(encoder, images)
    for image, embedding in zip(images, together, strict=True):
        assert_embedding(encode(encoder, [image]), embedding[None])
    training = LowLevelNetwork()
    training.load_state_dict(low.ours())
    with torch.inference_mode():
        otherwise = training.train()(torch.cat([pixels_of(image) for image in images])).numpy()
    assert np.abs(together - otherwise).max() > 1e-2
    assert not encoder.module.training


def test_high_level_is_clip_without_positions(clip, pair):
    encoder = pair.high
    assert not any(module.training for module in encoder.module.modules())
    assert (encoder.spec.dim, encoder.spec.layers, str(encoder.spec.input)) == (1024, "final", "native")
    for size in ((224, 224), (97, 131), (33, 200)):
        image = photo(*size)
        expected = embed_high(clip, image)
        assert np.abs(expected).max() > 1e-2
        assert_embedding(encode(encoder, [image]), expected)
    with torch.inference_mode():  # and positions would matter
        with_positions = clip.encode_image(pixels_of(photo(224, 224), CLIP_MEAN, CLIP_STD)).numpy()
    assert np.abs(with_positions - encode(encoder, [photo(224, 224)])).max() > 1e-3


def test_both_are_one_behind_the_other(low, clip, pair, folder):
    encoder = pair
    assert isinstance(encoder, PairedEncoder)
    assert (encoder.spec.dim, encoder.spec.layers, str(encoder.spec.input)) == (1152, "head", "native")
    images = [photo(*size, seed) for seed, size in enumerate(SIZES)]
    embeddings = encode(encoder, images)
    for found, image in zip(embeddings, images, strict=True):
        assert_embedding(found[None, :1024], embed_high(clip, image))
        assert_embedding(found[None, 1024:], low.embed(image))
    assert_embedding(np.hstack([encode(encoder.high, images), encode(encoder.low, images)]), embeddings)


@pytest.mark.parametrize("folder", ["ours"], indirect=True)
def test_halves_are_the_encoders_of_their_names(pair, ours):
    image = photo(64, 80)
    for half, name in ((pair.high, "grepq-high"), (pair.low, "grepq-low")):
        alone = load_encoder(name, weights=ours, **CPU)
        assert half.spec == alone.spec
        np.testing.assert_array_equal(encode(half, [image]), encode(alone, [image]))


def test_both_with_the_backbone_and_another_input_rule(low, clip, ours):
    encoder = load_encoder("grepq", weights=ours, layers="backbone", input_rule="crop-64", **CPU)
    assert (encoder.spec.dim, encoder.spec.layers, str(encoder.spec.input)) == (1536, "backbone", "crop-64")
    assert encoder.high.spec.input == InputRule("crop", 64, mean=CLIP_MEAN, std=CLIP_STD, min_side=32)
    image = photo(100, 80)
    cropped = encoder.prepare(image)
    assert cropped.shape == (64, 64, 3)
    (found,) = encode(encoder, [image])
    assert_embedding(found[None, :1024], embed_high(clip, cropped))
    assert_embedding(found[None, 1024:], low.embed(cropped, head=False))


# Prompts


@pytest.mark.parametrize("folder", ["ours"], indirect=True)
def test_the_score_of_prompts_is_that_of_grepq(clip, pair):
    """`sigmoid(10 (cos good - cos bad))`, computed again in double precision by open_clip."""
    import open_clip

    encoder = pair.high
    assert isinstance(encoder, qi.encoders.TextEncoder)
    assert PROMPT_PAIRS["grepq"] == ("a good photo.", "a bad photo.")
    anchors, temperature = text_anchors(encoder, *PROMPT_PAIRS["grepq"])
    assert temperature == pytest.approx(0.1)
    images = [photo(*size, seed) for seed, size in enumerate(SIZES)]
    method = qi.Mean(space="raw", temperature=temperature)
    scores = qi.Scorer(anchors, method, encoder=encoder).score_images(images).score
    with torch.inference_mode():
        texts = clip.encode_text(open_clip.get_tokenizer("RN50")(["A good photo.", "A bad photo."])).double()
    for score, image in zip(scores, images, strict=True):
        good, bad = functional.cosine_similarity(torch.from_numpy(embed_high(clip, image)).double(), texts)
        assert score == pytest.approx(1 / (1 + np.exp(-10 * float(good - bad))), abs=1e-6)
    assert np.ptp(scores) > 1e-5


def test_texts_of_the_authors_file_are_clip_s(clip, authors, tmp_path, monkeypatch):
    """Their file has an image tower alone: the text tower is CLIP's, from the folder or the hub, and never random."""
    import open_clip
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    encoder = load_encoder("grepq-high", weights=authors, **CPU)
    assert encode(encoder, [photo(64, 64)]).shape == (1, 1024)
    for _ in range(2):
        with pytest.raises(
            EncoderError, match=r"holds no text tower, and the weights of 'clip-rn50' .* offline"
        ) as caught:
            encoder.encode_text(["a good photo."])
    assert "huggingface.co/timm/resnet50_clip.openai" in caught.value.message
    assert caught.value.hint.startswith(
        "put open_clip_model.safetensors from there beside it and give the folder by --w"
    )
    (tmp_path / "both").mkdir()
    shutil.copy(authors / "high_level_model_weights.pth", tmp_path / "both")
    other = {name: tensor if "visual." not in name else tensor + 1 for name, tensor in clip.state_dict().items()}
    save_file(
        {name: tensor.half() for name, tensor in other.items()}, tmp_path / "both" / "open_clip_model.safetensors"
    )
    texts = ["a good photo.", "a bad photo."]
    found = load_encoder("grepq-high", weights=tmp_path / "both", **CPU)
    with torch.inference_mode():
        expected = clip.encode_text(open_clip.get_tokenizer("RN50")(texts)).numpy()
    assert_embedding(found.encode_text(texts), expected)
    np.testing.assert_array_equal(encode(found, [photo(64, 64)]), encode(encoder, [photo(64, 64)]))
    assert copied(found).encode_text(texts).shape == (2, 1024)
    shutil.rmtree(tmp_path / "both")


@pytest.mark.parametrize("folder", ["ours"], indirect=True)
def test_both_together_embed_no_texts(pair):
    with pytest.raises(EncoderError, match="encoder 'grepq' has no text tower; its texts are those of grepq-high: use"):
        check_encoder("grepq", for_texts=True)
    with pytest.raises(EncoderError, match="its texts are those of grepq-high: use --encoder grepq-high"):
        text_anchors(pair, "a good photo.", "a bad photo.")
    assert text_anchors(pair.high, "a good photo.", "a bad photo.")[1] == pytest.approx(0.1)
    with pytest.raises(EncoderError, match=r"'grepq-low' has no text tower; use one of .*grepq-high by --encoder"):
        check_encoder("grepq-low", for_texts=True)


# What tells them apart


def test_fingerprints_are_of_all_that_decides_an_embedding(low, authors, ours, tmp_path):
    specs = {
        (name, layers): load_encoder(name, weights=ours, layers=layers, **CPU).spec
        for name, layers in (
            *(("grepq-low", "head"), ("grepq-low", "backbone"), ("grepq-high", "final")),
            *(("grepq", "head"), ("grepq", "backbone")),
        )
    }
    for spec in specs.values():
        for other in specs.values():
            assert (spec is other) == (spec.difference(other) == "")
    # Of the authors' file and of ours with the same weights they are the same.
    for name in ("grepq-low", "grepq"):
        spec = load_encoder(name, weights=authors, **CPU).spec
        assert spec.difference(specs[name, "head"]) == ""
    state = low.ours()
    for changed, same in (("head.0.weight", "backbone"), ("backbone.layer1.0.bn1.running_mean", None)):
        save_file(state | {changed: state[changed] + 1}, tmp_path / "other.safetensors")
        for layers in ("head", "backbone"):
            spec = load_encoder("grepq-low", weights=tmp_path / "other.safetensors", layers=layers, **CPU).spec
            assert (spec.difference(specs["grepq-low", layers]) == "") == (layers == same)


def test_recorded_encoders(low, ours, tmp_path):
    (tmp_path / "w").mkdir()
    for file in ours.iterdir():
        (tmp_path / "w" / file.name).hardlink_to(file)
    image = photo(70, 90)
    for name, layers in (("grepq-low", "backbone"), ("grepq", "head")):
        encoder = load_encoder(name, weights=tmp_path / "w", layers=layers, input_rule="at-most=64", **CPU)
        recorded = qi.EncoderSpec.from_dict(encoder.spec.to_dict())
        again = load_recorded_encoder(recorded, **CPU)
        assert again.spec == encoder.spec
        np.testing.assert_array_equal(encode(again, [image]), encode(encoder, [image]))
        other = copied(encoder)
        assert type(other) is type(encoder)
        np.testing.assert_array_equal(encode(other, [image]), encode(encoder, [image]))
    state = low.ours()
    state["head.2.bias"] = state["head.2.bias"] + 1
    (tmp_path / "w" / "grepq-low.safetensors").unlink()
    save_file(state, tmp_path / "w" / "grepq-low.safetensors")
    with pytest.raises(AnchorIndexError, match=r"the weights of 'grepq' are not those the index was built with"):
        load_recorded_encoder(recorded, **CPU)
    assert load_recorded_encoder(recorded, weights=ours, **CPU).spec.difference(recorded) == ""
    shutil.rmtree(tmp_path / "w")
    with pytest.raises(EncoderError, match=r"are no longer at '.*/w'; give them by --weights"):
        load_recorded_encoder(recorded, **CPU)


@pytest.mark.parametrize("name", ["grepq-low", "grepq-high", "grepq"])
@pytest.mark.parametrize("folder", ["ours"], indirect=True)
def test_they_export_and_agree(name, pair, ours, tmp_path):
    (tmp_path / "w").mkdir()
    for file in ours.iterdir():
        (tmp_path / "w" / file.name).hardlink_to(file)
    images = [photo(90, 130), photo(64, 70, 1), np.full((64, 96, 3), 128, dtype=np.uint8)]
    expected = encode({"grepq-low": pair.low, "grepq-high": pair.high, "grepq": pair}[name], images)
    made = load_encoder(name, weights=tmp_path / "w", device="cpu", precision="onnx")
    found = trial.compare_embeddings("onnx", encode(made, images), expected)
    assert found.is_same, found
    assert made.spec.runtime == "onnx"
    shutil.rmtree(tmp_path / "w")  # neither weights nor PyTorch are needed from now on
    again = load_recorded_encoder(made.spec, device="cpu")
    assert isinstance(again, OnnxEncoder)
    assert trial.compare_embeddings("onnx", encode(again, images), expected).is_same
    exported.kept_path(made.spec).unlink()


@pytest.mark.parametrize("name", ["grepq-low", "grepq"])
@pytest.mark.parametrize("folder", ["ours"], indirect=True)
def test_an_index_of_them(name, pair, tmp_path):
    """Build, score, look up in the cache of embeddings, evaluate."""
    lines = ["image,quality"]
    for number in range(8):
        image = Image.fromarray(photo(48, 64, number // 2))
        if number % 2:
            image = image.resize((16, 12)).resize((64, 48))
        image.save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{5 - 4 * (number % 2)}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    source = qi.load_source(str(tmp_path / "labels.csv"), score_column="quality")
    encoder, cache = pair if name == "grepq" else pair.low, qi.EmbeddingCache()
    index = qi.build_index(tmp_path / "index", [source], encoder, cache=cache).index
    assert index.manifest.encoder == encoder.spec
    lazy = qi.encoders.LazyEncoder(index.manifest.encoder, **CPU)
    paths = [str(tmp_path / f"{number}.png") for number in range(8)]
    scored = list(qi.Scorer(index, qi.Mean(space="raw"), lazy, cache=cache).score_files(paths))
    assert cache.n_found == 8
    assert not lazy.is_loaded
    (share,) = cache.shares()
    assert (share.n_images, share.layers) == (8, "head")
    embeddings = np.stack([row.embedding for row in scored])
    assert embeddings.shape == (8, encoder.spec.dim)
    report = qi.evaluate([qi.Mean(space="raw")], index.anchors(), embeddings, [5, 1] * 4, n_resamples=20)
    assert report.outcomes[0].figures["srcc"].value == qi.srcc([row.score for row in scored], [5, 1] * 4)


# Files that do not fit


def test_without_weights_there_is_no_encoder():
    for name, what in (("grepq-low", "the file"), ("grepq-high", "the file"), ("grepq", "the folder of both")):
        with pytest.raises(EncoderError) as caught:
            load_encoder(name)
        assert caught.value.message == f"the weights of '{name}' come with no package"
        assert "the folder that github.com/suhas-srinath/GRepQ links" in caught.value.hint
        assert f"by 'quasar-index train', and give {what} by --weights" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "layers", "mend"),
    [
        ("grepq-low", "final", "use --layers head or backbone"),
        ("grepq", "stats", "use --layers head or backbone"),
        ("grepq-high", "head", "drop --layers"),
    ],
)
def test_unknown_layers(name, layers, mend):
    with pytest.raises(EncoderError, match=f"'{name}' has no layers '{layers}'; {mend}"):
        check_encoder(name, layers=layers)


def changed_states(state, name):
    """Return the state without a tensor, with one more, and with one of another shape; and what is wrong then."""
    return {
        f"missing: {name}": {key: tensor for key, tensor in state.items() if key != name},
        "unknown: extra.weight": state | {"extra.weight": torch.zeros(1)},
        f"of another shape: {name}": state | {name: torch.zeros(3, 3)},
    }


def test_files_are_read_strictly(low, clip, authors, tmp_path):
    """The published low level down to its unused classifier; the high level but for its positions, whose shape is
    of no meaning either."""
    file = tmp_path / "weights.pt"
    published = low.published()["model"]["state_dict"]
    cases = [
        ("grepq-low", published, "encoder.resnet18.4.1.conv2.weight"),
        ("grepq-low", published, "encoder.base_model.fc.weight"),
        ("grepq-low", published, "head.2.bias"),
        ("grepq-low", low.ours(), "backbone.bn1.running_var"),
        ("grepq-high", torch.load(authors / "high_level_model_weights.pth", weights_only=True), "attnpool.c_proj.bias"),
    ]
    for name, state, tensor in cases:
        for said, changed in changed_states(state, tensor).items():
            torch.save(changed, file)
            with pytest.raises(EncoderError, match=r"does not hold the weights of GRepQ's (low|high) level") as caught:
                load_encoder(name, weights=file, **CPU)
            assert f"({said})" in caught.value.message
    both = {key: tensor for key, tensor in low.ours().items() if "layer4" not in key} | {"a.b": torch.zeros(1)}
    torch.save(both, file)
    with pytest.raises(EncoderError, match=r"\(missing: backbone.layer4.0.bn1.bias and 29 more; unknown: a.b\)"):
        load_encoder("grepq-low", weights=file, **CPU)
    for positions in (clip.visual.attnpool.positional_embedding, torch.zeros(3)):
        torch.save(state | {POSITIONS: positions}, file)
        spec = load_encoder("grepq-high", weights=file, **CPU).spec
        assert spec.difference(load_encoder("grepq-high", weights=authors, **CPU).spec) == ""


def test_a_trained_high_level_is_whole(clip, tmp_path):
    state = {name: tensor.half() for name, tensor in clip.state_dict().items() if name != "text_projection"}
    save_file(state, tmp_path / "high.safetensors", metadata={"quasar-index": "grepq-high"})
    with pytest.raises(EncoderError, match=r"the weights of GRepQ's high level \(missing: text_projection\)"):
        load_encoder("grepq-high", weights=tmp_path / "high.safetensors", **CPU)
    (tmp_path / "high.safetensors").unlink()


def test_two_copies_of_the_low_level_that_differ(low, tmp_path):
    published = low.published()
    state = published["model"]["state_dict"]
    state["encoder.resnet18.5.0.bn1.bias"] = state["encoder.resnet18.5.0.bn1.bias"] + 1e-3
    torch.save(published, tmp_path / "low.tar")
    with pytest.raises(EncoderError, match=r"the two copies of the backbone in '.*low.tar' differ .*layer2.0.bn1.bias"):
        load_encoder("grepq-low", weights=tmp_path / "low.tar", **CPU)


class Harmful:
    """Unpickling it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_code_in_a_published_file_is_never_run(low, tmp_path):
    torch.save(low.published() | {"code": Harmful(tmp_path / "harm")}, tmp_path / "low.tar")
    for weights in (tmp_path / "low.tar", tmp_path):
        with pytest.raises(EncoderError):
            load_encoder("grepq-low", weights=weights, **CPU)
    assert not (tmp_path / "harm").exists()


def test_files_of_another_kind(clip, authors, ours, tmp_path):
    for folder in (authors, ours):
        (low_file,), (high_file,) = folder.glob("*low*"), folder.glob("*high*")
        with pytest.raises(EncoderError, match="holds GRepQ's high level, not GRepQ's low level; give another file"):
            load_encoder("grepq-low", weights=high_file, **CPU)
        with pytest.raises(EncoderError, match="holds GRepQ's low level, not GRepQ's high level; give another file"):
            load_encoder("grepq-high", weights=low_file, **CPU)
        with pytest.raises(EncoderError, match="is one file; give the folder of two, GRepQ's high level and GRepQ's l"):
            load_encoder("grepq", weights=low_file, **CPU)
    plain = tmp_path / "open_clip_model.safetensors"
    save_file(load_file(ours / "grepq-high.safetensors"), plain)  # nothing in it says that it is trained
    with pytest.raises(EncoderError, match="holds CLIP's RN50, not GRepQ's high level"):
        load_encoder("grepq-high", weights=plain, **CPU)
    plain.unlink()
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(EncoderError, match=r"other.pt' holds no weights of GRepQ; give its authors'"):
        load_encoder("grepq-low", weights=tmp_path / "other.pt", **CPU)
    (tmp_path / "other.safetensors").write_bytes(b"nothing")
    with pytest.raises(EncoderError, match=r"other.safetensors' is no readable weights file"):
        load_encoder("grepq-low", weights=tmp_path / "other.safetensors", **CPU)
    with pytest.raises(EncoderError, match="no weights file or folder '/no/such"):
        load_encoder("grepq", weights="/no/such", **CPU)


def test_a_folder_holds_one_file_of_each(ours, tmp_path):
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / "other.pt")
    (tmp_path / "README.md").write_text("Not looked at.")
    (tmp_path / "a.safetensors").hardlink_to(ours / "grepq-low.safetensors")
    with pytest.raises(EncoderError, match=r"holds no file of GRepQ's high level \(not in other.pt\); put it there"):
        load_encoder("grepq", weights=tmp_path, **CPU)
    assert load_encoder("grepq-low", weights=tmp_path, **CPU).spec.dim == 128
    (tmp_path / "b.safetensors").hardlink_to(ours / "grepq-high.safetensors")  # by what it holds, not by its name
    assert load_encoder("grepq", weights=tmp_path, **CPU).spec.dim == 1152
    (tmp_path / "c.safetensors").hardlink_to(ours / "grepq-low.safetensors")
    with pytest.raises(EncoderError, match=r"holds GRepQ's low level several times \(a.safetensors, c.safetensors\)"):
        load_encoder("grepq", weights=tmp_path, **CPU)
    assert isinstance(load_encoder("grepq-high", weights=tmp_path, **CPU), HighLevelEncoder)
