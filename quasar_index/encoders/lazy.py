"""The encoder of an index, loaded when the first image is not known yet: torch alone takes seconds to load."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..arguments import checked
from ..paths import PathText
from .memory import is_short, return_freed_memory
from .registry import check_recorded_encoder, load_recorded_encoder
from .runtimes import fix_runtime
from .spec import EncoderSpec, Precision

if TYPE_CHECKING:
    from ..arrays import ByteArray, FloatArray
    from .base import Encoder


class LazyEncoder:
    """An encoder that an index was built with, loaded by the first image that needs it.

    With a cache of embeddings, where all images are known, it is never loaded. Its weights are compared with the
    record when it loads, and what stands against that is raised then.

    Args:
        spec: The index's record.
        weights: Where its weights are now; such a file is loaded at once, for nothing else tells whether they are the
            same. None for the recorded file, else the encoder's own source.
        device: As in `load_encoder`.
        precision: As in `load_encoder`.
        n_images: As in `load_encoder`.

    Raises:
        AnchorIndexError: When the index holds a user's own embeddings, or `weights` are other ones.
        EncoderError: On an unknown name, or a weights file that cannot be used.

    Example:
        >>> import quasar_index as qi
        >>> recorded = qi.load_encoder().spec
        >>> encoder = qi.encoders.LazyEncoder(recorded)
        >>> encoder.is_loaded, encoder.spec == recorded
        (False, True)
    """

    @checked
    def __init__(
        self,
        spec: EncoderSpec,
        *,
        weights: PathText | None = None,
        device: str = "auto",
        precision: Precision = "auto",
        n_images: int | None = None,
    ) -> None:
        check_recorded_encoder(spec, weights=weights, device=device)
        assert spec.input is not None  # noqa: S101 - for the type checker: only precomputed ones have none
        self.spec = replace(spec, runtime="" if precision == "auto" else precision)
        self._rule = spec.input
        self._device = device
        self._options: dict[str, Any] = {
            "weights": weights, "device": device, "precision": precision, "n_images": n_images,
        }  # fmt: skip
        self._loaded: Encoder | None = None
        if is_short(n_images):
            return_freed_memory()
        if weights is not None:
            self._load()

    def __reduce__(self) -> Any:
        """Be pickled as it was asked for, and with the runtime that it has chosen by now."""
        chosen = self.spec.runtime or self._options["precision"]
        return partial(LazyEncoder, self.spec, **self._options | {"precision": chosen}), ()

    @property
    def is_loaded(self) -> bool:
        """Whether an image has needed it."""
        return self._loaded is not None

    @property
    def device(self) -> Any:
        """Where it runs; before it is loaded, as it was asked for, and the CPU where nothing was."""
        return getattr(self._loaded, "device", "cpu" if self._device == "auto" else self._device)

    @property
    def asked_device(self) -> str:
        """Where it was asked to run, as in `load_encoder`."""
        return self._device

    @property
    def base(self) -> str:
        """What it embeds in while it tries runtimes; float32 before it is loaded."""
        return getattr(self._loaded, "base", "fp32")

    @checked
    def prepare(self, image: ByteArray) -> ByteArray:
        """Apply the input rule (see `InputRule.apply`), which needs no weights."""
        return self._rule.apply(image)

    @checked
    def forward(self, batch: ByteArray) -> FloatArray:
        """Embed prepared images of one size; the first call loads the encoder.

        Args:
            batch: (B, H, W, 3) uint8.

        Returns:
            (B, D) float32, raw.

        Raises:
            AnchorIndexError: When the weights are not those that the index was built with.
            EncoderError: When they cannot be had.
        """
        encoder = self.load()
        embeddings = encoder.forward(batch)
        self.spec = replace(self.spec, runtime=encoder.spec.runtime)
        return embeddings

    def fix_runtime(self, runtime: str) -> None:
        """Run in one runtime, without a trial; what was asked for by name stays."""
        if self._options["precision"] != "auto":
            return
        self._options["precision"] = runtime
        self.spec = replace(self.spec, runtime=runtime)
        if self._loaded is not None:
            fix_runtime(self._loaded, runtime)

    def load(self) -> Encoder:
        """Return the encoder itself; errors as `forward`."""
        return self._loaded or self._load()

    def _load(self) -> Encoder:
        self._loaded = load_recorded_encoder(self.spec, **self._options)
        self.spec = replace(self.spec, runtime=self._loaded.spec.runtime)
        return self._loaded
