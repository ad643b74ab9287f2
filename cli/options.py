"""Options that several commands share, declared once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer

from . import completing

Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:i.", rich_help_panel="Encoder")]
Weights = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Weights of the encoder (safetensors, or a state dict); for grepq the folder of its two files.",
        rich_help_panel="Encoder",
    ),
]
BatchSize = Annotated[int, typer.Option(min=1, help="Most images in one forward pass.", rich_help_panel="Encoder")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Decoding threads; default: one a core.", rich_help_panel="Encoder")
]
MaxPixels = Annotated[
    int,
    typer.Option(min=1, help="Largest image that is decoded, in pixels.", rich_help_panel="Encoder"),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache", help="Embed known images again, and keep nothing (see 'cache').", rich_help_panel="Encoder"
    ),
]
ScoreColumn = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Score column of a label file; default: found by its name. Given again: further ratings, for --rating. "
        "COLUMN:lower where lower is better.",
        rich_help_panel="Data",
    ),
]
ImageColumn = Annotated[
    str | None, typer.Option(help="Image column of a label file; default: found by its name.", rich_help_panel="Data")
]
LowerIsBetter = Annotated[
    bool,
    typer.Option(
        "--lower-is-better", help="A lower score is a better image (DMOS); of the first column.", rich_help_panel="Data"
    ),
]
Threshold = Annotated[
    str | None,
    typer.Option(
        metavar="SCORE",
        help="Score that divides good from bad: good is better than it; default: the median. COLUMN:SCORE of a further "
        "rating, with commas between them.",
        rich_help_panel="Data",
    ),
]
Index = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Name, path or address of an index.", autocompletion=completing.indexes),
]
IndexVersion = Annotated[
    str | None,
    typer.Option(
        "--version",
        metavar="N|TAG",
        help="Version of the index, by number or tag (see 'quasar-index history'); default: the current one.",
        rich_help_panel="Anchors",
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="SQL",
        help="Only anchors for which this SQL condition holds, such as \"dataset = 'live' AND score > 3\".",
        rich_help_panel="Anchors",
    ),
]
Rating = Annotated[
    str | None,
    typer.Option(
        "--rating",
        metavar="NAME",
        help="Opinion score that divides the anchors (see 'info'); default: the first.",
        rich_help_panel="Anchors",
    ),
]
Ratings = Annotated[
    list[str] | None,
    typer.Option(
        "--rating",
        metavar="NAME",
        help="Opinion score that divides the anchors, where they have several (see 'info'); default: the first. "
        "Given again: a score for each, score_NAME.",
        rich_help_panel="Anchors",
    ),
]
Ratio = Annotated[float, typer.Option(help="Random part of the anchors to use.", rich_help_panel="Anchors")]
Exclude = Annotated[
    str | None,
    typer.Option(
        metavar="RULE",
        help="Anchors that do not score an image: same-image, same-reference or group=COLUMN.",
        rich_help_panel="Protocol",
    ),
]
ExcludeGlobs = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="GLOB",
        help="Leave out of folders and globs, as .gitignore does: '*_small.jpg', 'raw/', 'trip/**/old'; repeatable.",
    ),
]
AllowOverlap = Annotated[
    bool,
    typer.Option("--allow-overlap", help="Let images score themselves; flagged.", rich_help_panel="Protocol"),
]
Resamples = Annotated[
    int,
    typer.Option(min=40, help="Resamples of the bootstrap, over test groups.", rich_help_panel="Protocol"),
]
Layers = Annotated[
    str | None,
    typer.Option(
        help="stats or final of efficientnet-lite0 and -lite2, head or backbone of grepq-low and grepq.",
        rich_help_panel="Encoder",
    ),
]
InputRule = Annotated[
    str | None,
    typer.Option(
        "--input",
        help="native, crop-N, shorter-side=N or at-most=N; default: the encoder's.",
        rich_help_panel="Encoder",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class PrecisionChoice(str, Enum):
    """Arithmetic of the encoder."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"
    onnx = "onnx"
    openvino = "openvino"
    openvino_bf16 = "openvino-bf16"


Precision = Annotated[
    PrecisionChoice,
    typer.Option(
        help="auto: float32 in the runtime that starts and runs fastest; on CUDA also halves, where they agree "
        "(openvino: pip install -e '.\\[openvino]').",
        rich_help_panel="Encoder",
    ),
]
MAX_PIXELS = 89_478_485
"""`quasar_index.images.MAX_PIXELS`, repeated so that `--help` imports no image library; a test compares them."""


@dataclass(frozen=True)
class Labelling:
    """Options of all that reads labels."""

    score_column: ScoreColumn = None
    image_column: ImageColumn = None
    lower_is_better: LowerIsBetter = False

    def one_rating(self, why: str) -> None:
        """Refuse several score columns where there can be one."""
        if self.score_column and len(self.score_column) > 1:
            raise typer.BadParameter(f"give one --score-column: {why}")


@dataclass(frozen=True)
class Embedding:
    """Options of all that embeds images."""

    weights: Weights = None
    device: Device = "auto"
    precision: Precision = PrecisionChoice.auto
    batch_size: BatchSize = 16
    threads: Threads = None
    no_cache: NoCache = False
    max_pixels: MaxPixels = MAX_PIXELS

    @property
    def place(self) -> dict[str, Any]:
        """What decides whether an encoder can be loaded."""
        return {"weights": self.weights, "device": self.device}

    @property
    def loading(self) -> dict[str, Any]:
        """What an encoder is loaded with."""
        return {**self.place, "precision": self.precision.value}

    @cached_property
    def cache(self) -> Any:
        """The cache of embeddings; None where none is wanted."""
        import quasar_index as qi

        return None if self.no_cache else qi.EmbeddingCache()

    @property
    def running(self) -> dict[str, Any]:
        """What images are embedded with."""
        how = {"batch_size": self.batch_size, "n_workers": self.threads, "max_pixels": self.max_pixels}
        return {**how, "cache": self.cache}


LABELLING = tuple(one.name for one in fields(Labelling))
EMBEDDING = tuple(one.name for one in fields(Embedding))
RARE = frozenset(
    {
        *(*EMBEDDING, *LABELLING, "layers", "input_rule", "encoder", "cache", "log_format"),
        *("keep", "shard", "save_embeddings", "max_failures", "tolerate_truncated"),
        *("where", "version", "ratio", "seed", "seeds", "group", "stratify"),
        *("exclude", "allow_overlap", "folds", "resamples", "explain_top", "sample"),
        *("anchors", "prompts", "prompt_pair", "test_share", "by_seed", "sheet"),
        *("shrinkage", "shrinkages", "offsets"),
        *("neighbors", "balance", "relevance", "share", "gap_power", "candidates"),
        *("dtype", "anchors_per_shard", "distribution", "workers", "address", "shard_rows"),
        *("ready_cut", "patch_size", "sharpness", "colourfulness"),
        "verbose",
    }
)
"""Parameters that are rarely needed: `--help` of a command of many options leaves them out, `--help-all` shows them."""
