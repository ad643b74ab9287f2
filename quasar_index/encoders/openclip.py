"""CLIP and CoCa image towers, and their text towers, through open_clip.

The CLIP ResNets can run at any input size: their attention pool adds no positional embedding (the authors' default for
image quality) or an interpolated one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from ..arrays import FloatArray
from ..errors import EncoderError, first_line
from ..forks import compute_alone
from .spec import CLIP_MEAN, CLIP_STD, EncoderSpec, InputRule, Precision
from .torch_encoder import TorchEncoder, fingerprint
from .torchvision_ops import import_torchvision
from .weights import fetch_from_hub, weights_file

HUB_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")


class OpenClipEncoder(TorchEncoder):
    """An open_clip model: `forward` embeds images, `encode_text` embeds prompts in the same space.

    Attributes:
        logit_scale: The model's trained softmax scale (about 100 for trained models; exp of the parameter).
    """

    def __init__(
        self,
        spec: EncoderSpec,
        model: Any,
        architecture: str,
        device: torch.device,
        precision: Precision,
        *,
        n_images: int | None = None,
    ) -> None:
        super().__init__(spec, model.encode_image, device, precision, n_images=n_images, module=model.visual)
        self._model = model
        self._architecture = architecture
        self.logit_scale = float(model.logit_scale.detach().exp())

    @cached_property
    def _tokenizer(self) -> Any:
        """The tokenizer; made when texts are embedded, for some models' come from the hub or need `transformers`."""
        import open_clip

        try:
            return open_clip.get_tokenizer(self._architecture)
        except Exception as error:
            raise EncoderError(
                f"the tokenizer of '{self.spec.name}' cannot be had here ({first_line(error)})",
                "install transformers and run once with a connection, or use --encoder clip-rn50",
            ) from error

    @torch.inference_mode()
    def encode_text(self, texts: Sequence[str]) -> FloatArray:
        """Embed texts.

        Args:
            texts: n strings.

        Returns:
            (n, D) float32, raw.

        Raises:
            EncoderError: When the model's tokenizer cannot be had.
        """
        compute_alone()
        tokens = self._tokenizer(list(texts)).to(self.device)
        embeddings: torch.Tensor = self._model.encode_text(tokens)
        return embeddings.float().cpu().numpy()


def load(
    name: str,
    architecture: str,
    pretrained: str,
    *,
    positional_embedding: bool = True,
    rule: InputRule | None = None,
    resize: tuple[str, int] | None = None,
    weights: Path | None = None,
    device: torch.device,
    precision: Precision = "auto",
    n_images: int | None = None,
) -> OpenClipEncoder:
    """Load an open_clip model.

    Activation (QuickGELU) and normalisation follow the pretrained tag, also where a file gives the weights.

    Args:
        name: Name for the spec and for messages.
        architecture: open_clip's model name, such as "RN50".
        pretrained: open_clip's tag, such as "openai"; may be empty when `weights` is given, then the architecture's own
            activation and CLIP's normalisation hold.
        positional_embedding: For the CLIP ResNets: whether the attention pool adds (interpolated) positions.
        rule: Input rule; None for the default of `resize` or the tag.
        resize: Kind and size of the default rule; None for the standard crop at the model's size.
        weights: Weights file; None for the hub.
        device: Where it runs.
        precision: See `TorchEncoder`.
        n_images: See `TorchEncoder`.

    Returns:
        The encoder.

    Raises:
        EncoderError: On an unknown model or tag, or weights that do not fit or cannot be had.
    """
    import_torchvision()
    import open_clip

    if architecture not in open_clip.list_models():
        raise EncoderError(f"open_clip has no model '{architecture}'", _near(architecture, open_clip.list_models()))
    config = open_clip.get_pretrained_cfg(architecture, pretrained) if pretrained else {}
    if pretrained and not config:
        tags = open_clip.list_pretrained_tags_by_model(architecture)
        raise EncoderError(f"open_clip's {architecture} has no tag '{pretrained}'", f"use one of {', '.join(tags)}")
    if weights is None:
        if not config:
            raise EncoderError(f"'{name}' names no weights", f"write {name}/TAG, or give a file by --weights")
        repo, _, file = config["hf_hub"].rpartition("/")
        weights = fetch_from_hub(repo, (file,) if file else HUB_FILES, encoder=name)
        given = ""
    else:
        weights = weights_file(weights)
        given = str(weights)
    model = read_model(architecture, weights, quick_gelu=bool(config.get("quick_gelu", False))).to(device)
    size = open_clip.get_model_preprocess_cfg(model).get("size", 224)
    pixels = int(size if isinstance(size, int) else size[0])
    is_resnet = isinstance(model.visual, open_clip.modified_resnet.ModifiedResNet)
    if is_resnet:
        free_attention_pool(model.visual.attnpool, positional_embedding=positional_embedding)
    kind, default_size = resize or ("squash" if config.get("resize_mode") == "squash" else "crop", pixels)
    default = InputRule(
        kind,  # type: ignore[arg-type]
        default_size,
        interpolation=config.get("interpolation", "bicubic"),
        mean=tuple(config.get("mean", CLIP_MEAN)),
        std=tuple(config.get("std", CLIP_STD)),
        min_side=32 if is_resnet else 1,
    )
    rule = rule or default
    if not is_resnet and (rule.resize not in ("crop", "squash") or rule.size != pixels):
        raise EncoderError(f"'{name}' takes {pixels} x {pixels} pixels, not {rule}", f"use --input crop-{pixels}")
    spec = EncoderSpec(
        name=name,
        dim=int(open_clip.get_model_config(architecture)["embed_dim"]),
        # The attention pool's positions are part of what decides an embedding, though not of the weights.
        fingerprint=fingerprint(model.visual) + ("" if positional_embedding else "-nopos"),
        input=replace(rule, min_side=default.min_side),
        weights=given,
    )
    return OpenClipEncoder(spec, model, architecture, device, precision, n_images=n_images)


