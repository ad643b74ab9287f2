"""A method: a way to turn anchors into scores, with its parameters and the space that cosines are taken in.

A method is a frozen dataclass. `method.fit(anchors)` gives what scores (`fitted.FittedMethod`); `str(method)` is what
tables print and people type, and `registry.read_method` reads it back (`quasar_index.notation`). To add one: a file
with its class, and a line in `registry.METHODS`; of another package, an entry point of `quasar_index.methods`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, FloatArray
from ..errors import MethodError
from ..notation import check_parameters, parameter, value_text, written
from .centroids import Centroids, Members, rating_weights
from .shrinkage import Shrinkage
from .space import DEFAULT_SPACE, Space, SpaceName

if TYPE_CHECKING:
    from ..index.anchor_index import AnchorIndex
    from .fitted import FittedMethod

TEMPERATURE = 0.07
_ESTIMATORS = ("ledoit-wolf", "oas", "auto")

Predictor: TypeAlias = Callable[[FloatArray], DoubleArray]
"""From (M, D) embeddings in the space of the anchors, not of length one, to (M,) scores, higher is better."""


@dataclass(frozen=True)
class Method(ABC):
    """A way to turn anchors into scores.

    Attributes:
        space: Where cosines are taken: "raw" (as embedded, the paper), "centred", "whitened" by the anchors; or "auto",
            chosen by leaving out one group of anchors at a time (`validation.choose_space`).
        shrinkage: lambda > 0 of the whitened space, "ledoit-wolf", "oas" or "auto"; None for what the ratings say in
            closed form (`shrinkage.rated_shrinkage`; 10 where sides are not theirs), or for "auto" where the space is.

    Example:
        >>> import quasar_index as qi
        >>> method = qi.Retrieval(top_k=8, space="raw")
        >>> str(method), method == qi.read_method("retrieval:top_k=8,space=raw")
        ('retrieval:top_k=8,space=raw', True)
        >>> method.is_adaptive, method.when
        (True, 'many and varied anchors: each image is compared with those like it')
    """

    name: ClassVar[str]
    """What it is called."""
    when: ClassVar[str]
    """When to choose it, in a line."""
    is_adaptive: ClassVar[bool] = False
    """Whether each image gets centroids of its own."""
    takes_patches: ClassVar[bool] = False
    """Whether it compares patches of an image with patches of pristine ones, and not whole images."""

    _: KW_ONLY
    space: SpaceName | Literal["auto"] = parameter(DEFAULT_SPACE, "where cosines are taken")
    shrinkage: float | Literal["ledoit-wolf", "oas", "auto"] | None = parameter(
        None,
        "of the whitened space; none is by the ratings, or 10",
        "a number above 0, ledoit-wolf, oas or auto",
        lambda value: value is None or value in _ESTIMATORS or value > 0,
    )

    def __init_subclass__(cls) -> None:
        """Name the method after its class."""
        super().__init_subclass__()
        cls.name = cls.__name__.lower()

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            MethodError: When one is out of range.
        """
        check_parameters(self, self.name, MethodError)
        if self.shrinkage is not None and self.space not in ("whitened", "auto"):
            raise MethodError(
                f"shrinkage of {self.name} is {self.shrinkage}, and its space is {self.space}",
                "shrinkage is for the spaces whitened and auto",
            )

    def __str__(self) -> str:
        """Return the text that `read_method` reads."""
        return written(self.name, self)

    @property
    def is_auto(self) -> bool:
        """Whether the space or its shrinkage is to be chosen by the anchors."""
        return self.space == "auto" or self.shrinkage == "auto"

    @property
    def uses_groups(self) -> bool:
        """Whether something is chosen by leaving out groups of anchors (`AnchorTable.groups`)."""
        return self.is_auto or (self.space == "whitened" and self.shrinkage is None)

    @property
    def fixed_space(self) -> tuple[SpaceName, Shrinkage | None]:
        """The space and its shrinkage, None for that of the ratings.

        Raises:
            MethodError: When they are to be chosen.
        """
        if self.space == "auto" or self.shrinkage == "auto":
            raise MethodError(f"the space of '{self}' is not chosen yet", "use choose_space first")
        return self.space, self.shrinkage

    @property
    def space_words(self) -> str:
        """The space and a shrinkage that is not the default, such as `whitened(1)`."""
        return self.space if self.shrinkage is None else f"{self.space}({value_text(self.shrinkage)})"

    @checked
    def fit(self, anchors: AnchorTable | AnchorIndex, *, space: Space | None = None) -> FittedMethod:
        """Prepare to score by anchors.

        Args:
            anchors: N anchors; an index stands for all of its anchors.
            space: The method's space, where it is fitted to these anchors already.

        Returns:
            What scores and explains; what is the same for all images is made once.

        Raises:
            MethodError: When the anchors cannot serve the method, or its space is still to be chosen.

        Example:
            >>> import numpy as np, quasar_index as qi
            >>> anchors = qi.make_anchors(np.eye(4), quality=[1, 2, 3, 4])
            >>> fitted = qi.Mean(space="raw").fit(anchors)
            >>> fitted.score([[0, 0, 0, 1], [1, 0, 0, 0]]).score.round(3).tolist()
            [1.0, 0.0]
        """
        from .fitted import FittedMethod

        return FittedMethod(self, anchors, space=space)


