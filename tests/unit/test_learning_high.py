"""GRepQ's high level: groups by prompts, their loss, and the training of CLIP's image tower with it."""

import copy
import json
import math

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import quasar_index as qi
from quasar_index.encoders import openclip
from quasar_index.encoders.spec import CLIP_MEAN, CLIP_STD
from quasar_index.encoders.torchvision_ops import import_torchvision
from quasar_index.encoders.weights import load_state_dict
from quasar_index.errors import DataError, EncoderError
from quasar_index.learning import high_level
from quasar_index.learning.crops import Crops, centre_crop, find_undistorted
from quasar_index.learning.groups import best_and_worst, group_loss, prompt_scores
from tests.unit.conftest import photo

import_torchvision()

TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 64, "layers": [1, 2, 1, 1], "width": 8, "patch_size": None},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory):
    """A CLIP of the same architecture, small and with random weights, as a file."""
    folder = tmp_path_factory.mktemp("clip")
    (folder / "RN50-tiny.json").write_text(json.dumps(TINY), encoding="utf-8")
    open_clip.add_model_config(folder / "RN50-tiny.json")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = openclip.create_model("RN50-tiny", quick_gelu=True)
        for name, parameter in model.visual.named_parameters():
            if "bn" in name and name.endswith("weight"):
                torch.nn.init.uniform_(parameter, 0.5, 1.5)  # some are 0 at first, and then hide what lies behind
    save_file(model.state_dict(), folder / "clip.safetensors")
    return folder / "clip.safetensors"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder of 67 images, of several sizes, one of them smaller than a crop."""
    folder = tmp_path_factory.mktemp("images")
    for number in range(67):
        height, width = [(70, 90), (64, 64), (81, 75)][number % 3]
        image = photo(height, width, number)
        Image.fromarray(image[:50] if number == 5 else image).save(folder / f"{number:02d}.png")
    return folder


@pytest.fixture
def make(tiny_clip, images, monkeypatch):
    """Return a function that makes a small training of the high level."""
    monkeypatch.setattr(high_level, "ARCHITECTURE", "RN50-tiny")

    def made(**options):
        return high_level.HighLevel(images, **{"weights": tiny_clip, "images_per_step": 64, **options})

    return made


def plain_loss(first, second, temperature):
    """The loss by two loops, in double precision."""
    groups = [[row / row.norm() for row in group.double()] for group in (first, second)]
    terms = []
    for own, other in (groups, groups[::-1]):
        for i, member in enumerate(own):
            alike = sum(float(member @ one) for j, one in enumerate(own) if j != i) / (len(own) - 1)
            near = math.exp(alike / temperature)
            far = sum(math.exp(float(member @ one) / temperature) for one in other)
            terms.append(-math.log(near / (near + far)))
    return sum(terms) / len(terms)


@pytest.mark.parametrize(("n", "temperature"), [(4, 0.5), (2, 0.5), (3, 0.1)])
def test_the_loss_is_that_of_two_loops(n, temperature):
    generator = torch.Generator().manual_seed(n)
    first, second = torch.randn(2, n, 16, generator=generator).unbind()
    found = group_loss(first, second, temperature)
    assert float(found) == pytest.approx(plain_loss(first, second, temperature), abs=1e-6)
    assert float(group_loss(second, first, temperature)) == pytest.approx(float(found), abs=1e-6)


def test_the_loss_is_least_for_groups_that_are_apart():
    one, other = torch.eye(2)
    apart = group_loss(one.expand(4, 2), other.expand(4, 2))
    assert float(apart) == pytest.approx(math.log(1 + 4 * math.exp(-2)), abs=1e-6)
    assert float(group_loss(one.expand(4, 2), one.expand(4, 2))) == pytest.approx(math.log(5), abs=1e-6)
    assert float(group_loss(torch.zeros(4, 2), one.expand(4, 2))) > 0  # the layer may give zeros alone


def test_the_score_is_a_sigmoid_of_two_cosines():
    good, bad = np.array([1.0, 0.0]), np.array([0.6, 0.8])
    embeddings = np.array([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0], [-1.0, 0.5]])
    expected = []
    for one in embeddings:
        by_good, by_bad = (one @ prompt / np.linalg.norm(one) for prompt in (good, bad))
        expected.append(1 / (1 + math.exp((by_bad - by_good) / 0.1)))
    prompts = torch.from_numpy(np.stack([7 * good, bad]))
    np.testing.assert_allclose(prompt_scores(torch.from_numpy(embeddings), prompts), expected, atol=1e-12)
    assert expected[0] > 0.9 > 0.1 > expected[1]


def test_groups_are_the_ends_of_the_order():
    scores = torch.tensor([0.5, 0.1, 0.9, 0.4, 0.8, 0.2, 0.3])
    best, worst = best_and_worst(scores, 2)
    assert sorted(best.tolist()) == [2, 4]
    assert sorted(worst.tolist()) == [1, 5]
    many = torch.rand(128, generator=torch.Generator().manual_seed(0))
    best, worst = best_and_worst(many, 4)
    order = np.argsort(many.numpy(), kind="stable")
    assert set(best.tolist()) == set(order[-4:])
    assert set(worst.tolist()) == set(order[:4])
    best, worst = best_and_worst(torch.zeros(8), 4)
    assert not set(best.tolist()) & set(worst.tolist())


@pytest.mark.parametrize("size", [(300, 225), (225, 301), (224, 224), (100, 300), (301, 99), (50, 223)])
def test_a_crop_is_the_middle_as_torchvision_cuts_it(size):
    from torchvision.transforms import CenterCrop, Normalize

    image = photo(*size)
    normalise = Normalize(CLIP_MEAN, CLIP_STD)
    expected = CenterCrop((224, 224))(normalise(torch.from_numpy(image).permute(2, 0, 1) / 255))
    found = normalise(torch.from_numpy(centre_crop(image, 224)).permute(2, 0, 1) / 255)
    # What is filled in is 0 there, here the nearest colour of 8 bits.
    torch.testing.assert_close(found, expected, atol=0.5 / 255 / min(CLIP_STD) + 1e-6, rtol=0)
    if min(size) >= 224:
        assert torch.equal(found, expected)


def test_images_are_those_of_a_folder_or_the_references_of_a_synthesis(tmp_path):
    (tmp_path / "photographs").mkdir()
    for number in range(3):
        Image.fromarray(photo(40, 40, number)).save(tmp_path / "photographs" / f"{number}.png")
    names = [
        name.rsplit("/")[-1] for name in find_undistorted(str(tmp_path / "photographs")).records["path"].to_pylist()
    ]
    assert names == ["0.png", "1.png", "2.png"]
    qi.synthesis.synthesize(tmp_path / "photographs", tmp_path / "made", types=["jpeg"], levels=[1, 4])
    found = find_undistorted(str(tmp_path / "made")).records["path"].to_pylist()
    assert [name.split("/")[-2:] for name in found] == [["ref_imgs", f"{number}.png"] for number in range(3)]
    (tmp_path / "distorted.csv").write_text("image,reference,level,score\nphotographs/0.png,a,2,1\n", encoding="utf-8")
    with pytest.raises(DataError, match="tells no undistorted images"):
        find_undistorted(str(tmp_path / "distorted.csv"))


def test_a_batch_is_of_its_seed_epoch_and_step_alone(make, images):
    task = make()
    assert (task.steps_per_epoch, task.images_per_epoch, task.group_size) == (1, 64, 2)
    later = task.batch(1, 0)["pixels"]
    first = task.batch(0, 0)["pixels"]
    assert first.shape == (64, 3, 64, 64)
    assert first.dtype == torch.uint8
    assert not torch.equal(first, later)
    other = make(memory=0)  # nothing is kept, all is read again
    assert torch.equal(other.batch(1, 0)["pixels"], later)
    assert torch.equal(other.batch(0, 0)["pixels"], first)
    assert not torch.equal(make(seed=1).batch(0, 0)["pixels"], first)
    crops = Crops([str(path) for path in sorted(images.iterdir())], 64)
    crops.prepare()
    known = {crops.take([number]).tobytes() for number in range(67)}
    seen = {one.permute(1, 2, 0).contiguous().numpy().tobytes() for one in first}
    assert len(seen) == 64
    assert seen < known


def test_the_rate_rises_over_two_and_a_half_epochs_and_stays(make, monkeypatch):
    task = make(learning_rate=1e-3)
    for steps, expected in ((1, [0, 0.5, 1, 1, 1]), (3, [0, 1 / 7, 2 / 7, 3 / 7, 4 / 7, 5 / 7, 6 / 7, 1, 1])):
        monkeypatch.setattr(type(task), "steps_per_epoch", steps)
        optimiser = task.optimiser(torch.nn.Linear(2, 2))
        schedule = task.schedule(optimiser)
        rates = []
        for _ in expected:
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step()
        np.testing.assert_allclose(rates, np.multiply(1e-3, expected), atol=1e-12)


def test_a_step_is_that_of_a_plain_training(make):
    """The tower by its own forward, the loss by two loops' formula, Adam by its formula."""
    task = make(learning_rate=1e-3, seed=3)
    network = task.network()
    tower = copy.deepcopy(network.tower).train()
    pixels = task.batch(0, 0)["pixels"]

    optimiser = task.optimiser(network.train())
    loss = task.loss(network, {"pixels": pixels})
    loss.backward()
    optimiser.step()

    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (CLIP_MEAN, CLIP_STD))
    embeddings = tower((pixels / 255 - mean) / std)
    units = embeddings / embeddings.norm(dim=1, keepdim=True)
    good, bad = (one / one.norm() for one in network.prompts)
    order = torch.argsort(torch.sigmoid((units @ good - units @ bad) / 0.1))
    projected = (embeddings @ network.weight.T + network.bias).clamp(min=0)
    unit = projected / projected.norm(dim=1, keepdim=True)
    groups = order[-2:].tolist(), order[:2].tolist()
    expected = 0
    for own, other in (groups, groups[::-1]):
        for i in own:
            near = torch.exp(sum(unit[i] @ unit[j] for j in own if j != i) / 0.5)
            far = sum(torch.exp(unit[i] @ unit[k] / 0.5) for k in other)
            expected = expected - torch.log(near / (near + far)) / 4
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-6)

    for (name, found), plain in zip(network.tower.named_parameters(), tower.parameters(), strict=True):
        # The keys' bias has no gradient but rounding: it adds the same to all that attention weighs.
        assert (found.grad - plain.grad).norm() <= 1e-5 * plain.grad.norm() + 1e-7, name
        # Adam's first step: the rate times the sign of the gradient, but for very small ones.
        moved = plain - 1e-3 * found.grad / (found.grad.abs() + 1e-8)
        torch.testing.assert_close(found, moved, atol=1e-6, rtol=0, msg=name)
    # Though blocks are computed twice, batch norm has seen one batch.
    for (name, found), plain in zip(network.tower.named_buffers(), tower.buffers(), strict=True):
        torch.testing.assert_close(found, plain, atol=1e-6, rtol=1e-5, msg=name)
    assert int(network.tower.bn1.num_batches_tracked) == int(tower.bn1.num_batches_tracked) == 1


