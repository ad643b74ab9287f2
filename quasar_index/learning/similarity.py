"""How alike the versions of one image are, by four measures with a reference; each version's maps are made once.

FSIM for colour images (Zhang et al. 2011, FSIMc), of the pixels averaged over squares of k = round(shorter side / 256),
at least 1, in YIQ from 0 to 255, with s(a, b; T) = (2 a b + T) / (a^2 + b^2 + T):

    FSIM = sum(S max(P_x, P_y)) / sum(max(P_x, P_y)),  S = s(P; 0.85) s(G; 160) |s(I; 200) s(Q; 200)|^0.03

where P is the phase congruency (Kovesi 1999) and G the length of Scharr's gradient of Y. "gradient" leaves out the
phase congruency, which takes nearly all of the time; of the other three it follows FSIM closest:

    gradient = mean(s(G; 160) |s(I; 200) s(Q; 200)|^0.03)

SSIM (Wang et al. 2004) averages over squares of k, too; MS-SSIM (Wang et al. 2003) starts at full size. Both see R, G
and B in [0, 1] through a Gaussian window of 11 pixels, sigma 1.5, and average over the channels.

FSIM, SSIM and MS-SSIM are those of piq 0.8, which compares a pair and makes the maps of both anew each time. Nine
versions of 481 x 321 pixels take one core 1.0 s for "fsim", 0.5 s for "ms-ssim", 0.4 s for "ssim", 0.15 s for
"gradient".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from torch.nn import functional

from ..arguments import checked
from ..arrays import ByteArray, FloatArray
from ..errors import DataError
from ..forks import compute_alone

Similarity: TypeAlias = Literal["fsim", "ms-ssim", "ssim", "gradient"]
SIMILARITIES: tuple[Similarity, ...] = get_args(Similarity)
VERSION = 1
"""Of the figures: kept ones of another version are made anew."""

WINDOW, SIGMA = 11, 1.5
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MIN_SIDES: dict[Similarity, int] = {
    "fsim": WINDOW,
    "ms-ssim": (WINDOW - 1) * 2 ** (len(SCALE_WEIGHTS) - 1) + 1,
    "ssim": WINDOW,
    "gradient": WINDOW,
}
"""Shortest side that each takes, in pixels."""

N_ORIENTATIONS = 4
WAVELENGTHS = (6, 12, 24, 48)

_Pairs: TypeAlias = Callable[[int], torch.Tensor]
"""Of i: the similarities of version i to those behind it."""


@checked
def similarities(images: ByteArray, kind: Similarity = "fsim", *, device: str = "cpu") -> FloatArray:
    """Compare all versions of one image with each other.

    Args:
        images: (n, H, W, 3) uint8, sRGB.
        kind: What compares them, see above; "fsim" is GRepQ's.
        device: Where PyTorch computes it, such as "cpu" or "cuda".

    Returns:
        (n, n) float32, symmetric, at most 1; 1 on the diagonal.

    Raises:
        DataError: When the array is of another shape, or its images are too small for this kind.

    Example:
        >>> import numpy as np, quasar_index as qi
        >>> grey = np.full((32, 32, 3), 128, np.uint8)
        >>> noisy = grey + np.random.default_rng(0).integers(0, 9, grey.shape).astype(np.uint8)
        >>> qi.learning.similarities(np.stack([grey, grey, noisy]), "ssim").astype(float).round(2).tolist()
        [[1.0, 1.0, 0.9], [1.0, 1.0, 0.9], [0.9, 0.9, 1.0]]
    """
    check_similarity(images.shape, kind)
    if images.dtype != np.uint8:
        raise DataError(f"the versions of an image are {images.dtype}", "give 8-bit sRGB, as images.decode returns it")
    compute_alone()
    with torch.inference_mode():
        pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device).permute(0, 3, 1, 2).float()
        pairs = {"fsim": _fsim, "ms-ssim": _ms_ssim, "ssim": _ssim, "gradient": _gradient}[kind](pixels)
        n = len(pixels)
        found = torch.eye(n)
        for i in range(n - 1):
            found[i, i + 1 :] = found[i + 1 :, i] = pairs(i).cpu()
    return found.numpy()


def check_similarity(shape: tuple[int, ...], kind: Similarity) -> None:
    """Check that images of a size can be compared.

    Args:
        shape: (n, H, W, 3) of the versions of one image.
        kind: What is to compare them.

    Raises:
        DataError: When the shape is another one, or a side is too short for this kind.
    """
    if len(shape) != 4 or shape[3] != 3:
        raise DataError(f"the versions of an image have shape {shape}", "give (n, H, W, 3) pixels")
    height, width = shape[1:3]
    if min(height, width) < MIN_SIDES[kind]:
        fitting = [one for one in SIMILARITIES if MIN_SIDES[one] <= min(height, width)]
        raise DataError(
            f"{width} x {height} pixels are too few for {kind}, which needs {MIN_SIDES[kind]} a side",
            f"use --similarity {' or '.join(fitting)}" if fitting else "leave the image out",
        )


def _pooled(pixels: torch.Tensor) -> torch.Tensor:
    """Average over squares so that the shorter side has about 256 pixels; a small image keeps its size."""
    side = max(1, round(min(pixels.shape[-2:]) / 256))
    return functional.avg_pool2d(pixels, side) if side > 1 else pixels


# --- FSIM and its part without phase congruency


def _alike(a: torch.Tensor, b: torch.Tensor, constant: float) -> torch.Tensor:
    return (2 * a * b + constant) / (a * a + b * b + constant)


def _yiq(pixels: torch.Tensor) -> torch.Tensor:
    """Return (3, n, H, W): Y, I and Q, in the range of the pixels."""
    weights = [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
    return torch.einsum("yc,nchw->ynhw", torch.tensor(weights, device=pixels.device), pixels)


def _gradient_length(luma: torch.Tensor) -> torch.Tensor:
    """Return the length of Scharr's gradient of (n, H, W), with zeros around the image."""
    scharr = torch.tensor([[-3.0, 0.0, 3.0], [-10.0, 0.0, 10.0], [-3.0, 0.0, 3.0]], device=luma.device) / 16
    both = functional.conv2d(luma[:, None], torch.stack([scharr, scharr.T])[:, None], padding=1)
    return both.square().sum(dim=1).sqrt()


