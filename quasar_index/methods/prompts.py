"""Text anchors, the CLIP-IQA baseline: the two centroids are embedded antonym prompts.

The score is that of image anchors, `sigmoid((cos(x, t_good) - cos(x, t_bad)) / T)`, with 1 / T the model's trained
softmax scale (about 100). The encoder `grepq-high` has GRepQ's 10 instead, so the prompts `grepq` give the score of
GRepQ's high level.
"""

from __future__ import annotations

from ..anchors import AnchorTable
from ..arguments import checked
from ..encoders.base import Encoder, TextEncoder
from ..encoders.entries import no_texts
from ..own_anchors import make_anchors

PROMPT_PAIRS: dict[str, tuple[str, str]] = {
    "quality": ("Good photo.", "Bad photo."),
    "brightness": ("Bright photo.", "Dark photo."),
    "noisiness": ("Clean photo.", "Noisy photo."),
    "colorfulness": ("Colorful photo.", "Dull photo."),
    "sharpness": ("Sharp photo.", "Blurry photo."),
    "contrast": ("High contrast photo.", "Low contrast photo."),
    "complexity": ("Complex photo.", "Simple photo."),
    "naturalness": ("Natural photo.", "Synthetic photo."),
    "happiness": ("Happy photo.", "Sad photo."),
    "scariness": ("Scary photo.", "Peaceful photo."),
    "newness": ("New photo.", "Old photo."),
    "warmth": ("Warm photo.", "Cold photo."),
    "realness": ("Real photo.", "Abstract photo."),
    "beauty": ("Beautiful photo.", "Ugly photo."),
    "loneliness": ("Lonely photo.", "Sociable photo."),
    "relaxation": ("Relaxing photo.", "Stressful photo."),
    "aesthetics": ("Aesthetic photo.", "Not aesthetic photo."),
    "grepq": ("a good photo.", "a bad photo."),
}
"""Named antonym pairs, the prompt whose side scores high first: those of CLIP-IQA, and that of GRepQ."""


@checked
def text_anchors(encoder: Encoder, good: str, bad: str) -> tuple[AnchorTable, float]:
    """Embed a pair of antonym prompts as the two anchors.

    Args:
        encoder: One with a text tower.
        good: The prompt of the good side.
        bad: Its antonym.

    Returns:
        An anchor table of two, and the temperature that belongs to it (1 / logit scale); for `Scorer` with
        `space="raw"`, as two texts span no space of images.

    Raises:
        EncoderError: When the encoder has no text tower.
    """
    if not isinstance(encoder, TextEncoder):
        raise no_texts(encoder.spec.name)
    anchors = make_anchors(encoder.encode_text([good, bad]), is_good=[True, False], ids=[good, bad])
    return anchors, 1.0 / encoder.logit_scale
