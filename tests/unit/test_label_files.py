"""Label files as programs and people write them: separators, encodings, headers, JSON, workbooks; names of images."""

import io
import json
import os
import unicodedata
import zipfile

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quasar_index.checks.files import check_unlabelled, inspect
from quasar_index.datasets import load_embeddings, load_source
from quasar_index.datasets.sources import load_images
from quasar_index.errors import DataError

FRAME = pd.DataFrame({"image": ["a.png", "b.png"], "score": [1.0, 2.5]})


def write(path, text, encoding="utf-8"):
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return str(path)


def rows(source):
    names = [os.path.basename(path) for path in source.records["path"].to_pylist()]  # noqa: PTH119
    return dict(zip(names, source.records["score"].to_pylist(), strict=True))


SAME = {"a.png": 1.0, "b.png": 2.5}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("excel.csv", "sep=;\r\nimage;score\r\na.png;1\r\nb.png;2.5\r\n"),
        ("quoted.csv", '"sep=,"\n"image","score"\n"a.png","1"\n"b.png","2.5"\n'),
        ("pipe.csv", "image|score|text\na.png|1|x, y; z\nb.png|2.5|x; y\n"),
        ("commas in text.csv", "image;text;score\na.png;x, y, z;1\nb.png;one, two, three;2.5\n"),
        ("no tabs.tsv", "image,score\na.png,1\nb.png,2.5\n"),
        ("cr.csv", "image,score\ra.png,1\rb.png,2.5\r"),
        ("trailing.csv", "image,score\na.png,1,\nb.png,2.5,,\n"),
        ("trailing header.csv", "image;score;;\na.png;1;;\nb.png;2.5;;\n"),
        ("blank lines.csv", "\n\nimage,score\n\na.png,1\n,\nb.png,2.5\n\n"),
        ("comments.csv", "# made by me, at home\n#\nimage,score\na.png,1\n# a pause\nb.png,2.5\n"),
        ("numpy.csv", "# image,score\na.png,1\nb.png,2.5\n"),
        ("pandas.csv", ",image,score\n0,a.png,1\n1,b.png,2.5\n"),
        ("pandas index.csv", ",score\na.png,1\nb.png,2.5\n"),
        ("dos.csv", "image,score\r\na.png,1\r\nb.png,2.5\r\n\x1a"),
        ("blanks.csv", 'image, score\n"a.png", 1\n"b.png", "2.5"\n'),
        ("array.json", '[{"image": "a.png", "score": 1}, {"image": "b.png", "score": 2.5}]'),
        ("columns.json", '{"image": ["a.png", "b.png"], "score": [1, 2.5]}'),
        ("map.json", '{"a.png": 1, "b.png": 2.5}'),
        ("pairs.json", '[["a.png", 1], ["b.png", 2.5]]'),
        ("header.json", '[["image", "score"], ["a.png", 1], ["b.png", 2.5]]'),
        ("maps.json", '[{"a.png": 1}, {"b.png": 2.5}]'),
        (
            "wrapped.json",
            '{"version": 2, "images": [{"image": "a.png", "score": 1}, {"image": "b.png", "score": 2.5}]}',
        ),
        ("lines.json", '{"image": "a.png", "score": 1}\n{"image": "b.png", "score": 2.5}\n'),
        ("array.jsonl", '[{"image": "a.png", "score": 1},\n {"image": "b.png", "score": 2.5}]'),
        *((f"{orient}.json", FRAME.to_json(orient=orient)) for orient in ("records", "columns", "index", "split")),
        *((f"{orient} 2.json", FRAME.to_json(orient=orient)) for orient in ("table", "values")),
        *((f"{o} 3.json", FRAME.set_index("image").to_json(orient=o)) for o in ("columns", "index", "split", "table")),
    ],
)
def test_one_table_in_many_forms(tmp_path, name, text):
    assert rows(load_source(write(tmp_path / name, text))) == SAME


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["l.csv", "l.json", "l.jsonl"])
def test_unicode_is_known_with_and_without_its_mark(tmp_path, name, encoding):
    text = "image,score\nü.png,1\n" if name == "l.csv" else '{"image": "ü.png", "score": 1}'
    assert rows(load_source(write(tmp_path / name, text, encoding))) == {"ü.png": 1.0}


