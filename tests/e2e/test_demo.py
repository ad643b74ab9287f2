"""`quasar-index demo` meets the bar, and its table is the one that the guide to methods shows."""

import re
from pathlib import Path

import quasar_index as qi

from .conftest import Run


def test_demo_table(call: Run, tmp_path: Path) -> None:
    done = call("demo", QUASAR_INDEX_HOME=str(tmp_path / "indexes"))
    assert done.returncode == 0, done.stderr
    shown = re.findall(r"^ *((?:mean|offset|clustering|retrieval)[^ ]*) +(-?[\d.]+)", done.stdout, flags=re.MULTILINE)
    rows = {name: float(value) for name, value in shown}
    assert len(rows) == 8
    assert [str(qi.read_method(name)) for name in rows] == list(rows)
    assert rows["retrieval:top_k=8,space=raw"] >= 0.65
    assert rows["retrieval"] >= 0.75
    assert rows["retrieval"] > rows["retrieval:top_k=8,space=raw"] > rows["mean:space=raw"]
    assert rows["mean"] > rows["mean:space=raw"] + 0.1
    assert str(Path("indexes/demo")) in done.stdout
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "methods.md").read_text(encoding="utf-8")
    for name, value in rows.items():
        (printed,) = re.findall(rf"^\| `{name}` \| (-?[\d.]+) \|", guide, flags=re.MULTILINE)
        # Arithmetic differs a little between processors; the table in the guide must still be this one.
        assert abs(float(printed) - value) < 0.03
    again = call(
        "score", str(tmp_path / "indexes" / "demo-images" / "coffee-0.png"), "--index", tmp_path / "indexes" / "demo"
    )
    assert again.returncode == 0


def test_demo_replaces_no_index_of_your_own(call: Run) -> None:
    done = call("demo", "--name", "rated")
    assert done.returncode == 4
    assert "index of your own" in done.stderr