def read_model(architecture: str, weights: Path, *, quick_gelu: bool) -> Any:
    """Build a model with the weights of a file, for use and not for training.

    Raises:
        EncoderError: When the file does not hold them.
    """
    import open_clip

    model = create_model(architecture, quick_gelu=quick_gelu)
    try:
        # open_clip's own loader: it knows the layouts of OpenAI, Apple and Hugging Face files.
        open_clip.load_checkpoint(model, str(weights), strict=True, weights_only=True)
    except Exception as error:
        raise EncoderError(
            f"'{weights}' does not hold the weights of open_clip's {architecture} ({first_line(error)})",
            "give a safetensors file or a state dict of this very architecture",
        ) from error
    return model.eval().requires_grad_(False)


def create_model(architecture: str, *, quick_gelu: bool) -> Any:
    """Build a model without weights, quietly: that it starts out random is known, the loader fills it strictly."""
    import open_clip

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # open_clip logs to the root logger
    try:
        return open_clip.create_model(
            architecture, pretrained=None, force_quick_gelu=quick_gelu, pretrained_text=False, device="cpu"
        )
    except Exception as error:  # such as a text tower that needs a package or a configuration from the hub
        raise EncoderError(
            f"open_clip cannot make its {architecture} here ({first_line(error)})", "install what it names"
        ) from error
    finally:
        root.setLevel(level)


def free_attention_pool(pool: Any, *, positional_embedding: bool) -> None:
    """Let a CLIP ResNet's attention pool take feature maps of any size.

    Args:
        pool: open_clip's `AttentionPool2d`.
        positional_embedding: Whether positions are added, bicubically interpolated from the trained square grid.
    """

    def forward(features: torch.Tensor) -> torch.Tensor:
        _, _, height, width = features.shape
        tokens = features.flatten(2).permute(2, 0, 1)  # (H W, B, C)
        tokens = torch.cat([tokens.mean(dim=0, keepdim=True), tokens])
        if positional_embedding:
            tokens = tokens + _positions(pool.positional_embedding, height, width)[:, None, :].to(tokens.dtype)
        pooled, _ = functional.multi_head_attention_forward(
            query=tokens[:1],  # only the pooled token's output is used
            key=tokens,
            value=tokens,
            embed_dim_to_check=tokens.shape[-1],
            num_heads=pool.num_heads,
            in_proj_weight=None,
            in_proj_bias=torch.cat([pool.q_proj.bias, pool.k_proj.bias, pool.v_proj.bias]),
            bias_k=None,
            bias_v=None,
            add_zero_attn=False,
            dropout_p=0.0,
            out_proj_weight=pool.c_proj.weight,
            out_proj_bias=pool.c_proj.bias,
            use_separate_proj_weight=True,
            q_proj_weight=pool.q_proj.weight,
            k_proj_weight=pool.k_proj.weight,
            v_proj_weight=pool.v_proj.weight,
            training=False,
            need_weights=False,
        )
        return pooled[0]

    pool.forward = forward


def _positions(embedding: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Interpolate (1 + S*S, C) positions, the pooled token's first, to a grid of (height, width)."""
    side = int((embedding.shape[0] - 1) ** 0.5)
    if (height, width) == (side, side):
        return embedding
    grid = embedding[1:].T.reshape(1, -1, side, side)
    grid = functional.interpolate(grid, size=(height, width), mode="bicubic", align_corners=False)
    return torch.cat([embedding[:1], grid[0].flatten(1).T])


def _near(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=3, cutoff=0.4)
    return f"did you mean {' or '.join(near)}?" if near else "see open_clip.list_models()"
