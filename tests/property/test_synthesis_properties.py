"""Properties of every distortion on arbitrary images."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quasar_index.synthesis import DISTORTIONS, LEVELS, distort

sides = st.integers(32, 71)
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(list(DISTORTIONS)), level=st.sampled_from(LEVELS), height=sides, width=sides, seed=seeds)
def test_same_size_untouched_input_and_same_result_from_one_seed(name, level, height, width, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    before = image.copy()
    first = distort(image, name, level, rng=np.random.default_rng(seed))
    second = distort(image, name, level, rng=np.random.default_rng(seed))
    assert first.shape == image.shape
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(image, before)


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(["mean-shift", "contrast-change", "brighten", "darken", "quantization", "color-saturation-1"]),
    level=st.sampled_from(LEVELS),
    seed=seeds,
)
def test_pointwise_distortions_commute_with_permuting_pixels(name, level, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (40, 36, 3), dtype=np.uint8)
    order = rng.permutation(40)
    after = distort(image, name, level, rng=np.random.default_rng(seed))[order]
    np.testing.assert_array_equal(distort(image[order], name, level, rng=np.random.default_rng(seed)), after)


@settings(max_examples=20, deadline=None)
@given(grey=st.integers(0, 255), level=st.sampled_from(LEVELS), seed=seeds)
def test_blur_leaves_a_uniform_image_as_it_is(grey, level, seed):
    image = np.full((37, 45, 3), grey, np.uint8)
    for name in ("gaussian-blur", "lens-blur", "motion-blur", "jitter", "pixelate", "non-eccentricity-patch"):
        distorted = distort(image, name, level, rng=np.random.default_rng(seed))
        assert np.abs(distorted.astype(int) - grey).max() <= 1, name


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(list(DISTORTIONS)), level=st.sampled_from(LEVELS), seed=seeds)
def test_memory_layout_does_not_matter(name, level, seed):
    image = np.random.default_rng(seed).integers(0, 256, (41, 36, 3), dtype=np.uint8)
    for view in (image[::-1, ::-1], np.asfortranarray(image), image[..., ::-1]):
        expected = distort(view.copy(order="C"), name, level, rng=np.random.default_rng(seed))
        np.testing.assert_array_equal(distort(view, name, level, rng=np.random.default_rng(seed)), expected)
