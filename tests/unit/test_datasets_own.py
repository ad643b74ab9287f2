"""Your own ratings: label files, folders of references and distortions, bad input."""

import json

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quasar_index.datasets import find_dataset, load_source
from quasar_index.datasets.spec import parse_spec
from quasar_index.errors import DataError


def write(path, text, encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def rows(source):
    return source.records.to_pylist()


# specifications


@pytest.mark.parametrize(
    ("text", "dataset", "root", "options"),
    [
        ("koniq10k:/data/koniq?split=test", "koniq10k", "/data/koniq", {"split": "test"}),
        ("KonIQ-10k:s3://bucket/koniq", "KonIQ-10k", "s3://bucket/koniq", {}),
        ("LIVE in the Wild:x", "LIVE in the Wild", "x", {}),
        ("s3://bucket/a.csv?score=mos&lower=true", None, "s3://bucket/a.csv", {"score": "mos", "lower": "true"}),
        ("memory://a/b.csv", None, "memory://a/b.csv", {}),
        ("simplecache::s3://b/x.csv", None, "simplecache::s3://b/x.csv", {}),
        (r"C:\data\x.csv", None, r"C:\data\x.csv", {}),
        ("c:/data/x.csv?sep=%3B", None, "c:/data/x.csv", {"sep": ";"}),
        ("labels.csv", None, "labels.csv", {}),
        ("what?.csv", None, "what?.csv", {}),
    ],
)
def test_a_specification_is_taken_apart(text, dataset, root, options):
    spec = parse_spec(text)
    assert (spec.dataset, spec.root, dict(spec.options.values)) == (dataset, root, options)


def test_an_existing_path_is_a_path_whatever_its_characters(tmp_path):
    odd = write(tmp_path / "koniq10k:a?b=c.csv", "image,score\na.png,1\n")
    assert len(load_source(str(odd))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("konik10k:/data", "near: koniq10k"),
        ("qqqqqq:/data", "quasar-index datasets"),
        ("", "empty"),
        ("koniq10k:", "ROOT"),
        ("koniq10k:/nowhere-at-all", "no folder"),
        ("/nowhere-at-all", "no such file"),
        ("koniq10k:/tmp?splitt=test", "did you mean 'split'"),
        ("a.csv?score=", "no value"),
        ("a.csv?score=a&score=b", "twice"),
    ],
)
def test_a_wrong_specification_says_what_is_wrong(text, message):
    with pytest.raises(DataError, match=message):
        load_source(text)


def test_data_set_names_ignore_case_and_hyphens():
    assert find_dataset("KADIS-700K").name == "kadis700k"
    assert find_dataset("LIVEitW").name == "livewild"


# label files


def test_a_csv_with_bom_semicolons_crlf_quotes_and_blanks_in_names(tmp_path):
    text = '\ufeffImage name;MOS;city;code\r\n"a;b ""c"".png";3,5;"München, Süd";007\r\n\r\nmy photo.jpg;4;Köln;012\r\n'
    source = load_source(str(write(tmp_path / "labels.csv", text)))
    first, second = rows(source)
    assert first["path"] == str(tmp_path / 'a;b "c".png')
    assert (first["score"], second["score"]) == (3.5, 4.0)
    assert (first["city"], first["code"]) == ("München, Süd", "007")
    assert "decimal commas" in source.warnings[0]
    assert not source.lower_is_better
    assert source.division == "median"


def test_further_columns_keep_their_types_and_canonical_names(tmp_path):
    text = "image,score,level,split,reference,n,x,flag,prompt,path\na.png,1,2,test,r1,3,0.5,true,p 1,zzz\n"
    (row,) = rows(load_source(str(write(tmp_path / "l.csv", text))))
    assert (row["level"], row["split"], row["reference"]) == (2, "test", "r1")
    assert (row["n"], row["x"], row["flag"], row["prompt"]) == (3, 0.5, True, "p 1")
    assert row["path"] == str(tmp_path / "a.png")
    assert row["path_in_file"] == "zzz"


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_other_formats_give_the_same_rows(tmp_path, ending):
    path = tmp_path / f"labels.{ending}"
    if ending == "tsv":
        write(path, "file\trating\nx,1.png\t2.5\n")
    elif ending == "jsonl":
        write(path, json.dumps({"file": "x,1.png", "rating": 2.5}) + "\n")
    else:
        pq.write_table(pa.table({"file": ["x,1.png"], "rating": [2.5]}), path)
    (row,) = rows(load_source(str(path)))
    assert (row["path"], row["score"]) == (str(tmp_path / "x,1.png"), 2.5)


def test_labels_and_images_on_any_fsspec_path():
    fs = fsspec.filesystem("memory")
    fs.pipe("/own/labels.csv", b"image,score\nIMG.png,1\n")
    fs.pipe("/own/img.PNG", b"x")
    source = load_source("memory://own/labels.csv")
    assert rows(source)[0]["path"] == "memory://own/img.PNG"
    assert list(source.checksums) == ["memory://own/labels.csv"]
    assert rows(load_source("memory://own"))[0]["path"] == "memory://own/img.PNG"


