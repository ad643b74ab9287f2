"""An encoder without weights: mean and spread of each colour, and how much neighbouring pixels differ."""

import numpy as np

import quasar_index as qi


class Sunny:
    """Nine numbers of an image."""

    def __init__(self, spec):
        self.spec = spec

    def prepare(self, image):
        return self.spec.input.apply(image)

    def forward(self, batch):
        pixels = batch.astype(np.float32) / 255
        steps = np.abs(np.diff(pixels, axis=2)).mean(axis=(1, 2))
        return np.concatenate([pixels.mean(axis=(1, 2)), pixels.std(axis=(1, 2)), 10 * steps], axis=1) + 1e-3


def load(*, name, rule, layers, **options):
    """Make the encoder."""
    return Sunny(qi.EncoderSpec(name, 9, fingerprint="sunny-1", input=rule, layers=layers))


ENCODER = qi.encoders.EncoderPlugin(
    load, dim=9, rule=qi.encoders.InputRule("at-most", 256), licence="MIT", note="colours and steps, for tests"
)
