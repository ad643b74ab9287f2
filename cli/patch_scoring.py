"""What `score` and `evaluate` do otherwise where the method compares patches of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

import quasar_index as qi

from . import options

PROMPTS_OF_GREPQ = "grepq-high"


class Settled(NamedTuple):
    """A method of patches, and the encoders that the user named.

    Attributes:
        method: The method.
        encoder: That of the index; None where the user named none.
        prompting: That of the prompts, beside the index's; None likewise.
    """

    method: qi.methods.Patches
    encoder: str | None = None
    prompting: str | None = None


def settle(
    method: qi.Method | None,
    indexes: Sequence[qi.AnchorIndex],
    encoder: str | None,
    embedding: options.Embedding,
    *,
    save_embeddings: str | None = None,
) -> Settled | None:
    """Settle on a method of patches, and find what stands against other options beside it.

    Args:
        method: What the user named; None for nothing.
        indexes: Of the anchors.
        encoder: What the user named.
        embedding: Further options of it.
        save_embeddings: File of `--save-embeddings`.

    Returns:
        What is wanted; None where whole images are scored. Of `grepq`, the low level is the index's and the high level
        has the prompts.

    Raises:
        BadParameter: When an option is for embeddings of whole images.
        EncoderError: When the named encoder has no text tower.
    """
    if method is None and all(one.manifest.patch_size is not None for one in indexes):
        method = qi.methods.Patches()
    if not isinstance(method, qi.methods.Patches):
        return None
    if save_embeddings is not None:
        raise typer.BadParameter(f"--save-embeddings is for one embedding an image, and '{method}' makes one a patch")
    if encoder is None or not method.prompts:
        return Settled(method, "grepq-low" if encoder == "grepq" else encoder)
    prompting = prompting_name(encoder) or encoder
    weights = embedding.weights if prompting == PROMPTS_OF_GREPQ else None
    qi.encoders.check_encoder(prompting, for_texts=True, weights=weights, device=embedding.device)
    return Settled(method, None, prompting)


def prompting_name(encoder: str | None) -> str | None:
    """Return what embeds prompts of a named encoder: the high level of `grepq`."""
    return PROMPTS_OF_GREPQ if encoder == "grepq" else encoder


def takes_prompts(methods: Sequence[qi.Method]) -> bool:
    """Say whether a method compares images with prompts."""
    return any(isinstance(one, qi.methods.Patches) and one.prompts for one in methods)


def own_loading(how: Mapping[str, Any], spec: qi.EncoderSpec, prompting: str | None) -> dict[str, Any]:
    """Return with what the encoder of an index is loaded, or checked.

    `--weights` beside `grepq-high` are of that; the index's own are where it recorded them, else also in that folder.
    """
    weights = how["weights"]
    if prompting != PROMPTS_OF_GREPQ or weights is None:
        return dict(how)
    is_moved = bool(spec.weights) and not Path(spec.weights).exists() and Path(weights).is_dir()
    return {**how, "weights": weights if is_moved else None}


def load_prompting(name: str | None, how: Mapping[str, Any], encoder: qi.Encoder) -> qi.Encoder:
    """Load the encoder of prompts.

    Args:
        name: What the user named beside the index's; None for what goes with that.
        how: With what it is loaded; its weights are of `grepq-high` alone, which else takes those of the index.
        encoder: That of the index.
    """
    if name is None:
        return qi.encoders.prompt_level(encoder)
    weights = how["weights"] or encoder.spec.weights or None
    return qi.load_encoder(name, **{**how, "weights": weights if name == PROMPTS_OF_GREPQ else None})
