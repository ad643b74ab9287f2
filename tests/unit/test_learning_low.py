"""GRepQ's low level: loss, fragments, sets and a training step against computations of their own, in plain loops."""

import csv
import math

import numpy as np
import pytest
import torch
from PIL import Image

import quasar_index as qi
from quasar_index.learning import fragments
from quasar_index.learning.low_level import contrastive_loss
from quasar_index.learning.sets import SetImages, find_sets
from tests.unit.conftest import photo


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep similarities where the test is."""
    monkeypatch.setenv("QUASAR_INDEX_CACHE", str(tmp_path / "cache"))


def write_sets(root, n_sets=3, n_versions=3, size=(230, 250)):
    """Write a folder a set: an image called REF and noisy versions of it."""
    rng = np.random.default_rng(0)
    for number in range(n_sets):
        folder = root / f"set{number}"
        folder.mkdir(parents=True)
        reference = photo(*size, seed=number)
        Image.fromarray(reference).save(folder / "REF.png")
        for level in range(1, n_versions):
            noisy = np.clip(reference + rng.normal(0, 20 * level, reference.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"noisy{level}.png")
    return root


def make_task(tmp_path, **settings):
    root = tmp_path / "sets"
    if not root.exists():
        write_sets(root)
    return qi.learning.LowLevel(root, **{"similarity": "gradient", "sets_per_step": 2, "epochs": 2, **settings})


def plain_loss(first, second, similarities, tau=0.5):
    """Compute the loss of one set after the formula, number by number."""
    n = len(first)

    def cosine(a, b):
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        return dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(y * y for y in b))

    logit = [[cosine(first[i], second[j]) / tau for j in range(n)] for i in range(n)]
    weight = [[2 - 2 / (1 + similarities[i][j] ** 2) for j in range(n)] for i in range(n)]
    total = 0.0
    for i in range(n):
        row = sum(weight[i][j] * math.exp(logit[i][j]) for j in range(n)) / sum(math.exp(x) for x in logit[i])
        column = sum(weight[j][i] * math.exp(logit[j][i]) for j in range(n))
        column /= sum(math.exp(logit[j][i]) for j in range(n))
        total += -math.log(row) / n - math.log(column) / n
    return total


def test_the_loss_is_that_of_the_formula():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 4, 9, 6))
    similarities = rng.uniform(0.3, 1, (4, 9, 9))
    similarities = (similarities + similarities.transpose(0, 2, 1)) / 2
    similarities[:, range(9), range(9)] = 1
    expected = np.mean([plain_loss(*one) for one in zip(first, second, similarities, strict=True)])
    found = contrastive_loss(*map(torch.from_numpy, (first, second, similarities)))
    assert found.item() == pytest.approx(expected, abs=1e-9)
    in_single = contrastive_loss(*(torch.from_numpy(one.astype(np.float32)) for one in (first, second, similarities)))
    assert in_single.item() == pytest.approx(expected, abs=1e-6)


def test_versions_that_are_all_alike_have_no_loss():
    x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0))
    assert contrastive_loss(x, x.flip(1), torch.ones(2, 5, 5)).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("size", [(224, 224), (321, 481), (500, 240), (256, 1000)])
def test_places_lie_in_their_cells(size):
    drawn = np.stack([fragments.draw_places(*size, np.random.default_rng(seed)) for seed in range(300)])
    for axis, length in enumerate(size):
        cell = length // 7
        for i in range(7):
            start = min(i * cell, length - 32)
            values = drawn[:, i, :, axis] if axis == 0 else drawn[:, :, i, axis]
            # As `torch.randint(cell - 32)` draws in the authors' code: the last place that would fit never comes.
            expected = {start} if cell <= 32 else set(range(start, start + cell - 32))
            assert set(values.ravel().tolist()) == expected


def test_fragments_are_the_crops_in_their_order():
    images = np.random.default_rng(0).integers(0, 256, (3, 300, 260, 3), dtype=np.uint8)
    places = fragments.draw_places(300, 260, np.random.default_rng(5))
    tiled = fragments.cut_fragments(images, places)
    assert tiled.shape == (3, 3, 224, 224)
    for n, c, y, x in np.random.default_rng(1).integers(0, (3, 3, 224, 224), (500, 4)):
        row, column = places[y // 32, x // 32]
        assert tiled[n, c, y, x] == images[n, row + y % 32, column + x % 32, c]


def test_small_images_are_enlarged_in_proportion():
    images = np.random.default_rng(0).integers(0, 256, (2, 56, 100, 3), dtype=np.uint8)
    large = fragments.enlarged(images)
    assert large.shape == (2, 224, 400, 3)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(images).permute(0, 3, 1, 2).double(), scale_factor=4, mode="bilinear"
    )
    assert np.abs(large.transpose(0, 3, 1, 2) - expected.numpy()).max() <= 1
    same = np.zeros((1, 224, 300, 3), np.uint8)
    assert fragments.enlarged(same) is same


def test_all_versions_of_a_view_share_places_and_flips(tmp_path):
    task = make_task(tmp_path)
    batch = task.batch(0, 0)
    assert batch["first"].shape == batch["second"].shape == (2, 3, 3, 224, 224)
    assert batch["first"].dtype == torch.uint8
    flips = set()
    for epoch in range(20):
        for number in range(3):
            rng = np.random.default_rng((0, epoch, 1 + number))
            images = task._images[number]
            views = [fragments.cut_fragments(images, fragments.draw_places(230, 250, rng)) for _ in range(2)]
            first, second = task._pair(number, np.random.default_rng((0, epoch, 1 + number)))
            assert (first == views[0]).all()
            found = [
                axes for axes in ((), (3,), (2,), (2, 3)) if (np.flip(views[1], axes) == second).all()
            ]  # all versions at once
            assert len(found) == 1
            flips.add(found[0])
    assert flips == {(), (3,), (2,), (2, 3)}


def test_an_epoch_has_each_set_once_in_an_order_of_its_own(tmp_path):
    write_sets(tmp_path / "sets", n_sets=5)
    task = make_task(tmp_path)
    orders = []
    for epoch in range(4):
        batches = [task.batch(epoch, step) for step in range(task.steps_per_epoch)]
        assert [len(one["first"]) for one in batches] == [2, 2, 1]
        matrices = torch.cat([one["similarities"] for one in batches])
        orders.append(tuple(torch.argsort(matrices[:, 0, 1]).tolist()))
    assert len(set(orders)) > 1
    again = task.batch(2, 1)
    assert all((again[name] == value).all() for name, value in task.batch(2, 1).items())
    assert (task.batch(3, 1)["first"] != again["first"]).any()
    assert task.images_per_epoch == 2 * 3 * 5


def test_the_learning_rate_falls_as_a_cosine(tmp_path):
    task = make_task(tmp_path, epochs=3)
    optimiser = task.optimiser(torch.nn.Linear(1, 1))
    schedule = task.schedule(optimiser)
    total = 3 * task.steps_per_epoch
    for step in range(total + 1):
        expected = 1e-6 + (1e-4 - 1e-6) * (1 + math.cos(math.pi * step / total)) / 2
        assert optimiser.param_groups[0]["lr"] == pytest.approx(expected, rel=1e-9)
        optimiser.step()
        schedule.step()


def test_a_step_is_that_of_adamw_on_both_views(tmp_path):
    """Two steps by the trainer, and two by the update written out, on gradients of a loss that is written out."""
    task = make_task(tmp_path, epochs=1, sets_per_step=2)
    report = qi.learning.train(task, tmp_path, precision="fp32")
    from safetensors.torch import load_file

    trained = load_file(report.path)
    network = task.network().to(memory_format=torch.channels_last).train()
    moments = {name: (torch.zeros_like(w), torch.zeros_like(w)) for name, w in network.named_parameters()}
    for step in range(task.steps_per_epoch):
        batch = task.batch(0, step)
        embedded = []
        for view in ("first", "second"):  # one forward pass a view: batch norm sees all images of it, and no other
            pixels = batch[view].reshape(-1, 3, 224, 224).to(torch.float32) / 255
            out = network(pixels.contiguous(memory_format=torch.channels_last))
            embedded.append((out / out.norm(dim=1, keepdim=True)).reshape(len(batch[view]), 3, 128))
        logits = torch.einsum("bid,bjd->bij", *embedded) * 2
        a = 2 - 2 / (1 + batch["similarities"] ** 2)
        loss = -((a * logits.exp()).sum(2) / logits.exp().sum(2)).log().mean()
        loss = loss - ((a * logits.exp()).sum(1) / logits.exp().sum(1)).log().mean()
        network.zero_grad()
        loss.backward()
        rate = 1e-6 + (1e-4 - 1e-6) * (1 + math.cos(math.pi * step / task.steps_per_epoch)) / 2
        with torch.no_grad():
            for name, weight in network.named_parameters():
                mean, square = moments[name]
                mean.mul_(0.9).add_(weight.grad * 0.1)
                square.mul_(0.999).add_(weight.grad**2 * 0.001)
                weight.mul_(1 - rate * 0.05)
                corrected = (square / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8
                weight.sub_(rate * (mean / (1 - 0.9 ** (step + 1))) / corrected)
        with (tmp_path / "grepq-low.csv").open() as file:
            logged = list(csv.DictReader(file))[step]
        assert float(logged["loss"]) == pytest.approx(loss.item(), abs=1e-5)
        assert float(logged["learning_rate"]) == pytest.approx(rate, rel=1e-4)
    for name, tensor in network.state_dict().items():
        # A gradient of nearly 0 has either sign, and Adam's first steps go by the sign: 2 steps of 1e-4 each.
        apart = (trained[name].double() - tensor.double()).abs()
        assert apart.max() < 4e-4, name
        assert apart.double().mean() < 1e-6, name


def test_the_loss_falls(tmp_path):
    report = qi.learning.train(make_task(tmp_path, epochs=6), tmp_path, precision="fp32")
    assert report.losses[-1] < 0.8 * report.losses[0]


def test_some_sets_are_kept_aside(tmp_path):
    write_sets(tmp_path / "sets", n_sets=5)
    task = make_task(tmp_path, holdout=0.4, epochs=1)
    assert len(list(task.held_out())) == 1
    assert task.images_per_epoch == 2 * 3 * 3
    aside = next(iter(task.held_out()))["similarities"]
    for step in range(task.steps_per_epoch):
        for one in task.batch(0, step)["similarities"]:
            assert not any(torch.equal(one, other) for other in aside)
    report = qi.learning.train(task, tmp_path, precision="fp32")
    assert len(report.held_out) == 1
    assert "kept aside" in report.path.with_suffix(".md").read_text()


def test_images_beyond_the_budget_are_read_again(tmp_path):
    sets, read_bytes = find_sets(str(write_sets(tmp_path / "sets")))
    opened = []

    def noted(path):
        opened.append(path)
        return read_bytes(path)

    images = SetImages(sets, 2 * 3 * 230 * 250 * 3, noted)
    images.prepare(lambda ids, _: np.eye(len(ids), dtype=np.float32))
    assert len(opened) == 9
    kept = [images[0], images[1]]
    assert len(opened) == 9
    assert images[2].shape == kept[0].shape
    assert len(opened) == 12


def test_similarities_are_made_once(tmp_path, monkeypatch):
    make_task(tmp_path)
    before = make_task(tmp_path).batch(0, 0)["similarities"]

    def never(*_):
        raise AssertionError

    monkeypatch.setattr("quasar_index.learning.similarity.similarities", never)
    assert torch.equal(make_task(tmp_path).batch(0, 0)["similarities"], before)
    for path in (tmp_path / "cache").rglob("*.npy"):
        path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(AssertionError):
        make_task(tmp_path)


def test_sets_are_read_from_what_synthesize_writes(tmp_path):
    (tmp_path / "photos").mkdir()
    for number in range(2):
        Image.fromarray(photo(64, 80, seed=number)).save(tmp_path / "photos" / f"{number}.png")
    qi.synthesis.synthesize(tmp_path / "photos", tmp_path / "made", per_image=3)
    for place in ("made", "made/labels.csv"):
        sets, _ = find_sets(str(tmp_path / place))
        assert [len(one.paths) for one in sets] == [4, 4]
        assert all("ref_imgs" in one.paths[0] and "dist_imgs" in one.paths[1] for one in sets)