def _without_phase(pixels: torch.Tensor) -> Callable[[int], torch.Tensor]:
    """Return a function of i to (n - i - 1, H, W): s(G) |s(I) s(Q)|^0.03 of version i and those behind it."""
    luma, in_phase, quadrature = _yiq(pixels)
    length = _gradient_length(luma)

    def maps(i: int) -> torch.Tensor:
        chroma = _alike(in_phase[i], in_phase[i + 1 :], 200) * _alike(quadrature[i], quadrature[i + 1 :], 200)
        return _alike(length[i], length[i + 1 :], 160) * chroma.abs() ** 0.03

    return maps


def _gradient(pixels: torch.Tensor) -> _Pairs:
    maps = _without_phase(_pooled(pixels))
    return lambda i: maps(i).mean(dim=(1, 2))


def _fsim(pixels: torch.Tensor) -> _Pairs:
    pooled = _pooled(pixels)
    maps = _without_phase(pooled)
    phase = phase_congruency(_yiq(pooled)[0])

    def pairs(i: int) -> torch.Tensor:
        weight = torch.maximum(phase[i], phase[i + 1 :])
        alike = maps(i) * _alike(phase[i], phase[i + 1 :], 0.85)
        return (alike * weight).sum(dim=(1, 2)) / weight.sum(dim=(1, 2))

    return pairs


def phase_congruency(luma: torch.Tensor) -> torch.Tensor:
    """Return how far the waves of each place are in step (Kovesi 1999, his second measure).

    Of four orientations and four wavelengths, z are the complex responses of a place to the log-Gabor filters of an
    orientation, and u is the direction of their sum; T is the energy that noise has, read off the median of the
    shortest waves' responses:

        sum over orientations of max(sum_z (Re(z / u) - |Im(z / u)|) - T, 0) / sum over all of |z|

    Args:
        luma: (n, H, W) float32, from 0 to 255.

    Returns:
        (n, H, W), from 0 to 1.
    """
    spectrum = torch.fft.fft2(luma)
    tiny = torch.finfo(luma.dtype).eps
    energy = torch.full_like(luma, tiny)
    amplitude = torch.full_like(luma, tiny)
    _, height, width = luma.shape
    for filters in _log_gabor(height, width, luma.device):
        # Only the real part of the filters counts for the energy of noise, hence both halves of the frequencies.
        total = filters.sum(dim=0)
        total = (total + total.flip((0, 1)).roll((1, 1), (0, 1))) / 2
        noise_gain = total.square().sum() / filters[0].square().sum()
        for n, one in enumerate(spectrum):  # one by one, for memory
            waves = torch.fft.ifft2(one * filters)
            summed = waves.sum(dim=0)
            turned = waves * (summed / (summed.abs() + tiny)).conj()
            length = waves.abs()
            power = length[0].square().median() / math.log(2) * noise_gain
            # Mean and two deviations of Rayleigh's distribution; 1.7 is Kovesi's factor for this measure.
            threshold = power.sqrt() * (math.sqrt(math.pi / 2) + 2 * math.sqrt(2 - math.pi / 2)) / 1.7
            energy[n] += ((turned.real - turned.imag.abs()).sum(dim=0) - threshold).clamp(min=0)
            amplitude[n] += length.sum(dim=0)
    return energy / amplitude


