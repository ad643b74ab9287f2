"""An image tower that runs in one of several precisions and runtimes, and can choose among them by a short trial."""

from __future__ import annotations

import logging
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from ..arrays import ByteArray, FloatArray
from ..errors import EncoderError
from ..forks import compute_alone, leave
from ..images.in_memory import check_batch
from . import trial
from .memory import is_short, keep_freed_memory
from .spec import FLOAT32, EncoderSpec, InputRule, Precision

TRIAL_IMAGES = 256
"""Fewest images of a run for which `auto` tries runtimes on a CPU."""
TRIAL_PAYS = 60.0
"""Fewest seconds that the run would take without a trial, which itself takes a few, with conversion."""
TRIAL_SAMPLE = 16
"""Images of the trial: the first of the run."""
CPU_BATCH_PIXELS = 16 * 224 * 224
"""Most pixels that go through a network on a CPU at once: more gains nothing and leaves the caches."""

_log = logging.getLogger(__name__)


class ImageTower(ABC):
    """What embeds prepared images, whatever runs it.

    Args:
        spec: What the index records.
        precision: What runs it, or "auto": `base`, unless a trial on the first images of a long run finds something
            faster whose embeddings agree (`trial.py`).
        device: "cpu", "cuda", ...
        n_images: How many images are going to be embedded, for "auto"; None where that is not known: few.

    Attributes:
        base: What `auto` is without a trial.
        runtime: What embeds the images now: a precision, "auto" before the trial.
    """

    base: ClassVar[str] = "fp32"

    def __init__(self, spec: EncoderSpec, precision: Precision, device: str, *, n_images: int | None = None) -> None:
        if spec.input is None:
            raise EncoderError(f"encoder '{spec.name}' has no input rule", "this is a bug: report it")
        self._on_cpu = device == "cpu"
        if self._on_cpu and not is_short(n_images):
            keep_freed_memory()
        self.spec = spec
        self._rule: InputRule = spec.input
        self._n_images = n_images
        self._candidates: Sequence[str] = ()
        self._sample: list[ByteArray] = []
        self._forward: trial.Forward | None = None
        self._process = os.getpid()
        self.runtime: str = precision
        self._is_free = precision == "auto"
        if precision == "auto":
            # On another device than a CPU there always is a trial.
            self._candidates = () if self._on_cpu and (n_images or 0) < TRIAL_IMAGES else self.candidates()
            self.runtime = "auto" if self._candidates else self.base
        self._note_runtime()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be pickled as what it is loaded by, with its device and runtime; the weights are read again.

        One that no name of the registry loads is pickled with its network.
        """
        from .registry import check_encoder, load_recorded_encoder

        try:
            check_encoder(self.spec.name)
        except EncoderError:
            return super().__reduce_ex__(protocol)
        how: dict[str, Any] = {
            "device": str(getattr(self, "device", "cpu")),
            "precision": self.runtime,
            "n_images": self._n_images,
        }
        return partial(load_recorded_encoder, self.spec, **how), ()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what another process makes for itself."""
        return self.__dict__ | {"_forward": None, "_sample": []}

    def start_anew(self) -> None:
        """In a forked process, leave the parent's runtime, whose threads are not there; the next batch makes one.

        Raises:
            EncoderError: When it runs on a device that a forked process cannot use.
        """
        leave(self._forward)
        self._forward = None

    @abstractmethod
    def candidates(self) -> Sequence[str]:
        """Return what `auto` tries beside `base`."""

    @abstractmethod
    def make(self, runtime: str, example: ByteArray) -> trial.Forward:
        """Return what embeds a batch in a precision or runtime.

        Args:
            runtime: Its name.
            example: Prepared images, (B, H, W, 3) uint8.

        Raises:
            EncoderError: When it cannot run this encoder here.
        """

    def prepare(self, image: ByteArray) -> ByteArray:
        """Apply the input rule (see `InputRule.apply`)."""
        return self._rule.apply(image)

    def forward(self, batch: ByteArray) -> FloatArray:
        """Embed prepared images of one size.

        Args:
            batch: (B, H, W, 3) uint8; nothing keeps it.

        Returns:
            (B, D) float32, raw.

        Raises:
            EncoderError: When the runtime that was asked for cannot run this encoder.
        """
        check_batch(batch)
        compute_alone()
        if self._process != os.getpid():
            self._process = os.getpid()
            self.start_anew()
        if self.runtime == "auto":
            self._sample.append(batch.copy())  # whoever calls may use its memory again
            if sum(map(len, self._sample)) >= TRIAL_SAMPLE:
                if self._pays():
                    self.choose_runtime()
                else:
                    self.runtime = self.base
                    self._note_runtime()
        if self._forward is None:
            self._forward = self._made(self.base if self.runtime == "auto" else self.runtime, batch)
        return self._forward(batch)

    def choose_runtime(self, batches: list[ByteArray] | None = None) -> list[trial.Candidate]:
        """Decide for the fastest precision and runtime whose embeddings agree with `base` on these images.

        Args:
            batches: Prepared images, (B, H, W, 3) uint8 each; None for the first of the run so far.

        Returns:
            What the trial found of each candidate.
        """
        batches = batches or self._sample
        self._sample = []
        names = self._candidates or self.candidates()

        def maker(name: str) -> Callable[[], trial.Forward]:
            return lambda: self._made(name, batches[0])

        self.runtime, self._forward, found = trial.choose(
            batches, (self.base, self._made(self.base, batches[0])), {name: maker(name) for name in names}
        )
        self._note_runtime()
        _log.info("%s runs in %s", self.spec.name, self.runtime)
        return found

    def fix_runtime(self, runtime: str) -> None:
        """Run in one runtime, without a trial; what was asked for by name stays."""
        if self._is_free:
            if runtime in FLOAT32 and runtime not in (self.base, *self.candidates()):
                runtime = self.base  # the same embeddings, by what runs here
            self.runtime, self._forward, self._sample = runtime, None, []
            self._note_runtime()

    def _pays(self) -> bool:
        """Whether the run is long enough for a trial, by the time that the last batch takes."""
        if not self._on_cpu:
            return True
        forward, batch = self._made(self.base, self._sample[-1]), self._sample[-1]
        forward(batch)  # the first pass also sets things up
        start = time.perf_counter()
        forward(batch)
        return (time.perf_counter() - start) / len(batch) * (self._n_images or 0) >= TRIAL_PAYS

    def _note_runtime(self) -> None:
        self.spec = replace(self.spec, runtime="" if self.runtime == "auto" else self.runtime)

    def _made(self, runtime: str, example: ByteArray) -> trial.Forward:
        forward = self.make(runtime, example)
        return in_parts(forward) if self._on_cpu else forward


def in_parts(forward: trial.Forward) -> trial.Forward:
    """Let few enough pixels through at once that the network's memory stays in the caches and is reused."""

    def parts(batch: ByteArray) -> FloatArray:
        size = max(1, CPU_BATCH_PIXELS // (batch.shape[1] * batch.shape[2]))
        if len(batch) <= size:
            return forward(batch)
        n_parts = -(-len(batch) // size)
        return np.concatenate([forward(part) for part in np.array_split(batch, n_parts)])

    return parts
