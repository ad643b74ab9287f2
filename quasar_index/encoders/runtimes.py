"""One runtime for all workers of a plan: what has been decided once is not tried again."""

from __future__ import annotations

from .base import Encoder


def fix_runtime(encoder: Encoder, runtime: str) -> None:
    """Let an encoder run in a runtime that an earlier run, or another machine, has decided for.

    Args:
        encoder: One of ours; one of a user's own has no choice to make, and stays as it is.
        runtime: Such as "onnx".

    Raises:
        EncoderError: When it embeds and that runtime cannot run it here.
    """
    fix = getattr(encoder, "fix_runtime", None)
    if fix is not None and encoder.spec.runtime != runtime:
        fix(runtime)
