"""A real but tiny encoder, and small photographs for it."""

import io

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi

ROOMS = tuple(sorted(qi._ROOMS))


def public_names():
    """Return what is public, in the package and in its rooms, by its name; a name means one thing."""
    found = {name: getattr(qi, name) for name in qi.__all__}
    for room in ROOMS:
        module = getattr(qi, room)
        for name in module.__all__:
            assert found.setdefault(name, getattr(module, name)) is getattr(module, name), f"two of the name {name}"
    return found


@pytest.fixture
def tiny_encoder():
    """Return a function that makes encoders: a fixed random convolution, pooled; `batches` records what it saw."""
    import torch

    from quasar_index.encoders.spec import EncoderSpec, InputRule
    from quasar_index.encoders.torch_encoder import TorchEncoder, fingerprint

    def make(rule=None, *, dim=12, seed=0, name="tiny"):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            convolution = torch.nn.Conv2d(3, dim // 2, 3, padding=1).eval()
        batches = []

        def network(pixels):
            batches.append(tuple(pixels.shape))
            features = convolution(pixels)
            return torch.cat([features.mean(dim=(2, 3)), features.std(dim=(2, 3), correction=0)], dim=1)

        spec = EncoderSpec(name, dim, fingerprint(convolution), rule or InputRule("none", min_side=4))
        encoder = TorchEncoder(spec, network, torch.device("cpu"))
        encoder.batches = batches
        return encoder

    return make


def photo(height, width, seed=0):
    """Return an image with structure at all scales, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (5, 6, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    return np.clip(smooth + rng.integers(-30, 31, (height, width, 3)), 0, 255).astype(np.uint8)


def png(seed, size=(16, 16), *, contrast=1.0):
    """Return the bytes of an image of noise; size is (height, width)."""
    rng = np.random.default_rng(seed)
    pixels = 128 + contrast * rng.normal(0, 40, (*size, 3)) + rng.normal(0, 10, 3)
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def write_images(tmp_path):
    """Return a function that writes n different images to a folder and returns their paths as strings."""

    def write(n, folder="images", *, sizes=((16, 16),), first_seed=0):
        (tmp_path / folder).mkdir(exist_ok=True)
        paths = [tmp_path / folder / f"{i:04d}.png" for i in range(n)]
        for i, path in enumerate(paths):
            path.write_bytes(png(first_seed + i, sizes[i % len(sizes)], contrast=1 + i % 3))
        return [str(path) for path in paths]

    return write