def test_a_name_in_the_wrong_case_is_resolved_and_a_missing_one_kept(tmp_path):
    write(tmp_path / "img" / "Photo.JPG", "")
    source = load_source(str(write(tmp_path / "l.csv", "image,score\nimg\\photo.jpg,1\nimg/none.jpg,2\n")))
    assert [row["path"] for row in rows(source)] == [
        str(tmp_path / "img" / "Photo.JPG"),
        str(tmp_path / "img" / "none.jpg"),
    ]


def test_the_score_column_must_be_one(tmp_path):
    both = write(tmp_path / "l.csv", "image,mos,quality\na.png,1,2\n")
    with pytest.raises(DataError, match=r"mos, quality.*--score-column"):
        load_source(str(both))
    assert rows(load_source(str(both), score_column="quality"))[0]["score"] == 2
    assert rows(load_source(f"{both}?score=mos"))[0]["score"] == 1
    with pytest.raises(DataError, match="given twice"):
        load_source(f"{both}?score=mos", score_column="quality")
    with pytest.raises(DataError, match="no score column"):
        load_source(str(write(tmp_path / "n.csv", "image,foo\na.png,1\n")))
    with pytest.raises(DataError, match="no image column"):
        load_source(str(write(tmp_path / "m.csv", "foo,score\na.png,1\n")))


def test_the_direction_of_a_dmos_column_must_be_said(tmp_path):
    path = write(tmp_path / "l.csv", "image,dmos\na.png,1\nb.png,2\n")
    with pytest.raises(DataError, match="lower=true"):
        load_source(str(path))
    assert load_source(f"{path}?lower=true").lower_is_better
    assert load_source(str(path), lower_is_better=True).lower_is_better
    assert not load_source(f"{path}?lower=false").lower_is_better


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("a.png,1\nb.png,abc\n", "labels.csv line 3: score 'abc' is not a number"),
        ("a.png,1\n\nb.png,\n", "line 4: score is missing; .*missing=drop"),
        ("a.png,nan\n", "line 2: score is missing"),
        ("a.png,inf\n", "line 2: score 'inf' is not a number"),
        ("a.png,1_0\n", "line 2: score '1_0'"),
        ("a.png,6\nb.png,9\n", r"2 rows have a score outside 1 to 5, such as 6 \(lines 2 and 3\)"),
        (",3\n", "line 2: column 'image' is empty"),
        ("a.png,1\nb,c.png,2\n", "line 3: 3 fields, 2 expected"),
        ('"a.png,1\nb.png,2\n', "line 2: .*close the quotes"),
        ('"two\nlines.png",3\nb.png,x\n', "line 4: score 'x'"),
        ("a.png,1\nb.png,2\na.png,3\n", "score 1 in line 2 and 3 in line 4"),
        ("", "no rows"),
    ],
)
def test_bad_rows_are_named_by_their_line(tmp_path, body, message):
    path = write(tmp_path / "labels.csv", "image,score\n" + body)
    with pytest.raises(DataError, match=message):
        load_source(f"{path}?range=1,5")


def test_a_file_of_another_encoding_names_line_and_option(tmp_path):
    path = write(tmp_path / "l.csv", "image,score\na.png,1\nü.png,2\n", "latin-1")
    with pytest.raises(DataError, match=r"line 3: not utf-8.*encoding=cp1252"):
        load_source(str(path))
    assert rows(load_source(f"{path}?encoding=latin-1"))[1]["path"].endswith("ü.png")
    assert len(load_source(str(write(tmp_path / "u.csv", "image,score\na.png,1\n", "utf-16")))) == 1


def test_bad_jsonl_and_parquet(tmp_path):
    with pytest.raises(DataError, match="line 2: not JSON"):
        load_source(str(write(tmp_path / "l.jsonl", '{"image": "a", "score": 1}\n{oops\n')))
    with pytest.raises(DataError, match="the JSON array is no table; such as"):
        load_source(str(write(tmp_path / "m.jsonl", "[1]\n")))
    with pytest.raises(DataError, match="not a Parquet"):
        load_source(str(write(tmp_path / "l.parquet", "no")))
    pq.write_table(pa.table({"image": ["a", "b"], "score": [1.0, None]}), tmp_path / "p.parquet")
    with pytest.raises(DataError, match="row 2: score is missing"):
        load_source(str(tmp_path / "p.parquet"))


def test_identical_duplicates_are_dropped_with_a_warning(tmp_path):
    source = load_source(str(write(tmp_path / "l.csv", "image,score\na.png,1\na.png,1.0\nb.png,2\n")))
    assert len(source) == 2
    assert source.warnings == ("l.csv: 1 row repeats an image and was dropped (line 3)",)


def test_a_column_twice_is_refused(tmp_path):
    with pytest.raises(DataError, match="'score' stands twice"):
        load_source(str(write(tmp_path / "l.csv", "image,score,score\na.png,1,2\n")))


