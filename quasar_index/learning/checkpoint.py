"""What a training has come to, in one file: an interrupted one goes on from there, to the same end."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..errors import DataError, reason
from ..paths import replacing

FORMAT = 1
_RESTART = "give these settings again, or --restart to begin anew"


@dataclass
class Place:
    """How far a training is.

    Attributes:
        epoch: From 0.
        step: Of the next step in this epoch, from 0.
        rows: What the log has, a row a step: epoch, step, loss, learning rate, images a second, seconds.
        held_out: Loss of the data kept aside, after each epoch.
        seconds: Time of all steps.
    """

    epoch: int = 0
    step: int = 0
    rows: list[list[float]] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Run:
    """All that changes while a training goes on.

    Attributes:
        network: What is trained.
        optimiser: With its moments.
        schedule: Of the learning rate.
        place: How far it is.
    """

    network: torch.nn.Module
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    place: Place


def write_checkpoint(path: Path, run: Run, settings: Mapping[str, object], chosen: Mapping[str, object]) -> None:
    """Put a training on the disk, whole or not at all.

    Args:
        path: The file.
        run: The training, between two steps.
        settings: What decides its result.
        chosen: What this machine chose: precision, threads.

    Raises:
        DataError: When the file cannot be written.
    """
    state = {
        "format": FORMAT,
        "settings": json.dumps(settings),
        "chosen": json.dumps(chosen),
        "network": run.network.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "schedule": run.schedule.state_dict(),
        "random": torch.random.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all() if _uses_cuda() else [],
        "place": vars(run.place),
    }
    try:
        with replacing(path) as temporary:
            torch.save(state, temporary)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's own writer, of a full disk
        raise DataError(
            f"'{path}' cannot be written ({reason(error)})", "make room; the same command goes on"
        ) from error


@dataclass(frozen=True)
class Checkpoint:
    """A training that was interrupted; arguments as of `write_checkpoint`."""

    path: Path
    chosen: Mapping[str, Any]
    state: Mapping[str, Any]

    def restore(self, run: Run) -> None:
        """Bring a new run to where this one was.

        Raises:
            DataError: When it does not fit the network.
        """
        try:
            run.network.load_state_dict(self.state["network"])
            run.optimiser.load_state_dict(self.state["optimiser"])
            run.schedule.load_state_dict(self.state["schedule"])
            run.place = Place(**self.state["place"])
            torch.random.set_rng_state(self.state["random"])
            if self.state["random_cuda"] and _uses_cuda():
                torch.cuda.set_rng_state_all(self.state["random_cuda"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise _damaged(self.path) from error


def read_checkpoint(path: Path, settings: Mapping[str, object]) -> Checkpoint | None:
    """Read the checkpoint of an interrupted training; None where there is none.

    Args:
        path: The file.
        settings: What decides the result now.

    Raises:
        DataError: When it is no checkpoint, or one of other settings or data.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever torch raises of bytes that are none of its own
        raise _damaged(path) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _damaged(path)
    refuse_other(json.loads(state["settings"]), settings, f"'{path}'")
    return Checkpoint(path, json.loads(state["chosen"]), state)


def refuse_other(before: Mapping[str, object], settings: Mapping[str, object], what: str) -> None:
    """Refuse to go on with what was made under other settings.

    Raises:
        DataError: Naming what differs.
    """
    now = json.loads(json.dumps(settings))
    names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    if names:
        shown = ", ".join(f"{name} {before.get(name)} (now {now.get(name)})" for name in names[:4])
        raise DataError(f"{what} is of another training: {shown}", _RESTART)


def _uses_cuda() -> bool:
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def _damaged(path: Path) -> DataError:
    return DataError(f"'{path}' is no checkpoint that this version reads", "remove it, or give --restart")


@contextmanager
def between_steps() -> Iterator[threading.Event]:
    """Hold Ctrl-C and SIGTERM back, so that no step is left half done; a second one is answered at once.

    Yields:
        An event that is set when a signal came. It is answered, as it would have been, when the block ends.
    """
    came = threading.Event()
    before: dict[int, Any] = {}
    held: list[int] = []

    def hold(number: int, frame: Any) -> None:
        if came.is_set():
            _answer(before[number], number, frame)
        held.append(number)
        came.set()

    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGINT, signal.SIGTERM):
            before[one] = signal.signal(one, hold)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if held:
        _answer(before[held[0]], held[0], None)


def _answer(handler: Any, number: int, frame: Any) -> None:
    if callable(handler):
        handler(number, frame)
    elif handler == signal.SIG_DFL:
        signal.raise_signal(number)
