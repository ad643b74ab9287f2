"""What is wrong with a wish is answered before torch is imported (seconds), and before anything is embedded."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

RATED = ("-d", "photos/ratings.csv", "--score-column", "quality")
SCORE = ("score", "photos", "-i", "rated")
EVALUATE = ("evaluate", "-i", "rated", *RATED, "--exclude", "same-image")
SWEEP = ("sweep", "rated", "--offsets", "0,0.2", *RATED)

WRONG: list[tuple[tuple[str, ...], int, str]] = [
    (("build", "new", *RATED, "-e", "nonsense"), 5, "no encoder 'nonsense'"),
    (("build", "rated", *RATED), 4, "exists already; choose another name, or replace it with --overwrite"),
    (("build", "new", *RATED, "--weights", "nofile.pt"), 5, "no weights file 'nofile.pt'"),
    (("build", "new", *RATED, "--layers", "foo"), 5, "has no layers 'foo'"),
    (("build", "new", *RATED, "-e", "clip-rn50", "--layers", "stats"), 5, "'clip-rn50' has no layers 'stats'"),
    (("build", "new", *RATED, "--input", "foo-3"), 5, "no input rule 'foo-3'"),
    (("build", "new", *RATED, "--device", "gpu"), 5, "no device 'gpu'; use auto, cpu, cuda or cuda:0"),
    (("build", "new", "-d", "photos/ratings.csv", "--score-column", "nothing"), 3, "has no column 'nothing'"),
    (("build", "photos/ratings.csv/new", *RATED), 4, "cannot be made or written (Not a directory)"),
    (("build", ".hidden", *RATED), 4, "'.hidden' is no name for an index"),
    (("build", "new", "-d", "same.csv"), 3, "none lies above the median"),
    (("add", "nosuch", *RATED), 4, "no index 'nosuch'"),
    (("add", "rated", *RATED, "--weights", "nofile.pt"), 5, "no weights file 'nofile.pt'"),
    (("add", "vectors", *RATED), 4, "holds precomputed embeddings"),
    (("score", "photos", "-i", "nosuch"), 4, "no index 'nosuch'"),
    (("score", "photos", "-i", "vectors"), 4, "holds precomputed embeddings"),
    ((*SCORE, "--version", "9"), 4, "has no version 9"),
    ((*SCORE, "--version", "sometag"), 4, "has no version or tag 'sometag'"),
    (
        (*SCORE, "--calibrated"),
        4,
        "has no calibration of 'mean' for version 1; make one: quasar-index calibrate",
    ),
    ((*SCORE, "--calibrated", "--ratio", "0.5"), 2, "drop --where and --ratio"),
    ((*SCORE, "--encoder", "clip-rn50"), 4, "but --encoder is clip-rn50"),
    ((*SCORE, "--where", "nothing = 3"), 4, "filter 'nothing = 3' cannot be used"),
    ((*SCORE, "--ratio", "3"), 3, "ratio 3.0 is not in (0, 1]"),
    ((*SCORE, "--method", "mean:space=auto", "--group", "nothing"), 3, "has no column 'nothing'"),
    ((*SCORE, "--weights", "nofile.pt"), 5, "no weights file 'nofile.pt'"),
    ((*SCORE, "--device", "gpu"), 5, "no device 'gpu'"),
    ((*SCORE, "--method", "clustering:n_clusters=1000"), 6, "1000 clusters are more than"),
    ((*SCORE, "--method", "men"), 6, "there is no method 'men'; did you mean 'mean'?"),
    ((*SCORE, "--method", "mean:temperature=0"), 6, "temperature of mean is 0.0; it is a number above 0"),
    ((*SCORE, "--method", "mean:shrinkage=-1"), 6, "shrinkage of mean is -1.0; it is a number above 0"),
    ((*SCORE, "--output", "nofolder/out.csv"), 3, "'nofolder/out.csv' cannot be written, its folder does not exist"),
    ((*SCORE, "--output", "/proc/out.csv"), 3, "'/proc/out.csv' cannot be written (No such file or directory)"),
    ((*SCORE, "--report", "/proc/x.html"), 3, "check the place that --report names"),
    (("score", "photos", "--anchors", "text", "--prompts", "nonsense"), 2, "no prompts 'nonsense'"),
    (("score", "photos", "--anchors", "text", "-e", "nonsense"), 5, "no encoder 'nonsense'"),
    (("score", "photos", "--anchors", "text"), 5, "has no text tower; use one of clip-rn50"),
    (("score", "photos", "--anchors", "text", "-e", "clip-rn50", "--weights", "no.pt"), 5, "no weights file 'no.pt'"),
    ((*EVALUATE[:-1], "nonsense"), 7, "no exclusion 'nonsense'"),
    ((*EVALUATE[:-1], "group=nothing"), 3, "index 'rated' has no column 'nothing'"),
    ((*EVALUATE, "--by", "nothing"), 3, "ratings has no column 'nothing'"),
    ((*EVALUATE, "--where", "nothing = 3"), 4, "filter 'nothing = 3' cannot be used"),
    ((*EVALUATE, "--ratio", "3"), 3, "ratio 3.0 is not in (0, 1]"),
    ((*EVALUATE, "--method", "mean:temperature=0"), 6, "temperature of mean is 0.0; it is a number above 0"),
    ((*EVALUATE, "--weights", "nofile.pt"), 5, "no weights file 'nofile.pt'"),
    (("evaluate", *RATED, "--cross-validate", "group=nothing"), 3, "ratings has no column 'nothing'"),
    (("evaluate", *RATED, "--cross-validate", "group=photograph", "--layers", "foo"), 5, "has no layers 'foo'"),
    (("evaluate", *RATED, "--cross-validate", "group=photograph", "--by", "nothing"), 3, "has no column 'nothing'"),
    ((*SWEEP, "--exclude", "nonsense"), 7, "no exclusion 'nonsense'"),
    ((*SWEEP, "--exclude", "same-image", "--group", "nothing"), 3, "has no column 'nothing'"),
    ((*SWEEP, "--exclude", "same-image", "--where", "nothing = 3"), 4, "filter 'nothing = 3' cannot be used"),
    ((*SWEEP, "--exclude", "same-image", "--weights", "nofile.pt"), 5, "no weights file 'nofile.pt'"),
    (("check", *RATED, "-i", "rated", "--weights", "nofile.pt"), 5, "no weights file 'nofile.pt'"),
    (("check", *RATED, "-i", "rated", "--threshold", "3"), 3, "threshold 3 is not in (0, 1]"),
    (("demo", "--name", "rated"), 4, "is an index of your own"),
    (("demo", "--name", "new", "--device", "gpu"), 5, "no device 'gpu'"),
    (("calibrate", "rated", "--group", "nothing"), 3, "has no column 'nothing'"),
    (("select", "rated", "--selector", "kmeans", "--to", "rated", "--size", "4"), 4, "exists already"),
    (("merge", "new", "nosuch", "rated"), 4, "no index 'nosuch'"),
    (("map", "rated", "-o", "x.png", "--colour", "nothing"), 3, "has no column 'nothing'"),
    (("export", "rated", "x.npz", "--where", "nothing = 3"), 4, "filter 'nothing = 3' cannot be used"),
    (("reproduce", "table1", "--data-root", ".", "--weights", "clip-rn50=no.pt"), 5, "no weights file 'no.pt'"),
]
RUN = """
import contextlib, io, json, sys
from quasar_index.cli.main import main
for arguments in json.load(sys.stdin):
    sys.argv, said, code = ["quasar-index", *arguments], io.StringIO(), 0
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as stop:
            code = stop.code
    print(json.dumps([code, said.getvalue(), "torch" in sys.modules]))