@pytest.mark.parametrize(
    ("content", "options", "better"),
    [
        ("image,score\nü.png,1\n".encode("cp1252"), "", "cp1252"),
        ("image,score\nü.png,1\n".encode(), "?encoding=ascii", "utf-8"),
        ("image,score\nü.png,1\n".encode("utf-16-le"), "?encoding=utf-8", "utf-16-le"),
    ],
)
def test_another_encoding_is_proposed_and_works(tmp_path, content, options, better):
    path = write(tmp_path / "l.csv", content)
    with pytest.raises(DataError, match=rf"not .* text; read it with \?encoding={better}$"):
        load_source(path + options)
    assert rows(load_source(f"{path}?encoding={better}")) == {"ü.png": 1.0}


@pytest.mark.parametrize(
    ("name", "encoding"), [("фото.png", "cp1251"), ("写真集.png", "shift_jis"), ("照片.png", "gb18030")]
)
def test_no_western_encoding_is_proposed_for_other_scripts(tmp_path, name, encoding):
    path = write(tmp_path / "l.csv", f"image,score\n{name},1\n", encoding)
    with pytest.raises(DataError, match="not utf-8 text; name its encoding, such as"):
        load_source(path)
    assert rows(load_source(f"{path}?encoding={encoding}")) == {name: 1.0}


@pytest.mark.parametrize(
    ("text", "options", "proposed"),
    [
        ("image,score\na.png,1\nb.png,2.5\n", "?sep=;", "sep=comma"),
        ("image score\na.png 1\nb.png 2.5\n", "", "sep=space"),
        ("a.png,1\nb.png,2.5\n", "", "header=image,score"),
        ("0001,1\n0002,2.5\n", "", "header=image,score"),
        ("3,a.png,1\n4,b.png,2.5\n", "", "header=score,image,c3"),
    ],
)
def test_the_option_that_helps_is_named(tmp_path, text, options, proposed):
    path = write(tmp_path / "l.csv", text)
    with pytest.raises(DataError, match=proposed):
        load_source(path + options)
    if proposed.startswith(("sep", "header=image")):
        assert list(rows(load_source(f"{path}?{proposed}")).values()) == [1.0, 2.5]


def test_what_divides_the_lines_is_said_or_divides_the_most_of_them(tmp_path):
    said = load_source(write(tmp_path / "l.csv", "sep=,\nimage;x,score\na;1,1\nb;2,2.5\n"), image_column="image;x")
    assert said.records["score"].to_pylist() == [1.0, 2.5]
    text = "image;score (1,2,3)\na.png;1\nb.png;2.5\n"
    assert rows(load_source(write(tmp_path / "m.csv", text), score_column="score (1,2,3)")) == SAME


def test_text_in_parquet_is_read_by_the_options(tmp_path):
    pq.write_table(pa.table({"image": ["a"], "score": ["1,5"], "x": ["00,5"], "y": ["07"]}), tmp_path / "l.parquet")
    (row,) = load_source(f"{tmp_path / 'l.parquet'}?decimal=,").records.to_pylist()
    assert (row["score"], row["x"], row["y"]) == (1.5, 0.5, "07")


def test_all_rows_of_another_width_are_counted(tmp_path):
    path = write(tmp_path / "l.csv", "image,score\na.png,1,5\nb.png,2\nc.png,2,5\n")
    with pytest.raises(DataError, match=r"2 rows have 3 fields, 2 expected \(image, score\) \(lines 2 and 4\); quote"):
        load_source(path)


def test_a_nameless_column_is_not_lost_in_silence(tmp_path):
    source = load_source(write(tmp_path / "l.csv", "image,score,\na.png,1,x\nb.png,2,\n"))
    assert source.warnings == ("l.csv: column 3 has no name and was left out",)
    with pytest.raises(DataError, match=r"no score column.*column 2 has no name"):
        load_source(write(tmp_path / "n.csv", "image,\na.png,1\n"))
    filtered = load_source(write(tmp_path / "m.csv", ",image,score\n5,a.png,1\n9,b.png,2\n"))
    assert filtered.records["index"].to_pylist() == [5, 9]


