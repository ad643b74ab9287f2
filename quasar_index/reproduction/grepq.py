"""The protocols of GRepQ (Srinath et al. 2024, arXiv:2312.04838): few labels, and none.

Settings are those of the authors' public code (github.com/suhas-srinath/GRepQ, `get_concatenated_features.py`,
`Evaluation/`), which lists LIVE in the Wild, its seven training images among them, and KonIQ-10k; the other test sets
are ours. The code holds no split, seed or figure. No figure of the paper is entered, as none could be checked against
its text.
"""

from __future__ import annotations

from ..methods.mean import Mean
from ..methods.method import Method
from ..methods.ridge import Ridge
from .declare import GREPQ, Experiment, PaperProtocol, PublishedFigure

AUTHORS_TESTS = ("livewild", "koniq10k")
OUR_TESTS = ("flive", "spaq", "pipal", "kadid10k", "tid2013", "csiq", "live")
N_LABELS = (50, 100, 200)
N_DRAWS = 10
LEVELS = {"grepq": "", "grepq-high": ", high level", "grepq-low": ", low level"}
"""The encoders, and how a series says which of them it is of."""

_REGRESSION = Ridge(rescale=False, space="raw")
_UNCHECKED = PublishedFigure(None, "not entered, as it could not be checked against the paper's text")
_NOT_THEIRS = PublishedFigure(None, "not in the paper")
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
        note=_OUR_TEST if test in OUR_TESTS else "",
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
    """Declare the high level's score by prompts, and that of the CLIP model which it was trained from."""
    experiments = []
    for test in (*AUTHORS_TESTS, *OUR_TESTS):
        for encoder, series, published in (
            ("grepq-high", "GRepQ, high level", _UNCHECKED),
            ("clip-rn50", "CLIP RN50, same prompts", _NOT_THEIRS),
        ):
            experiments.append(
                Experiment(
                    series,
                    test,
                    encoder,
                    test_input="native",
                    prompts="grepq",
                    published=published,
                    note=_OUR_TEST if test in OUR_TESTS else "",
                )
            )
    return PaperProtocol(
        "GREPQ-ZERO",
        "GRepQ without labels: the high level's prompts",
        tuple(experiments),
        notes=(
            "the low level's patch distance, and the sum of both, are not run: no data set here is of pristine patches",
        ),
        paper=GREPQ,
    )
