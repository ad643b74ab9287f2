"""GRepQ's high level: CLIP's RN50 learns to tell images apart by the quality that two prompts see in them.

Srinath et al. 2024 (arXiv:2312.04838), section 3.2, as its authors' code trains it: centre crops of undistorted images,
the loss of `groups.py` behind a random layer that stays as it is and is dropped at the end. The image tower is in
training mode, so that its batch-norm statistics move, too. It keeps its positional embedding, which the encoder leaves
out when it is used. Adam without weight decay; the learning rate rises from 0 over two and a half epochs, then stays.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ..arguments import checked
from ..encoders.grepq import ARCHITECTURE, HUB_REPO
from ..encoders.openclip import HUB_FILES, read_model
from ..encoders.spec import CLIP_MEAN, CLIP_STD
from ..encoders.torch_encoder import fingerprint
from ..encoders.torchvision_ops import import_torchvision
from ..encoders.weights import fetch_from_hub, weights_file
from ..errors import DataError, EncoderError, counted
from ..forks import compute_alone
from ..images import read_image_bytes
from ..paths import PathText
from .crops import Crops, find_undistorted
from .groups import TEMPERATURE, best_and_worst, group_loss, prompt_scores
from .sets import MEMORY, data_hash
from .task import Batch

PROMPTS = ("a good photo.", "a bad photo.")
IMAGES_PER_MEMBER = 32
"""A batch has one member of each group for so many images."""
LEAST_BATCH = 2 * IMAGES_PER_MEMBER
PROJECTED_DIM = 128
WARM_UP_EPOCHS = 2.5


class HighLevelNetwork(torch.nn.Module):
    """An image tower, with what its training needs beside it and never changes.

    Args:
        tower: CLIP's ResNet; all of it is trained.
        prompts: (2, D), the embeddings of `PROMPTS`.
        seed: Of the random layer.
    """

    prompts: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor
    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, tower: Any, prompts: torch.Tensor, seed: int) -> None:
        super().__init__()
        self.tower = tower.requires_grad_(True)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            layer = torch.nn.Linear(prompts.shape[1], PROJECTED_DIM)
        self.register_buffer("prompts", prompts)
        self.register_buffer("weight", layer.weight.detach())
        self.register_buffer("bias", layer.bias.detach())
        for name, values in (("mean", CLIP_MEAN), ("std", CLIP_STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed (B, 3, H, W) uint8: to (B, D), raw.

        Half of the memory that a step would need is for the stem and the first two stages: in training their blocks
        keep their inputs alone, and compute the rest again for the gradient.
        """
        tower = self.tower
        normalised = (pixels.float() / 255 - self.mean) / self.std
        features = normalised.contiguous(memory_format=torch.channels_last)
        if not torch.is_grad_enabled():
            return self.tower(features)  # type: ignore[no-any-return]

        def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
            return nullcontext(), _unmoved(tower)

        for block in (tower.stem, *tower.layer1, *tower.layer2):
            features = checkpoint(block, features, use_reentrant=False, context_fn=contexts)
        embeddings: torch.Tensor = tower.attnpool(tower.layer4(tower.layer3(features)))
        return embeddings

    def project(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Pass (B, D) embeddings through the random layer: to (B, 128), not negative."""
        return functional.relu(functional.linear(embeddings, self.weight, self.bias))


@contextmanager
def _unmoved(tower: torch.nn.Module) -> Iterator[None]:
    """Let batch norm normalise by the batch, as in training, but leave its running statistics as they are."""
    norms = [one for one in tower.modules() if isinstance(one, torch.nn.BatchNorm2d)]
    before = [(one.momentum, one.num_batches_tracked) for one in norms]
    for one in norms:
        one.momentum, one.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for one, (momentum, n_batches) in zip(norms, before, strict=True):
            one.momentum, one.num_batches_tracked = momentum, n_batches


class HighLevel:
    """The training of `grepq-high`: what `train` needs to know of it (see `Task`).

    Args:
        data: Undistorted images (see `find_undistorted`).
        weights: CLIP's RN50 to start from, as a file; None for OpenAI's, from the Hugging Face hub.
        epochs: At least 1.
        seed: Of the random layer and of the order of the images, at least 0.
        images_per_step: At least 64; an epoch leaves out the images that do not make a whole step.
        learning_rate: After the warm-up.
        memory: Bytes of crops that are kept in memory.
        on_progress: Called with (images read, images in all) while the data are read.

    Raises:
        DataError: When the data cannot be used, or an argument is out of range.
        EncoderError: When the weights cannot be had, or are not those of CLIP's RN50.
    """

    name = "grepq-high"

    @checked
    def __init__(
        self,
        data: PathText,
        *,
        weights: PathText | None = None,
        epochs: int = 15,
        seed: int = 0,
        images_per_step: int = 128,
        learning_rate: float = 1e-6,
        memory: int = MEMORY,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        for value, least, what in ((epochs, 1, "epochs"), (seed, 0, "seed"), (images_per_step, LEAST_BATCH, "a batch")):
            if value < least:
                raise DataError(f"{what} of {value} is too small", f"give at least {least}")
        if not learning_rate > 0:
            raise DataError(f"a learning rate of {learning_rate:g} teaches nothing", "give more than 0, such as 1e-6")
        compute_alone()
        self.n_epochs, self.seed = epochs, seed
        self.images_per_step, self.learning_rate = images_per_step, learning_rate
        source = find_undistorted(os.fspath(data))
        n = len(source)
        if n < images_per_step:
            raise DataError(
                f"{counted(n, 'undistorted image')} in '{os.fspath(data)}', a batch has {images_per_step}",
                f"use --batch {n}" if n >= LEAST_BATCH else f"give {LEAST_BATCH} or more, and --batch {LEAST_BATCH}",
            )
        self._model = read_clip(weights)
        self._start = fingerprint(self._model)
        self._prompts = embed_prompts(self._model, PROMPTS)
        paths = source.records["path"].to_pylist()
        # Of the size that the positions are for: 224 pixels a side.
        self._crops = Crops(paths, self._model.visual.image_size, source.read_bytes or read_image_bytes, memory)
        self._crops.prepare(on_progress)

    @property
    def steps_per_epoch(self) -> int:
        """Steps an epoch, all of them whole."""
        return len(self._crops) // self.images_per_step

    @property
    def images_per_epoch(self) -> int:
        """Images that the network sees in an epoch."""
        return self.steps_per_epoch * self.images_per_step

    @property
    def group_size(self) -> int:
        """Members of a group: one for 32 images of a batch."""
        return self.images_per_step // IMAGES_PER_MEMBER

    @cached_property
    def _data(self) -> str:
        return data_hash((one,) for one in self._crops.ids)

    def settings(self) -> dict[str, object]:
        """Return all that decides the result."""
        return {
            "encoder": self.name,
            "epochs": self.n_epochs,
            "seed": self.seed,
            "images_per_step": self.images_per_step,
            "group_size": self.group_size,
            "learning_rate": self.learning_rate,
            "warm_up_epochs": WARM_UP_EPOCHS,
            "temperature": TEMPERATURE,
            "prompts": " / ".join(PROMPTS),
            "start": self._start,
            "n_images": len(self._crops),
            "data": self._data,
        }

    def network(self) -> torch.nn.Module:
        """Return a copy of the image tower that training starts from, with a random layer that the seed decides."""
        return HighLevelNetwork(copy.deepcopy(self._model.visual), self._prompts.clone(), self.seed)

    def optimiser(self, network: torch.nn.Module) -> torch.optim.Optimizer:
        """Return Adam, without weight decay; the image tower alone has parameters."""
        return torch.optim.Adam(network.parameters(), lr=self.learning_rate)

    def schedule(self, optimiser: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
        """Return a linear warm-up from 0 over two and a half epochs, after which the rate stays."""
        warm_up = int(WARM_UP_EPOCHS * self.steps_per_epoch)
        return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, step / warm_up))

    def batch(self, epoch: int, step: int) -> Batch:
        """Return the crops of a step, (B, 3, H, W) uint8."""
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self._crops))
        chosen = order[step * self.images_per_step : (step + 1) * self.images_per_step]
        return {"pixels": torch.from_numpy(self._crops.take(chosen.tolist())).permute(0, 3, 1, 2)}

    def held_out(self) -> Iterable[Batch]:
        """Return none: the network itself makes the groups, so that a loss of others says nothing of their quality."""
        return ()

    def loss(self, network: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """Return the loss of a batch."""
        network = cast("HighLevelNetwork", network)
        embeddings = network(batch["pixels"]).float()
        with torch.autocast(embeddings.device.type, enabled=False):
            scores = prompt_scores(embeddings.detach(), network.prompts)
            best, worst = best_and_worst(scores, self.group_size)
            projected = network.project(embeddings)
            return group_loss(projected[best], projected[worst])

    def result(self, network: torch.nn.Module) -> dict[str, torch.Tensor]:
        """Return a whole CLIP: the image tower of the network, all else as it was."""
        trained = cast("HighLevelNetwork", network).tower.state_dict()
        tower = {f"visual.{name}": tensor for name, tensor in trained.items()}
        return {**self._model.state_dict(), **tower}

    def about(self) -> Mapping[str, str]:
        """Return what the model card says of this training."""
        size, n_padded = self._crops.size, self._crops.n_padded
        padded = f" {counted(n_padded, 'smaller image was', 'smaller images were')} filled up." if n_padded else ""
        return {
            "What this is": (
                "The high level of GRepQ (Srinath et al. 2024, arXiv:2312.04838): CLIP's RN50, 1024 numbers an image. "
                f"Its image tower was trained on, without any rating, to keep the {self.group_size} images of a batch "
                f'that the prompts "{PROMPTS[0]}" and "{PROMPTS[1]}" rank best apart from the {self.group_size} '
                "worst. The text tower is as it was."
            ),
            "Data": (
                f"{counted(len(self._crops), 'undistorted image')}, of each the {size} x {size} pixels in the middle, "
                f"at native size.{padded} The hash of their content is `{self._data}`. No image is in this file; the "
                "terms of the images decide what may be done with a network that was trained on them: say here which "
                f"they are. Training started from the weights of fingerprint `{self._start}`, whose licence counts, "
                "too (OpenAI's CLIP: MIT)."
            ),
            "Use": (
                "    quasar-index build NAME --data DATA --encoder grepq-high --weights FILE.safetensors\n"
                "    quasar-index score IMAGES --anchors text --encoder grepq-high --weights FILE.safetensors\n\n"
                "Images at native size, CLIP's mean and deviation, no positional embedding. The file is a whole CLIP "
                "in open_clip's layout, so that `--encoder clip-rn50` reads it, too."
            ),
            "Limits": (
                "What the prompts rank wrongly at the start is learned wrongly. Measure before you use it, beside "
                "`--encoder clip-rn50`:\n\n"
                "    quasar-index evaluate NAME --data RATED"
            ),
        }


def read_clip(weights: PathText | None) -> Any:
    """Return CLIP's RN50, on the CPU.

    Args:
        weights: A file; None for OpenAI's, from the hub.

    Raises:
        EncoderError: When it cannot be had.
    """
    if weights is None:
        try:
            file = fetch_from_hub(HUB_REPO, HUB_FILES, encoder="clip-rn50")
        except EncoderError as error:
            mend = f"download {HUB_FILES[0]} from there and give it by --weights, or run once with a connection"
            raise EncoderError(error.message, mend) from error
    else:
        file = weights_file(weights)
    import_torchvision()
    return read_model(ARCHITECTURE, file, quick_gelu=True)


def embed_prompts(model: Any, prompts: Sequence[str]) -> torch.Tensor:
    """Return (n, D) float32, raw."""
    import open_clip

    with torch.no_grad():
        embeddings: torch.Tensor = model.encode_text(open_clip.get_tokenizer(ARCHITECTURE)(list(prompts)))
    return embeddings.float()
