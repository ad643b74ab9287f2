"""`check` finds all problems of label files in one pass, over all sources, and names the option that helps for each."""

import json

import pytest

import quasar_index as qi
from quasar_index.datasets import collect_source
from quasar_index.errors import DataError


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return str(path)


def found(spec, **columns):
    source, problems = collect_source(spec, **columns)
    return source, [(problem.count, problem.option) for problem in problems]


def test_all_problems_of_one_file(tmp_path):
    text = (
        "image;score;x\na.png;3,5;1\nb.png;;2\nc.png;x;1\n;4;1\nd.png;2,5;1\nd.png;3,5;1\ne.png;1;1;1\n./d.png;3;1\n"
        "f.png;NA;1\ng.png;9;1\nh.png;2;1\nh.png;3;1\n"
    )
    path = write(tmp_path / "l.csv", text)
    source, problems = found(f"{path}?range=0,5")
    assert problems == [(1, ""), (1, "missing=drop"), (2, "missing=drop"), (1, ""), (1, ""), (2, "")]
    assert [path[-5:] for path in source.records["path"].to_pylist()] == ["a.png"]
    _, problems = collect_source(f"{path}?range=0,5")
    for part in (
        "line 8: 4 fields",
        "line 5: column",
        "(lines 3 and 10)",
        "line 4: score 'x'",
        "line 11: score 9",
        "2 images",
    ):
        assert any(part in problem.message for problem in problems), part
    with pytest.raises(DataError, match="line 8: 4 fields"):  # alone, reading stops at the first
        qi.load_source(f"{path}?range=0,5")


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("l.csv", b"image;score\na;1,050\nb;\nc;x\n", ["missing=drop", "decimal=,", ""]),
        ("l.csv", "image,score\nü,1\nb,\n".encode("cp1252"), ["encoding=cp1252", "missing=drop"]),
        ("l.tsv", b"image\tscore\na\t1,5\nb\t2\nc\tNA\n", ["missing=drop", "decimal=,"]),
        ("l.csv", b"a.png,1\nb.png,\n", ["header=image,score", ""]),
        ("l.csv", b"image,score\na,1\n\"b,2\n", [""]),
        ("l.csv", b"image,score,score\na,1,2\nb,,2\n", ["", "missing=drop"]),
        ("l.csv", b"image;x,score\na;1,1\nb;2,\nc;2,2,2\n", ["sep=semicolon", "missing=drop"]),
        ("l.jsonl", b'{"image": "a", "score": 1}\n{oops\n5\n{"image": "b"}', ["", "", "missing=drop"]),
        ("l.json", b'[{"image": "a", "score": 1}, 5, {"image": "b", "score": NaN}]', ["", "missing=drop"]),
    ],
)  # fmt: skip
def test_reading_goes_on_after_a_problem_of_the_file(tmp_path, name, content, options):
    (tmp_path / name).write_bytes(content)
    spec = str(tmp_path / name) + ("?sep=,&image=image;x" if "sep=semicolon" in options else "")
    _, problems = collect_source(spec)
    assert [problem.option for problem in problems][: len(options)] == options


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("image;score\na;1,050\nb;2\n", "decimal=,"),
        ("image\tscore\na\t1,5\nb\t2\n", "decimal=,"),
        ("image,score\na,1\nb,\n", "missing=drop"),
        ('image,score\na,"1,234.5"\nb,2\n', "thousands=,"),
        ("a.png,1\nb.png,2\n", "header=image,score"),
    ],
)
def test_the_proposed_option_mends_the_file(tmp_path, text, option):
    path = write(tmp_path / "l.csv", text)
    _, problems = collect_source(path)
    assert [problem.option for problem in problems if problem.option] == [option]
    _, problems = collect_source(f"{path}?{option}")
    assert not problems


def test_names_are_looked_at_when_the_scores_cannot_be_read(tmp_path):
    path = write(tmp_path / "l.csv", "image,scroe\na,1\n,2\n")
    source, problems = collect_source(path)
    assert source is None
    assert [problem.option for problem in problems] == ["missing=drop", ""]
    assert "?score=scroe" in problems[1].hint


def test_one_source_does_not_stop_the_others(tmp_path):
    good = write(tmp_path / "good.csv", "image,score\na.png,1\nb.png,2\n")
    bad = write(tmp_path / "bad.csv", "image,score\nc.png,\nd.png,2\n")
    sources, findings = qi.checks.read_sources([bad, tmp_path / "none.csv", "konik:/x", good])
    assert [source.name for source in sources] == ["bad", "good"]
    assert [(one.severity, one.check, one.data, one.count) for one in findings] == [
        ("error", "labels", "bad", 1),
        ("error", "labels", str(tmp_path / "none.csv"), 1),
        ("error", "labels", "konik:/x", 1),
    ]
    report = qi.checks.check_sources(sources, found=findings)
    assert report.findings[:3] == tuple(findings)
    assert report.must_stop
    only = qi.checks.check_sources([], found=findings[1:])
    assert (only.n_images, len(only.findings)) == (0, 2)
    _, findings = qi.checks.read_sources([{"image": ["a.png"], "scores": [1]}])
    assert findings[0].data == "frame"


def test_the_command_prints_them_all(tmp_path, monkeypatch, capsys):
    from quasar_index.cli import main as cli

    path = write(tmp_path / "l.csv", "image;score\na.png;1,050\nb.png;\nc.png;950\n")
    arguments = ["quasar-index", "check", "--data", path, "--data", str(tmp_path / "none.csv"), "--json"]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    report = json.loads(capsys.readouterr().out)
    assert exit_.value.code == 3
    labels = [
        finding for finding in report["findings"] if finding["check"] == "labels" and finding["severity"] == "error"
    ]
    assert [("?missing=drop" in one["message"], "?thousands=," in one["message"]) for one in labels[:2]] == [
        (True, False),
        (False, True),
    ]
    assert "cannot be read" in labels[2]["message"]
