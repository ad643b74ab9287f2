"""Training: steps, checkpoints, a log, and at the end the weights with a card that says how they were made.

Beside `NAME.safetensors` lie a card in Markdown, a picture of the loss, a CSV of a row a step and, until it is done,
`NAME.safetensors.checkpoint`.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..arguments import checked
from ..encoders.grepq_weights import METADATA_KEY
from ..encoders.torch_encoder import resolve_device
from ..errors import DataError, reason
from ..forks import compute_alone
from ..paths import PathText, new_output
from . import card
from .checkpoint import Checkpoint, Place, Run, between_steps, read_checkpoint, refuse_other, write_checkpoint
from .precision import Precision, choose_precision, placed, step
from .task import Batch, Task

ENDING = ".safetensors"
CHECKPOINT_SECONDS = 60.0
_AHEAD = 2


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
        images: Images that the network has seen.
        total: Images that it will have seen.
        loss: Of the last step.
        epoch: From 1.
    """

    images: int
    total: int
    loss: float
    epoch: int


@dataclass(frozen=True)
class Start:
    """Where a call of `train` starts.

    Attributes:
        steps_done: Steps that an interrupted call made.
        steps: Steps in all.
        precision: "fp32" or "bf16".
        why: Why that precision.
    """

    steps_done: int
    steps: int
    precision: str
    why: str


@dataclass(frozen=True)
class TrainingReport:
    """What a call of `train` did.

    Attributes:
        path: The weights.
        n_steps: Steps that this call made; 0 where the training had been done.
        resumed_at: Steps that an interrupted call had made.
        losses: Mean loss of each epoch.
        held_out: Loss of the data kept aside after each epoch; empty where none were.
        images_per_second: Over all steps.
        seconds: Time of all steps.
        precision: "fp32" or "bf16".
        why: Why that precision.
        settings: All that decided the result.
    """

    path: Path
    n_steps: int
    resumed_at: int
    losses: tuple[float, ...]
    held_out: tuple[float, ...]
    images_per_second: float
    seconds: float
    precision: str
    why: str
    settings: Mapping[str, object]


