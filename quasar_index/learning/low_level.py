"""GRepQ's low level: a ResNet-18 that learns which distorted versions of an image look alike.

Srinath et al. 2024 (arXiv:2312.04838), section 3.1. Of each set of versions of an image two views are taken, other
fragments each. With `f_i` and `g_j` of unit length, the embeddings of version i in the first and of version j in the
second view, and `S_ij` the similarity of the versions:

    l_ij = f_i . g_j / tau,    a_ij = 2 - 2 / (1 + S_ij^2)
    loss = mean_i -log(sum_j a_ij e^l_ij / sum_j e^l_ij) + mean_j -log(sum_i a_ij e^l_ij / sum_i e^l_ij)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

import numpy as np
import torch

from ..arguments import checked
from ..arrays import ByteArray, as_tensor
from ..encoders.grepq_networks import LowLevelNetwork
from ..errors import DataError, counted
from ..paths import PathText
from .fragments import cut_fragments, draw_places, enlarged
from .kept_similarities import kept_similarities
from .sets import MEMORY, PreparedSet, SetImages, data_hash, find_sets
from .similarity import Similarity
from .task import Batch

TAU = 0.5
WEIGHT_DECAY = 0.05
LAST_RATE = 1e-6


def contrastive_loss(
    first: torch.Tensor, second: torch.Tensor, similarities: torch.Tensor, tau: float = TAU
) -> torch.Tensor:
    """Return the loss of sets, the mean over them (see the module).

    Args:
        first: (B, n, D) embeddings of the first view.
        second: (B, n, D) embeddings of the second one.
        similarities: (B, n, n) in [0, 1], 1 on the diagonal.
        tau: Temperature, > 0.
    """
    normalise = torch.nn.functional.normalize
    logits = normalise(first, dim=-1) @ normalise(second, dim=-1).transpose(1, 2) / tau
    weights = 2 - 2 / (1 + similarities.square())
    plain = logits.exp()
    weighted = weights * plain
    return sum((-(weighted.sum(dim) / plain.sum(dim)).log().mean() for dim in (-1, -2)), start=logits.new_zeros(()))


class LowLevel:
    """The training of `grepq-low`: what `train` needs to know of it (see `Task`).

    Args:
        data: Sets of images (see `find_sets`).
        epochs: At least 1.
        seed: Of the initial weights, the order of the sets, places and flips; at least 0.
        similarity: How versions of an image are compared: "fsim", "ms-ssim", "ssim" or "gradient".
        sets_per_step: At least 1; the last step of an epoch may have fewer.
        learning_rate: Of the first step; it falls to 1e-6 as a cosine.
        holdout: Sets kept aside for a loss an epoch; a part of them where it is below 1.
        memory: Bytes of decoded images that are kept in memory.
        on_progress: Called with (sets read, sets in all) while the data are read.

    Raises:
        DataError: When the data cannot be used, or an argument is out of range.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> Path("pristine").mkdir()
        >>> noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        >>> Image.fromarray(noise).save("pristine/noise.png")
        >>> _ = qi.synthesis.synthesize("pristine", "sets", per_image=(2, 2))
        >>> task = qi.learning.LowLevel("sets", similarity="gradient")
        >>> task.n_versions, task.steps_per_epoch, tuple(task.batch(0, 0)["first"].shape)
        (5, 1, (1, 5, 3, 224, 224))
    """

    name = "grepq-low"

    @checked
    def __init__(
        self,
        data: PathText,
        *,
        epochs: int = 15,
        seed: int = 0,
        similarity: Similarity = "fsim",
        sets_per_step: int = 8,
        learning_rate: float = 1e-4,
        holdout: float = 0,
        memory: int = MEMORY,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        for value, least, what in ((epochs, 1, "epochs"), (seed, 0, "seed"), (sets_per_step, 1, "sets a step")):
            if value < least:
                raise DataError(f"{what} {value} is too small", f"give at least {least}")
        if not learning_rate > 0:
            raise DataError(f"a learning rate of {learning_rate:g} teaches nothing", "give more than 0, such as 1e-4")
        self.n_epochs, self.seed, self.similarity = epochs, seed, similarity
        self.sets_per_step, self.learning_rate = sets_per_step, learning_rate
        sets, read_bytes = find_sets(os.fspath(data))
        aside = _aside(len(sets), holdout)
        self._images = SetImages(sets, memory, read_bytes)
        self._prepared: list[PreparedSet] = self._images.prepare(
            lambda ids, images: kept_similarities(ids, images, similarity), on_progress
        )
        self._aside = aside
        self._train = np.setdiff1d(np.arange(len(sets)), aside)
        self.n_versions = len(sets[0].paths)

    @property
    def steps_per_epoch(self) -> int:
        """Steps an epoch; the last may have fewer sets."""
        return -(-len(self._train) // self.sets_per_step)

    @property
    def images_per_epoch(self) -> int:
        """Images that the network sees in an epoch: two views of each."""
        return 2 * self.n_versions * len(self._train)

    @cached_property
    def _data(self) -> str:
        return data_hash(one.ids for one in self._prepared)

    def settings(self) -> dict[str, object]:
        """Return all that decides the result."""
        return {
            "encoder": self.name,
            "epochs": self.n_epochs,
            "seed": self.seed,
            "similarity": self.similarity,
            "sets_per_step": self.sets_per_step,
            "learning_rate": self.learning_rate,
            "weight_decay": WEIGHT_DECAY,
            "tau": TAU,
            "n_sets": len(self._train),
            "n_held_out": len(self._aside),
            "images_per_set": self.n_versions,
            "data": self._data,
        }

    def network(self) -> torch.nn.Module:
        """Return the network with random weights, which the seed decides."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return LowLevelNetwork()

    def optimiser(self, network: torch.nn.Module) -> torch.optim.Optimizer:
        """Return AdamW, which decays all weights."""
        return torch.optim.AdamW(network.parameters(), lr=self.learning_rate, weight_decay=WEIGHT_DECAY)

    def schedule(self, optimiser: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
        """Return a cosine over all steps."""
        steps = self.n_epochs * self.steps_per_epoch
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps, eta_min=LAST_RATE)

    def batch(self, epoch: int, step: int) -> Batch:
        """Return both views of the sets of a step: (B, n, 3, 224, 224) uint8, and their similarities (B, n, n)."""
        order = np.random.default_rng((self.seed, epoch, 0)).permutation(self._train)
        chosen = order[step * self.sets_per_step : (step + 1) * self.sets_per_step]
        return self._views(chosen, epoch)

    def held_out(self) -> Iterator[Batch]:
        """Yield the sets kept aside, with the same places and flips at each call."""
        for start in range(0, len(self._aside), self.sets_per_step):
            yield self._views(self._aside[start : start + self.sets_per_step], self.n_epochs)

    def _views(self, chosen: np.ndarray, epoch: int) -> Batch:
        pairs = [self._pair(number, np.random.default_rng((self.seed, epoch, 1 + number))) for number in chosen]
        similarities = np.stack([self._prepared[number].similarities for number in chosen])
        first, second = (as_tensor(np.stack(views)) for views in zip(*pairs, strict=True))
        return {"first": first, "second": second, "similarities": torch.from_numpy(similarities)}

    def _pair(self, number: int, rng: np.random.Generator) -> tuple[ByteArray, ByteArray]:
        """Return two views of a set, each (n, 3, 224, 224): the second one with other places, and perhaps flipped."""
        images = enlarged(self._images[number])
        height, width = images.shape[1:3]
        first, second = (cut_fragments(images, draw_places(height, width, rng)) for _ in range(2))
        if rng.random() < 0.5:
            second = second[:, :, :, ::-1]
        if rng.random() < 0.5:
            second = second[:, :, ::-1]
        return first, np.ascontiguousarray(second)

    def loss(self, network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Return the loss of a batch; each view passes the network on its own, so that batch norm sees one view."""
        n_sets, n_versions = batch["first"].shape[:2]
        views = []
        for name in ("first", "second"):
            pixels = batch[name].flatten(0, 1).float().div(255).contiguous(memory_format=torch.channels_last)
            views.append(network(pixels).float().view(n_sets, n_versions, -1))
        with torch.autocast(batch["first"].device.type, enabled=False):
            return contrastive_loss(views[0], views[1], batch["similarities"])

    def result(self, network: torch.nn.Module) -> dict[str, torch.Tensor]:
        """Return the weights and the running statistics of the network."""
        return dict(network.state_dict())

    def about(self) -> Mapping[str, str]:
        """Return what the model card says of this training."""
        return {
            "What this is": (
                "The low level of GRepQ (Srinath et al. 2024, arXiv:2312.04838): a ResNet-18 with a head of two "
                "layers, 128 numbers an image. It was trained without any rating, from random weights, to tell how "
                f"alike distorted versions of an image are by {self.similarity.upper()}."
            ),
            "Data": (
                f"{counted(len(self._train), 'set')} of one undistorted image each and "
                f"{counted(self.n_versions - 1, 'distorted version')} of it; {len(self._aside)} more were kept aside. "
                f"The hash of their content is `{self._data}`. No image is in this file; the terms of the images "
                "decide what may be done with a network that was trained on them: say here which they are."
            ),
            "Use": (
                "    quasar-index build NAME --data DATA --encoder grepq-low --weights FILE.safetensors\n\n"
                "Pixels are divided by 255, without mean and deviation, at native size."
            ),
            "Limits": (
                "Trained on few photographs it is far behind the encoder that quasar-index uses offline. Measure "
                "before you use it:\n\n"
                "    quasar-index evaluate NAME --data RATED\n\n"
                "It looks at distortions, not at content or beauty."
            ),
        }


def _aside(n: int, holdout: float) -> np.ndarray:
    """Return the numbers of the sets kept aside, spread evenly over all.

    Raises:
        DataError: When none would be left.
    """
    count = round(n * holdout) if 0 < holdout < 1 else int(holdout)
    if holdout < 0 or (holdout >= 1 and holdout != count) or count >= n:
        raise DataError(f"{holdout:g} of {n} sets cannot be kept aside", f"give 0 to {n - 1}, or a part below 1")
    return (np.arange(count) * n) // max(count, 1)
