"""What `score` and `evaluate` do otherwise where the method compares patches of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer

import quasar_index as qi

from . import options


def settle(
    method: qi.Method | None,
    indexes: Sequence[qi.AnchorIndex],
    encoder: str | None,
    embedding: options.Embedding,
    *,
    save_embeddings: str | None = None,
    report: str | None = None,
) -> tuple[qi.Method, str | None] | None:
    """Settle on a method of patches, and find what stands against other options beside it.

    Args:
        method: What the user named; None for nothing.
        indexes: Of the anchors.
        encoder: What the user named.
        embedding: Further options of it.
        save_embeddings: File of `--save-embeddings`.
        report: File of `--report`.

    Returns:
        The method, and the encoder of its prompts where the user named one beside that of the index; None where whole
        images are scored.

    Raises:
        BadParameter: When an option is for embeddings of whole images.
        EncoderError: When the named encoder has no text tower.
    """
    if method is None and all(one.manifest.patch_size is not None for one in indexes):
        method = qi.methods.Patches()
    if not isinstance(method, qi.methods.Patches):
        return None
    for option, value in (("--save-embeddings", save_embeddings), ("--report", report)):
        if value is not None:
            raise typer.BadParameter(f"{option} is for one embedding an image, and '{method}' makes one a patch")
    if encoder is None or not method.prompts:
        return method, None
    qi.encoders.check_encoder(encoder, for_texts=True, device=embedding.device)
    return method, encoder


def load_prompting(name: str | None, how: Mapping[str, Any]) -> qi.Encoder | None:
    """Load the encoder of prompts, whose weights are not those that a user names for the index; None without one."""
    return None if name is None else qi.load_encoder(name, **{**how, "weights": None})
