"""What becomes of marks: tables, sidecars that other programs read, links and copies."""

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest
from PIL import Image

import quasar_index as qi
from quasar_index.explorer import xmp
from quasar_index.explorer.marks import Mark
from tests.explorer_client import make_explorer, served, write_photos

SIDECAR = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0">
 <!-- kept -->
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:Exposure2012="+0.35" xmp:Rating="2">
   <dc:subject><rdf:Bag><rdf:li>beach &amp; sea</rdf:li></rdf:Bag></dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def says(sidecar: Path) -> dict[str, str]:
    """Return what exiftool reads, where it is there, else what an XML parser finds."""
    if shutil.which("exiftool"):
        done = subprocess.run(["exiftool", "-j", "-XMP-xmp:all", sidecar], capture_output=True, text=True, check=True)
        [found] = json.loads(done.stdout)
        return {name: str(found[name]) for name in ("Rating", "Label") if name in found}
    root = ET.fromstring(sidecar.read_text(encoding="utf-8"))  # noqa: S314 - our own
    found = {}
    for element in root.iter(f"{{{xmp.RDF}}}Description"):
        for name in ("Rating", "Label"):
            if (value := element.get(f"{{{xmp.XMP}}}{name}")) is not None:
                found[name] = value
    return found


@pytest.fixture
def shots(tmp_path):
    folder = tmp_path / "shots"
    write_photos(folder, 5)
    return folder


@pytest.fixture
def client(shots, tmp_path):
    with served(make_explorer(shots, exports_to=tmp_path / "shots")) as client:
        client.post("/api/marks", ids=[0, 1], mark="pick")
        client.post("/api/marks", ids=[1], stars=4)
        client.post("/api/marks", ids=[2], mark="reject")
        client.post("/api/marks", ids=[3], stars=2)
        yield client


def test_tables(client, shots):
    status, headers, body = client.ask("GET", "/api/export.csv?only=all")
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert headers["content-disposition"] == 'attachment; filename="quasar-index-all.csv"'
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    shown = client.get("/api/photos?from=0")
    assert [row["path"] for row in rows] == [str(shots / name) for name in shown["name"]]
    assert [float(row["score"]) for row in rows] == pytest.approx(shown["score"], abs=1e-6)
    assert [row["mark"] for row in rows] == ["pick", "pick", "reject", "", ""]
    assert [row["stars"] for row in rows] == ["0", "4", "0", "2", "0"]
    assert rows[1]["taken"] == "2026-07-14T12:01:00"
    assert [float(row["percentile"]) for row in rows] == qi.picking.percentiles(shown["score"]).tolist()
    table = pq.read_table(io.BytesIO(client.ask("GET", "/api/export.parquet?only=marked")[2])).to_pylist()
    assert [Path(row["path"]).name for row in table] == ["00.jpg", "01.jpg", "02.jpg", "03.jpg"]
    assert [row["stars"] for row in table] == [0, 4, 0, 2]
    assert table[0]["mos"] is None
    only = {
        only: client.ask("GET", f"/api/export.csv?only={only}")[2].count(b"\n") - 1 for only in ("picks", "rejects")
    }
    assert only == {"picks": 2, "rejects": 1}
    assert client.ask("GET", "/api/export.csv?only=some")[0] == 422


def test_names_that_are_formulas_stay_names(tmp_path):
    folder = tmp_path / "shots"
    folder.mkdir()
    [path] = write_photos(tmp_path, 1)
    path.rename(folder / "=cmd|'calc'!A1.jpg")
    with qi.explorer.serving(make_explorer(folder)):  # a path begins with its folder; one from here on does not
        from quasar_index.explorer.exports import csv_bytes

        row = {"path": "=cmd|'calc'!A1.jpg", "error": "=1+1"}
        columns = ("score", "percentile", "familiarity", "mos", "low", "high", "mark", "stars", "taken", "width")
        made = csv_bytes(iter([{**dict.fromkeys((*columns, "height", "id")), **row}])).decode()
    assert '"./=cmd|' in made
    assert ",'=1+1" in made


def test_tables_are_written_and_never_over_another(client, shots):
    for n, name in enumerate(("quasar-index-picks.csv", "quasar-index-picks-2.csv"), start=1):
        found = client.post("/api/export", what="csv", only="picks")
        assert found == {"written": 2, "where": str(shots / name), "skipped": []}
        assert len(list(shots.glob("*.csv"))) == n
    assert client.post("/api/export", what="parquet", only="all")["written"] == 5


