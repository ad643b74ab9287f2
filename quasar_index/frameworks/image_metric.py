"""A metric as pyiqa's `create_metric` gives it: called on a path, a PIL image or a batch of tensors.

Nothing in it has a gradient: pixels become 8 bits, as in a file, before they are embedded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..arguments import checked
from ..arrays import ByteArray
from ..encoders import LazyEncoder
from ..errors import DataError, ImageError
from ..index.anchor_index import AnchorIndex
from ..index.places import STARTER, STARTER_METHOD
from ..methods.knn import Knn
from ..methods.mean import Mean
from ..methods.method import CentroidMethod, Method
from ..methods.patches import Patches
from ..methods.registry import read_method
from ..methods.scoring import Scorer
from ..paths import PathText
from ..validation import choose_space

if TYPE_CHECKING:
    import torch

_FORMS = "give a path, a PIL image, a list of them, or a tensor (B, 3, H, W)"


@checked
def metric(
    index: PathText | AnchorIndex = STARTER,
    *,
    method: str | Method | None = None,
    rating: str | None = None,
    device: str = "auto",
    batch_size: int = 16,
) -> ImageMetric:
    """Make a metric that is called as those of pyiqa are.

    Args:
        index: An index, or its name or path; "starter" is the one that comes with quasar-index.
        method: What scores, such as "retrieval:top_k=8"; None for the default: retrieval of the starter index,
            patches of an index of patches, else mean.
        rating: Opinion score that divides the anchors, where they have several; None for the first.
        device: "auto", "cpu", "cuda" or "cuda:0"; `to` changes it.
        batch_size: Most images in one forward pass.

    Returns:
        The metric; its encoder is loaded by the first image.

    Raises:
        AnchorIndexError: When there is no such index or rating, or its embeddings have no encoder.
        EncoderError: When the encoder is not to be had here.
        MethodError: When there is no such method, or these anchors cannot serve it.

    Example:
        >>> import torch
        >>> import quasar_index as qi
        >>> score = qi.metric("starter", device="cpu")
        >>> flat, noise = torch.full((3, 96, 96), 0.5), torch.rand(3, 96, 96)
        >>> scores = score(torch.stack([flat, noise]))
        >>> scores.shape, scores.dtype, score.lower_better, score.score_range
        (torch.Size([2]), torch.float32, False, (0.0, 1.0))
    """
    opened = index if isinstance(index, AnchorIndex) else AnchorIndex.open(index)
    if method is None:
        whole = STARTER_METHOD if opened.name == STARTER else Mean()
        method = whole if opened.manifest.patch_size is None else Patches()
    chosen = read_method(method) if isinstance(method, str) else method
    return ImageMetric(opened, chosen, rating=rating, device=device, batch_size=batch_size)


class ImageMetric:
    """Scores images when it is called; `metric` makes one. Higher is better, and nothing has a gradient.

    Args:
        index: The index.
        method: What scores.
        rating: Opinion score that divides the anchors; None for the first.
        device: As in `metric`.
        batch_size: Most images in one forward pass.

    Attributes:
        metric_name: Name of the index and the method, such as "starter retrieval".
        metric_mode: "NR": there is no reference image.
        lower_better: False.
        score_range: Lowest and highest score; None where the method promises none (ridge, patches).
        device: Where the encoder runs, as text.
        scorer: What scores.
    """

    metric_mode = "NR"
    lower_better = False

    @checked
    def __init__(
        self,
        index: AnchorIndex,
        method: Method,
        *,
        rating: str | None = None,
        device: str = "auto",
        batch_size: int = 16,
    ) -> None:
        anchors = index if rating is None else index.anchors(rating=rating)
        if method.is_auto:
            method = choose_space(index.anchors(rating=rating), method).method
        self.metric_name = f"{index.name} {method}"
        self.score_range = (0.0, 1.0) if isinstance(method, (CentroidMethod, Knn)) else None
        self.device = device
        self._encoder = index.manifest.encoder
        self.scorer = Scorer(anchors, method, LazyEncoder(self._encoder, device=device), batch_size=batch_size)

    def __repr__(self) -> str:
        return f"ImageMetric({self.metric_name!r}, device={self.device!r})"

    def to(self, device: Any) -> ImageMetric:
        """Move the encoder.

        Args:
            device: Text, or a `torch.device`.

        Returns:
            This metric.

        Raises:
            EncoderError: When there is no such device.
        """
        if str(device) != self.device:
            self.scorer.encoder = LazyEncoder(self._encoder, device=str(device))
            self.device = str(device)
        return self

    def eval(self) -> ImageMetric:
        """Return this metric: it is always ready to score."""
        return self

    @checked
    def train(self, mode: bool = True) -> ImageMetric:  # noqa: ARG002
        """Return this metric: nothing in it is trained."""
        return self

    def __call__(self, target: Any, ref: Any = None) -> torch.Tensor:
        """Score images; see `forward`."""
        return self.forward(target, ref)

    def forward(self, target: Any, ref: Any = None) -> torch.Tensor:  # noqa: ARG002
        """Score images.

        Args:
            target: A path or URL; a PIL image; a (H, W, 3) uint8 array; a list of these; or a tensor (B, 3, H, W) or
                (3, H, W) with numbers from 0 to 1, or uint8, on any device. One channel is grey.
            ref: Ignored, for programs that hand a reference image to every metric.

        Returns:
            (B,) float32, on the CPU, or where the tensor is; B = 1 for one image.

        Raises:
            DataError: When this is no image, or numbers lie outside 0 to 1.
            ImageError: When a file cannot be read.
        """
        import torch

        scores = torch.from_numpy(self._scores(target).astype(np.float32))
        return scores.to(target.device) if isinstance(target, torch.Tensor) else scores

    def _scores(self, target: Any) -> npt.NDArray[np.float64]:
        if hasattr(target, "detach"):
            return self.scorer.score_images(list(pixels_of(target))).score
        if isinstance(target, np.ndarray):
            return self.scorer.score_images(target if target.ndim == 4 else [target]).score
        if isinstance(target, (str, os.PathLike, Image.Image)):
            target = [target]
        if not isinstance(target, Sequence) or isinstance(target, (bytes, bytearray)):
            raise DataError(f"an image is of type {type(target).__name__}", _FORMS)
        are_paths = [isinstance(one, (str, os.PathLike)) for one in target]
        if any(are_paths) and not all(are_paths):
            raise DataError("the list holds both paths and images", "give one list of paths and one of images")
        if not any(are_paths):
            return self.scorer.score_images(target).score
        rows = list(self.scorer.score_files(target))
        if failed := [row for row in rows if row.error]:
            raise ImageError(f"'{failed[0].path}': {failed[0].error}")
        return np.array([row.score for row in rows], dtype=np.float64)


def pixels_of(images: torch.Tensor) -> ByteArray:
    """Turn a tensor of images into pixels, as a PNG file would keep them.

    Args:
        images: (B, C, H, W) or (C, H, W), C = 3 or 1: numbers from 0 to 1, or uint8.

    Returns:
        (B, H, W, 3) uint8.

    Raises:
        DataError: On another shape or type, or numbers outside 0 to 1.
    """
    import torch

    batch = images.detach()
    batch = batch[None] if batch.ndim == 3 else batch
    if batch.ndim != 4 or batch.shape[1] not in (1, 3) or 0 in batch.shape[2:]:
        raise DataError(f"a tensor of images has shape {tuple(images.shape)}", "give (B, 3, H, W) or (3, H, W)")
    if batch.is_floating_point():
        low, high = (float(end) for end in batch.aminmax()) if batch.numel() else (0.0, 0.0)
        if not (low >= 0 and high <= 1):  # also NaN
            mend = "take (images + 1) / 2" if -1 <= low < 0 and high <= 1 else "scale, or clamp(0, 1)"
            raise DataError(f"a tensor of images has numbers from {low:.4g} to {high:.4g}, not from 0 to 1", mend)
        # In float32 or wider: half precision cannot count to 255 in steps of one half.
        batch = (batch.to(torch.promote_types(batch.dtype, torch.float32)) * 255).round().to(torch.uint8)
    elif batch.dtype != torch.uint8:
        raise DataError(f"a tensor of images holds {batch.dtype}", "give numbers from 0 to 1, or uint8")
    return np.ascontiguousarray(batch.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).cpu().numpy())