def test_only_the_image_tower_changes(make):
    task = make(learning_rate=1e-3)
    network = task.network()
    layer = network.weight.clone(), network.bias.clone()
    before = {name: tensor.clone() for name, tensor in task._model.state_dict().items()}
    optimiser = task.optimiser(network)
    for step in range(2):
        optimiser.zero_grad()
        task.loss(network.train(), task.batch(step, 0)).backward()
        optimiser.step()
    after = task.result(network)
    assert after.keys() == before.keys()
    unchanged = {name for name in before if torch.equal(before[name], after[name])}
    assert unchanged == {name for name in before if not name.startswith("visual.")}
    assert any("running_mean" in name for name in before.keys() - unchanged)
    assert torch.equal(network.weight, layer[0])
    assert torch.equal(network.bias, layer[1])
    again = task.network()  # what training starts from is as it was
    assert all(torch.equal(tensor, before[f"visual.{name}"]) for name, tensor in again.tower.state_dict().items())
    assert torch.equal(again.weight, layer[0])
    assert not torch.equal(make(seed=1).network().weight, layer[0])


def test_the_loss_falls(make):
    task = make(learning_rate=1e-3)
    network = task.network()
    optimiser = task.optimiser(network)
    batch = task.batch(0, 0)
    losses = []
    for _ in range(4):
        optimiser.zero_grad()
        loss = task.loss(network.train(), batch)
        loss.backward()
        optimiser.step()
        losses.append(float(loss))
    assert losses[-1] < losses[0] - 0.01, losses


