"""The mean score of images as a metric of torchmetrics, such as of what a generator makes in an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..arguments import checked
from ..errors import QuasarError
from ..index.anchor_index import AnchorIndex
from ..index.places import STARTER
from ..methods.method import Method
from ..paths import PathText
from .image_metric import metric

if TYPE_CHECKING:
    from torchmetrics import Metric as _Metric
else:
    try:
        from torchmetrics import Metric as _Metric
    except ImportError:

        class _Metric:
            """What stands for the class of torchmetrics where that is not installed."""

            def __init__(self, **_: Any) -> None:
                raise QuasarError("torchmetrics is not installed", "pip install -e '.[torchmetrics]'")


class MeanScore(_Metric):  # type: ignore[misc]
    """The mean score of all images that `update` was given; a `torchmetrics.Metric`, with `forward`, `reset` and `to`.

    Images are embedded on the device that the metric is moved to. The sum is
    float64, which Apple's MPS lacks: leave the metric on the CPU there.

    Args:
        index: As in `quasar_index.metric`, as are the next two.
        method: What scores.
        rating: Opinion score that divides the anchors.
        more: Options of every `torchmetrics.Metric`, such as `dist_sync_on_step`.

    Raises:
        QuasarError: When torchmetrics is not installed; or as `quasar_index.metric`.

    Example:
        >>> import torch
        >>> import quasar_index as qi
        >>> mean = qi.frameworks.MeanScore("starter")
        >>> mean.update(torch.full((2, 3, 96, 96), 0.5))
        >>> mean.update(torch.rand(4, 3, 96, 96))
        >>> mean.compute().shape, int(mean.n_images)
        (torch.Size([]), 6)
    """

    higher_is_better = True
    is_differentiable = False
    full_state_update = False
    plot_lower_bound = 0.0
    plot_upper_bound = 1.0

    @checked
    def __init__(
        self,
        index: PathText | AnchorIndex = STARTER,
        *,
        method: str | Method | None = None,
        rating: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self._images = metric(index, method=method, rating=rating, device="cpu")
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("n_images", torch.tensor(0), dist_reduce_fx="sum")
        self.total: torch.Tensor
        self.n_images: torch.Tensor

    def update(self, images: Any) -> None:
        """Score images.

        Args:
            images: As of `ImageMetric.forward`: a tensor (B, 3, H, W) with numbers from 0 to 1, paths, or PIL images.

        Raises:
            DataError: As there.
        """
        scores = self._images.to(self.device)(images)
        self.total += scores.to(self.total).sum()
        self.n_images += len(scores)

    def compute(self) -> torch.Tensor:
        """Return the mean score; NaN of no images."""
        if not int(self.n_images):
            return torch.tensor(np.nan, device=self.device)
        return (self.total / self.n_images).float()