@pytest.mark.parametrize(
    ("score", "near"),
    [("scroe", "did you mean 'score'"), ("Score", "did you mean 'score'"), ("zzz", "its columns: image")],
)
def test_a_column_named_wrongly_is_near_another(tmp_path, score, near):
    path = write(tmp_path / "l.csv", "image,score\na.png,1\n")
    with pytest.raises(DataError, match=rf"no column '{score}'.*{near}.*\?score="):
        load_source(path, score_column=score)
    with pytest.raises(DataError, match=r"no score column.*\?score=scores;"):
        load_source(write(tmp_path / "m.csv", "image,scores\na.png,1\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5", "the JSON int is no table; such as"),
        ('{"a": {"b": 1, "c": [2]}, "d": 2}', "the JSON object of 'a', 'd' is no table"),
        ('{"image": [1, 2], "score": [1]}', "is no table"),
        ('{"image":\n', "line 2: not JSON"),
        ('{"a.png": 1, "a.png": 2}', "key 'a.png' stands twice"),
        ('[{"image": "a.png", "score": 1}, 5]', "entry 2: not a JSON object"),
        ("[" * 100_000, "not JSON"),
        ('[{"image": "a.png", "score": null}]', r"entry 1: score is missing; .*\?missing=drop"),
    ],
)
def test_json_that_is_no_table(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        load_source(write(tmp_path / "l.json", text))


def test_bad_json_lines_are_counted(tmp_path):
    text = '{"image": "a", "score": 1}\n{oops\n{"image": "b", "score": 1}\n{oh\n'
    with pytest.raises(DataError, match=r"2 lines are not JSON .* \(lines 2 and 4\)"):
        load_source(write(tmp_path / "l.jsonl", text))


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    book.save(path)
    return str(path)


def test_workbooks(tmp_path):
    table = [
        [],
        ["image", "score", "n", "d"],
        ["a.png", 1, 3, "3,5"],
        [],
        ["b.png", 2.5, None, "x"],
        [None, None, None],
    ]
    path = workbook(tmp_path / "l.xlsx", Notes=[["read me"]], Data=table, More=[["image", "score"], ["c.png", "4,5"]])
    source = load_source(path)
    assert rows(source) == SAME
    assert source.records["n"].to_pylist() == [3, None]
    assert source.warnings == ("l.xlsx: its sheet 'Data' was read; ?sheet= names another sheet: 'Notes', 'More'",)
    assert rows(load_source(f"{path}?sheet=more&decimal=,")) == rows(load_source(f"{path}?sheet=3&decimal=,"))
    with pytest.raises(DataError, match="no sheet 'x'; its sheets: Notes, Data, More"):
        load_source(f"{path}?sheet=x")
    with pytest.raises(DataError, match=r"row 2: score '4,5' is not a number.*\?decimal=,"):
        load_source(f"{path}?sheet=More")
    empty = workbook(tmp_path / "m.xlsx", A=[["image", "score"], ["a.png", None], ["b.png", 2.5]])
    with pytest.raises(DataError, match=r"m.xlsx row 2: score is missing; .*\?missing=drop"):
        load_source(empty)
    assert rows(load_source(f"{empty}?missing=drop")) == {"b.png": 2.5}
    titled = workbook(tmp_path / "t.xlsx", A=[["Results"], [], ["image", "score"], ["a.png", 1], ["b.png", 2.5]])
    assert load_source(titled).warnings == ("t.xlsx: row 1, 'Results', is no header and was passed over",)
    with pytest.raises(DataError, match=r"row 1 holds data \(a.png, \.\.\.\) and not the names of columns"):
        load_source(workbook(tmp_path / "n.xlsx", A=[["a.png", 1], ["b.png", 2.5]]))
    noted = workbook(tmp_path / "o.xlsx", A=[["image"], ["a.png", "dark"], ["b.png"]])
    assert len(load_images(noted)) == 2
    FRAME.set_index("image").to_excel(tmp_path / "index.xlsx")
    assert rows(load_source(tmp_path / "index.xlsx")) == SAME
    FRAME.to_excel(tmp_path / "folder.xlsx")
    assert len(load_images(tmp_path / "folder.xlsx")) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("old.xls", b"\xd0\xcf\x11\xe0", "save it as .csv, .xlsx"),
        ("old.xlsx", b"\xd0\xcf\x11\xe0", "not an Excel workbook.*save it as .xlsx"),
        ("cut.xlsx", b"PK\3\4", "not an Excel workbook"),
        ("l.ods", b"", "save it as .csv"),
        ("l.csv.gz", b"", "not a label file; unpack it"),
    ],
)
def test_other_workbooks(tmp_path, name, content, message):
    with pytest.raises(DataError, match=message):
        load_source(write(tmp_path / name, content))