def test_an_interrupted_training_ends_as_a_calm_one(make, tmp_path):
    options = {"epochs": 3, "learning_rate": 1e-3}
    calm = qi.learning.train(make(**options), tmp_path / "calm.safetensors", device="cpu", precision="fp32")

    def stop(now):
        if now.images == 2 * 64:
            raise InterruptedError

    target = tmp_path / "broken.safetensors"
    how = {"device": "cpu", "precision": "fp32"}
    with pytest.raises(InterruptedError):
        qi.learning.train(make(**options), target, checkpoint_seconds=0, on_progress=stop, **how)
    report = qi.learning.train(make(**options), target, **how)
    assert (report.resumed_at, report.n_steps) == (1, 2)
    assert report.losses == calm.losses
    whole, resumed = (load_state_dict(path) for path in (calm.path, target))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(tensor, resumed[name]) for name, tensor in whole.items())
    assert "rank best apart" in target.with_suffix(".md").read_text(encoding="utf-8")


def test_a_trained_file_is_an_encoder(make, tmp_path, monkeypatch):
    """Of the real architecture: only the steps, which would take a minute, are left out."""
    monkeypatch.setattr(high_level, "ARCHITECTURE", "RN50")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = openclip.create_model("RN50", quick_gelu=True)
    save_file(model.state_dict(), tmp_path / "start.safetensors")
    monkeypatch.setattr(Crops, "prepare", lambda *_: None)
    task = make(weights=tmp_path / "start.safetensors")
    (tmp_path / "start.safetensors").unlink()
    network = task.network()
    with torch.no_grad():
        network.tower.conv1.weight.mul_(2)
    metadata = {"quasar-index": "grepq-high"}
    save_file(task.result(network), tmp_path / "trained.safetensors", metadata)
    image = photo(224, 224)
    as_clip = qi.load_encoder("clip-rn50-pos", weights=tmp_path / "trained.safetensors", device="cpu")
    normalised = (torch.from_numpy(image).permute(2, 0, 1)[None] / 255 - network.mean) / network.std
    with torch.no_grad():
        expected = network.eval().tower(normalised).numpy()
    found = as_clip.forward(as_clip.prepare(image)[None])
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_allclose(as_clip.encode_text(high_level.PROMPTS), task._prompts.numpy(), atol=1e-5)
    without, as_grepq = (
        qi.load_encoder(name, weights=tmp_path / "trained.safetensors", device="cpu")
        for name in ("clip-rn50", "grepq-high")
    )
    np.testing.assert_array_equal(as_grepq.forward(image[None]), without.forward(image[None]))