def _log_gabor(height: int, width: int, device: torch.device) -> list[torch.Tensor]:
    """Return the filters of each orientation, (n_wavelengths, H, W) over frequencies in the order of the FFT."""
    down, right = (_frequencies(size, device) for size in (height, width))
    radius = (down[:, None] ** 2 + right**2).sqrt()
    angle = torch.atan2(-right.expand(height, width), down[:, None].expand(height, width))
    low_pass = 1 / (1 + (radius / 0.45) ** 30)  # no frequencies of the corners, which have no orientation
    radius[0, 0] = 1
    bands = torch.stack(
        [torch.exp(-(torch.log(radius * length) ** 2) / (2 * math.log(0.55) ** 2)) * low_pass for length in WAVELENGTHS]
    )
    bands[:, 0, 0] = 0
    spread = math.pi / (N_ORIENTATIONS * 1.2)
    found = []
    for number in range(N_ORIENTATIONS):
        turned = angle - number * math.pi / N_ORIENTATIONS
        apart = torch.atan2(turned.sin(), turned.cos())
        found.append(torch.exp(-(apart**2) / (2 * spread**2)) * bands)
    return found


def _frequencies(size: int, device: torch.device) -> torch.Tensor:
    """Return the frequencies of an axis in the order of the FFT, from -0.5 to 0.5, as FSIM's authors number them."""
    step = 1 / (size - 1) if size % 2 else 1 / size
    frequencies: torch.Tensor = torch.fft.ifftshift(torch.arange(-(size // 2), size - size // 2, device=device) * step)
    return frequencies


# --- SSIM


def _blurred(planes: torch.Tensor) -> torch.Tensor:
    """Average (n, C, H, W) by the Gaussian window, where it lies wholly inside."""
    offsets = torch.arange(WINDOW, device=planes.device) - WINDOW // 2
    window = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    window = (window / window.sum()).expand(planes.shape[1], 1, 1, WINDOW)
    along = functional.conv2d(planes, window, groups=planes.shape[1])
    return functional.conv2d(along, window.transpose(2, 3), groups=planes.shape[1])


def _structure(pixels: torch.Tensor) -> Callable[[int], tuple[torch.Tensor, torch.Tensor]]:
    """Return a function of i to SSIM and its part of contrast and structure, (n - i - 1, C) each.

    Args:
        pixels: (n, C, H, W) in [0, 1].
    """
    mean = _blurred(pixels)
    variance = _blurred(pixels.square()) - mean.square()

    def pairs(i: int) -> tuple[torch.Tensor, torch.Tensor]:
        both = mean[i] * mean[i + 1 :]
        shared = _blurred(pixels[i] * pixels[i + 1 :]) - both
        contrast = (2 * shared + 0.03**2) / (variance[i] + variance[i + 1 :] + 0.03**2)
        light = (2 * both + 0.01**2) / (mean[i].square() + mean[i + 1 :].square() + 0.01**2)
        return (light * contrast).mean(dim=(2, 3)), contrast.mean(dim=(2, 3))

    return pairs


def _ssim(pixels: torch.Tensor) -> _Pairs:
    pairs = _structure(_pooled(pixels / 255))
    return lambda i: pairs(i)[0].mean(dim=1)


def _ms_ssim(pixels: torch.Tensor) -> _Pairs:
    scales = []
    pixels = pixels / 255
    for number in range(len(SCALE_WEIGHTS)):
        if number:
            odd = max(pixels.shape[2] % 2, pixels.shape[3] % 2)
            pixels = functional.avg_pool2d(functional.pad(pixels, (odd, 0, odd, 0), mode="replicate"), 2)
        scales.append(_structure(pixels))

    def pairs(i: int) -> torch.Tensor:
        found = [scale(i) for scale in scales]
        parts = [contrast for _, contrast in found[:-1]] + [found[-1][0]]
        powers = [part.clamp(min=0) ** weight for part, weight in zip(parts, SCALE_WEIGHTS, strict=True)]
        return torch.stack(powers).prod(dim=0).mean(dim=1)

    return pairs