@checked
def train(
    task: Task,
    output: PathText,
    *,
    device: str = "auto",
    precision: Precision = "auto",
    restart: bool = False,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    on_start: Callable[[Start], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> TrainingReport:
    """Train an encoder, or go on where an interrupted call stopped.

    On one machine's CPU, an interrupted training ends with the same weights, bit by bit, as one that was not.

    Args:
        task: What is trained, such as `LowLevel(...)`.
        output: A file `NAME.safetensors`, or a folder, in which it is called after the encoder.
        device: `auto`, `cpu`, `cuda` or `cuda:i`.
        precision: "fp32", "bf16", or "auto": bfloat16 where it is fast and agrees with float32 (`choose_precision`).
        restart: Begin anew, whatever is there.
        checkpoint_seconds: Most time between two checkpoints; at Ctrl-C and SIGTERM there is one more.
        on_start: Called before the first step.
        on_progress: Called after each step.

    Returns:
        What was done.

    Raises:
        DataError: When the output cannot be written, or is of another training.
        EncoderError: On a device that is not there.

    Example:
        >>> from pathlib import Path
        >>> import numpy as np, quasar_index as qi
        >>> from PIL import Image
        >>> Path("pristine").mkdir()
        >>> noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        >>> Image.fromarray(noise).save("pristine/noise.png")
        >>> _ = qi.synthesis.synthesize("pristine", "sets", per_image=1)
        >>> task = qi.learning.LowLevel("sets", similarity="gradient", epochs=1)
        >>> report = qi.learning.train(task, "small.safetensors", precision="fp32")
        >>> report.n_steps, sorted(path.suffix for path in Path().glob("small.*"))
        (1, ['.csv', '.md', '.png', '.safetensors'])
    """
    compute_alone()
    target = output_path(output, task.name)
    settings = {**task.settings(), "precision": precision}
    place = resolve_device(device)
    if restart:
        for left in (checkpoint_path(target), target):
            left.unlink(missing_ok=True)
    elif (done := _finished(target, settings)) is not None:
        return done
    found = read_checkpoint(checkpoint_path(target), settings)
    with _reproducible(task.seed, place):
        training = _Training(task, target, settings, place, precision, found, on_progress)
        if on_start is not None:
            on_start(training.start)
        return training.run(checkpoint_seconds)


@checked
def check_output(output: PathText, name: str) -> None:
    """Find out whether a training could be written, before anything takes long.

    Args:
        output: As of `train`.
        name: Of the encoder.

    Raises:
        DataError: When it could not.
    """
    target = output_path(output, name)
    try:
        tempfile.TemporaryFile(dir=target.absolute().parent).close()
    except OSError as error:
        raise DataError(f"'{target}' cannot be written ({reason(error)})", "name another place") from error


def output_path(output: PathText, name: str) -> Path:
    """Return the file of the weights.

    Raises:
        DataError: When it could not be written, or its name has another ending.
    """
    path = Path(output)
    if path.is_dir():
        return path / f"{name}{ENDING}"
    if path.suffix.lower() != ENDING:
        raise DataError(f"'{path}' is neither a folder nor a {ENDING} file", f"name it {path.stem or name}{ENDING}")
    if not path.absolute().parent.is_dir():
        raise DataError(f"the folder of '{path}' does not exist", "make it first")
    return path


def checkpoint_path(target: Path) -> Path:
    """Return where the checkpoint of a training lies while it is under way."""
    return target.with_name(f"{target.name}.checkpoint")


def _finished(target: Path, settings: Mapping[str, object]) -> TrainingReport | None:
    """Return the report of a training that is done; None where it is not.

    Raises:
        DataError: When the file is something else.
    """
    from safetensors import SafetensorError, safe_open

    if not target.exists():
        return None
    try:
        with safe_open(target, "pt") as file:
            noted = file.metadata() or {}
        report = json.loads(noted["report"])
        refuse_other(json.loads(noted["settings"]), settings, f"'{target}'")
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise DataError(f"'{target}' is there, and no training of ours", "name another file, or --restart") from error
    losses, held_out = tuple(report.pop("losses")), tuple(report.pop("held_out"))
    return TrainingReport(
        path=target, n_steps=0, resumed_at=0, losses=losses, held_out=held_out, settings=settings, **report
    )


class _Training:
    """One call of `train`."""

    def __init__(
        self,
        task: Task,
        target: Path,
        settings: Mapping[str, object],
        device: torch.device,
        precision: Precision,
        found: Checkpoint | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.task, self.target, self.settings, self.device = task, target, settings, device
        self.on_progress = on_progress
        if found is None:
            chosen, why = choose_precision(task, _moved(task.batch(0, 0), device), device, precision)
            self.chosen: dict[str, Any] = {
                "precision": chosen,
                "why": why,
                "threads": torch.get_num_threads(),
                "device": device.type,
            }
        else:
            self.chosen = dict(found.chosen)
            if self.chosen["device"] != device.type:
                raise DataError(
                    f"'{found.path}' was made on {self.chosen['device']}, this is {device.type}",
                    f"give --device {self.chosen['device']}, or --restart",
                )
            torch.set_num_threads(self.chosen["threads"])  # sums depend on how they are shared out
        network = placed(task.network(), device)
        optimiser = task.optimiser(network)
        self.state = Run(network, optimiser, task.schedule(optimiser), Place())
        if found is not None:
            found.restore(self.state)
        self._since = 0.0
        self.start = Start(
            len(self.state.place.rows),
            task.n_epochs * task.steps_per_epoch,
            self.chosen["precision"],
            self.chosen["why"],
        )

    def run(self, checkpoint_seconds: float) -> TrainingReport:
        """Make the steps that are left, and write the result."""
        saved = self._since = time.monotonic()
        with between_steps() as signalled, card.Log(self.target, self.state.place.rows) as log:
            for batch in self._batches():
                self._step(batch, log)
                if signalled.is_set() or time.monotonic() - saved >= checkpoint_seconds:
                    self._save()
                    saved = self._since = time.monotonic()
                if signalled.is_set():
                    break
        # A signal is answered when that block ends.
        report = self._report()
        self._write(report)
        return report

    def _batches(self) -> Iterator[Batch]:
        """Yield the batches of all steps that are left, each made while the step before it is under way."""
        task, place = self.task, self.state.place
        per_epoch = task.steps_per_epoch
        last = task.n_epochs * per_epoch
        following = place.epoch * per_epoch + place.step
        with ThreadPoolExecutor(1) as pool:
            waiting = [pool.submit(task.batch, *divmod(n, per_epoch)) for n in range(following, last)[:_AHEAD]]
            try:
                for n in range(following, last):
                    batch = waiting.pop(0).result()
                    if n + _AHEAD < last:
                        waiting.append(pool.submit(task.batch, *divmod(n + _AHEAD, per_epoch)))
                    yield _moved(batch, self.device)
            finally:
                for one in waiting:
                    one.cancel()

    def _step(self, batch: Batch, log: card.Log) -> None:
        state, task, place = self.state, self.task, self.state.place
        rate = state.optimiser.param_groups[0]["lr"]
        loss = step(task, state.network, state.optimiser, batch, self.chosen["precision"])
        if loss != loss:  # noqa: PLR0124 - NaN
            raise DataError(
                f"the loss of epoch {place.epoch + 1}, step {place.step + 1} is no number",
                "give a lower --learning-rate, or --precision fp32",
            )
        state.schedule.step()
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        place.seconds += seconds
        images = task.images_per_epoch / task.steps_per_epoch
        place.rows.append([place.epoch + 1, place.step + 1, loss, rate, images / seconds, place.seconds])
        log.add(place.rows[-1])
        place.step += 1
        if place.step == task.steps_per_epoch:
            self._end_epoch()
            self._since = time.monotonic()
        if self.on_progress is not None:
            done = len(place.rows) / task.steps_per_epoch
            total = task.images_per_epoch * task.n_epochs
            epoch = min(place.epoch + 1, task.n_epochs)
            self.on_progress(Progress(round(task.images_per_epoch * done), total, loss, epoch))

    def _end_epoch(self) -> None:
        state, place = self.state, self.state.place
        place.epoch, place.step = place.epoch + 1, 0
        state.network.eval()
        with torch.inference_mode():
            losses = [
                float(self.task.loss(state.network, _moved(batch, self.device))) for batch in self.task.held_out()
            ]
        if losses:
            place.held_out.append(sum(losses) / len(losses))

    def _save(self) -> None:
        write_checkpoint(checkpoint_path(self.target), self.state, self.settings, self.chosen)

    def _report(self) -> TrainingReport:
        place, task = self.state.place, self.task
        per_epoch = task.steps_per_epoch
        losses = [row[2] for row in place.rows]
        means = [sum(losses[n : n + per_epoch]) / per_epoch for n in range(0, len(losses), per_epoch)]
        return TrainingReport(
            path=self.target,
            n_steps=len(place.rows) - self.start.steps_done,
            resumed_at=self.start.steps_done,
            losses=tuple(means),
            held_out=tuple(place.held_out),
            images_per_second=task.images_per_epoch * task.n_epochs / place.seconds,
            seconds=place.seconds,
            precision=self.chosen["precision"],
            why=self.chosen["why"],
            settings=self.settings,
        )

    def _write(self, report: TrainingReport) -> None:
        """Write picture, card and, last, the weights; then the checkpoint is of no more use."""
        from safetensors.torch import save

        card.draw_loss(self.target.with_suffix(".png"), self.state.place, self.task.steps_per_epoch)
        with new_output(self.target.with_suffix(".md")) as path:
            path.write_text(card.card_text(self.task.name, self.task.about(), report), encoding="utf-8")
        self.state.network.eval()
        tensors = {
            name: tensor.detach().cpu().contiguous() for name, tensor in self.task.result(self.state.network).items()
        }
        noted = {
            "losses": report.losses,
            "held_out": report.held_out,
            "images_per_second": report.images_per_second,
            "seconds": report.seconds,
            "precision": report.precision,
            "why": report.why,
        }
        metadata = {METADATA_KEY: self.task.name, "settings": json.dumps(self.settings), "report": json.dumps(noted)}
        with new_output(self.target) as path:
            path.write_bytes(save(tensors, metadata))  # save_file makes files that nobody else may read
        checkpoint_path(self.target).unlink(missing_ok=True)


def _moved(batch: Batch, device: torch.device) -> Batch:
    if device.type == "cpu":
        return batch
    return {name: tensor.pin_memory().to(device, non_blocking=True) for name, tensor in batch.items()}


@contextmanager
def _reproducible(seed: int, device: torch.device) -> Iterator[None]:
    """Compute the same on every run, from random numbers of our own; what the process had comes back afterwards."""
    before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        if device.type == "cpu":  # some of CUDA's have no such form, and are fast
            torch.use_deterministic_algorithms(True)
        memory.fill_uninitialized_memory = False  # nothing here reads such memory
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before[0], warn_only=warn_only)
            memory.fill_uninitialized_memory = filled
            torch.set_num_threads(before[1])
