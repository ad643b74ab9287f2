"""GRepQ's encoders: `grepq-low`, `grepq-high`, and `grepq`, the two of them one behind the other.

GRepQ (Srinath et al. 2024, arXiv:2312.04838), as its authors' code uses it: images at native size; the low level sees
pixels / 255 without mean and deviation, the high level is CLIP's RN50 with CLIP's own and without positional embedding;
`grepq` is [high, low], raw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..arrays import FloatArray
from ..errors import EncoderError
from .grepq_networks import BACKBONE_DIM, HEAD_DIM
from .grepq_weights import POSITIONS, WeightsFile, check_tensors, find_clip, find_files, low_level
from .openclip import HUB_FILES, OpenClipEncoder, create_model, free_attention_pool, read_model
from .spec import CLIP_MEAN, CLIP_STD, EncoderSpec, InputRule, Precision
from .torch_encoder import TorchEncoder, fingerprint
from .weights import fetch_from_hub

PROMPT_SCALE = 10.0
"""1 / T of GRepQ's score by prompts: `sigmoid(10 (cos good - cos bad))`."""
HIGH_DIM = 1024
ARCHITECTURE = "RN50"
HUB_REPO = "timm/resnet50_clip.openai"
PLAIN = InputRule("none", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), min_side=32)
INPUT_RULES = {
    "grepq-low": PLAIN,
    "grepq-high": InputRule("none", mean=CLIP_MEAN, std=CLIP_STD, min_side=32),
    "grepq": PLAIN,
}


class HighLevelEncoder(OpenClipEncoder):
    """GRepQ's high level: `forward` embeds images, `encode_text` embeds prompts in the same space.

    Its texts are CLIP's own, which training leaves as they are.

    Args:
        spec: As in `OpenClipEncoder`, as are `device`, `precision` and `n_images`.
        model: A CLIP RN50.
        device: Device.
        precision: Precision.
        text_model: Returns the CLIP whose text tower is used; None where the model's own is right.
        n_images: Number of images.

    Attributes:
        logit_scale: GRepQ's 10, in place of CLIP's.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        model: Any,
        device: torch.device,
        precision: Precision,
        *,
        text_model: Callable[[], Any] | None = None,
        n_images: int | None = None,
    ) -> None:
        super().__init__(spec, model, ARCHITECTURE, device, precision, n_images=n_images)
        self.logit_scale = PROMPT_SCALE
        self._text_model = text_model

    def encode_text(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts (see `OpenClipEncoder.encode_text`); the authors' file holds no text tower, so CLIP's is fetched.

        Raises:
            EncoderError: When it cannot be had.
        """
        if self._text_model is not None:
            self._model, self._text_model = self._text_model(), None
        return super().encode_text(texts)


class PairedNetwork(torch.nn.Module):
    """The two networks, one behind the other: (B, 3, H, W) in [0, 1] to (B, 1024 + the low level's).

    Args:
        high: Takes pixels normalised by CLIP's mean and deviation, to (B, 1024).
        low: Takes them as they are.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, high: torch.nn.Module, low: torch.nn.Module) -> None:
        super().__init__()
        self.high, self.low = high, low
        for name, values in (("mean", CLIP_MEAN), ("std", CLIP_STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed."""
        return torch.cat([self.high((pixels - self.mean) / self.std), self.low(pixels)], dim=1)


