"""Several ratings on the command line: from a label file with two of them to two scores an image."""

import csv
import io
import json
import signal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import quasar_index as qi

from .conftest import Run


@pytest.fixture(scope="module")
def labels(photos: Path) -> Path:
    """Labels of the photographs: quality, an appeal by photograph, and noise, which falls as quality rises."""
    with (photos / "ratings.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    order = {name: place for place, name in enumerate(dict.fromkeys(row["photograph"] for row in rows))}
    path = photos / "both.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "quality", "appeal", "noise", "photograph"])
        for n, row in enumerate(rows):
            appeal = "" if n == 19 else order[row["photograph"]] + n / 100
            writer.writerow([row["image"], row["quality"], appeal, 6 - float(row["quality"]), row["photograph"]])
    return path


@pytest.fixture(scope="module")
def index(labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of them."""
    source = qi.load_source(labels, score_column=["quality", "appeal", "noise:lower"])
    path = tmp_path_factory.mktemp("several") / "both"
    qi.build_index(path, [source], qi.load_encoder(device="cpu"))
    return path


def rows_of(done: "object") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))  # type: ignore[attr-defined]


COLUMNS = ("--score-column", "quality", "--score-column", "appeal", "--score-column", "noise:lower")


def test_build_keeps_each_column_as_a_rating(
    call: Run, labels: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = call("build", tmp_path / "new", "--data", labels, *COLUMNS)
    assert done.returncode == 0, done.stderr
    assert "also rated by appeal 0 to 4.18, good is above" in done.stdout
    assert "also rated by noise 0.9" in done.stdout
    assert "lower is better, good is below" in " ".join(done.stdout.split())
    ratings = json.loads(call("info", tmp_path / "new", "--json").stdout)["sources"][0]["ratings"]
    assert [(one["name"], one["lower_is_better"]) for one in ratings] == [
        ("quality", False),
        ("appeal", False),
        ("noise", True),
    ]
    added = call("add", tmp_path / "new", "--data", f"{labels}?name=both", *COLUMNS)
    assert added.returncode == 0, added.stderr
    assert "20 images there already" in added.stdout
    by = call("info", tmp_path / "new", "--rating", "appeal")
    assert "by appeal" in by.stdout
    assert "19: 9 good, 10 bad" in by.stdout
    assert "rating 'appeal': 1 anchor without it is left out" in caplog.text


def test_score_by_one_rating_and_by_several(call: Run, index: Path, photos: Path, tmp_path: Path) -> None:
    images = [photos / "coffee_0.png", tmp_path / "none.png", photos / "coffee_3.png"]
    one = {
        name: rows_of(call("score", *images, "-i", index, "--rating", name, "-f", "csv"))
        for name in ("quality", "appeal", "noise")
    }
    assert list(one["appeal"][0]) == ["path", "score", "similarity_good", "similarity_bad", "familiarity", "error"]
    plain = rows_of(call("score", *images, "-i", index, "-f", "csv"))
    assert plain == one["quality"]
    done = call(
        "score", *images, "-i", index, "--rating", "quality", "--rating", "appeal", "--rating", "noise", "-f", "csv"
    )
    assert done.returncode == 3
    several = rows_of(done)
    for n in (0, 2):
        for name, rows in one.items():
            for column in ("score", "similarity_good", "similarity_bad"):
                assert float(several[n][f"{column}_{name}"]) == pytest.approx(float(rows[n][column]), abs=1e-5)
    assert several[1]["score_appeal"] == several[1]["score_quality"] == ""
    assert "cannot be read" in several[1]["error"]
    # Noise follows quality down, so both divide the anchors alike; appeal is of the photograph.
    assert float(several[0]["score_noise"]) == pytest.approx(float(several[0]["score_quality"]), abs=1e-3)
    assert abs(float(several[0]["score_appeal"]) - float(several[0]["score_quality"])) > 0.05


def test_every_format_has_the_columns_of_each_rating(call: Run, index: Path, photos: Path, tmp_path: Path) -> None:
    asked = ("score", photos / "coffee_0.png", "-i", index, "--rating", "appeal", "--rating", "quality")
    wanted = ["path"]
    wanted += [
        f"{name}_{by}"
        for by in ("appeal", "quality")
        for name in ("score", "similarity_good", "similarity_bad", "familiarity")
    ]
    wanted.append("error")
    row = json.loads(call(*asked, "-f", "jsonl").stdout)
    assert list(row) == wanted
    assert call(*asked, "-o", tmp_path / "rows.parquet").returncode == 0
    assert pq.read_table(tmp_path / "rows.parquet").to_pylist() == [row]
    table = call(*asked, "-f", "table", COLUMNS="80").stdout
    assert "score_appeal" in table
    assert "score_quality" in table
    assert "similarity_bad_quality" not in table.split("left out")[0]


def test_calibrated_scores_of_several_ratings(call: Run, labels: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 6)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    lines = [f"{n}.png,{3 + row[0]:.3f},{50 - 9 * row[1]:.3f}" for n, row in enumerate(x)]
    (tmp_path / "x.csv").write_text("\n".join(["image,quality,strain", *lines]))
    columns = ("--score-column", "quality", "--score-column", "strain:lower")
    done = call("build", tmp_path / "x", "--embeddings", tmp_path / "x.npy", "--labels", tmp_path / "x.csv", *columns)
    assert done.returncode == 0, done.stderr
    assert call("calibrate", tmp_path / "x").returncode == 0
    asked = ("score", "--embeddings", tmp_path / "x.npy", "-i", tmp_path / "x", "--calibrated", "-f", "csv")
    both = ("--rating", "quality", "--rating", "strain")
    lacking = call(*asked, *both)
    assert lacking.returncode != 0
    assert "no calibration of 'mean by strain'" in lacking.stderr
    assert "quasar-index calibrate x --rating strain" in lacking.stderr
    made = call("calibrate", tmp_path / "x", "--rating", "strain")
    assert made.returncode == 0, made.stderr
    assert "rating" in made.stdout
    assert "strain" in made.stdout
    rows = rows_of(call(*asked, *both))
    for name, raw in (("quality", 3 + x[:, 0]), ("strain", 50 - 9 * x[:, 1])):
        mos = [float(row[f"mos_{name}"]) for row in rows]
        assert np.corrcoef(mos, raw)[0, 1] > 0.8
        assert all(
            float(row[f"low_{name}"]) <= m <= float(row[f"high_{name}"]) for row, m in zip(rows, mos, strict=True)
        )
    single = rows_of(call(*asked, "--rating", "strain"))
    assert [row["mos"] for row in single] == [row["mos_strain"] for row in rows]


def test_explanations_tell_the_ratings_apart(call: Run, index: Path, photos: Path, tmp_path: Path) -> None:
    asked = ("score", photos / "coffee_0.png", "-i", index, "--rating", "quality", "--rating", "appeal", "-f", "jsonl")
    done = call(*asked, "--explain", tmp_path / "why.jsonl", "--explain-top", 0)
    assert done.returncode == 0, done.stderr
    score = json.loads(done.stdout)
    why = [json.loads(line) for line in (tmp_path / "why.jsonl").read_text().splitlines()]
    assert list(why[0])[:2] == ["path", "rating_name"]
    for name, n in (("quality", 20), ("appeal", 18)):  # one has no appeal, the one at its median no weight
        mine = [row for row in why if row["rating_name"] == name]
        assert len(mine) == n
        total = sum(row["contribution"] for row in mine if row["side"] == "good")
        assert total == pytest.approx(score[f"similarity_good_{name}"], abs=1e-4)
    best = max((row for row in why if row["rating_name"] == "appeal"), key=lambda row: row["rating"])
    assert best["rating"] == pytest.approx(4.18)
    assert call(*asked, "--explain", tmp_path / "why.parquet").returncode == 0
    assert pq.read_schema(tmp_path / "why.parquet").names[:3] == ["path", "rating_name", "anchor"]


def test_a_page_is_of_one_rating(call: Run, index: Path, photos: Path, tmp_path: Path) -> None:
    asked = ("score", photos / "coffee_0.png", "-i", index, "--report", tmp_path / "page.html", "-f", "csv")
    refused = call(*asked, "--rating", "quality", "--rating", "appeal")
    assert refused.returncode == 2
    assert "--report shows one rating" in refused.stderr
    assert call(*asked, "--rating", "appeal").returncode == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "0 to 4.18, higher is better" in page
    done = call("map", index, "--rating", "appeal", "--colour", "rating", "--output", tmp_path / "map.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "appeal, 0 worst to 1 best" in page
    assert '"4.18 (1.00 of 0 to 1)"' in page


def test_what_an_interrupted_run_left_is_of_its_ratings(
    call: Run, index: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = sorted(photos.glob("*.png"))[:6]
    out = tmp_path / "rows.csv"
    from quasar_index.cli import resuming

    written = resuming.append_line

    def stop(*given: object, **more: object) -> None:
        written(*given, **more)  # type: ignore[arg-type]
        if "row" in given[1]:  # type: ignore[operator]
            raise KeyboardInterrupt

    both = ("--rating", "quality", "--rating", "appeal")
    with monkeypatch.context() as patched:
        patched.setattr(resuming, "append_line", stop)
        assert call("score", *images, "-i", index, *both, "-o", out).returncode == 128 + signal.SIGINT
    partial = (tmp_path / ".rows.csv.partial.jsonl").read_bytes()
    done = call("score", *images, "-i", index, *both, "-o", out)
    assert "1 of 6 rows was left by an interrupted run" in done.stderr
    assert len(out.read_text().splitlines()) == 7
    (tmp_path / ".rows.csv.partial.jsonl").write_bytes(partial)
    other = call("score", *images, "-i", index, "--rating", "appeal", "-o", out)
    assert "left by an interrupted run" not in other.stderr
    assert out.read_text().startswith("path,score,")


def test_evaluate_by_a_rating(call: Run, index: Path, labels: Path) -> None:
    own = ("evaluate", "-i", index, "--cross-validate", "group=photograph", "--resamples", 40, "--format", "json")
    reports = {name: json.loads(call(*own, "--rating", name).stdout) for name in ("quality", "appeal", "noise")}
    assert reports["appeal"]["n_scored"] == 19
    assert "by appeal" in reports["appeal"]["protocol"]
    figures = {name: report["methods"][0]["srcc"]["value"] for name, report in reports.items()}
    assert figures["noise"] == pytest.approx(figures["quality"], abs=0.02)
    assert figures["quality"] > 0.5 > figures["appeal"]
    against = ("evaluate", "-i", index, "--data", labels, "--exclude", "same-image", "--resamples", 40)
    done = call(*against, "--score-column", "noise:lower", "--rating", "appeal", "--format", "json")
    assert done.returncode == 0, done.stderr
    other = json.loads(done.stdout)
    assert "both against 19 anchors of index 'both' by appeal" in other["protocol"]
    assert other["methods"][0]["srcc"]["value"] < figures["noise"]


def test_select_by_a_rating_and_use_it(
    call: Run, index: Path, photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = ("select", index, "--selector", "extremes", "--size", 8, "--to", tmp_path / "few", "--rating", "appeal")
    done = call(*asked)
    assert done.returncode == 0, done.stderr
    assert "8 anchors: 4 good, 4 bad by appeal" in done.stdout
    assert "its first rating is still 'quality': use it with --rating appeal" in done.stderr
    scored = call("score", photos / "coffee_0.png", "-i", tmp_path / "few", "--rating", "appeal", "-f", "jsonl")
    assert scored.returncode == 0, scored.stderr
    assert "selected by" not in caplog.text
    other = call("score", photos / "coffee_0.png", "-i", tmp_path / "few", "-f", "jsonl")
    assert "were selected by appeal, and are used by quality here" in caplog.text
    assert json.loads(other.stdout)["score"] != json.loads(scored.stdout)["score"]


def test_relabel_and_check_take_several_columns(call: Run, labels: Path, index: Path) -> None:
    done = call("relabel", index, labels, *COLUMNS)
    assert "20 labels as they were" in done.stdout, done.stderr
    wrong = call("relabel", index, labels, "--score-column", "noise:lower")
    assert wrong.returncode != 0
    assert "--rating noise" in wrong.stderr
    assert "20 labels as they were" in call("relabel", index, labels, *COLUMNS[4:], "--rating", "noise").stdout
    found = call("check", "--data", labels, *COLUMNS, "--json")
    findings = json.loads(found.stdout)["findings"]
    messages = {(one["data"], one["check"]): one["message"] for one in findings if one["check"] == "labels"}
    assert messages["both, noise", "labels"].endswith("lower is better")
    assert "1 image has no such rating" in messages["both, appeal", "labels"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("score", "x.png", "-i", "INDEX", "--rating", "beauty"),
            "has no rating 'beauty'; ratings: quality, appeal, noise",
        ),
        (("score", "x.png", "-i", "INDEX", "--rating", "noise", "--rating", "noise"), "--rating noise is given twice"),
        (("score", "x.png", "--anchors", "text", "--rating", "noise"), "--rating has no effect: the anchors are two"),
        (
            ("evaluate", "-i", "INDEX", "--rating", "beauty", "--cross-validate", "group=photograph"),
            "no rating 'beauty'",
        ),
        (("evaluate", "--data", "LABELS", "--cross-validate", "group=x", "--rating", "a"), "--rating, --version and"),
        (("evaluate", "-i", "INDEX", "--data", "LABELS", *COLUMNS), "give one --score-column"),
        (("sweep", "INDEX", "--ratios", "1", "--data", "LABELS", *COLUMNS), "give one --score-column"),
        (("select", "INDEX", "-s", "random", "-n", "4", "--to", "new", "--rating", "beauty"), "no rating 'beauty'"),
        (("calibrate", "INDEX", "--rating", "beauty"), "no rating 'beauty'"),
        (("approximate", "INDEX", "--rating", "beauty"), "no rating 'beauty'"),
        (("map", "INDEX", "--output", "map.png", "--rating", "beauty"), "no rating 'beauty'"),
        (("relabel", "INDEX", "LABELS", "--score-column", "quality", "--rating", "beauty"), "no rating 'beauty'"),
        (("check", "--data", "LABELS", "--score-column", "quality", "--rating", "a"), "--rating belongs to --index"),
        (("build", "new", "--data", "LABELS", *COLUMNS[:2], *COLUMNS[:2]), "name each score column once"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    call: Run, index: Path, labels: Path, arguments: tuple[str, ...], message: str
) -> None:
    places = {"INDEX": str(index), "LABELS": str(labels)}
    done = call(*(places.get(word, word) for word in arguments), COLUMNS="400")
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
