"""`quasar-index train`: encoders of one's own, trained without ratings."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

import quasar_index as qi

from . import options
from .idle import Idle
from .output import interruptible, note, print_facts
from .progress import duration, progress_bar

EVERYDAY = ("seed", "device", "precision", "weights")
IDLE = (
    Idle(("similarity", "holdout"), lambda given: given["encoder"] != "grepq-low", "they are for sets of grepq-low"),
    Idle(("weights",), lambda given: given["encoder"] == "grepq-low", "grepq-low starts from random weights"),
)


class Trainable(str, Enum):
    """Encoders that can be trained."""

    grepq_low = "grepq-low"
    grepq_high = "grepq-high"


class SimilarityChoice(str, Enum):
    """How versions of an image are compared."""

    fsim = "fsim"
    ms_ssim = "ms-ssim"
    ssim = "ssim"
    gradient = "gradient"


class TrainingPrecision(str, Enum):
    """Arithmetic of a training."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"


def train(
    encoder: Annotated[
        Trainable, typer.Argument(metavar="ENCODER", help="The level that learns of distortions, or of two prompts.")
    ],
    *,
    data: Annotated[
        str,
        typer.Option(
            "--data",
            "-d",
            metavar="SPEC",
            help="Undistorted images with as many distorted versions each, such as of 'synthesize'; or a folder a set, "
            "one file of it named REF. grepq-high takes undistorted images alone, too.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="NAME.safetensors, or a folder; its card lies beside it."),
    ],
    epochs: Annotated[int, typer.Option(min=1, metavar="N", help="Passes over the data.")] = 15,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch", min=1, metavar="N", help="Sets, or images of grepq-high, in a step.", show_default="8, 128"
        ),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(metavar="RATE", help="The highest of all steps.", show_default="1e-4, 1e-6")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CLIP that grepq-high starts from.", show_default="OpenAI's"),
    ] = None,
    similarity: Annotated[
        SimilarityChoice,
        typer.Option(
            metavar="KIND",
            help="How alike versions are: fsim (as GRepQ), ms-ssim, ssim, or gradient (near FSIM, in a seventh of its "
            "time).",
        ),
    ] = SimilarityChoice.fsim,
    holdout: Annotated[
        float, typer.Option(min=0, metavar="N", help="Sets kept aside for a loss an epoch; a part of them below 1.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Of the first weights, and of all that is drawn.")] = 0,
    device: options.Device = "auto",
    precision: Annotated[
        TrainingPrecision,
        typer.Option(
            help="auto: bfloat16 where the machine has units for it and the first losses agree within 1 %.",
            rich_help_panel="Encoder",
        ),
    ] = TrainingPrecision.auto,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew, whatever an earlier run left.")] = False,
    json: options.Json = False,
) -> None:
    """Train an encoder of your own without ratings: GRepQ's low or high level.

    An interrupted run goes on with the same command, and on a CPU ends with the same weights as one that was not.
    Beside the weights lie their card (.md), the curve of the loss (.png) and a row a step (.csv).
    """
    qi.learning.check_output(output, encoder.value)  # before the data are read, which takes long
    with interruptible("the same command goes on where it stopped"):
        with progress_bar("reading images") as on_progress:
            common: dict[str, Any] = {"epochs": epochs, "seed": seed, "on_progress": on_progress}
            if learning_rate is not None:
                common["learning_rate"] = learning_rate
            task: Any
            if encoder is Trainable.grepq_low:
                sets: dict[str, Any] = {} if batch is None else {"sets_per_step": batch}
                task = qi.learning.LowLevel(data, similarity=similarity.value, holdout=holdout, **sets, **common)
            else:
                images: dict[str, Any] = {} if batch is None else {"images_per_step": batch}
                task = qi.learning.HighLevel(data, weights=weights, **images, **common)
        with progress_bar("training, images") as on_progress:
            report = qi.learning.train(
                task,
                output,
                device=device,
                precision=precision.value,
                restart=restart,
                on_start=_note_start,
                on_progress=lambda now: on_progress(now.images, now.total, loss=now.loss),
            )
    if json:
        print_facts({**asdict(report), "path": str(report.path)}, as_json=True)
        return
    print_facts(_facts(report), as_json=False)


def _note_start(start: Any) -> None:
    if start.steps_done:
        note(f"{start.steps_done} of {start.steps} steps were made by an interrupted run")
    note(f"arithmetic: {start.precision} ({start.why})")


def _facts(report: Any) -> dict[str, str]:
    first, last = report.losses[0], report.losses[-1]
    facts = {
        "weights": str(report.path),
        "loss": f"{first:.4f} in the first epoch, {last:.4f} in the last of {len(report.losses)}",
    }
    if report.held_out:
        facts["kept aside"] = f"{report.held_out[0]:.4f} after the first, {report.held_out[-1]:.4f} after the last"
    facts["speed"] = f"{report.images_per_second:.1f} images/s, {duration(report.seconds)} in all, {report.precision}"
    if not report.n_steps:
        facts["note"] = "nothing was left to do; --restart trains anew"
    facts["next"] = (
        f"quasar-index build NAME --data DATA --encoder {report.settings['encoder']} --weights {report.path}"
    )
    return facts