@pytest.mark.parametrize(("style", "name"), [("photo.xmp", "{}.xmp"), ("photo.jpg.xmp", "{}.jpg.xmp")])
def test_sidecars_are_read_by_others(client, shots, style, name):
    found = client.post("/api/export", what="xmp", only="marked", xmp_name=style)
    assert found == {"written": 4, "where": "beside the photographs", "skipped": []}
    read = {number: says(shots / name.format(f"{number:02}")) for number in range(4)}
    assert read == {
        0: {"Label": "Pick"},
        1: {"Rating": "4", "Label": "Pick"},
        2: {"Rating": "-1"},
        3: {"Rating": "2"},
    }
    assert len(list(shots.glob("*.xmp"))) == 4
    client.post("/api/marks", ids=[1], mark="", stars=1)
    client.post("/api/marks", ids=[2], mark="")
    client.post("/api/export", what="xmp", only="all", xmp_name=style)
    assert says(shots / name.format("01")) == {"Rating": "1"}
    assert says(shots / name.format("02")) == {}
    assert len(list(shots.glob("*.xmp"))) == 4


def test_a_sidecar_of_another_program_keeps_all_that_it_says(client, shots):
    (shots / "01.xmp").write_text(SIDECAR, encoding="utf-8")
    (shots / "00.xmp").write_text("this is no XML <", encoding="utf-8")
    (shots / "02.xmp").symlink_to(shots / "01.xmp")
    found = client.post("/api/export", what="xmp", only="marked")
    assert found["written"] == 2
    assert found["skipped"] == [
        "00.jpg: 00.xmp is of another program, and nothing could be changed in it without other changes",
        "02.jpg: 02.xmp is a link",
    ]
    changed = (shots / "01.xmp").read_text(encoding="utf-8")
    assert says(shots / "01.xmp") == {"Rating": "4", "Label": "Pick"}
    expected = SIDECAR.replace(' xmp:Rating="2"', "").replace(
        "<rdf:Description", '<rdf:Description xmp:Rating="4" xmp:Label="Pick"'
    )
    assert changed == expected
    assert (shots / "00.xmp").read_text(encoding="utf-8") == "this is no XML <"


@pytest.mark.parametrize(
    "old",
    [
        SIDECAR.replace(' xmp:Rating="2"', "").replace("   <dc:", "   <xmp:Rating>2</xmp:Rating>\n   <dc:"),
        SIDECAR.replace("xmp:", "ns1:").replace("xmlns:xmp", "xmlns:ns1"),
        SIDECAR.replace(' xmp:Rating="2"', "").replace('xmlns:xmp="http://ns.adobe.com/xap/1.0/"', ""),
        SIDECAR.replace('xmp:Rating="2"', "xmp:Rating='2' xmp:Label='Red'"),
        "\ufeff" + SIDECAR,
    ],
)
def test_both_ways_to_write_a_property(tmp_path, old):
    made = xmp.changed_sidecar(old.encode(), Mark("pick", 3))
    assert made is not None
    (tmp_path / "a.xmp").write_bytes(made)
    assert says(tmp_path / "a.xmp") == {"Rating": "3", "Label": "Pick"}
    assert "beach &amp; sea" in made.decode()
    assert "kept" in made.decode()


def test_labels_of_others_stay_where_nothing_is_picked(tmp_path):
    old = SIDECAR.replace('xmp:Rating="2"', 'xmp:Rating="2" xmp:Label="Red"')
    (tmp_path / "a.xmp").write_bytes(xmp.changed_sidecar(old.encode(), Mark("reject")))
    assert says(tmp_path / "a.xmp") == {"Rating": "-1", "Label": "Red"}


@pytest.mark.parametrize(
    "old",
    [
        # Words of another program that look like the property.
        SIDECAR.replace("beach &amp; sea", 'as in xmp:Rating="1"'),
        '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + SIDECAR,
        SIDECAR.replace("</x:xmpmeta>", ""),
        "<x/>",
        "",
        SIDECAR.encode("utf-16").decode("latin-1"),
        # A comment that looks like the property: nothing but the text would change.
        SIDECAR.replace("<!-- kept -->", '<!-- <rdf:Description xmp:Rating="1"/> -->'),
    ],
)
def test_sidecars_that_are_left_alone(old):
    assert xmp.changed_sidecar(old.encode("latin-1", "ignore"), Mark("pick", 3)) is None