def test_ratings_of_single_people_are_averaged(tmp_path):
    text = "image,rater,score,prompt,time\na.png,u1,1,p,5\na.png,u2,4,p,6\nb.png,u1,2,q,7\nb.png,u1,2,q,7\n"
    source = load_source(str(write(tmp_path / "l.csv", text)))
    first, second = rows(source)
    assert (first["score"], first["score_n"], second["score"], second["score_n"]) == (2.5, 2, 2.0, 1)
    assert first["score_std"] == pytest.approx(4.5**0.5)
    assert second["score_std"] is None
    assert first["prompt"] == "p"
    assert "time" not in source.records.column_names
    assert len(source.warnings) == 2
    with pytest.raises(DataError, match=r"rater 'u1'.*line 2 and 2 in line 3"):
        load_source(str(write(tmp_path / "m.csv", "image,rater,score\na.png,u1,1\na.png,u1,2\n")))


def test_declared_sides_need_no_score(tmp_path):
    source = load_source(str(write(tmp_path / "l.csv", "image,side\na.png,Good\nb.png,bad\n")))
    assert [row["side"] for row in rows(source)] == ["good", "bad"]
    assert source.division == "reference"
    source = load_source(str(write(tmp_path / "m.csv", "image,is_good\na.png,1\nb.png,False\n")))
    assert [row["side"] for row in rows(source)] == ["good", "bad"]
    with pytest.raises(DataError, match="line 3: side '' is neither"):
        load_source(str(write(tmp_path / "n.csv", "image,side\na.png,good\nb.png,\n")))
    with pytest.raises(DataError, match="no scores to divide"):
        load_source(f"{tmp_path / 'l.csv'}?division=median")


def test_options_map_columns_filter_splits_and_add_references(tmp_path):
    text = "image,score,set,scene\na.png,1,train,s1\nb.png,2,test,s2\n"
    path = write(tmp_path / "l.csv", text)
    source = load_source(f"{path}?split=test&split_by=set&group=scene&name=mine&kind=aesthetics")
    assert [(row["path"][-5:], row["reference"]) for row in rows(source)] == [("b.png", "s2")]
    assert (source.name, source.kind) == ("mine", "aesthetics")
    with pytest.raises(DataError, match=r"no split 'val'.*'test', 'train'"):
        load_source(f"{path}?split=val&split_by=set")
    pairs = write(tmp_path / "p.csv", "image,reference,score\na1.png,a.png,1\na2.png,a.png,2\n")
    source = load_source(f"{pairs}?division=reference")
    assert [(row["path"][-6:].lstrip("/"), row["side"], row["score"]) for row in rows(source)] == [
        ("a1.png", "bad", 1.0),
        ("a2.png", "bad", 2.0),
        ("a.png", "good", None),
    ]
    assert source.kind == "full-reference"


# folders


def test_a_folder_of_references_and_distortions(tmp_path):
    for name in ("reference/cat.png", "reference/cat_2.jpg", "reference/deep/dog.png"):
        write(tmp_path / name, "")
    for name in ("cat_01_03.bmp", "cat_2-blur.png", "dog/x.png", "catfish.png", "notes.txt"):
        write(tmp_path / "distorted" / name, "")
    source = load_source(str(tmp_path))
    by_name = {row["path"][len(str(tmp_path)) + 1 :]: row for row in rows(source)}
    assert len(by_name) == 7
    assert by_name["reference/deep/dog.png"]["side"] == "good"
    assert by_name["reference/deep/dog.png"]["level"] == 0
    kadis = by_name["distorted/cat_01_03.bmp"]
    assert (kadis["reference"], kadis["distortion"], kadis["level"]) == ("cat", "gaussian-blur", 3)
    assert by_name["distorted/cat_2-blur.png"]["reference"] == "cat_2"
    assert by_name["distorted/dog/x.png"]["reference"] == "dog"
    assert by_name["distorted/catfish.png"]["reference"] is None
    assert (source.kind, source.division) == ("full-reference", "reference")
    assert any("1 distorted image has no reference" in one for one in source.warnings)
    # One severity of four is known: it is used where it is present, and sides stay by reference.
    assert any("severity of 3 distorted images is not known" in one for one in source.warnings)
    assert (source.rating, source.lower_is_better, kadis["score"]) == ("severity", True, 3)
    assert by_name["distorted/cat_2-blur.png"]["score"] is None


def test_a_folder_that_is_no_source(tmp_path):
    with pytest.raises(DataError, match="0 other entries"):
        load_source(str(tmp_path))
    (tmp_path / "reference").mkdir()
    (tmp_path / "distorted").mkdir()
    with pytest.raises(DataError, match="no images in"):
        load_source(str(tmp_path))
    two = tmp_path / "two"
    write(two / "a.csv", "image,score\nx.png,1\n")
    assert len(load_source(str(two))) == 1
    write(two / "b.csv", "image,score\nx.png,1\n")
    with pytest.raises(DataError, match=r"label files: a.csv, b.csv"):
        load_source(str(two))


def test_the_names_of_distortions_are_those_of_synthesis():
    registry = pytest.importorskip("quasar_index.synthesis.registry")
    from quasar_index.datasets.distortions import KADID_DISTORTIONS

    assert tuple(d.name for d in registry.DISTORTIONS.values()) == KADID_DISTORTIONS
