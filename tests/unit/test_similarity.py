"""How alike the versions of an image are: as piq says of each pair, with the maps of a version made once."""

import functools

import numpy as np
import pytest
import torch

import quasar_index as qi
from quasar_index.encoders.torchvision_ops import import_torchvision
from quasar_index.errors import DataError
from quasar_index.learning import similarity
from tests.unit.conftest import photo

import_torchvision()
import piq  # noqa: E402 - it imports torchvision

PIQ = {"fsim": piq.fsim, "ms-ssim": piq.multi_scale_ssim, "ssim": piq.ssim}


@functools.cache
def versions(height, width, seed=0):
    """An image, and what real distortions make of it: changes of structure and of colour."""
    rng = np.random.default_rng(seed)
    image = photo(height, width, seed)
    made = [("gaussian-blur", 2), ("color-saturation-2", 5)]
    return np.stack([image] + [qi.synthesis.distort(image, name, level, rng=rng) for name, level in made])


def by_piq(kind, images):
    """Each pair on its own; in double precision, for piq loses 2e-5 of SSIM in single."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).double() / 255
    found = np.eye(len(images))
    for i in range(len(images)):
        for j in range(i):
            found[i, j] = found[j, i] = PIQ[kind](pixels[i : i + 1], pixels[j : j + 1], data_range=1.0)
    return found


# 161 x 200 has odd sides at one scale or another; 390 x 401 is averaged over squares of 2.
@pytest.mark.parametrize("size", [(161, 200), (390, 401)])
@pytest.mark.parametrize("kind", PIQ)
def test_each_pair_is_as_piq_says(kind, size):
    images = versions(*size)
    np.testing.assert_allclose(qi.learning.similarities(images, kind), by_piq(kind, images), atol=1e-5)


@pytest.mark.parametrize("size", [(40, 33), (390, 401)])
def test_gradient_is_its_formula(size):
    images = versions(*size)
    found = qi.learning.similarities(images, "gradient")
    side = 1 + (min(size) > 384)
    height, width = size[0] // side, size[1] // side
    pixels = images[:, : height * side, : width * side].astype(float)
    pixels = pixels.reshape(len(images), height, side, width, side, 3).mean(axis=(2, 4))
    red, green, blue = np.moveaxis(pixels, -1, 0)
    luma = np.pad(0.299 * red + 0.587 * green + 0.114 * blue, ((0, 0), (1, 1), (1, 1)))
    across = (luma[:, :, 2:] - luma[:, :, :-2]) / 16
    down = (luma[:, 2:] - luma[:, :-2]) / 16
    across = 3 * across[:, :-2] + 10 * across[:, 1:-1] + 3 * across[:, 2:]
    down = 3 * down[:, :, :-2] + 10 * down[:, :, 1:-1] + 3 * down[:, :, 2:]
    length = np.hypot(across, down)
    in_phase = 0.5959 * red - 0.2746 * green - 0.3213 * blue
    quadrature = 0.2115 * red - 0.5227 * green + 0.3112 * blue

    def alike(maps, i, j, constant):
        return (2 * maps[i] * maps[j] + constant) / (maps[i] ** 2 + maps[j] ** 2 + constant)

    for i in range(len(images)):
        for j in range(len(images)):
            chroma = np.abs(alike(in_phase, i, j, 200) * alike(quadrature, i, j, 200)) ** 0.03
            assert found[i, j] == pytest.approx((alike(length, i, j, 160) * chroma).mean(), abs=1e-5)


@pytest.mark.parametrize("kind", qi.learning.SIMILARITIES)
def test_a_matrix_is_symmetric_with_ones_and_falls_with_the_level(kind):
    image = photo(170, 165, 3)
    rng = np.random.default_rng(0)
    blurred = [qi.synthesis.distort(image, "gaussian-blur", level, rng=rng) for level in (1, 3, 5)]
    found = qi.learning.similarities(np.stack([image, image, *blurred]), kind)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 1)
    assert found[0, 1] == pytest.approx(1, abs=1e-6)
    assert 1 > found[0, 2] > found[0, 3] > found[0, 4] > 0
    again = qi.learning.similarities(np.stack([image, image, *blurred]), kind)
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize("kind", qi.learning.SIMILARITIES)
def test_flat_images_have_finite_similarities(kind):
    black, white = np.zeros((161, 161, 3), np.uint8), np.full((161, 161, 3), 255, np.uint8)
    found = qi.learning.similarities(np.stack([black, white, black]), kind)
    assert np.isfinite(found).all()
    assert found[0, 2] == pytest.approx(1, abs=1e-6)


def test_the_maps_of_a_version_are_made_once(monkeypatch):
    seen = []
    made = similarity.phase_congruency
    monkeypatch.setattr(similarity, "phase_congruency", lambda luma: seen.append(len(luma)) or made(luma))
    qi.learning.similarities(versions(161, 200), "fsim")
    assert seen == [3]


def test_one_version_alone_is_like_itself():
    assert qi.learning.similarities(versions(40, 33)[:1]).tolist() == [[1.0]]


def test_what_cannot_be_compared_is_one_error():
    small = versions(160, 170)
    with pytest.raises(DataError, match="170 x 160 pixels are too few for ms-ssim, which needs 161 a side") as error:
        qi.learning.similarities(small, "ms-ssim")
    assert error.value.hint == "use --similarity fsim or ssim or gradient"
    with pytest.raises(DataError, match="needs 11 a side; leave the image out"):
        qi.learning.similarities(small[:, :10], "fsim")
    with pytest.raises(DataError, match=r"have shape \(160, 170, 3\)"):
        qi.learning.similarities(small[0], "ssim")
    with pytest.raises(DataError, match="8-bit"):
        qi.learning.similarities(small / np.float32(255), "ssim")
    with pytest.raises(DataError, match="kind of similarities"):
        qi.learning.similarities(small, "psnr")