@dataclass(frozen=True)
class CentroidMethod(Method):
    """A method that compares an image with centroids of good and of bad anchors; scores lie in (0, 1).

    Attributes:
        temperature: T > 0 of the softmax over both cosines; it changes the spread of scores, never their order.
        rating_power: p >= 0 of the weights |y - median|^p of rated anchors, 0 for equal weights; None for 1 in the
            whitened space where the sides follow the ratings (which the closed form of its shrinkage is made for),
            else 0 (the paper's).
        normalize_anchors: Average unit embeddings instead of raw ones.
    """

    _: KW_ONLY
    temperature: float = parameter(
        TEMPERATURE, "of the softmax: the spread of scores", "a number above 0", lambda value: value > 0
    )
    rating_power: float | None = parameter(
        None,
        "p of the weights |y - median|^p of rated anchors; none is 1 in the whitened space, else 0",
        "a number from 0",
        lambda value: value is None or value >= 0,
    )
    normalize_anchors: bool = parameter(False, "average embeddings of length one")

    @checked
    def rating_weights(self, anchors: AnchorTable) -> DoubleArray | None:
        """Return the (N,) weights of anchors by their ratings; None where all weigh the same.

        Raises:
            MethodError: When a power is given and no anchor is rated.
        """
        power = self.rating_power
        if power is None:
            power = 1.0 if self.space == "whitened" and anchors.sides_follow_ratings else 0.0
        return rating_weights(anchors, power)

    @abstractmethod
    def aggregate(self, anchors: AnchorTable, queries: FloatArray | None = None) -> Centroids:
        """Make centroids.

        Args:
            anchors: N anchors, in the space in use.
            queries: (M, D) float32 of length one; static methods ignore them.

        Returns:
            B = 1 (static) or B = M (adaptive) centroids.

        Raises:
            MethodError: When the anchors cannot serve the parameters.
        """

    @abstractmethod
    def members(self, anchors: AnchorTable, queries: FloatArray | None = None) -> tuple[Members, Members]:
        """Name the anchors that make the good and the bad prototypes; arguments and errors as `aggregate`."""


@dataclass(frozen=True)
class RatingMethod(Method):
    """A method that predicts the rating itself from rated anchors: the baselines of every comparison."""

    @abstractmethod
    def predictor(self, anchors: AnchorTable) -> Predictor:
        """Prepare for anchors.

        Args:
            anchors: N anchors, in the space in use; all of them rated.

        Returns:
            What scores queries.

        Raises:
            MethodError: When an anchor has no rating.
        """
