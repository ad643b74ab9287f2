"""Put scores into a data set of FiftyOne, and look at the worst images in its app.

pip install quasar-index fiftyone
python examples/fiftyone_samples.py FOLDER --look
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import fiftyone as fo

import quasar_index as qi


def add_scores(samples: Any, index: str = "starter") -> None:
    """Set the fields `quality` and `familiarity` of each sample; None where its file cannot be read.

    Args:
        samples: A FiftyOne data set or view of images.
        index: Name or path of an index.
    """
    rows = list(qi.metric(index).scorer.score_files(samples.values("filepath")))
    samples.set_values("quality", [row.score for row in rows])
    samples.set_values("familiarity", [row.familiarity for row in rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--index", default="starter")
    parser.add_argument("--look", action="store_true", help="open the app")
    given = parser.parse_args()
    photos = fo.Dataset.from_images_dir(given.folder)
    add_scores(photos, given.index)
    worst = photos.sort_by("quality").limit(9)
    for sample in worst:
        sys.stdout.write(f"{sample.quality:.3f}  {sample.filepath}\n")
    if given.look:
        fo.launch_app(worst).wait()
