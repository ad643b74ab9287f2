"""`quasar-index approximate` on real images: opt in, see it, score with it, opt out."""

import json
import shutil
from pathlib import Path

import pytest

import quasar_index as qi

from .conftest import Run


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Path:
    """A copy of the index of 20 rated images that may be changed."""
    shutil.copytree(home / "rated", tmp_path / "own")
    return tmp_path / "own"


def test_opt_in_score_and_opt_out(
    call: Run, run: Run, own: Path, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = min(photos.glob("*.png"))

    def score(method: str, *options: object) -> tuple[str, str]:
        caplog.clear()
        done = call("score", image, "--index", own, "-f", "jsonl", "-m", method, *options)
        assert done.returncode == 0, done.stderr
        return done.stdout, caplog.text

    exact, said = score("retrieval:top_k=3")
    assert "approximate" not in said
    done = call("approximate", own, "--top-k", 4, "--recall", 0.8, "--queries", 20, "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["space"], record["top_k"], record["n_queries"]) == ("whitened (shrinkage 0.01)", 4, 10)
    assert 0.8 <= record["recall"] <= 1
    assert -1 <= record["score_srcc"] <= 1
    shown = call("info", own).stdout
    assert f"approximate in the space {record['space']}: IVF" in shown
    assert f"recall {record['recall']:.3f} of the 4 nearest of a side" in shown
    assert json.loads(call("info", own, "--json").stdout)["approximate"]["factory"] == record["factory"]
    assert call("verify", own).returncode == 0

    row, said = score("retrieval:top_k=3")
    sentence = f"the search is approximate: it finds {record['recall']:.1%} of the 4 nearest"
    assert sentence in said
    done = run("score", image, "--index", own, "-f", "jsonl", "-m", "retrieval:top_k=3")
    assert done.stderr.startswith(f"quasar-index: {sentence}")
    assert json.loads(done.stdout)["score"] == pytest.approx(json.loads(row)["score"], abs=1e-6)
    assert abs(json.loads(row)["score"] - json.loads(exact)["score"]) < 0.1
    for given in (
        ("retrieval:top_k=5",),
        ("retrieval:top_k=3,space=raw",),
        ("retrieval:top_k=3", "--where", "score > 2"),
    ):
        assert score(*given)[1].count("the search is exact") == 1

    done = call("approximate", own, "--off", "--json")
    assert json.loads(done.stdout) == {"index": str(own), "search": "exact"}
    row, said = score("retrieval:top_k=3")
    assert json.loads(row)["score"] == pytest.approx(json.loads(exact)["score"], abs=1e-6)
    assert "approximate" not in said


def test_where_exact_search_is_faster_it_says_so(call: Run, own: Path) -> None:
    done = call("approximate", own, "--top-k", 4, "--recall", 0.5, "--space", "raw")
    assert done.returncode == 0, done.stderr
    assert "approximate in the space raw" in done.stdout
    record = qi.AnchorIndex.open(own).manifest.approximate
    assert record is not None
    assert ("exact search is faster for 20 anchors" in done.stderr) == (record.speedup < 1)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--space", "auto"), 2, "may choose others"),
        (("--shrinkage", "auto"), 2, "may choose others"),
        (("--space", "raw", "--shrinkage", "1"), 2, "--shrinkage is only for the space whitened"),
        (("--recall", "1"), 4, "recall 1.0 is not between 0 and 1"),
        (("--top-k", "10"), 4, "10 neighbours are not from 1 to fewer than a side of 10 anchors"),
    ],
)
def test_what_cannot_be_is_one_line(call: Run, own: Path, options: tuple[str, ...], code: int, message: str) -> None:
    done = call("approximate", own, *options)
    assert done.returncode == code
    assert message in " ".join(done.stderr.split())
    assert qi.AnchorIndex.open(own).manifest.approximate is None
