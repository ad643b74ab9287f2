"""The network of GRepQ's low level: a ResNet-18 and a head of two layers.

GRepQ (Srinath et al. 2024, arXiv:2312.04838), section 3.1. It sees pixels / 255, without mean and deviation, in
training and in use.
"""

from __future__ import annotations

import torch

from .torchvision_ops import import_torchvision

BACKBONE_DIM = 512
HEAD_DIM = 128


class LowLevelNetwork(torch.nn.Module):
    """A randomly initialised ResNet-18 (torchvision's) with the head Linear 512-512, ReLU, Linear 512-128.

    Attributes:
        backbone: (B, 3, H, W) in [0, 1] to (B, 512), pooled over the image; any size from 32 x 32.
        head: (B, 512) to (B, 128).
    """

    def __init__(self) -> None:
        super().__init__()
        import_torchvision()
        from torchvision.models import resnet18

        self.backbone = resnet18()
        self.backbone.fc = torch.nn.Identity()
        self.head = torch.nn.Sequential(
            torch.nn.Linear(BACKBONE_DIM, BACKBONE_DIM),
            torch.nn.ReLU(inplace=True),
            torch.nn.Linear(BACKBONE_DIM, HEAD_DIM),
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed (B, 3, H, W) pixels in [0, 1]: to (B, 128), raw."""
        embedded: torch.Tensor = self.head(self.backbone(pixels))
        return embedded
