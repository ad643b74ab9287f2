"""The tables and figures of the QUASAR paper, run over the data sets and weights that are there."""

from __future__ import annotations

from .declare import Experiment, PaperProtocol, PublishedFigure
from .experiments import find_protocol, select_experiments
from .picture import draw_reproduction
from .protocols import PROTOCOLS
from .report import ExperimentResult, Measurement, MissingInput, Reproduction
from .run import reproduce

__all__ = [
    "PROTOCOLS",
    "Experiment",
    "ExperimentResult",
    "Measurement",
    "MissingInput",
    "PaperProtocol",
    "PublishedFigure",
    "Reproduction",
    "draw_reproduction",
    "find_protocol",
    "reproduce",
    "select_experiments",
]