def repacked(path, part, change):
    """Write a workbook anew with one of its parts changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    path.write_bytes(file.getvalue())


def test_workbooks_that_claim_to_be_large(tmp_path):
    path = tmp_path / "l.xlsx"
    sheet = "xl/worksheets/sheet1.xml"
    workbook(path, A=[["image", "score"], ["a.png", 1], ["b.png", 2.5]])
    repacked(path, sheet, lambda xml: xml.replace(b'ref="A1:B3"', b'ref="A1:XFD1048576"'))
    assert rows(load_source(path)) == SAME
    repacked(path, sheet, lambda xml: xml.replace(b'ref="A1:XFD1048576"', b'ref="A1:A1"'))
    assert rows(load_source(path)) == SAME
    far = tmp_path / "far.xlsx"
    far.write_bytes(path.read_bytes())
    repacked(far, sheet, lambda xml: xml.replace(b'<row r="3"', b'<row r="999999999999"'))
    with pytest.raises(DataError, match="more than 1,048,576 rows"):
        load_source(far)
    repacked(path, sheet, lambda xml: xml + b" " * (65 << 20))
    with pytest.raises(DataError, match="would grow from"):
        load_source(path)


def test_options_of_another_format_are_refused(tmp_path):
    path = workbook(tmp_path / "l.xlsx", A=[["image", "score"], ["a.png", 1]])
    with pytest.raises(DataError, match=r"sep says nothing of l\.xlsx; it is for \.csv"):
        load_source(f"{path}?sep=;")
    with pytest.raises(DataError, match=r"sheet says nothing of l\.csv"):
        load_source(write(tmp_path / "l.csv", "image,score\na.png,1\n") + "?sheet=1")


def test_a_folder_of_labels_is_found_beside_other_files(tmp_path):
    workbook(tmp_path / "l.xlsx", A=[["image", "score"], ["a.png", 1], ["b.png", 2.5]])
    write(tmp_path / "~$l.xlsx", "lock")
    write(tmp_path / "camera.json", "{}")
    assert rows(load_source(tmp_path)) == SAME
    (tmp_path / "l.xlsx").unlink()
    write(tmp_path / "camera.json", '{"a.png": 1, "b.png": 2.5}')
    write(tmp_path / "a.png", "")
    assert rows(load_source(tmp_path)) == SAME
    assert len(load_images(tmp_path)) == 1  # to score them, the images are what is there


def test_labels_of_embeddings_take_the_same_options(tmp_path):
    import numpy as np

    np.save(tmp_path / "e.npy", np.eye(3))
    labels = write(tmp_path / "l.csv", "image;score\na;1,5\nb;\nc;2,5\n")
    with pytest.raises(DataError, match=r"\?missing=drop"):
        load_embeddings(tmp_path / "e.npy", labels)
    source, matrix = load_embeddings(tmp_path / "e.npy", f"{labels}?missing=drop")
    assert source.records["path"].to_pylist() == ["a", "c"]
    assert matrix.tolist() == [[1, 0, 0], [0, 0, 1]]
    with pytest.raises(DataError, match="no option 'mising', did you mean 'missing'"):
        load_embeddings(tmp_path / "e.npy", f"{labels}?mising=drop")


# names of images


@pytest.mark.parametrize(
    "spelled",
    ["./a.png", ".//a.png", "x/../a.png", "A.PNG", " a.png ", "X\\..\\a.png", "{0}/a.png", "{0}//x/../a.png", "file://{0}/a.png",
     "../{1}/a.png", "a%2Epng"],
)  # fmt: skip
def test_two_spellings_of_one_file_are_one_image(tmp_path, spelled):
    (tmp_path / "x").mkdir()
    write(tmp_path / "a.png", "")
    spelled = spelled.format(tmp_path, tmp_path.name)
    path = write(tmp_path / "l.csv", f"image,score\na.png,1\n{spelled},2\nb.png,3\n")
    with pytest.raises(DataError, match=r"l.csv: .*a.png' \(also '.*'\) has score 1 in line 2 and 2 in line 3"):
        load_source(path)
    assert rows(load_source(write(tmp_path / "m.csv", f"image,score\na.png,1\n{spelled},1\n"))) == {"a.png": 1.0}


def test_all_conflicts_are_counted(tmp_path):
    lines = [f"{name},{score}\n{name},{score + 1}\n" for name in "abcde" for score in (1,)]
    path = write(tmp_path / "l.csv", "image,score\n" + "".join(lines))
    with pytest.raises(DataError, match=r"5 images have several scores: .*line 2 and 2 in line 3; .*; and 2 more"):
        load_source(path)


def test_the_parent_of_a_linked_folder_and_links_to_one_file_stay(tmp_path):
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "deep")
    write(tmp_path / "far" / "a.png", "far")
    write(tmp_path / "a.png", "near")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    path = write(tmp_path / "l.csv", "image,score\nlink/../a.png,1\na.png,2\nb.png,3\n")
    contents = [open(file).read() for file in load_source(path).records["path"].to_pylist()]  # noqa: PTH123, SIM115
    assert contents == ["far", "near", "near"]


@pytest.mark.parametrize(("on_disk", "in_file"), [("NFC", "NFD"), ("NFD", "NFC"), ("NFC", "NFC"), ("NFD", "NFD")])
def test_accents_match_in_either_form_of_unicode(tmp_path, on_disk, in_file):
    folder = tmp_path / unicodedata.normalize(on_disk, "Größe")
    folder.mkdir()
    image = folder / unicodedata.normalize(on_disk, "é.png")
    write(image, "")
    name = unicodedata.normalize(in_file, "Größe/é.png")
    source = load_source(write(tmp_path / "l.csv", f"image,score\n{name},1\n"))
    assert source.records["path"].to_pylist() == [str(image)]
    inspection = inspect(source, decode_pixels=False, max_pixels=1, n_workers=1, on_image=lambda: None)
    assert not inspection.missing
    assert [finding.severity for finding in check_unlabelled(inspection)] == ["ok"]


def test_both_forms_of_unicode_may_be_two_files(tmp_path):
    names = [unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD")]
    for name in names:
        write(tmp_path / name, "")
    source = load_source(write(tmp_path / "l.csv", f"image,score\n{names[0]},1\n{names[1]},2\n"))
    assert source.records["path"].to_pylist() == [str(tmp_path / name) for name in names]


def test_percent_signs_are_decoded_unless_the_file_is_called_so(tmp_path):
    for name in ("my photo.jpg", "50%25.png"):
        write(tmp_path / name, "")
    source = load_source(write(tmp_path / "l.csv", "image,score\nmy%20photo.jpg,1\n50%25.png,2\n"))
    assert rows(source) == {"my photo.jpg": 1.0, "50%25.png": 2.0}


def test_row_names_of_pandas_in_parquet(tmp_path):
    pq.write_table(pa.Table.from_pandas(FRAME.set_index("image").rename_axis(None)), tmp_path / "l.parquet")
    assert rows(load_source(tmp_path / "l.parquet")) == SAME
    assert json.loads(FRAME.to_json())  # the frame is left as it was
