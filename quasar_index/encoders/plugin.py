"""Encoders of other packages: what one declares, and how it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EncoderError, QuasarError, first_line
from .spec import InputRule, Precision, parse_input

if TYPE_CHECKING:
    from .base import Encoder


@dataclass(frozen=True)
class EncoderPlugin:
    """An encoder of another package: what its entry point in the group `quasar_index.encoders` names.

    Attributes:
        load: Makes the encoder. It is called with `name` (that of the entry point), `weights` (a `pathlib.Path`, or
            None), `layers`, `rule` (a whole `InputRule`), `device` ("auto", "cpu", "cuda:0"), `precision` and
            `n_images`, all by keyword; `load_encoder` says what they mean. The spec of what it returns has this name
            and rule, and a fingerprint: a text that changes with the weights.
        dim: D of its embeddings with the default options.
        rule: Its input rule, unless the user gives another one.
        text: Whether it has a text tower.
        licence: Licence of the weights.
        source: Where the weights come from.
        note: What it is for.
        layers: What `--layers` takes, the default first.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> class Brightness:
        ...     def __init__(self, spec):
        ...         self.spec = spec
        ...     def prepare(self, image):
        ...         return self.spec.input.apply(image)
        ...     def forward(self, batch):
        ...         return np.float32(batch.mean(axis=(1, 2)) + 1)
        >>> def load(name, rule, **options):
        ...     return Brightness(qi.EncoderSpec(name, 3, fingerprint="brightness-1", input=rule))
        >>> ENCODER = qi.encoders.EncoderPlugin(load, dim=3, rule=qi.encoders.InputRule("crop", 224))
        >>> ENCODER.dim, str(ENCODER.rule)
        (3, 'crop-224')
    """

    load: Callable[..., Encoder]
    dim: int
    rule: InputRule
    text: bool = False
    licence: str = "see its source"
    source: str = "its package"
    note: str = ""
    layers: tuple[str, ...] = ("final",)


def load_plugin(
    name: str,
    plugin: EncoderPlugin,
    package: str,
    *,
    weights: Path | None,
    layers: str | None,
    input_rule: str | InputRule | None,
    device: str,
    precision: Precision,
    n_images: int | None,
) -> Encoder:
    """Load the encoder of a plugin; arguments as `load_encoder`, and the package as "NAME VERSION".

    Raises:
        EncoderError: When the plugin fails, or its encoder cannot be told from others.
    """
    rule = parse_input(input_rule, plugin.rule) if isinstance(input_rule, str) else input_rule or plugin.rule
    options: dict[str, Any] = {"weights": weights, "layers": layers or plugin.layers[0], "rule": rule, "device": device}
    try:
        encoder = plugin.load(name=name, precision=precision, n_images=n_images, **options)
    except QuasarError:
        raise
    except Exception as error:  # whatever another package raises
        what = f"{type(error).__name__}: {first_line(error)}"
        raise EncoderError(f"the plugin {package} cannot load '{name}' ({what})", "tell its authors") from error
    try:
        spec = encoder.spec
        fault = "" if spec.name == name else f"its spec is called '{spec.name}'"
        fault = fault or ("" if spec.fingerprint else "its spec has no fingerprint of the weights")
        encoder.spec = replace(spec, plugin=package)  # type: ignore[misc]
    except (AttributeError, TypeError) as error:
        fault = f"its spec cannot be read and set ({first_line(error)})"
    if fault:
        raise EncoderError(f"the plugin {package} has a faulty encoder '{name}': {fault}", "tell its authors")
    return encoder
