"""The registry of encoders; loading one by name or from the record of an index, which imports torch."""

from __future__ import annotations

import gc
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arguments import checked
from ..errors import AnchorIndexError, EncoderError
from ..forks import compute_alone
from ..paths import PathText
from ..plugins import package_text
from . import exported
from .entries import DEFAULT_ENCODER, ENCODERS, GREPQ_REPOSITORY, EncoderEntry, entry_of, no_texts
from .plugin import load_plugin
from .spec import RULE_VERSION, EncoderSpec, InputRule, Precision, parse_input
from .weights import weights_place

if TYPE_CHECKING:
    from .base import Encoder

_DEVICE = re.compile(r"auto|cpu|(?:cuda|mps|xpu)(?::\d+)?")


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
        weights: A file (for GRepQ's also a folder), which must be there.
        layers: Layers.
        input_rule: Input rule.
        device: Device; whether this machine has it, torch alone knows.
        for_texts: Whether it must have a text tower.

    Returns:
        Its entry of the registry.

    Raises:
        EncoderError: On an unknown name or option, or a weights file that is not there.
    """
    entry = entry_of(name)
    if for_texts and not entry.text:
        raise no_texts(name)
    if weights is not None:
        weights_place(weights, may_be_folder=entry.family == "grepq")
    if layers not in (None, *entry.layers):
        mend = f"use --layers {' or '.join(entry.layers)}" if len(entry.layers) > 1 else "drop --layers"
        raise EncoderError(f"'{name}' has no layers '{layers}'", mend)
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
    if spec.plugin and spec.name not in ENCODERS:
        package = package_text(spec.plugin)
        raise EncoderError(
            f"the encoder '{spec.name}' comes with a plugin that is not here{package and f': {package}'}",
            "install that package if you trust it, or rebuild the index with another encoder",
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
    entry = entry_of(name)
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
        weights: A safetensors file or state dict of the same architecture; None for the encoder's own source. GRepQ's
            also take a folder, in which files are found by what they hold; "grepq", of two files, takes a folder alone.
        layers: One of its `EncoderEntry.layers`; None for the first.
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
    if weights is None and entry.family == "grepq":
        what = "the folder of both" if name == "grepq" else "the file"
        raise EncoderError(
            f"the weights of '{name}' come with no package",
            f"take the authors' from the folder that {GREPQ_REPOSITORY} links, or train your own by 'quasar-index "
            f"train', and give {what} by --weights",
        )
    if weights is None and _may_use_onnx(device, precision):
        shipped = exported.shipped_tower(name, layers or entry.layers[0])
        if shipped is not None and (spec := _with_rule(shipped.spec, input_rule)) is not None:
            return _onnx_encoder(spec, shipped, precision, n_images)
    compute_alone()
    place = Path(weights).expanduser() if weights else None
    if entry.plugin is not None:
        return load_plugin(
            name, entry.plugin, entry.package, weights=place, layers=layers, input_rule=input_rule, device=device,
            precision=precision, n_images=n_images,
        )  # fmt: skip
    from . import efficientnet, grepq, openclip, timm_models
    from .torch_encoder import resolve_device

    common: dict[str, Any] = {
        "weights": place,
        "device": resolve_device(device),
        "precision": precision,
        "n_images": n_images,
    }
    if entry.family == "efficientnet":
        default = efficientnet.INPUT_RULES.get(layers or "stats", efficientnet.INPUT_RULES["stats"])
        rule = parse_input(input_rule, default) if isinstance(input_rule, str) else input_rule
        return efficientnet.load(name, layers=layers or "stats", rule=rule, **entry.options, **common)
    if entry.family == "grepq":
        rule = parse_input(input_rule, grepq.INPUT_RULES[name]) if isinstance(input_rule, str) else input_rule
        return grepq.load(name, layers=layers or entry.layers[0], rule=rule, **common)
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
    entry = entry_of(spec.name)
    if weights is None and _may_use_onnx(device, precision):
        found = exported.find_exported(spec)
        if found is not None and found.path is not None:
            return _onnx_encoder(replace(spec, runtime=""), found, precision, n_images)
    if weights is None and spec.weights and Path(spec.weights).exists():
        weights = spec.weights
    elif weights is None and entry.family == "grepq":
        raise EncoderError(
            f"the weights that the index was built with are no longer at '{spec.weights}'", "give them by --weights"
        )
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
