"""Tiny data sets in the published layouts, with real images: tiles of scikit-image's photographs, blurred or noisy."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from quasar_index.demo import read_photographs, tiles
from quasar_index.synthesis import distort

SIDE = 64
N_PHOTOGRAPHS = 12
TYPES = ("gaussian-blur", "white-noise", "jpeg")


@lru_cache
def photographs(side=SIDE):
    """Return tiles of different photographs, (side, side, 3) uint8."""
    return [tiles(pixels)[0][:side, :side] for _, pixels in read_photographs()[:N_PHOTOGRAPHS]]


def save(image, path: Path):
    """Save an image, in the format that its ending names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def versions(image, seed, levels=(2, 4)):
    """Yield (type, level, image) of distorted versions; types and levels count from one."""
    rng = np.random.default_rng(seed)
    for number, name in enumerate(TYPES, start=1):
        for level in levels:
            yield number, level, distort(image, name, level, rng=rng)


def make_tid2013(root: Path, n=5):
    """The first photographs, distorted; the MOS falls with the level."""
    lines = []
    for number, image in enumerate(photographs()[:n], start=1):
        save(image, root / "reference_images" / f"I{number:02d}.BMP")
        for kind, level, distorted in versions(image, number, levels=(1, 3, 5)):
            name = f"i{number:02d}_{kind:02d}_{level}.bmp"
            save(distorted, root / "distorted_images" / name)
            lines.append(f"{7 - level - 0.1 * kind + 0.01 * number:.5f} {name}\n")
    (root / "mos_with_names.txt").write_text("".join(lines), encoding="utf-8")


def make_koniq10k(root: Path):
    """Photographs and blurred versions; the last ones are the test set."""
    lines = ["image_name,c1,c2,c3,c4,c5,c_total,MOS,SD,set\n"]
    for number, image in enumerate(photographs()):
        for level in (0, 2, 4):
            name = f"{number}{level}.png"
            rng = np.random.default_rng(number)
            shown = image if level == 0 else distort(image, "gaussian-blur", level, rng=rng)
            save(shown, root / "1024x768" / name)
            part = "test" if number >= N_PHOTOGRAPHS // 2 else "training"
            lines.append(f"{name},0,0,0.5,0.5,0,105,{80 - 15 * level + number},0.5,{part}\n")
    (root / "koniq10k_distributions_sets.csv").write_text("".join(lines), encoding="utf-8")


def make_livewild(root: Path, n: int, *, side=SIDE):
    """Parts of photographs at several blurs; the MOS falls with the blur. The first seven are the training images."""
    names, ratings = [], []
    for number in range(n):
        image, level = np.roll(photographs(side)[number % N_PHOTOGRAPHS], 5 * number, axis=1), number // 7 % 6
        name = f"t{number + 1}.bmp" if number < 7 else f"{number}.bmp"
        shown = distort(image, "gaussian-blur", level, rng=np.random.default_rng(number)) if level else image
        save(shown, root / "Images" / ("trainingImages" if number < 7 else "") / name)
        names.append(name)
        ratings.append(80 - 12 * level + number % 5)
    cells = np.empty((n, 1), object)
    cells[:, 0] = names
    (root / "Data").mkdir()
    for name, values in (("AllImages", cells), ("AllMOS", [ratings]), ("AllStdDev", np.full((1, n), 15.0))):
        field = f"{name}_release"
        savemat(root / "Data" / f"{field}.mat", {field: np.asarray(values)})


def make_kadis700k(root: Path, first=6):
    """Photographs that no test set above has, and distorted versions."""
    for number, image in enumerate(photographs()[first:], start=1):
        turned = np.ascontiguousarray(image[:, ::-1])
        save(turned, root / "ref_imgs" / f"photo-{number}.png")
        for kind, level, distorted in versions(turned, number):
            save(distorted, root / "dist_imgs" / f"photo-{number}_{kind:02d}_{level:02d}.bmp")


def make_ava(root: Path):
    """Photographs and noisy versions, with histograms of ratings."""
    lines = []
    for number, image in enumerate(photographs()):
        for level in (0, 3):
            name = 100 + 10 * number + level
            rng = np.random.default_rng(number)
            save(distort(image, "white-noise", level, rng=rng) if level else image, root / "images" / f"{name}.jpg")
            counts = [0] * 10
            counts[7 - level], counts[number % 3] = 10, 2
            lines.append(f"{len(lines) + 1} {name} {' '.join(map(str, counts))} 1 2 3\n")
    (root / "AVA.txt").write_text("".join(lines), encoding="utf-8")


def make_aadb(root: Path):
    """One of the three lists, with sharp and blurred photographs."""
    lines = []
    for number, image in enumerate(photographs()):
        for level in (0, 3):
            name = f"farm_{number}_{level}.png"
            turned = np.ascontiguousarray(image[::-1])
            rng = np.random.default_rng(number)
            shown = distort(turned, "gaussian-blur", level, rng=rng) if level else turned
            save(shown, root / "AADB_newtest_originalSize" / name)
            lines.append(f"{name} {0.9 - 0.2 * level + 0.005 * number:.3f}\n")
    (root / "imgListTestNewRegression_score.txt").write_text("".join(lines), encoding="utf-8")


def save_rn50(path: Path):
    """Save a small file of random weights of CLIP RN50, whose text tower tells prompts apart."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.create_model("RN50", force_quick_gelu=True).eval()
    save_file({name: tensor.half() for name, tensor in model.state_dict().items()}, path)