"""


@pytest.fixture(scope="module")
def answers(home: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str, bool]]:
    """Exit code and stderr of each, and whether torch was imported by then; all in one process."""
    folder = tmp_path_factory.mktemp("early")
    (folder / "photos").symlink_to(photos)
    # Its own: other tests calibrate the index that all share.
    shutil.copytree(home / "rated", folder / "indexes" / "rated", ignore=shutil.ignore_patterns("calibration*"))
    first = next(photos.glob("*.png"))
    (folder / "same.csv").write_text(f"image,score\n{first},2\n{first},2\n{first},2\n", encoding="utf-8")
    np.save(folder / "vectors.npy", np.random.default_rng(0).normal(size=(20, 8)).astype("float32"))
    vectors = ("build", "vectors", "--embeddings", "vectors.npy", "--labels", "photos/ratings.csv", *RATED[2:])
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps([vectors, *(arguments for arguments, _, _ in WRONG)]),
        capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "QUASAR_INDEX_HOME": str(folder / "indexes"), "COLUMNS": "400"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made, *found = map(json.loads, done.stdout.splitlines())
    assert made[0] == 0, made[1]
    return found


@pytest.mark.parametrize("place", range(len(WRONG)), ids=lambda place: " ".join(WRONG[place][0])[:60])
def test_it_is_answered_before_an_encoder_loads(answers: list[tuple[int, str, bool]], place: int) -> None:
    _, code, text = WRONG[place]
    found, said, has_torch = answers[place]
    assert text in " ".join(said.split())
    assert found == code
    assert not has_torch
