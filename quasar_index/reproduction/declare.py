"""What an experiment of the paper is, as data: anchors, encoder, preprocessing, aggregation, test set and split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..methods.mean import Mean
from ..methods.method import Method

QUASAR = "QUASAR, Kastryulin et al. 2024, arXiv:2403.06866 (published SRCC are absolute values)"
GREPQ = "GRepQ, Srinath et al. 2024, arXiv:2312.04838"
PRISTINE = "pristine"
"""In place of an anchor data set: undistorted photographs of the user's, whose patches are the anchors."""
FIGURE_ONLY = "figure only: the value is drawn, not printed"


@dataclass(frozen=True)
class PublishedFigure:
    """A published figure.

    Attributes:
        value: SRCC as printed (the authors report its absolute value); None where it is only drawn.
        source: Where it stands.
    """

    value: float | None = None
    source: str = FIGURE_ONLY


@dataclass(frozen=True)
class Experiment:
    """One cell of a table, or one point of a figure.

    Attributes:
        panel: Part of the figure, such as "a"; empty for a table.
        series: Row of the table, or line of the figure.
        test: Test data set, by its name in the registry.
        split: Its split; None for all of its rated images.
        encoder: Name of the encoder.
        anchors: Anchor data set, or `PRISTINE`; None for a pair of prompts (CLIP-IQA), or for labels of the test set
            itself.
        prompts: Name of the pair of prompts (`PROMPT_PAIRS`), where there are no other anchors.
        prompt_encoder: Encoder of the prompts of a method that has some; None for that of the images.
        n_labels: Labels that are drawn from a part of the test set and are the anchors of the rest; None where it has
            none (see `few_labels_of_images`).
        anchor_input: Input rule of the anchors, in its short form; None for the encoder's default.
        test_input: Input rule of the test images.
        method: What the anchors are scored by.
        fraction: Random part of the anchors, in (0, 1] (see `AnchorTable.subsample`).
        n_draws: Random draws of that part, whose SRCC is averaged; or of the labels, of whose SRCC it is the median.
        x: Place on the figure's axis; None for a table.
        published: What the paper reports.
        note: What the paper leaves open here.
        replaces: The paper's encoder, where another one was put in its place; empty otherwise.
        changed: How it differs from the paper's setting otherwise, where published embeddings stand in for it.
    """

    series: str
    test: str
    encoder: str
    split: str | None = None
    panel: str = ""
    anchors: str | None = None
    prompts: str = "quality"
    prompt_encoder: str | None = None
    n_labels: int | None = None
    anchor_input: str | None = None
    test_input: str | None = None
    method: Method = field(default_factory=lambda: Mean(space="raw"))
    fraction: float = 1.0
    n_draws: int = 1
    x: float | str | None = None
    published: PublishedFigure = field(default_factory=PublishedFigure)
    note: str = ""
    replaces: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaperProtocol:
    """A table or figure of the paper.

    Attributes:
        name: "TABLE1", "FIG4", ..., "ADAPTIVE", "GREPQ-FEW" or "GREPQ-ZERO".
        title: What it shows.
        experiments: Its cells or points.
        x_label: What varies within a series; empty for a table.
        keeps_input: Whether the input rules are what varies, so that a substituted encoder takes them, too.
        others: Printed figures of other methods or settings, which are not run here: method -> test set -> figure.
        notes: What the paper leaves open, and how it is declared here.
        paper: The paper.
    """

    name: str
    title: str
    experiments: tuple[Experiment, ...]
    x_label: str = ""
    keeps_input: bool = False
    others: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    paper: str = QUASAR
