"""How alike the frames of a burst are, and other images: what the threshold of `pick --one-of-a-burst` rests on.

Bursts are made of photographs as a hand makes them: each frame shifted by up to 6 % of the side and turned by up to 1.5
degrees, another exposure (0.85 to 1.18), blur (up to a radius of 2) and noise (up to 8 grey levels), saved as JPEG. Set
against them are frames of different photographs, and, harder, different images of one subject: those of one value in a
column of a label file. The space of the cosines is that of rated anchors which show other subjects, five times drawn.

    python -m tests.benchmarks.bursts PHOTOGRAPHS RATINGS.csv --subject prompt
"""

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

import quasar_index as qi
from quasar_index.arrays import BoolArray, ByteArray, DoubleArray, FloatArray

N_FRAMES = 4
THRESHOLDS = (0.5, 0.6, 0.65, 0.7, 0.8)


def frame(photograph: Image.Image, rng: np.random.Generator) -> ByteArray:
    """Make one frame of a burst."""
    width, height = photograph.size
    turned = photograph.rotate(rng.uniform(-1.5, 1.5), Image.Resampling.BICUBIC)
    (left, top), part = rng.uniform(0, 0.06, 2) * photograph.size, rng.uniform(0.90, 0.94)
    cut = turned.crop((int(left), int(top), int(left + part * width), int(top + part * height)))
    image = ImageEnhance.Brightness(cut.resize((width, height))).enhance(rng.uniform(0.85, 1.18))
    image = image.filter(ImageFilter.GaussianBlur(float(rng.choice([0, 0.6, 1.2, 2.0]))))
    noisy = np.asarray(image, float) + rng.normal(0, rng.uniform(0, 8), (height, width, 3))
    file = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=88)
    return np.asarray(Image.open(file).convert("RGB"))


def same(labels: Sequence[object]) -> BoolArray:
    """Tell which pairs have the same label, without those of one image."""
    column = np.array(labels)
    pairs: BoolArray = (column[:, None] == column) & ~np.eye(len(column), dtype=bool)
    return pairs


def cosines(
    frames: FloatArray, rated: FloatArray, ratings: DoubleArray, subjects: Sequence[str]
) -> dict[str, DoubleArray]:
    """Compare frames, and rated images of subjects that are not those of the anchors."""
    of = np.repeat(np.arange(len(frames) // N_FRAMES), N_FRAMES)
    found: dict[str, list[DoubleArray]] = {}
    for seed in range(5):
        names = np.random.default_rng(seed).permutation(sorted(set(subjects)))
        is_anchor = np.isin(subjects, names[: len(names) // 2])
        fitted = qi.Mean().fit(qi.make_anchors(rated[is_anchor], quality=ratings[is_anchor]))
        shots, others = fitted.directions(frames), fitted.directions(rated[~is_anchor])
        pairs = shots @ shots.T
        parts = {
            "frames of one burst": pairs[same(of.tolist())],
            "each frame and its nearest one": np.where(same(of.tolist()), pairs, -1).max(axis=1),
            "images of one subject": (others @ others.T)[same(np.array(subjects)[~is_anchor].tolist())],
            "other photographs": pairs[of[:, None] != of],
        }
        for name, part in parts.items():
            found.setdefault(name, []).append(part)
    return {name: np.concatenate(part) for name, part in found.items()}


def main() -> None:
    """Print the distributions for both encoders that work offline."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("ratings", type=Path)
    parser.add_argument("--subject", default="prompt", help="column of the label file")
    parser.add_argument("--count", type=int, default=80, help="photographs to make bursts of")
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    photographs = [Image.open(path).convert("RGB") for path in qi.list_images(given.photographs)[: given.count]]
    frames = [frame(one, rng) for one in photographs for _ in range(N_FRAMES)]
    rows = list(csv.DictReader(given.ratings.open(encoding="utf-8")))
    images = [np.asarray(Image.open(given.ratings.parent / row["image"]).convert("RGB")) for row in rows]
    ratings = np.array([float(row["quality"]) for row in rows])
    for name in ("efficientnet-lite0", "efficientnet-lite2"):
        encoder = qi.load_encoder(name)
        found = cosines(
            qi.encode(encoder, frames), qi.encode(encoder, images), ratings, [row[given.subject] for row in rows]
        )
        print(f"{name}: cosine at the 5th, 50th and 95th percentile; part of the pairs at or above a threshold")
        for kind, part in found.items():
            low, middle, high = np.percentile(part, (5, 50, 95))
            shares = "  ".join(f"{threshold}: {np.mean(part >= threshold):6.1%}" for threshold in THRESHOLDS)
            print(f"  {kind:31} {low:5.2f} {middle:5.2f} {high:5.2f}   {shares}")


if __name__ == "__main__":
    main()
