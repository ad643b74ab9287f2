"""The demonstration: photographs that come with scikit-image and scikit-learn become an index that is tried out.

Photographs are cut into tiles, tiles are distorted in the four ways of LIVE (blur, JPEG, JPEG 2000, noise) at five
levels. Anchors and held-out images are divided *by photograph*: no tile of a held-out photograph is an anchor.
The level of a distortion is its severity, which stands in for a rating: anchors are divided at its median.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from .arrays import ByteArray, DoubleArray
from .datasets import load_source
from .encoders.base import Encoder
from .errors import AnchorIndexError
from .images import decode
from .index import AnchorIndex, build_index
from .index.places import check_place, new_index_path
from .methods import read_methods
from .paths import PathText
from .statistics.correlation import srcc
from .synthesis import LEVELS, distort

__all__ = ["DemoReport", "run_demo"]

TILE = 224
TILES_A_PHOTOGRAPH = 2
DISTORTIONS = ("gaussian-blur", "jpeg", "jpeg2000", "white-noise")
SOURCE = "demo"
N_DIVISIONS = 5
HELD_OUT = 0.4
METHODS = tuple(
    read_methods(
        [
            "mean/offset:space=raw",
            "clustering:n_clusters=4,space=raw",
            "retrieval:top_k=8,space=raw",
            "mean/offset",
            "clustering:n_clusters=4",
            "retrieval",
        ]
    )
)
PHOTOGRAPHS = {
    "skimage": (
        "astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "motorcycle_left.png", "rocket.jpg",
        "camera.png", "brick.png", "grass.png", "gravel.png",
    ),
    "sklearn": ("china.jpg", "flower.jpg"),
}  # fmt: skip
"""Files in `skimage/data` and `sklearn/datasets/images`: photographs without visible damage, each of another scene."""


@dataclass(frozen=True)
class DemoReport:
    """What the demonstration found.

    Attributes:
        index: The index of all tiles.
        images: Folder of the tiles and their distortions.
        srcc: For each method, by its label, (N_DIVISIONS,) Spearman correlations between score and minus the
            distortion level on held-out photographs; 1 is perfect.
        n_held_out: Images scored in each division.
    """

    index: AnchorIndex
    images: Path
    srcc: Mapping[str, DoubleArray]
    n_held_out: tuple[int, ...]


def run_demo(
    name: PathText,
    images: PathText,
    encoder: Encoder,
    *,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> DemoReport:
    """Make the demonstration's images, build an index of them, and try the aggregations on held-out photographs.

    Args:
        name: Name or path of the index; an earlier demonstration's is replaced.
        images: Folder for the images; files in it are overwritten.
        encoder: The encoder.
        seed: Of the noise and of the divisions.
        on_progress: Called with (done, total) images.

    Returns:
        What was found.

    Raises:
        AnchorIndexError: When an index of that name holds anything else.
    """
    check_demo(name)
    images = Path(images)
    source = replace(load_source(str(write_images(images, seed=seed))), name=SOURCE, kind="full-reference")
    report = build_index(name, [source], encoder, overwrite=True, on_progress=on_progress)
    anchors = report.index.anchors()
    columns = report.index.metadata(anchors, ["reference", "level"])
    photographs = np.array(columns["reference"].to_pylist())
    levels = columns["level"].to_numpy()
    names = np.unique(photographs)
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {str(method): [] for method in METHODS}
    n_held_out: list[int] = []
    for _ in range(N_DIVISIONS):
        held_out = np.isin(photographs, rng.choice(names, round(HELD_OUT * len(names)), replace=False))
        kept = anchors.take(~held_out)
        queries = anchors.directions[held_out]
        n_held_out.append(len(queries))
        for method in METHODS:
            scores = method.fit(kept).score(queries)
            found[str(method)].append(srcc(scores.score, -levels[held_out].astype(np.float64)))
    return DemoReport(
        report.index,
        images,
        {label: np.array(values) for label, values in found.items()},
        tuple(n_held_out),
    )


def check_demo(name: PathText) -> None:
    """Raise the AnchorIndexError of a name where no demonstration's index can be made."""
    path = new_index_path(name)
    check_place(path)
    if not path.exists():
        return
    if {source.name for source in AnchorIndex.open(path).manifest.sources} != {SOURCE}:
        raise AnchorIndexError(f"'{path}' is an index of your own, not the demonstration's", "choose another --name")


def write_images(folder: Path, *, seed: int) -> Path:
    """Write the tiles, their distortions and a label file.

    Returns:
        The label file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels = folder / "labels.csv"
    rng = np.random.default_rng(seed)
    with labels.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "severity", "reference", "distortion", "level"])
        for photograph, pixels in read_photographs():
            for number, tile in enumerate(tiles(pixels)):
                reference = f"{photograph}-{number}"
                _save(tile, folder / f"{reference}.png")
                writer.writerow([f"{reference}.png", 0, photograph, "", 0])
                for distortion in DISTORTIONS:
                    for level in LEVELS:
                        name = f"{reference}_{distortion}_{level}.png"
                        _save(distort(tile, distortion, level, rng=rng), folder / name)
                        writer.writerow([name, level, photograph, distortion, level])
    return labels


def read_photographs(*, rule: int | None = None) -> list[tuple[str, ByteArray]]:
    """Return the photographs that are installed, by name, as (H, W, 3) uint8, read by a version of the input rule."""
    from importlib.util import find_spec

    found: list[tuple[str, ByteArray]] = []
    for package, folder in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = find_spec(package)
        for name in PHOTOGRAPHS[package]:
            path = Path(str(spec and spec.origin)).parent / folder / name
            found.append((path.stem, decode(path.read_bytes(), rule=rule)))
    return found


def tiles(photograph: ByteArray) -> list[ByteArray]:
    """Cut up to TILES_A_PHOTOGRAPH squares of TILE pixels a side, spread along the photograph's longer side."""
    height, width = photograph.shape[:2]
    count = min(TILES_A_PHOTOGRAPH, max(height, width) // TILE)
    cut: list[ByteArray] = []
    for number in range(count):
        share = (number + 0.5) / count
        top = round((height - TILE) * (share if height > width else 0.5))
        left = round((width - TILE) * (share if width >= height else 0.5))
        cut.append(photograph[top : top + TILE, left : left + TILE])
    return cut


def _save(image: ByteArray, path: Path) -> None:
    Image.fromarray(image).save(path, compress_level=1)
