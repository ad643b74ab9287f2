"""What is evaluated: a way to score, in a space."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from ..aggregation.base import Aggregator
from ..aggregation.mean import Mean
from ..heads import Head
from ..scoring import TEMPERATURE
from ..space import DEFAULT_SHRINKAGE, Shrinkage, SpaceName


@dataclass(frozen=True)
class Configuration:
    """One way to score.

    Attributes:
        method: An aggregation, such as `Mean()`, or a head, such as `Knn()`.
        space: "raw", "centred" or "whitened".
        shrinkage: Of "whitened".
        temperature: T of the softmax; heads have none.
    """

    method: Aggregator | Head = field(default_factory=Mean)
    space: SpaceName = "raw"
    shrinkage: Shrinkage = DEFAULT_SHRINKAGE
    temperature: float = TEMPERATURE

    @property
    def label(self) -> str:
        """A short name: space, method, and the parameters that are not the default, such as `raw retrieval top_k=8`."""
        plain = self.space != "whitened" or self.shrinkage == DEFAULT_SHRINKAGE
        words = [self.space if plain else f"{self.space}({_short(self.shrinkage)})"]
        words.append(type(self.method).__name__.lower())
        words += [f"{name}={_short(value)}" for name, value in _changed(self.method).items()]
        if self.temperature != TEMPERATURE and not isinstance(self.method, Head):
            words.append(f"temperature={self.temperature:g}")
        return " ".join(words)


def _changed(method: Any) -> dict[str, Any]:
    """Return the parameters of a dataclass that differ from their defaults."""
    return {
        one.name: getattr(method, one.name)
        for one in fields(method)
        if one.default is MISSING or getattr(method, one.name) != one.default
    }


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
