"""The protocols of GRepQ (Srinath et al. 2024, arXiv:2312.04838): few labels, and none.

Settings are those of the authors' public code (github.com/suhas-srinath/GRepQ, `get_concatenated_features.py`,
`Evaluation/`), which lists LIVE in the Wild, its seven training images among them, and KonIQ-10k; the other test sets
are ours. The code holds no split, seed or figure. No figure of the paper is entered, as none could be checked against
its text.
"""

from __future__ import annotations

from dataclasses import replace

from ..methods.mean import Mean
from ..methods.method import Method
from ..methods.patches import Patches
from ..methods.ridge import Ridge
from .declare import GREPQ, PRISTINE, Experiment, PaperProtocol, PublishedFigure

AUTHORS_TESTS = ("livewild", "koniq10k")
OUR_TESTS = ("flive", "spaq", "pipal", "kadid10k", "tid2013", "csiq", "live")
N_LABELS = (50, 100, 200)
N_DRAWS = 10
LEVELS = {"grepq": "", "grepq-high": ", high level", "grepq-low": ", low level"}
"""The encoders, and how a series says which of them it is of."""

_REGRESSION = Ridge(rescale=False, space="raw")
_UNCHECKED = PublishedFigure(None, "not entered, as it could not be checked against the paper's text")
_NOT_THEIRS = PublishedFigure(None, "not in the paper")
_RESIZED = "the authors resize 1024.JPG and 1113.JPG to 500 x 500"
_OUR_TEST = "a test set that the authors' code does not list"


def _point(test: str, encoder: str, method: Method, n_labels: int) -> Experiment:
    is_theirs = method == _REGRESSION
    return Experiment(
        f"GRepQ{LEVELS[encoder]}" if is_theirs else "mean, closed form",
        test,
        encoder,
        test_input="native",
        method=method,
        n_labels=n_labels,
        n_draws=N_DRAWS,
        x=str(n_labels),
        published=_UNCHECKED if is_theirs else _NOT_THEIRS,
        note=_note(test),
    )


def few_labels_protocol() -> PaperProtocol:
    """Declare ridge regression on both levels and on each alone, and our default method on both."""
    tried: list[tuple[str, Method]] = [*((encoder, _REGRESSION) for encoder in LEVELS), ("grepq", Mean())]
    return PaperProtocol(
        "GREPQ-FEW",
        "GRepQ with few labels: ridge regression on the features as they are",
        tuple(
            _point(test, encoder, method, number)
            for test in (*AUTHORS_TESTS, *OUR_TESTS)
            for encoder, method in tried
            for number in N_LABELS
        ),
        x_label="labels",
        notes=(
            "published split unknown: the authors give neither split nor seed",
            f"here {N_DRAWS} seeded splits, 20% of the images to test on, versions of one reference never divided",
            "the authors tune alpha within 0.1, 1, 10 and 100; here the labels choose it, one left out at a time",
        ),
        paper=GREPQ,
    )


def zero_shot_protocol() -> PaperProtocol:
    """Declare the sum of both levels, each alone, and the prompts of the CLIP model that the high level came from."""
    experiments = []
    for test in (*AUTHORS_TESTS, *OUR_TESTS):
        high = Experiment(
            "prompts alone",
            test,
            "grepq-high",
            test_input="native",
            prompts="grepq",
            published=_UNCHECKED,
            note=_note(test),
        )
        low = replace(high, series="patch distance alone", encoder="grepq-low", anchors=PRISTINE, method=Patches())
        experiments += [
            replace(low, series="GRepQ", method=Patches(prompts=True), prompt_encoder="grepq-high"),
            low,
            high,
            replace(high, series="prompts alone, before training", encoder="clip-rn50", published=_NOT_THEIRS),
        ]
    return PaperProtocol(
        "GREPQ-ZERO",
        "GRepQ without labels: the distance to pristine patches plus the score of prompts",
        tuple(experiments),
        notes=(
            "the authors publish their pristine patches, not the photographs: here photographs below pristine/",
            "patches of 96 x 96 are chosen by sharpness 0.75 and colourfulness 0.80, as the authors' were",
        ),
        paper=GREPQ,
    )


def _note(test: str) -> str:
    return _OUR_TEST if test in OUR_TESTS else _RESIZED if test == "livewild" else ""
