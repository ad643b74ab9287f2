"""What patches say of one image: a table, and a picture of where it is unlike pristine photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import scipy  # its submodules load on first use, so that start-up is quick
from PIL import Image

from ..arguments import checked
from ..arrays import BoolArray, DoubleArray, IntArray
from ..errors import MethodError
from ..images.patches import patch_places
from ..methods.patches import FittedPatches, PatchExplanation
from ..methods.scoring import ScoredImage

PATCH_SCHEMA = pa.schema(
    [
        ("left", pa.int64()),
        ("top", pa.int64()),
        ("size", pa.int64()),
        ("unusual", pa.float64()),
        ("contribution", pa.float64()),
    ]
)
HEAT = ((255, 255, 178), (254, 204, 92), (253, 141, 60), (240, 59, 32), (189, 0, 38))
"""Colours from usual to unusual, ColorBrewer's YlOrRd: each is darker, so that every colour vision sees the order."""
OPACITY = 0.75
"""Of the most unusual places; the photograph stays to be seen below."""


@checked
def patch_table(image: ScoredImage, fitted: FittedPatches, *, top: int | None = None) -> pa.Table:
    """Return the patches of an image that a patch distance scored, the most unusual first.

    Args:
        image: A row of `Scorer.score_files`.
        fitted: What scored it.
        top: At most so many; None for all.

    Returns:
        A row a patch, with the columns of `PATCH_SCHEMA`: left, top and size (pixels of the upright image), unusual
        (distance to the pristine patches, from 0), contribution (share in d^2, whose sum over all patches it is).

    Raises:
        MethodError: When the image has no embeddings of patches.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
        >>> Image.fromarray(pixels).save("photo.png")
        >>> source, encoder = qi.datasets.choose_pristine_patches(["photo.png"]), qi.load_encoder()
        >>> scorer = qi.Scorer(qi.build_index("pristine", [source], encoder).index, qi.methods.Patches(), encoder)
        >>> pixels[:96, :96] = 128
        >>> Image.fromarray(pixels).save("hole.png")
        >>> [image] = scorer.score_files(["hole.png"])
        >>> table = qi.report.patch_table(image, scorer.fitted, top=1)
        >>> table.select(["left", "top"]).to_pylist()
        [{'left': 0, 'top': 0}]
    """
    places, found = _explained(image, fitted)
    order = np.argsort(-found.unusual, kind="stable")[:top]
    columns = (
        places[order, 0],
        places[order, 1],
        np.full(len(order), fitted.patch_size),
        found.unusual[order],
        found.contribution[order],
    )
    return pa.table(list(map(pa.array, columns)), schema=PATCH_SCHEMA)


def _explained(image: ScoredImage, fitted: FittedPatches) -> tuple[IntArray, PatchExplanation]:
    """Return where the patches of an image lie, and what they say.

    Raises:
        MethodError: When the image has no embeddings of patches.
    """
    if image.embedding is None or image.embedding.ndim != 2 or not image.width:
        raise MethodError(f"'{image.path}' has no embeddings of patches", "score image files by an index of patches")
    places = patch_places(image.height, image.width, fitted.patch_size, fitted.stride)
    return places, fitted.explain_patches(image.embedding)


@dataclass(frozen=True)
class UnusualPatches:
    """How unusual each place of an image is.

    Attributes:
        unusual: (rows, columns) float64, of each patch (see `PatchExplanation`).
        size: Pixels a side of a patch.
        stride: Pixels from one to the next.
        width: Of the image, in pixels.
        height: Likewise.
    """

    unusual: DoubleArray
    size: int
    stride: int
    width: int
    height: int

    @classmethod
    @checked
    def of(cls, image: ScoredImage, fitted: FittedPatches) -> UnusualPatches:
        """Explain an image that a patch distance scored.

        Raises:
            MethodError: When the image has no embeddings of patches.
        """
        places, found = _explained(image, fitted)
        n_columns = len(np.unique(places[:, 0]))
        grid = found.unusual.reshape(-1, n_columns)
        return cls(grid, fitted.patch_size, fitted.stride, image.width, image.height)

    @checked
    def overlay(self, low: float, high: float, side: int) -> Image.Image:
        """Draw it, to be laid over the photograph.

        Between the centres of patches it is interpolated; what belongs to no patch is transparent, and so is what is
        as usual as `low`.

        Args:
            low: Lower end of the scale.
            high: Upper end; what is beyond has the same colour.
            side: Longer side of the picture in pixels; a smaller image keeps its size.

        Returns:
            RGBA, of the proportions of the image.
        """
        scale = min(1.0, side / max(self.width, self.height))
        width, height = (max(1, round(length * scale)) for length in (self.width, self.height))
        n_rows, n_columns = self.unusual.shape
        across, across_known = self._along(width, n_columns, self.width)
        down, down_known = self._along(height, n_rows, self.height)
        rows, columns = np.meshgrid(down, across, indexing="ij")
        values = scipy.ndimage.map_coordinates(self.unusual, [rows, columns], order=1, mode="nearest")
        part = np.clip((values - low) / max(high - low, 1e-12), 0.0, 1.0)
        stops = np.linspace(0.0, 1.0, len(HEAT))
        channels = [np.interp(part, stops, [colour[n] for colour in HEAT]) for n in range(3)]
        alpha = 255 * OPACITY * part * np.outer(down_known, across_known)
        return Image.fromarray(np.rint(np.stack([*channels, alpha], axis=-1)).astype(np.uint8), "RGBA")

    def _along(self, n_pixels: int, n_patches: int, length: int) -> tuple[DoubleArray, BoolArray]:
        """Return where pixels lie between the centres of patches, and which belong to a patch."""
        places = (np.arange(n_pixels) + 0.5) * length / n_pixels
        end = (n_patches - 1) * self.stride + self.size
        return (places - self.size / 2) / self.stride, places <= end


@checked
def unusual_scale(images: Sequence[UnusualPatches]) -> tuple[float, float]:
    """Return the ends of a scale for the patches of some images: their median, and their 99th percentile.

    So half of all patches stay without a colour, and a single outlier does not pale the others.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> image = qi.report.UnusualPatches(np.array([[1.0, 2.0, 9.0]]), 96, 48, 192, 96)
        >>> qi.report.unusual_scale([image])
        (2.0, 8.86)
        >>> image.overlay(2.0, 8.86, 192).getpixel((180, 50))[3] > 0
        True
    """
    if not images:
        return 0.0, 1.0
    values = np.concatenate([image.unusual.ravel() for image in images])
    return float(np.median(values)), float(np.percentile(values, 99))
