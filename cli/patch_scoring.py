"""What `score` and `evaluate` do otherwise where the method compares patches of images."""

from __future__ import annotations

import typer

import quasar_index as qi

from . import options


def check(
    method: qi.Method,
    encoder: str | None,
    embedding: options.Embedding,
    *,
    save_embeddings: str | None = None,
    report: str | None = None,
) -> str | None:
    """Find what stands against options beside the method.

    Returns:
        The encoder of its prompts, where the user named one beside that of the index.

    Raises:
        BadParameter: When an option is for embeddings of whole images.
        EncoderError: When the named encoder has no text tower.
    """
    if not isinstance(method, qi.methods.Patches):
        return None
    for option, value in (("--save-embeddings", save_embeddings), ("--report", report)):
        if value is not None:
            raise typer.BadParameter(f"{option} is for one embedding an image, and '{method}' makes one a patch")
    if encoder is not None and method.prompts:
        qi.encoders.check_encoder(encoder, for_texts=True, device=embedding.device)
        return encoder
    return None
