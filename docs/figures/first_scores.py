"""The README's picture: free photographs and distorted versions of them, in the order of their scores.

    python docs/figures/first_scores.py

The photographs come with scikit-image (Chelsea the cat, CC0; a cup of coffee, CC0). They are anchors of the starter
index, so all anchors made of the photograph are left out before it is scored.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from skimage import data, transform

import quasar_index as qi

OUT = Path(__file__).with_name("first-scores.webp")
SHOWN = {
    "chelsea": [(None, 0), ("jpeg", 5), ("gaussian-blur", 2), ("gaussian-blur", 4)],
    "coffee": [(None, 0), ("darken", 4), ("white-noise", 3), ("motion-blur", 5)],
}
WORDS = {
    "jpeg": "JPEG",
    "gaussian-blur": "blur",
    "darken": "darker",
    "white-noise": "noise",
    "motion-blur": "motion blur",
}


def cut(name: str) -> np.ndarray:
    """Return a photograph at 3:2, 480 pixels wide."""
    pixels = getattr(data, name)()
    height, width, _ = pixels.shape
    tall = min(height, width * 2 // 3)
    wide = tall * 3 // 2
    top, left = (height - tall) // 2, (width - wide) // 2
    part = pixels[top : top + tall, left : left + wide]
    return np.round(255 * transform.resize(part, (320, 480), anti_aliasing=True)).astype(np.uint8)


def main() -> None:
    """Score the images and draw them."""
    index = qi.AnchorIndex.open("starter")
    encoder = qi.load_recorded_encoder(index.manifest.encoder)
    found = []
    for name, versions in SHOWN.items():
        method = qi.Retrieval().fit(index.anchors(where=f"reference <> '{name}'"))
        images = [
            cut(name) if kind is None else qi.synthesis.distort(cut(name), kind, level, rng=np.random.default_rng(0))
            for kind, level in versions
        ]
        scores = method.score(qi.encode(encoder, images)).score
        told = ["as it is" if kind is None else f"{WORDS[kind]}, level {level}" for kind, level in versions]
        found += zip(scores.tolist(), told, images, strict=True)
    found.sort(key=lambda one: -one[0])
    mpl.rcParams["font.family"] = "DejaVu Sans"
    figure, axes = plt.subplots(2, 4, figsize=(12, 5), facecolor="white")
    for place, (score, told, image) in zip(axes.flat, found, strict=True):
        place.imshow(image, aspect="auto")
        place.set_axis_off()
        place.set_title(f"{score:.2f}", loc="left", fontsize=17, fontweight="bold", pad=5)
        place.set_title(told, loc="right", fontsize=11, color="0.35", pad=6)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.93, wspace=0.04, hspace=0.16)
    figure.savefig(OUT, dpi=110, pil_kwargs={"quality": 82, "method": 6})
    print(OUT, OUT.stat().st_size)  # noqa: T201
    for score, told, _ in found:
        print(f"{score:.3f} {told}")  # noqa: T201


if __name__ == "__main__":
    main()
