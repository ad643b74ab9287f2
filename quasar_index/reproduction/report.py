"""What a reproduction found: one result an experiment, and what is missing with how to get it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from ..arguments import checked
from .declare import Experiment, PaperProtocol

Status: TypeAlias = Literal["ran", "planned", "missing", "failed"]


@dataclass(frozen=True)
class MissingInput:
    """A data set or weights that are not there.

    Attributes:
        name: Of the data set or the encoder.
        kind: "data set" or "weights".
        reason: What was looked for, in one line.
        how: How to get it, in lines.
    """

    name: str
    kind: Literal["data set", "weights"]
    reason: str
    how: tuple[str, ...]


@dataclass(frozen=True)
class Measurement:
    """An SRCC that was measured.

    Attributes:
        srcc: Signed; the mean over draws, or the median over draws of labels.
        low: Lower end of the 95 % bootstrap interval; None with several draws, and for too few images.
        high: Upper end.
        spread: Standard deviation over random draws of the anchors; None for a single one.
        n: Test images that were scored; the median over draws of labels, which test on a part of them.
        n_anchors: Anchors that made the centroids; 2 for a pair of prompts; labels that were drawn.
        n_groups: References that were resampled as wholes, or never divided; None where images were.
        n_overlap: Test images that are anchors themselves.
        low_quartile: Of the SRCC over draws of labels; else None.
        high_quartile: Likewise.
        plcc: Median PLCC over draws of labels, signed; else None.
    """

    srcc: float
    low: float | None
    high: float | None
    spread: float | None
    n: int
    n_anchors: int
    n_groups: int | None = None
    n_overlap: int = 0
    low_quartile: float | None = None
    high_quartile: float | None = None
    plcc: float | None = None


@dataclass(frozen=True)
class ExperimentResult:
    """One experiment, and what became of it.

    Attributes:
        experiment: As it was run: with another encoder where one was substituted.
        status: "ran"; "planned", in a dry run; "missing", where data or weights are; or "failed".
        measured: The figure; None unless it ran.
        reasons: Why it did not run; or, in a dry run, what would be done.
        flags: How it differs from the paper's protocol.
    """

    experiment: Experiment
    status: Status
    measured: Measurement | None = None
    reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data: the declaration, the published figure and ours."""
        one = self.experiment
        return {
            "panel": one.panel,
            "series": one.series,
            "x": one.x,
            "test": one.test,
            "split": one.split,
            "test_input": one.test_input,
            "encoder": one.encoder,
            "anchors": one.anchors,
            "anchor_input": one.anchor_input,
            "method": "prompts" if one.anchors is None and one.n_labels is None else str(one.method),
            "n_labels": one.n_labels,
            "fraction": one.fraction,
            "n_draws": one.n_draws,
            "published": one.published.value,
            "published_source": one.published.source,
            "note": one.note,
            "status": self.status,
            "measured": None if self.measured is None else asdict(self.measured),
            "reasons": list(self.reasons),
            "flags": list(self.flags),
        }


@dataclass(frozen=True)
class Reproduction:
    """A table or figure of the paper, side by side with ours.

    Attributes:
        protocol: Its declaration.
        results: One an experiment that was asked for, in the declared order.
        missing: What is not there.
        indexes: Folder of the indexes and results.
    """

    protocol: PaperProtocol
    results: tuple[ExperimentResult, ...]
    missing: tuple[MissingInput, ...]
    indexes: str

    @checked
    def count(self, status: Status) -> int:
        """Return the number of experiments with a status."""
        return Counter(result.status for result in self.results)[status]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "protocol": self.protocol.name,
            "title": self.protocol.title,
            "source": self.protocol.paper,
            "notes": list(self.protocol.notes),
            "indexes": self.indexes,
            "results": [result.to_dict() for result in self.results],
            "missing": [asdict(one) for one in self.missing],
            "others": {name: dict(values) for name, values in self.protocol.others.items()},
        }
