"""The explorer's server: each route, and each request that is refused."""

import http.client
import io
import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import quasar_index as qi
from tests.explorer_client import Client, make_explorer, served, write_photos

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    """A folder with photographs, one of them damaged, and links that lead out of it."""
    folder = tmp_path_factory.mktemp("explored") / "shots"
    write_photos(folder, bursts=True)
    (folder / "trip").mkdir()
    (folder / "trip" / "a=b.jpg").write_bytes((folder / "00.jpg").read_bytes())
    (folder / "damaged.jpg").write_bytes(b"no image")
    outside = write_photos(folder.parent / "private", 1)[0]
    (folder / "link.jpg").symlink_to(outside)
    (folder / "inside.jpg").symlink_to(folder / "01.jpg")
    return folder


@pytest.fixture(scope="module")
def client(shots, no_cache_of_the_user):
    with served(make_explorer(shots, exports_to=shots.parent)) as client:
        yield client


def named(client: Client, name: str) -> int:
    return client.get("/api/photos?from=0")["name"].index(name)


def test_the_state_says_what_scores_and_how_far_it_is(client, shots):
    state = client.get("/api/state")
    assert state["index"] == {
        "name": "starter",
        "description": "anchors by efficientnet-lite0: 1322 good, 1798 bad",
        "n_good": 1322,
        "n_bad": 1798,
        "encoder": "efficientnet-lite0",
        "method": "retrieval",
        "is_starter": True,
        "calibrated": False,
        "knows_opinion": False,
        "range": None,
    }
    assert (state["n_photos"], state["n_done"], state["n_failed"], state["done"]) == (10, 10, 2, True)
    assert state["folders"] == [str(shots)]
    assert state["command"] == f"quasar-index score {shots} --index starter --method retrieval"
    assert state["store"] == str(shots / ".quasar-index-marks.sqlite")
    assert state["bursts"]
    assert state["rate"] > 0


def test_rows_are_those_of_the_scorer(client, shots):
    found = client.get("/api/photos?from=0")
    files = qi.list_images(shots)
    assert found["name"] == [path.relative_to(shots).as_posix() for path in files]
    scorer = qi.Scorer(qi.AnchorIndex.open("starter"), qi.read_method("retrieval"), qi.load_encoder())
    for row, expected in enumerate(scorer.score_files(files)):
        if found["name"][row] == "link.jpg":
            continue  # scored there, where nobody else may ask for it
        assert found["error"][row] == expected.error
        if expected.score is not None:
            assert found["score"][row] == pytest.approx(expected.score, abs=1e-4)
            assert found["familiarity"][row] == pytest.approx(expected.familiarity, abs=1e-4)
            assert (found["width"][row], found["height"][row]) == (160, 120)
    assert found["id"] == list(range(10))
    assert found["opinion"] == [None] * 10
    assert found["taken"][0] == qi.picking.taken_at(files[0])
    rest = client.get("/api/photos?from=7")
    assert (rest["from"], rest["n"], rest["done"]) == (7, 3, True)
    assert rest["score"] == found["score"][7:]


def test_bursts_are_those_of_pick(client, shots):
    found = client.get("/api/photos?from=0")
    index = qi.AnchorIndex.open("starter")
    scorer = qi.Scorer(index, qi.read_method("retrieval"), qi.load_encoder())
    kept = [path for path in qi.list_images(shots) if path.name not in ("link.jpg", "damaged.jpg")]
    rows = list(scorer.score_files(kept))
    directions = qi.Mean(space="whitened").fit(index).directions(np.stack([row.embedding for row in rows]))
    times = [qi.picking.taken_at(path) for path in kept]
    stays = qi.picking.leave_one_of_a_burst(times, directions, [row.score for row in rows])
    names = [path.relative_to(shots).as_posix() for path in kept]
    expected = {name: names[stay] for name, stay in zip(names, stays, strict=True)}
    assert any(name != stay for name, stay in expected.items())
    shown = {name: found["name"][stay] for name, stay in zip(found["name"], found["burst"], strict=True)}
    assert {name: shown[name] for name in names} == expected
    assert client.get("/api/bursts")["burst"] == found["burst"]


