"""A data set whose labels are the lines `NAME SCORE` of days.txt."""

import quasar_index as qi


def read(folder, options):
    """Read the labels under a root."""
    lines = [line.split() for line in folder.read("days.txt").decode().splitlines()]
    names, scores = zip(*lines, strict=True)
    columns = {"path": [folder.resolve(name) for name in names], "score": [float(score) for score in scores]}
    return qi.datasets.Labels(qi.datasets.make_records(columns, len(names)))


DATASET = qi.datasets.Dataset(
    name="sunnydays",
    title="Sunny Days",
    kind="no-reference",
    size=None,
    licence="MIT",
    homepage="https://example.org",
    tree="days.txt\n*.png",
    read=read,
)
