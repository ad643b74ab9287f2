"""The distance of an image's patches to pristine patches, without a rating or a distorted image; and a prompt's score.

    d = sqrt((m_p - m_t)^T ((S_p + S_t)/2 + r I)^-1 (m_p - m_t)),   Q_L = 1 - sigmoid(d / scale) in (0, 0.5]

m and S are mean and covariance (divided by N - 1) of the raw embeddings of the pristine patches (p), and of the image's
own (t), which overlap by half; r is 0.001 and the scale 100. An image of one patch has no covariance: S_t counts as 0.
With `prompts`, the score is Q_L + Q_H in (0, 1.5):

    Q_H = sigmoid(10 (cos(x, "a good photo.") - cos(x, "a bad photo.")))

x is the whole image's embedding by an encoder with a text tower. GRepQ (Srinath et al., WACV 2024) with its authors'
public code; the distance is that of NIQE (Mittal et al., IEEE Signal Processing Letters 20(3), 2013). Higher is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import scipy  # its submodules load on first use, so that start-up is quick

from ..anchors import AnchorTable
from ..arguments import checked
from ..arrays import DoubleArray, FloatArray, as_embeddings
from ..errors import MethodError, counted
from ..notation import parameter
from ..threads import threads_for
from .fitted import FittedMethod, Scores
from .method import Method
from .space import Space, SpaceName

if TYPE_CHECKING:
    from ..index.anchor_index import AnchorIndex

PROMPTS = ("a good photo.", "a bad photo.")
PROMPT_SCALE = 10.0


@dataclass(frozen=True)
class Patches(Method):
    """The distance of an image's patches to those of pristine images.

    Its anchors are patches: an index of `build NAME --patches`.

    Attributes:
        stride: Pixels from one patch of an image to the next; None for half the size of the patches.
        ridge: r > 0, added to the diagonal of the covariance, in the unit of the squared embeddings.
        scale: Of the sigmoid; it changes the spread of scores, and with `prompts` their order.
        prompts: Add the score of a pair of prompts, Q_H.
        space: "raw" alone: the covariance itself says how each direction counts.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
        >>> from PIL import Image
        >>> Image.fromarray(pixels).save("photo.png")
        >>> source, encoder = qi.datasets.choose_pristine_patches(["photo.png"]), qi.load_encoder()
        >>> index = qi.build_index("pristine", [source], encoder).index
        >>> scorer = qi.Scorer(index, qi.methods.Patches(), encoder)
        >>> sharp, flat = scorer.score_images([pixels, pixels // 2 + 64]).score
        >>> bool(0.5 > sharp > flat > 0)
        True
    """

    when: ClassVar[str] = "an index of pristine patches alone (build --patches): no rating, no distorted image"
    takes_patches: ClassVar[bool] = True

    stride: int | None = parameter(
        None,
        "pixels from one patch of an image to the next; none: half a patch",
        "a whole number from 1",
        lambda value: value is None or value >= 1,
    )
    ridge: float = parameter(
        0.001, "added to the diagonal of the covariance", "a number above 0", lambda value: value > 0
    )
    scale: float = parameter(100.0, "of the sigmoid", "a number above 0", lambda value: value > 0)
    prompts: bool = parameter(False, "add the score of a pair of prompts, by an encoder with a text tower")

    _: KW_ONLY
    space: SpaceName | Literal["auto"] = parameter("raw", "as embedded", "raw", lambda value: value == "raw")

    @checked
    def fit(self, anchors: AnchorTable | AnchorIndex, *, space: Space | None = None) -> FittedPatches:
        """Prepare to score by patches (see `Method.fit`).

        Raises:
            MethodError: When the anchors are no patches, or a single one.
        """
        return FittedPatches(self, anchors, space=space)


class PatchGaussian:
    """Mean and covariance of pristine patches, and how far others lie from them.

    With U = centred patches of the image / sqrt(2 (n - 1)) and A = S_p/2 + r I = L L^T, the distance is
    ||(I + W W^T)^-1/2 z||, z = L^-1 (m_p - m_t), W = L^-1 U, which needs no (D, D) factor for each image where n < D.

    Args:
        mean: (D,) float64, m_p.
        factor: (D, D) float64, L, lower.
        ridge: r.
    """

    def __init__(self, mean: DoubleArray, factor: DoubleArray, ridge: float) -> None:
        self.mean = mean
        self._factor = factor
        self._ridge = ridge

    @classmethod
    def of(cls, patches: npt.ArrayLike, ridge: float) -> PatchGaussian:
        """Fit to the (N, D) raw embeddings of pristine patches, N >= 2.

        Raises:
            MethodError: When there is one patch alone.
        """
        matrix = np.asarray(patches, dtype=np.float64)
        if len(matrix) < 2:
            raise MethodError(
                f"{counted(len(matrix), 'pristine patch has', 'pristine patches have')} no covariance",
                "build the index of more photographs",
            )
        mean = matrix.mean(axis=0)
        centred = matrix - mean
        half = centred.T @ (centred / (2.0 * (len(matrix) - 1)))
        half[np.diag_indices_from(half)] += ridge
        return cls(mean, scipy.linalg.cholesky(half, lower=True, overwrite_a=True, check_finite=False), ridge)

    @property
    def arrays(self) -> dict[str, npt.ArrayLike]:
        """What it is made of, to be kept."""
        return {"mean": self.mean, "factor": self._factor}

    def distance(self, patches: npt.ArrayLike) -> float:
        """Return d of the (n, D) raw embeddings of an image's patches."""
        basis, inner, offset, middle = self._parts(patches)
        rest = offset - basis @ middle  # by projection, so that nothing cancels
        within = scipy.linalg.solve_triangular(inner, middle, lower=True, check_finite=False)
        return float(np.sqrt(rest @ rest + within @ within))

    def contributions(self, patches: npt.ArrayLike) -> DoubleArray:
        """Return the (n,) shares of the patches in d^2: their sum is d^2; a patch nearer than the others' has less."""
        basis, inner, offset, middle = self._parts(patches)
        solved = scipy.linalg.cho_solve((inner, True), middle, check_finite=False)
        direction = self._solve(offset - basis @ middle + basis @ solved, transposed=True)
        own = np.asarray(patches, dtype=np.float64) - self.mean
        return np.asarray(own @ -direction / len(own))

    def unusual(self, patches: npt.ArrayLike) -> DoubleArray:
        """Return the (n,) distances of single patches y, sqrt((y - m_p)^T (S_p + 2 r I)^-1 (y - m_p))."""
        own = self._solve((np.asarray(patches, dtype=np.float64) - self.mean).T)
        return np.asarray(np.sqrt(np.einsum("dn,dn->n", own, own) / 2.0))

    def _parts(self, patches: npt.ArrayLike) -> tuple[DoubleArray, DoubleArray, DoubleArray, DoubleArray]:
        """Return an orthonormal basis Q of W, the Cholesky factor of I + R R^T (W = Q R), z, and Q^T z."""
        matrix = np.asarray(patches, dtype=np.float64)
        mean = matrix.mean(axis=0)
        offset = self._solve(self.mean - mean)
        spread = (matrix - mean).T / np.sqrt(2.0 * max(len(matrix) - 1, 1))
        if spread.shape[1] > len(spread):  # as few columns with the same S_t
            spread = np.asarray(np.linalg.qr(spread.T, mode="r")).T
        basis, upper = np.linalg.qr(self._solve(spread))
        inner = upper @ upper.T
        inner[np.diag_indices_from(inner)] += 1.0
        factor = scipy.linalg.cholesky(inner, lower=True, overwrite_a=True, check_finite=False)
        return basis, factor, offset, basis.T @ offset

    def _solve(self, right: DoubleArray, *, transposed: bool = False) -> DoubleArray:
        """Return L^-1 right, or L^-T right."""
        solved = scipy.linalg.solve_triangular(
            self._factor, right, lower=True, trans=1 if transposed else 0, check_finite=False
        )
        return np.asarray(solved)


@dataclass(frozen=True)
class PatchExplanation:
    """What the patches of one image say, in the order of `images.patch_places`.

    Attributes:
        unusual: (n,) float64, distance of each to the pristine patches; higher is more unusual.
        contribution: (n,) float64, share of each in the squared distance of the image; their sum is d^2.
        distance: d.
    """

    unusual: DoubleArray
    contribution: DoubleArray
    distance: float


class FittedPatches(FittedMethod):
    """The patch distance, fitted to pristine patches.

    Args:
        method: Its parameters.
        anchors: N patches; an index of patches stands for all of its anchors.
        space: The raw one, where it is made already.

    Attributes:
        gaussian: Of the patches.

    Raises:
        MethodError: When the anchors are no patches, or a single one.
    """

    method: Patches

    @checked
    def __init__(self, method: Patches, anchors: AnchorTable | AnchorIndex, *, space: Space | None = None) -> None:
        super().__init__(method, anchors, space=space)
        table, ridge = self.anchors, method.ridge

        def make() -> dict[str, npt.ArrayLike]:
            raw = table.directions.astype(np.float64) * table.norms[:, None]
            return PatchGaussian.of(raw, ridge).arrays

        with threads_for(len(table), table.dim, table.dim):
            kept = table.once(f"pristine patches, ridge {ridge!r}", make)
        self.gaussian = PatchGaussian(kept["mean"], kept["factor"], ridge)

    def __reduce__(self) -> Any:
        """Be pickled as what it is fitted to."""
        return partial(FittedPatches, space=self.space), (self.method, self.anchors)

    @property
    def is_static(self) -> bool:
        """True: all images are compared with the same patches."""
        return True

    @property
    def patch_size(self) -> int:
        """Pixels a side of a patch."""
        assert self.anchors.patch_size is not None  # noqa: S101 - checked when it was made
        return self.anchors.patch_size

    @property
    def stride(self) -> int:
        """Pixels from one patch of an image to the next."""
        return self.method.stride or max(1, self.patch_size // 2)

    @checked
    def score_patches(self, images: Sequence[FloatArray], prompts: DoubleArray | None = None) -> Scores:
        """Score images by their patches.

        Args:
            images: (n, D) raw embeddings of the patches of each of M images, in any order.
            prompts: (M, 2) cosines of the whole images to the good and the bad prompt, where the method has `prompts`.

        Returns:
            M scores, Q_L or Q_L + Q_H; the similarities are those to the prompts, NaN without.

        Raises:
            MethodError: When the method asks for prompts and there are no cosines, or the other way round.
            DataError: On a wrong dimension, NaN or zero embeddings.
        """
        if (prompts is None) == self.method.prompts:
            raise MethodError(
                f"'{self.method}' is given {'no' if prompts is None else 'the'} cosines to prompts",
                "give them with patches:prompts, and only there",
            )
        distances = np.array([self._distance(as_embeddings(one, dim=self.dim)) for one in images])
        low = scipy.special.expit(-distances / self.method.scale)
        if prompts is None:
            nothing = np.full(len(low), np.nan)
            return Scores(low, nothing, nothing)
        good, bad = np.asarray(prompts, dtype=np.float64).reshape(-1, 2).T
        return Scores(low + scipy.special.expit(PROMPT_SCALE * (good - bad)), good, bad)

    @checked
    def explain_patches(self, patches: FloatArray) -> PatchExplanation:
        """Say which patches of an image are unusual, of their (n, D) raw embeddings."""
        matrix = as_embeddings(patches, dim=self.dim)
        gaussian = self.gaussian
        with threads_for(self.dim, self.dim, len(matrix)):
            return PatchExplanation(gaussian.unusual(matrix), gaussian.contributions(matrix), gaussian.distance(matrix))

    def _distance(self, patches: FloatArray) -> float:
        with threads_for(self.dim, self.dim, len(patches)):
            return self.gaussian.distance(patches)