def test_what_decides_the_result_is_in_the_settings(make):
    settings = make().settings()
    assert json.loads(json.dumps(settings)) == settings
    assert (settings["group_size"], settings["n_images"], settings["images_per_step"]) == (2, 67, 64)
    assert make().settings() == settings
    for options in ({"seed": 1}, {"epochs": 2}, {"learning_rate": 1e-5}, {"images_per_step": 66}):
        assert make(**options).settings() != settings
    assert "1 smaller image was filled up" in make().about()["Data"]


def test_what_cannot_be_trained_is_one_error(make, tiny_clip, tmp_path):
    with pytest.raises(DataError, match=r"67 undistorted images in .* a batch has 128; use --batch 67"):
        make(images_per_step=128)
    with pytest.raises(DataError, match="a batch of 63 is too small; give at least 64"):
        make(images_per_step=63)
    with pytest.raises(DataError, match="learning rate of 0"):
        make(learning_rate=0)
    with pytest.raises(EncoderError, match="no weights file"):
        make(weights=tmp_path / "none.safetensors")
    save_file({"visual.conv1.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(EncoderError, match="does not hold the weights"):
        make(weights=tmp_path / "other.safetensors")
    few = tmp_path / "few"
    few.mkdir()
    Image.fromarray(photo(30, 30)).save(few / "0.png")
    with pytest.raises(DataError, match="1 undistorted image in") as error:
        high_level.HighLevel(few, weights=tiny_clip)
    assert error.value.hint == "give 64 or more, and --batch 64"
    broken = Crops([str(few / "0.png"), str(tmp_path / "other.safetensors")], 64)
    with pytest.raises(DataError, match=r"other.safetensors"):
        broken.prepare()