def test_bursts_are_the_same_a_run_at_a_time(shots, monkeypatch):
    found = []
    for block in (1, 3, 2048):
        monkeypatch.setattr("quasar_index.explorer.bursts._BLOCK", block)
        explorer = make_explorer(shots)
        explorer.run()
        found.append(explorer.photos.burst.tolist())
        explorer.close()
    assert found[0] == found[1] == found[2]
    assert found[0] != sorted(found[0])


@pytest.mark.parametrize(("path", "longest"), [("/thumb/0", 320), ("/photo/0?side=1600", 1600)])
def test_pictures_are_encoded_anew(tmp_path, path, longest):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret words"
    Image.new("RGB", (2000, 1000), (200, 40, 40)).save(tmp_path / "a.jpg", exif=exif)
    with served(make_explorer(tmp_path), run=False) as client:
        status, headers, body = client.ask("GET", path)
        assert (status, headers["content-type"], headers["cache-control"]) == (200, "image/jpeg", "no-store")
        image = Image.open(io.BytesIO(body))
        assert image.size == (longest // 2, longest)  # upright
        assert b"secret" not in body
        assert b"Exif" not in body
        run = client.get("/api/state")["run"]
        _, headers, again = client.ask("GET", f"{path}{'&' if '?' in path else '?'}run={run}")
        assert headers["cache-control"].startswith("private, max-age")
        assert again == body


def test_pictures_that_cannot_be_shown_say_why(client):
    for path, words in (
        (f"/thumb/{named(client, 'damaged.jpg')}", "no picture"),
        (f"/thumb/{named(client, 'link.jpg')}", "outside of the folders that were named"),
        (f"/photo/{named(client, 'link.jpg')}?side=3200", "outside of the folders that were named"),
        ("/thumb/99", "no photograph 99"),
        ("/anchor/3", "no picture"),
        ("/anchor/999999", "no picture"),
    ):
        status, _, body = client.ask("GET", path)
        assert status == 404, path
        assert words in json.loads(body)["error"]
    assert client.ask("GET", f"/thumb/{named(client, 'inside.jpg')}")[0] == 200
    assert client.ask("GET", "/photo/0?side=99999")[0] == 422
    assert client.ask("GET", "/photo/0?side=-1")[0] == 422


def test_a_link_that_takes_the_place_of_a_photograph_is_not_followed(tmp_path):
    folder, secret = tmp_path / "shots", write_photos(tmp_path / "private", 1)[0]
    write_photos(folder / "trip", 3)
    with served(make_explorer(folder), run=False) as client:
        assert client.ask("GET", "/thumb/0")[0] == 200
        (folder / "trip" / "01.jpg").unlink()
        (folder / "trip" / "01.jpg").symlink_to(secret)
        assert client.ask("GET", "/thumb/1")[0] == 404
        (folder / "trip").rename(folder / "other")
        (folder / "trip").symlink_to(secret.parent)
        assert client.ask("GET", "/photo/0?side=1600")[0] == 404


def test_what_is_swapped_between_check_and_opening_is_not_followed(tmp_path, monkeypatch):
    from quasar_index.explorer.folders import Files

    folder, secret = tmp_path / "shots", write_photos(tmp_path / "private", 1)[0]
    paths = write_photos(folder, 1)
    files = Files(paths, [folder])
    resolve = files.resolve

    def resolve_then_swap(number):
        found = resolve(number)
        paths[0].unlink()
        paths[0].symlink_to(secret)
        return found

    monkeypatch.setattr(files, "resolve", resolve_then_swap)
    with pytest.raises(qi.ImageError, match="outside of the folders"):
        files.open(0)


def test_large_pictures_wait_for_each_other_and_few_are_kept():
    from quasar_index.explorer.pictures import Pictures

    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)).save(file, "png")
    pictures = Pictures(limit=1)
    pictures._budget.limit = 1
    threads = [threading.Thread(target=pictures.get, args=(number, 100, file.getvalue)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pictures._budget.peak == 300 * 400 * 12
    assert pictures._budget.used == 0
    assert len(pictures._kept) == 1
    asked = []
    for _ in range(2):
        made = pictures.get("one", 100, lambda: asked.append(1) or file.getvalue())
        assert Image.open(io.BytesIO(made)).size == (100, 75)
    assert asked == [1]


def test_marks_are_set_and_taken_back(client):
    try:
        assert client.post("/api/marks", ids=[0, 3], mark="pick") == {
            "marks": {"0": {"mark": "pick", "stars": 0}, "3": {"mark": "pick", "stars": 0}}
        }
        assert client.post("/api/marks", ids=[3], stars=4)["marks"] == {"3": {"mark": "pick", "stars": 4}}
        assert client.post("/api/marks", ids=[3], mark="reject")["marks"] == {"3": {"mark": "reject", "stars": 4}}
        found = client.get("/api/photos?from=0")
        assert (found["mark"][3], found["stars"][3], found["mark"][0]) == ("reject", 4, "pick")
        assert client.post("/api/undo")["marks"] == {"3": {"mark": "pick", "stars": 4}}
        assert client.post("/api/undo")["marks"] == {"3": {"mark": "pick", "stars": 0}}
        nothing = {"mark": "", "stars": 0}
        assert client.post("/api/undo")["marks"] == {"0": nothing, "3": nothing}
    finally:
        for _ in range(5):
            client.post("/api/undo")
    assert client.post("/api/undo") == {"marks": {}}
    assert client.marks() == {}


@pytest.mark.parametrize(
    "question",
    [
        {"ids": [0], "mark": "liked"},
        {"ids": [0], "stars": 6},
        {"ids": [0], "stars": -1},
        {"ids": [99], "mark": "pick"},
        {"ids": [-1], "mark": "pick"},
        {"ids": ["../a"], "mark": "pick"},
        {"ids": [True], "mark": "pick"},
        {"ids": 3, "mark": "pick"},
        {"mark": "pick"},
        {"ids": [0], "mark": 7},
        {"ids": [0], "path": "/etc/passwd"},
        [],
    ],
)
def test_odd_marks_are_refused(client, question):
    status, _, body = client.ask("POST", "/api/marks", json.dumps(question))
    assert status == 422
    assert json.loads(body)["error"]
    assert client.marks() == {}


def test_a_page_of_another_start_changes_nothing(client):
    before = client.get("/api/marks")
    own = client.get("/api/state")["run"]
    for path, question in (("/api/marks", {"ids": [1], "mark": "pick"}), ("/api/undo", {}), ("/api/export", {})):
        status, _, body = client.ask("POST", path, json.dumps(question), headers={"X-Run": "another"})
        assert status == 409, path
        assert "started again" in json.loads(body)["error"]
    assert client.get("/api/marks") == before
    question = json.dumps({"ids": [1], "mark": ""})
    assert client.ask("POST", "/api/marks", question, headers={"X-Run": own})[0] == 200


def test_questions_that_are_no_json_are_refused(client):
    assert client.ask("POST", "/api/marks", "{")[0] == 422
    assert client.ask("POST", "/api/marks", "[" * 100_000)[0] == 422
    kind = {"Content-Type": "text/plain"}
    assert client.ask("POST", "/api/marks", json.dumps({"ids": [0], "mark": "pick"}), headers=kind)[0] == 415
    assert client.marks() == {}


def test_an_explanation_holds_what_made_the_score(client, shots):
    found = client.get("/api/explain/0")
    row = client.get("/api/photos?from=0")
    assert found["score"] == pytest.approx(row["score"][0], abs=1e-4)
    assert found["commands"]["now"] == f"quasar-index score {shots / '00.jpg'} --index starter --method retrieval"
    assert "--method retrieval:top_k={k},blend={blend}" in found["commands"]["top_k_blend"]
    assert len(found["good"]) == len(found["bad"]) == 12
    assert {"anchor", "name", "weight", "cosine", "rating", "picture"} == set(found["good"][0])
    assert not any(one["picture"] for one in found["good"])  # the starter's photographs do not come with it
    whole, temperature = found["curves"]["whole"], found["curves"]["temperature"]
    assert 1 / (1 + np.exp(-(whole["good"] - whole["bad"]) / temperature)) == pytest.approx(found["score"], abs=1e-4)
    for name in ("damaged.jpg", "link.jpg"):
        status, _, body = client.ask("GET", f"/api/explain/{named(client, name)}")
        assert status == 422
        assert "has no score" in json.loads(body)["error"]
    assert client.ask("GET", "/api/explain/99")[0] == 422


def test_a_dropped_image_is_explained_and_shown(client, shots):
    data = (shots / "02.jpg").read_bytes()
    status, _, body = client.ask("POST", "/api/images", data, headers={"Content-Type": "image/jpeg"})
    assert status == 200
    found = json.loads(body)
    assert found["score"] == pytest.approx(client.get("/api/photos?from=0")["score"][2], abs=1e-4)
    assert client.get(f"/api/explain/{found['id']}")["score"] == found["score"]
    assert Image.open(io.BytesIO(client.ask("GET", f"/thumb/{found['id']}")[2])).size == (160, 120)
    status, _, body = client.ask("POST", "/api/images", b"no image")
    assert status == 422
    assert json.loads(body)["error"].startswith("not an image in a known format")
    assert "\n" not in json.loads(body)["error"]


def test_dropped_images_are_known_for_a_while(client, shots, monkeypatch):
    data = (shots / "03.jpg").read_bytes()
    monkeypatch.setattr("quasar_index.explorer.explorer.DROPPED_BYTES", 2 * len(data))
    ids = [json.loads(client.ask("POST", "/api/images", data)[2])["id"] for _ in range(3)]
    assert [client.ask("GET", f"/api/explain/{one}")[0] for one in ids] == [422, 200, 200]


def test_a_body_that_is_too_large_is_not_read(client):
    from quasar_index.explorer.app import MOST_IMAGE, MOST_JSON

    for path, most in (("/api/images", MOST_IMAGE), ("/api/marks", MOST_JSON)):
        status, _, body = client.ask("POST", path, b"x", headers={"Content-Length": str(most + 1)})
        assert status == 413
        assert "larger than" in json.loads(body)["error"]


def test_a_body_without_a_length_is_not_read_for_ever(client, monkeypatch):
    monkeypatch.setattr("quasar_index.explorer.app.MOST_JSON", 1000)
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
    connection.putrequest("POST", "/api/marks", skip_host=True)
    headers = {"Host": client.host, "Origin": f"http://{client.host}", "Cookie": client.cookie}
    headers |= {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    for _ in range(2):  # and more would come
        connection.send(b"258\r\n" + b" " * 600 + b"\r\n")
    assert connection.getresponse().status == 413
    connection.close()


def test_the_first_address_lets_a_browser_in(client):
    status, headers, body = client.ask("GET", f"/?token={client.token}", headers={"Cookie": None})
    assert (status, headers["location"], body) == (303, "/", b"")
    name, _, rest = headers["set-cookie"].partition("=")
    assert name == f"quasar_index_{client.port}"
    assert rest.endswith("; HttpOnly; SameSite=Strict; Path=/")
    assert client.token not in rest
    assert len(client.token) >= 43  # 32 random bytes
    # A browser that another page led here would leave the cookie out of what a redirection asks for.
    cross = {"Cookie": None, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    status, headers, body = client.ask("GET", f"/?token={client.token}", headers=cross)
    assert (status, "set-cookie" in headers) == (200, True)
    assert b'content="0;url=/"' in body
    assert client.token.encode() not in body


ROUTES = [
    *[("GET", path) for path in ("/", "/page/app.js", "/thumb/0", "/photo/0?side=1600", "/anchor/0", "/nowhere")],
    *[("GET", f"/api/{name}") for name in ("state", "photos?from=0", "bursts", "marks", "explain/0", "export.csv")],
    *[("POST", f"/api/{name}") for name in ("marks", "undo", "images", "export")],
]
REFUSED = {
    "no cookie": {"Cookie": None},
    "the cookie of another server": {"Cookie": "quasar_index_1=x"},
    "a wrong cookie": {"Cookie": "quasar_index_{port}=wrong"},
    "the token for a cookie": {"Cookie": "quasar_index_{port}={token}"},
    "another host": {"Host": "evil.example"},
    "another host, this port": {"Host": "evil.example:{port}"},
    "a name that points here": {"Host": "127.0.0.1.evil.example:{port}"},
    "no port": {"Host": "127.0.0.1"},
    "another origin": {"Origin": "http://evil.example"},
    "another port of this host": {"Origin": "http://127.0.0.1:1"},
    "https": {"Origin": "https://127.0.0.1:{port}"},
    "no origin that says anything": {"Origin": "null"},
    "a page of another site": {"Sec-Fetch-Site": "cross-site"},
    "a page of another port": {"Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("why", REFUSED)
def test_strangers_are_refused_on_every_route(client, why):
    headers = {
        name: value if value is None else value.format(port=client.port, token=client.token)
        for name, value in REFUSED[why].items()
    }
    for method, path in ROUTES:
        if path == "/" and "Sec-Fetch-Site" in headers:
            continue  # a link may lead to the page; without the cookie it is refused
        body = json.dumps({"ids": [0], "mark": "pick"}) if method == "POST" else None
        status, answered, said = client.ask(method, path, body, headers=headers)
        assert status == 403, (method, path)
        assert set(json.loads(said)) == {"error"}
        assert answered["content-security-policy"].startswith("default-src 'none'")
    assert client.marks() == {}


def test_a_change_must_say_where_it_comes_from(client):
    question = json.dumps({"ids": [0], "mark": "pick"})
    assert client.ask("POST", "/api/marks", question, headers={"Origin": None})[0] == 403
    assert client.marks() == {}
    fetched = {"Origin": None, "Sec-Fetch-Site": "same-origin"}
    assert client.ask("POST", "/api/undo", "", headers=fetched)[0] == 200


def test_a_wrong_token_lets_nobody_in(client):
    for token in (
        "",
        "x",
        client.token[:-1],
        client.token + "x",
        "%00",
        "%C3%A9",
        "%ED%A0%80",
        f"x&token={client.token}",
    ):
        status, headers, _ = client.ask("GET", f"/?token={token}", headers={"Cookie": None})
        assert (status, "set-cookie" in headers) == (403, False), token


@pytest.mark.parametrize("host", ["localhost:{port}", "[::1]:{port}", "LOCALHOST:{port}"])
def test_other_names_of_this_machine_are_answered(client, host):
    assert client.ask("GET", "/api/state", headers={"Host": host.format(port=client.port)})[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/thumb/../../../etc/passwd",
        "/thumb/..%2f..%2fetc%2fpasswd",
        "/page/../explorer.py",
        "/page/..%2fexplorer.py",
        "/page/%2e%2e/explorer.py",
        "/page//etc/passwd",
        "/page/app.py",
        "/photo/00.jpg",
        "/shots/00.jpg",
        "/api/",
        "/page/",
        "/thumb/0/../../../../etc/passwd",
    ],
)
def test_no_path_leads_to_a_file(client, path):
    status, _, body = client.ask("GET", path)
    assert status == 404
    assert b"root:" not in body
    assert b"import" not in body


def test_every_answer_has_the_headers(client):
    for path in ("/api/state", "/thumb/0", "/nowhere", "/api/explain/99", "/"):
        _, headers, _ = client.ask("GET", path)
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers


def test_other_methods_are_refused(client):
    assert client.ask("DELETE", "/api/marks")[0] == 405
    assert client.ask("PUT", "/thumb/0")[0] == 405
    assert client.ask("GET", "/api/undo")[0] == 405


def test_marks_wait_for_the_score(tmp_path):
    write_photos(tmp_path, 2)
    with served(make_explorer(tmp_path), run=False) as client:
        state = client.get("/api/state")
        assert (state["done"], state["n_done"], state["seconds_left"], state["bursts"]) == (False, 0, None, False)
        assert client.get("/api/photos?from=0")["id"] == []
        assert client.ask("GET", "/api/photos?from=3")[0] == 404
        assert client.ask("GET", "/api/bursts")[0] == 404
        status, _, body = client.ask("POST", "/api/marks", json.dumps({"ids": [0], "mark": "pick"}))
        assert status == 422
        assert "wait until it is scored" in json.loads(body)["error"]
        assert client.ask("GET", "/thumb/1")[0] == 200


def test_many_ask_at_once(client):
    expected = client.ask("GET", "/thumb/2")[2]
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(client.ask("GET", "/thumb/2")[2])) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 20


def test_photographs_are_neither_changed_nor_touched(tmp_path):
    folder = tmp_path / "shots"
    write_photos(folder)
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    with served(make_explorer(folder, exports_to=tmp_path)) as client:
        client.post("/api/marks", ids=[0, 1, 2], mark="pick")
        client.post("/api/marks", ids=[3], mark="reject")
        for what in ("csv", "parquet", "xmp", "links", "copies"):
            client.post("/api/export", what=what, only="marked", folder=what)
        for number in range(6):
            client.ask("GET", f"/photo/{number}?side=3200")
            client.get(f"/api/explain/{number}")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    assert not [path for path in folder.iterdir() if path.suffix not in (".jpg", ".xmp", ".sqlite")]


def test_the_port_that_is_taken_and_hosts_that_are_none(tmp_path):
    write_photos(tmp_path, 1)
    explorer = make_explorer(tmp_path)
    with served(explorer, run=False) as client:
        taken = pytest.raises(qi.DataError, match=f"port {client.port} is taken; give another --port")
        with taken, qi.explorer.serving(make_explorer(tmp_path), port=client.port):
            pass
    for host, words in {
        "0.0.0.0": "no address of its own",  # noqa: S104
        "": "no address of its own",
        "203.0.113.7": "nothing can be served",
    }.items():
        with pytest.raises(qi.DataError, match=words), qi.explorer.serving(make_explorer(tmp_path), host=host):
            pass


def test_files_that_were_named_themselves_are_opened_and_no_others(tmp_path):
    from quasar_index.explorer.folders import Files

    paths = write_photos(tmp_path / "shots", 3)
    (tmp_path / "alias.jpg").symlink_to(paths[1])
    files = Files([paths[0], tmp_path / "alias.jpg", paths[0]])
    assert len(files) == 2
    assert files.names == ["00.jpg", "alias.jpg"]
    for number in range(2):
        os.close(files.open(number))
    (tmp_path / "alias.jpg").unlink()
    (tmp_path / "alias.jpg").symlink_to(paths[2])
    with pytest.raises(qi.ImageError, match="outside"):
        files.open(1)
    with pytest.raises(qi.DataError, match="no file of this machine"):
        Files(["s3://bucket/a.jpg"])


def test_a_hundred_thousand_rows_are_sent_in_blocks():
    from quasar_index.explorer.folders import Files
    from quasar_index.explorer.photos import BLOCK, Photos

    n = 100_000
    photos = Photos(Files([Path(f"/shots/{number:06}.jpg") for number in range(n)], ["/shots"]), 4)
    block = [qi.ScoredImage("x", 0.5, embedding=np.ones(4, np.float32), id="0" * 32, width=4, height=3)] * 500
    for _ in range(n // 500):
        photos.add(block, [1.0] * 500)
    first, seen = 0, 0
    while first < n:
        found = photos.columns(first)
        assert found["n"] <= BLOCK
        assert {len(values) for values in found.values() if isinstance(values, list)} == {found["n"]}
        first, seen = first + found["n"], seen + found["n"]
        assert found["done"] == (first == n)
    assert seen == n
