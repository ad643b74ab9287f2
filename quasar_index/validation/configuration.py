"""What is evaluated: a way to score, in a space."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal

from ..anchors import AnchorTable
from ..encoders.base import Encoder
from ..errors import AggregationError
from ..index.anchor_index import AnchorIndex
from ..methods.base import Aggregator
from ..methods.heads import Head
from ..methods.mean import Mean
from ..methods.scoring import TEMPERATURE, Scorer, uses_groups
from ..methods.space import DEFAULT_SHRINKAGE, DEFAULT_SPACE, Shrinkage, Space, SpaceName


@dataclass(frozen=True)
class Configuration:
    """One way to score.

    Attributes:
        method: An aggregation, such as `Mean()`, or a head, such as `Knn()`.
        space: "raw", "centred", "whitened", or "auto": chosen by the anchors (`choose_space`).
        shrinkage: Of "whitened"; or "auto".
        temperature: T of the softmax; heads have none.
    """

    method: Aggregator | Head = field(default_factory=Mean)
    space: SpaceName | Literal["auto"] = DEFAULT_SPACE
    shrinkage: Shrinkage | Literal["auto"] = DEFAULT_SHRINKAGE
    temperature: float = TEMPERATURE

    def __post_init__(self) -> None:
        """Check the numbers, before anything takes long."""
        if not self.temperature > 0:
            raise AggregationError(f"temperature {self.temperature} is not positive", f"the default is {TEMPERATURE}")
        if not isinstance(self.shrinkage, str) and not self.shrinkage > 0:
            raise AggregationError(f"shrinkage {self.shrinkage} is not positive", "use for example --shrinkage 1")

    @property
    def is_auto(self) -> bool:
        """Whether the space or its shrinkage is to be chosen by the anchors."""
        return self.space == "auto" or (self.space == "whitened" and self.shrinkage == "auto")

    @property
    def uses_groups(self) -> bool:
        """Whether something is chosen by leaving out groups of anchors (`AnchorTable.groups`)."""
        return self.is_auto or uses_groups(self.method)

    @property
    def fixed_space(self) -> tuple[SpaceName, Shrinkage]:
        """The space and its shrinkage.

        Raises:
            AggregationError: When they are to be chosen.
        """
        if self.space == "auto" or (self.shrinkage == "auto" and self.space == "whitened"):
            raise AggregationError(f"the space of '{self.label}' is not chosen yet", "use choose_space first")
        return self.space, DEFAULT_SHRINKAGE if self.shrinkage == "auto" else self.shrinkage

    def scorer(
        self,
        anchors: AnchorTable | AnchorIndex,
        *,
        space: Space | None = None,
        encoder: Encoder | None = None,
        batch_size: int = 16,
    ) -> Scorer:
        """Make the scorer.

        Args:
            anchors: The anchors.
            space: Fitted to them already; None to fit it.
            encoder: Embeds images; None to score embeddings only.
            batch_size: Most images in one forward pass.

        Raises:
            AggregationError: When the space is still to be chosen, or the anchors cannot serve the method.
            AnchorIndexError: When the encoder is not the index's.
        """
        name, shrinkage = self.fixed_space
        return Scorer(
            anchors,
            self.method,
            temperature=self.temperature,
            space=space or name,
            shrinkage=shrinkage,
            encoder=encoder,
            batch_size=batch_size,
        )

    @property
    def space_label(self) -> str:
        """The space and a shrinkage that is not the default, such as `whitened(10)`."""
        plain = self.space not in ("whitened", "auto") or self.shrinkage == DEFAULT_SHRINKAGE
        if plain or (self.space == "auto" and self.shrinkage == "auto"):
            return self.space
        return f"{self.space}({_short(self.shrinkage)})"

    @property
    def label(self) -> str:
        """A short name: space, method, and the parameters that are not the default, such as `raw retrieval top_k=8`."""
        words = [self.space_label, type(self.method).__name__.lower()]
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