@pytest.mark.parametrize("filling", [" " * 3_000_000, "<!--" + "<rdf:Description " * 200_000 + "-->"])
def test_a_sidecar_of_much_nothing_takes_no_time(filling):
    import time

    old = SIDECAR.replace("<!-- kept -->", filling).encode()
    begun = time.process_time()
    made = xmp.changed_sidecar(old, Mark("reject"))
    assert time.process_time() - begun < 5
    assert made is None or b'xmp:Rating="-1"' in made


def test_two_photographs_of_one_sidecar(tmp_path):
    folder = tmp_path / "shots"
    [path] = write_photos(folder, 1)
    Image.open(path).rotate(180).save(folder / "00.png")
    with served(make_explorer(folder)) as client:
        client.post("/api/marks", ids=[0], mark="pick")
        client.post("/api/marks", ids=[1], mark="reject")
        found = client.post("/api/export", what="xmp", only="marked", xmp_name="photo.xmp")
        assert found["written"] == 1
        assert found["skipped"] == ["00.png: another photograph of that name has the sidecar 00.xmp"]
        assert client.post("/api/export", what="xmp", only="marked", xmp_name="photo.jpg.xmp")["written"] == 2


def test_a_hidden_name_in_the_way_is_not_followed(shots):
    import os

    from quasar_index.explorer.exports import _replace

    victim = shots / "victim.txt"
    victim.write_text("mine")
    (shots / f".00.xmp.{os.getpid()}.tmp").symlink_to(victim)
    _replace(shots / "00.xmp", b"new")
    assert victim.read_text() == "mine"
    assert (shots / "00.xmp").read_bytes() == b"new"


@pytest.mark.parametrize("what", ["links", "copies"])
def test_links_and_copies_go_beside_the_folder(client, shots, what):
    found = client.post("/api/export", what=what, only="picks", folder="best of")
    target = shots.parent / "best of"  # not among the photographs, where exports go otherwise
    assert found == {"written": 2, "where": str(target), "skipped": []}
    assert sorted(path.name for path in target.iterdir()) == ["00.jpg", "01.jpg"]
    assert all(path.is_symlink() == (what == "links") for path in target.iterdir())
    assert (target / "00.jpg").read_bytes() == (shots / "00.jpg").read_bytes()
    again = client.post("/api/export", what=what, only="picks", folder="best of")
    assert (again["written"], again["skipped"]) == (0, ["2 files were there already"])


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", " x", "x\n", "C:x", "x" * 200])
def test_names_that_lead_elsewhere_are_refused(client, shots, name):
    before = sorted(shots.parent.rglob("*"))
    status, _, body = client.ask("POST", "/api/export", json.dumps({"what": "copies", "only": "picks", "folder": name}))
    assert status == 422
    assert "is no name of a new folder" in json.loads(body)["error"]
    assert sorted(shots.parent.rglob("*")) == before


def test_what_leads_out_of_the_folder_is_not_exported(tmp_path):
    folder, [secret] = tmp_path / "shots", write_photos(tmp_path / "private", 1)
    write_photos(folder, 2)
    (folder / "link.jpg").symlink_to(secret)
    with served(make_explorer(folder, exports_to=tmp_path)) as client:
        client.post("/api/marks", ids=[0, 2], mark="pick")
        refused = "link.jpg: it lies outside of the folders that were named; name its folder, too"
        for what in ("links", "copies", "xmp"):
            assert client.post("/api/export", what=what, only="picks", folder=what)["skipped"] == [refused]
        assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == ["00.jpg"]
        assert [path.name for path in secret.parent.iterdir()] == [secret.name]


def test_odd_exports_are_refused(client):
    for question in (
        {"what": "exe", "only": "picks"},
        {"what": "csv", "only": "some"},
        {"what": "xmp", "only": "picks", "xmp_name": "../{}.xmp"},
        {"what": "csv", "only": ["picks"]},
        {"what": "copies", "only": "rejects", "folder": "x", "path": "/etc"},
    ):
        assert client.ask("POST", "/api/export", json.dumps(question))[0] == 422, question
    client.post("/api/marks", ids=[2], mark="")
    status, _, body = client.ask("POST", "/api/export", json.dumps({"what": "copies", "only": "rejects"}))
    assert (status, json.loads(body)["error"]) == (422, "no photograph is chosen; mark some first")