class PairedEncoder(TorchEncoder):
    """GRepQ whole: (M, 1024 + 128), the high level's embedding and behind it the low level's, not normalised.

    Attributes:
        high: The high level alone, with its texts.
        low: The low level alone.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        high: HighLevelEncoder,
        low: TorchEncoder,
        device: torch.device,
        precision: Precision,
        *,
        n_images: int | None = None,
    ) -> None:
        assert high.module is not None  # noqa: S101 - for the type checker
        assert low.module is not None  # noqa: S101
        network = PairedNetwork(high.module, low.module).to(device)
        super().__init__(spec, network, device, precision, n_images=n_images)
        self.high = high
        self.low = low


def load(
    name: str,
    *,
    layers: str,
    rule: InputRule | None = None,
    weights: Path,
    device: torch.device,
    precision: Precision = "auto",
    n_images: int | None = None,
) -> TorchEncoder:
    """Load one of the three.

    Args:
        name: "grepq-low", "grepq-high" or "grepq".
        layers: "head" (128-d) or "backbone" (512-d) of the low level; "final" for "grepq-high".
        rule: Input rule; None for the authors': native size.
        weights: A file, or a folder in which files are found by what they hold; for "grepq" a folder.
        device: Where it runs.
        precision: See `TorchEncoder`.
        n_images: See `TorchEncoder`.

    Returns:
        The encoder; of "grepq" a `PairedEncoder`, of "grepq-high" a `HighLevelEncoder`.

    Raises:
        EncoderError: When the weights are not there or do not fit.
    """
    rule = replace(rule or INPUT_RULES[name], min_side=PLAIN.min_side)
    how: dict[str, Any] = {"device": device, "precision": precision, "n_images": n_images}
    if name == "grepq-low":
        (file,) = find_files(weights, "grepq-low")
        return _low(file, weights, layers, rule, **how)
    if name == "grepq-high":
        (file,) = find_files(weights, "grepq-high")
        return _high(file, weights, rule, **how)
    high_file, low_file = find_files(weights, "grepq-high", "grepq-low")
    low = _low(low_file, weights, layers, rule, **how)
    high = _high(high_file, weights, replace(rule, mean=CLIP_MEAN, std=CLIP_STD), **how)
    spec = EncoderSpec(
        name,
        high.spec.dim + low.spec.dim,
        f"{high.spec.fingerprint}+{low.spec.fingerprint}",
        input=rule,
        layers=layers,
        weights=str(weights),
    )
    return PairedEncoder(spec, high, low, **how)


def _low(
    file: WeightsFile,
    place: Path,
    layers: str,
    rule: InputRule,
    *,
    device: torch.device,
    precision: Precision,
    n_images: int | None,
) -> TorchEncoder:
    whole = low_level(file)
    network = (whole if layers == "head" else whole.backbone).to(device)
    dim = HEAD_DIM if layers == "head" else BACKBONE_DIM
    spec = EncoderSpec("grepq-low", dim, fingerprint(network), input=rule, layers=layers, weights=str(place))
    return TorchEncoder(spec, network, device, precision, n_images=n_images)


def _high(
    file: WeightsFile,
    place: Path,
    rule: InputRule,
    *,
    device: torch.device,
    precision: Precision,
    n_images: int | None,
) -> HighLevelEncoder:
    tensors = file.read()
    model = create_model(ARCHITECTURE, quick_gelu=True)
    is_whole = any(name.startswith("visual.") for name in tensors)
    filled = model if is_whole else model.visual
    free_attention_pool(model.visual.attnpool, positional_embedding=False)
    del model.visual.attnpool.positional_embedding  # it decides nothing, so the fingerprint leaves it out
    state = {name: tensor for name, tensor in tensors.items() if not name.endswith(POSITIONS)}
    check_tensors(state, filled.state_dict(), file)
    filled.load_state_dict(state)
    model.eval().requires_grad_(False).to(device)
    spec = EncoderSpec("grepq-high", HIGH_DIM, fingerprint(model.visual), input=rule, weights=str(place))

    def text_model() -> Any:
        clip = find_clip(place) or _fetch_clip(file)
        return read_model(ARCHITECTURE, clip, quick_gelu=True).to(device)

    return HighLevelEncoder(
        spec, model, device, precision, text_model=None if is_whole else text_model, n_images=n_images
    )


def _fetch_clip(file: WeightsFile) -> Path:
    try:
        return fetch_from_hub(HUB_REPO, HUB_FILES, encoder="clip-rn50")
    except EncoderError as error:
        raise EncoderError(
            f"'{file.path}' holds no text tower, and {error.message}",
            f"put {HUB_FILES[0]} from there beside it and give the folder by --weights, or run once with a connection",
        ) from error
