"""Are the declared severities what people see? SRCC of severity and human score, by type of distortion.

    python -m tests.benchmarks.severity [--kadid FILE] [--tid FILE]

FILE is a label file of KADID-10k or TID2013 with image names such as I01_05_3 and a score, higher is better: the
authors' (`dmos.csv`, `mos_with_names.txt`), or a CSV of the columns dis_img_path and score. For each type it prints the
mean score by level, and the SRCC of the score with the level and with minus the severity of the table; one that is not
above 0 fails.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import quasar_index as qi
from quasar_index.datasets.distortions import (
    KADID_DISTORTIONS,
    KADID_SEVERITIES,
    TID2013_DISTORTIONS,
    TID2013_SEVERITIES,
    Severities,
    severity_of,
)

TABLES = {"kadid": (KADID_DISTORTIONS, KADID_SEVERITIES), "tid": (TID2013_DISTORTIONS, TID2013_SEVERITIES)}
_NAME = re.compile(r"i\d+_(\d+)_(\d+)\.", re.IGNORECASE)


def read_scores(file: Path) -> Iterator[tuple[int, int, float]]:
    """Yield type, level and score of each image of a label file."""
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.reader(line.replace(" ", ",") for line in lines):
            name = next((match for value in row if (match := _NAME.search(value))), None)
            numbers = [float(value) for value in row if re.fullmatch(r"-?\d+(\.\d+)?", value)]
            if name and numbers:
                yield int(name[1]), int(name[2]), numbers[0]


def compare(
    file: Path, names: tuple[str, ...], severities: Severities
) -> Iterator[tuple[str, list[float], float, float | None]]:
    """Compare by type.

    Yields:
        Name of the type, mean score of its levels, SRCC of the score with the level, and with minus the severity (None
        where the table has none).
    """
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for kind, level, score in read_scores(file):
        found[kind].append((level, score))
    for kind in sorted(found):
        levels, scores = (np.array(values, dtype=np.float64) for values in zip(*found[kind], strict=True))
        name = names[kind - 1]
        means = [float(scores[levels == level].mean()) for level in np.unique(levels)]
        told = [severity_of(name, int(level), severities) for level in levels]
        agreement = None if None in told else qi.srcc(-np.array(told, dtype=np.float64), scores)
        yield name, means, qi.srcc(levels, scores), agreement


def main(arguments: list[str] | None = None) -> int:
    """Print a table for each label file; return 1 where a severity goes against the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in TABLES:
        parser.add_argument(f"--{option}", type=Path)
    given = vars(parser.parse_args(arguments))
    failed = 0
    for option, (names, severities) in TABLES.items():
        if given[option] is None:
            continue
        print(f"{given[option].name}\n{'type':36} {'mean score by level':38} level  severity")
        for name, means, by_level, agreement in compare(given[option], names, severities):
            shown = "  none" if agreement is None else f"{agreement:+.3f}"
            print(f"{name:36} {' '.join(f'{mean:7.2f}' for mean in means):38} {by_level:+.3f} {shown}")
            failed += agreement is not None and agreement <= 0
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
