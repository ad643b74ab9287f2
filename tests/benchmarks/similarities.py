"""How closely each kind of similarity follows FSIM on distorted photographs, and what a set of nine costs.

    python -m tests.benchmarks.similarities PHOTOGRAPHS [--sets 20]

Each photograph is distorted by four of the 25 types at two levels each, drawn at random: a set of nine, 36 pairs.
"""

import argparse
import time

import numpy as np

import quasar_index as qi


def versions(image, rng):
    """Return an image and eight distorted versions of it."""
    made = [image]
    for name in rng.choice(list(qi.synthesis.DISTORTIONS), 4, replace=False):
        levels = sorted(rng.choice(qi.synthesis.LEVELS, 2, replace=False))
        made += [qi.synthesis.distort(image, str(name), int(level), rng=rng) for level in levels]
    return np.stack(made)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs")
    parser.add_argument("--sets", type=int, default=20)
    arguments = parser.parse_args()
    paths = qi.list_images(arguments.photographs)
    paths = [paths[number * len(paths) // arguments.sets] for number in range(arguments.sets)]
    rng = np.random.default_rng(0)
    pairs = np.triu_indices(9, 1)
    found = {kind: [] for kind in qi.learning.SIMILARITIES}
    seconds = dict.fromkeys(found, 0.0)
    processor = dict.fromkeys(found, 0.0)
    for path in paths:
        images = versions(qi.images.decode(qi.images.read_image_bytes(path)), rng)
        for kind, values in found.items():
            wall, used = time.perf_counter(), time.process_time()
            values.append(qi.learning.similarities(images, kind)[pairs])
            seconds[kind] += time.perf_counter() - wall
            processor[kind] += time.process_time() - used
    print(f"{len(paths)} sets of nine; Spearman correlation with FSIM")
    print(f"{'kind':10} {'all pairs':>10} {'in a set':>10} {'lowest':>8} {'highest':>8} {'s a set':>8} {'core s':>8}")
    for kind, values in found.items():
        pooled = qi.srcc(np.concatenate(found["fsim"]), np.concatenate(values))
        each = [qi.srcc(one, other) for one, other in zip(found["fsim"], values, strict=True)]
        print(
            f"{kind:10} {pooled:10.3f} {np.mean(each):10.3f} {min(each):8.3f} {max(each):8.3f} "
            f"{seconds[kind] / len(paths):8.2f} {processor[kind] / len(paths):8.2f}"
        )


if __name__ == "__main__":
    main()
