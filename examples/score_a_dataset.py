"""Add scores to a data set of Hugging Face, and show the best images.

    pip install quasar-index datasets
    python examples/score_a_dataset.py FOLDER

`datasets` keeps what `map` made: the same images, index and method are not scored again.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from datasets import Dataset, load_dataset

import quasar_index as qi


def add_scores(rows: dict[str, Any], metric: qi.frameworks.ImageMetric) -> dict[str, Any]:
    """Score a batch of rows with a column `image`."""
    return {"score": metric(rows["image"]).tolist()}


def score_folder(folder: str, index: str = "starter") -> Dataset:
    """Load the images of a folder, and score them.

    Args:
        folder: Folder of images.
        index: Name or path of an index.

    Returns:
        The data set with a column `score`, the best image first.
    """
    images = load_dataset("imagefolder", data_dir=folder, split="train")
    scored = images.map(add_scores, batched=True, batch_size=64, fn_kwargs={"metric": qi.metric(index)})
    return scored.sort("score", reverse=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--index", default="starter")
    given = parser.parse_args()
    for row in score_folder(given.folder, given.index).select_columns(["image", "score"]).take(9):
        sys.stdout.write(f"{row['score']:.3f}  {getattr(row['image'], 'filename', '')}\n")
