"""The notebooks run as they stand, and the examples with other libraries do where these are installed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import quasar_index as qi

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
SAID = {
    "score_and_look": ("21 images", r"motorcycle +-0\.[5-9]", r"page.png score \S+ familiarity 0\.0", "missing.png ca"),
    "your_own_ratings": ("88 anchors, 8 left out", r"mean +SRCC 0\.[89]\d", r"held [89]\d%", r"blurred +rating [12]"),
}  # fmt: skip


def test_there_are_two_notebooks_without_outputs() -> None:
    assert [path.stem for path in NOTEBOOKS] == sorted(SAID)
    for path in NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert len(code) >= 5
        assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
        assert path.stat().st_size < 12_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    text = "".join(output.get("text", "") for output in outputs)
    for pattern in SAID[path.stem]:
        assert re.search(pattern, text), f"{pattern} is not in:\n{text}"
    assert "Warning" not in text
    if path.stem == "score_and_look":
        assert any("image/png" in output.get("data", {}) for output in outputs)


def run_example(name: str, folder: Path, place: Path) -> list[tuple[float, str]]:
    """Run an example over a folder; return the scores and file names that it prints."""
    place.mkdir()
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=place,
        env={**os.environ, "HF_HOME": str(place / "hf"), "HF_HUB_OFFLINE": "1", "FIFTYONE_DO_NOT_TRACK": "true"},
    )
    assert done.returncode == 0, done.stderr
    lines = [re.fullmatch(r"(0\.\d{3})  (\S+)", line) for line in done.stdout.splitlines()]
    return [(float(found[1]), Path(found[2]).name) for found in lines if found]


def scores_of(photos: Path) -> dict[str, float]:
    return {Path(path).name: qi.metric("starter")(path).item() for path in qi.list_images(photos)}


def test_scores_in_a_data_set_of_hugging_face(photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    images = tmp_path / "images"
    images.mkdir()
    for path in photos.glob("*.png"):
        (images / path.name).write_bytes(path.read_bytes())
    found = run_example("score_a_dataset.py", images, tmp_path / "place")
    expected = sorted(scores_of(images).items(), key=lambda one: -one[1])[:9]
    assert [name for _, name in found] == [name for name, _ in expected]
    assert [score for score, _ in found] == pytest.approx([score for _, score in expected], abs=6e-4)


def test_scores_in_a_data_set_of_fiftyone(photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("fiftyone")
    images = tmp_path / "images"
    images.mkdir()
    for path in photos.glob("*.png"):
        (images / path.name).write_bytes(path.read_bytes())
    found = run_example("fiftyone_samples.py", images, tmp_path / "place")
    expected = sorted(scores_of(images).items(), key=lambda one: one[1])[:9]
    assert [name for _, name in found] == [name for name, _ in expected]
    assert [score for score, _ in found] == pytest.approx([score for _, score in expected], abs=6e-4)
