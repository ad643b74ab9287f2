"""Image backbones of timm (DINOv2 and any other): the pooled features before the classifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..errors import EncoderError, first_line
from .spec import EncoderSpec, InputRule, Precision
from .torch_encoder import TorchEncoder, fingerprint
from .torchvision_ops import import_torchvision
from .weights import fetch_from_hub, load_state_dict, weights_file


def load(
    name: str,
    architecture: str,
    *,
    rule: InputRule | None = None,
    resize: tuple[str, int] | None = None,
    weights: Path | None = None,
    device: torch.device,
    precision: Precision = "auto",
    n_images: int | None = None,
) -> TorchEncoder:
    """Load a timm model without its classifier.

    Args:
        name: Name for the spec and for messages.
        architecture: timm's model name with its tag, such as "vit_large_patch14_dinov2.lvd142m".
        rule: Input rule; None for the default of `resize` or of timm's configuration.
        resize: Kind and size of the default rule; None for a central crop at timm's input size.
        weights: Weights file; None for the hub.
        device: Where it runs.
        precision: See `TorchEncoder`.
        n_images: See `TorchEncoder`.

    Returns:
        The encoder. A transformer with a class token gives that token after its last norm (DINOv2: `x_norm_clstoken`),
        a CNN its global average.

    Raises:
        EncoderError: On an unknown model, or weights that do not fit or cannot be had.
    """
    import_torchvision()
    from timm.models import get_pretrained_cfg, is_model, split_model_name_tag

    base, _ = split_model_name_tag(architecture)
    if not is_model(base):
        raise EncoderError(f"timm has no model '{base}'", f"see timm.list_models('*{base.split('_')[0]}*')")
    try:
        config = get_pretrained_cfg(architecture)
    except RuntimeError as error:
        raise EncoderError(str(error), f"see timm.list_pretrained('{base}*')") from None
    if weights is None:
        if config is None or not config.hf_hub_id:
            raise EncoderError(f"timm publishes no weights for '{architecture}'", "give a file by --weights")
        names = (config.hf_hub_filename,) if config.hf_hub_filename else ("model.safetensors", "pytorch_model.bin")
        file, given = fetch_from_hub(config.hf_hub_id, names, encoder=name), ""
    else:
        file = weights_file(weights)
        given = str(file)
    default = _default_rule(config, resize)
    rule = rule or default
    options: dict[str, Any] = {}
    if config is not None and config.fixed_input_size:
        # A transformer with a fixed grid is built for the rule's size; timm interpolates its positions on loading.
        if rule.resize != "crop":
            raise EncoderError(f"'{name}' takes square input, not {rule}", f"use --input crop-{default.size}")
        options["img_size"] = rule.size
    state = load_state_dict(file)
    try:
        model = _create(architecture, state, options)
    except Exception as error:
        raise EncoderError(
            f"'{file}' does not hold the weights of timm's {architecture} ({first_line(error)})",
            "give a safetensors file or a state dict of this very architecture",
        ) from error
    model.eval().requires_grad_(False).to(device)
    with torch.inference_mode():
        side = rule.size or 224
        dim = int(model(torch.zeros(1, 3, side, side, device=device)).shape[1])
    spec = EncoderSpec(
        name=name,
        dim=dim,
        fingerprint=fingerprint(model),
        input=replace(rule, min_side=default.min_side),
        weights=given,
    )
    return TorchEncoder(spec, model, device, precision, n_images=n_images)


def _create(architecture: str, state: dict[str, Any], options: dict[str, Any]) -> torch.nn.Module:
    """Build a model without its classifier and fill all of it; what the file has beyond it (the classifier) is left.

    timm tolerates missing weights as soon as the number of classes differs, so it is told that the file has none.
    """
    import timm

    overlay: dict[str, Any] = {"state_dict": state, "num_classes": 0, "label_offset": 0}
    config = timm.models.get_pretrained_cfg(architecture)
    classifiers = (config.classifier if config is not None else None) or ()
    for classifier in (classifiers,) if isinstance(classifiers, str) else classifiers:
        for part in ("weight", "bias"):
            state.pop(f"{classifier}.{part}", None)

    def build() -> torch.nn.Module:
        # The loader may change the dictionary.
        model: torch.nn.Module = timm.create_model(
            architecture,
            pretrained=True,
            pretrained_cfg_overlay={**overlay, "state_dict": dict(state)},
            num_classes=0,
            **options,
        )
        return model

    try:
        return build()
    except RuntimeError as error:
        if "Unexpected key" not in str(error) or "Missing key" in str(error):
            raise
    del overlay["num_classes"]  # nothing is missing: more layers than the classifier's own go
    return build()


def _default_rule(config: Any, resize: tuple[str, int] | None) -> InputRule:
    """Return the rule of a timm configuration; its `crop_pct` margin is left out, as CLIP's pipelines do."""
    kind, size = resize or ("crop", int(config.input_size[-1]) if config is not None else 224)
    return InputRule(
        kind,  # type: ignore[arg-type]
        size,
        interpolation="bilinear" if config is not None and config.interpolation == "bilinear" else "bicubic",
        mean=tuple(config.mean) if config is not None else (0.485, 0.456, 0.406),
        std=tuple(config.std) if config is not None else (0.229, 0.224, 0.225),
        min_side=32,
    )
