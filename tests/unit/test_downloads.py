"""Downloads over a real server on this machine, on its good and its bad days."""

import io
import json
import logging
import os
import shutil
import subprocess
import zipfile
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

import quasar_index as qi
from quasar_index.errors import DataError
from quasar_index.sharing import network
from quasar_index.sharing.network import get, shown_url, url_key
from tests.file_server import serving

MIB = 1 << 20
DOWNLOAD = import_module("quasar_index.sharing.download")


def a_zip(n_bytes=3 * MIB, seed=0):
    """Return a zip of random numbers."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x/x.pt", np.random.default_rng(seed).bytes(n_bytes))
    return file.getvalue()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Tries follow one another at once; `waits` lists how long they would have waited. No proxy stands between."""
    waits = []
    monkeypatch.setattr(DOWNLOAD, "time", SimpleNamespace(sleep=waits.append))
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in network.OFFLINE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return waits


def fetch(url, folder, **how):
    return qi.sharing.download(url, folder, **how).read_bytes()


def test_a_file_comes_whole_and_its_size_is_said_before(server, tmp_path):
    data = a_zip()
    server.add("/a.zip", data)
    said, steps = [], []
    got = fetch(
        f"{server.url}/a.zip",
        tmp_path / "d",
        on_start=lambda total, here: said.append((total, here, server.sent <= len(data))),
        on_progress=lambda done, total: steps.append((done, total)),
    )
    assert got == data
    assert said == [(len(data), 0, True)]
    assert steps[-1] == (len(data), len(data))
    assert steps == sorted(steps)
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == ["download", "download.json"]
    assert fetch(f"{server.url}/a.zip", tmp_path / "d") == data
    assert len(server.asked) == 1, "what is here is not asked for again"


@pytest.mark.parametrize("validator", [{"etag": '"one"'}, {"etag": "", "modified": "Wed, 21 Oct 2015 07:28:00 GMT"}])
def test_a_lost_connection_goes_on_where_it_stopped(server, tmp_path, validator):
    data = a_zip()
    server.add("/a.zip", data, break_at=[MIB + 7, 2 * MIB + 1], **validator)
    assert fetch(f"{server.url}/a.zip", tmp_path) == data
    assert "range" not in server.asked[0].headers
    assert all(one.headers["if-range"] == next(filter(None, validator.values())) for one in server.asked[1:])
    assert server.sent <= len(data) + 2 * 65536


def test_an_interrupted_run_is_continued_by_the_next(server, tmp_path):
    data = a_zip()
    served = server.add("/a.zip", data, break_at=[MIB] * 20)
    served.break_at += [0] * 20
    with pytest.raises(DataError, match=r"cannot be had \(the connection was lost.*are here\); run the same command"):
        fetch(f"{server.url}/a.zip", tmp_path)
    assert not (tmp_path / "download").exists(), "half a download looks like none"
    served.break_at = []
    said = []
    assert fetch(f"{server.url}/a.zip", tmp_path, on_start=lambda *facts: said.append(facts)) == data
    ((total, here),) = said
    assert total == len(data)
    assert MIB - 65536 <= here <= MIB


@pytest.mark.parametrize("etag", ["", 'W/"one"'])
def test_what_cannot_be_known_to_be_the_same_starts_over(server, tmp_path, etag):
    data = a_zip()
    server.add("/a.zip", data, etag=etag, break_at=[2 * MIB])
    assert fetch(f"{server.url}/a.zip", tmp_path) == data
    assert [one.headers.get("range") for one in server.asked] == [None, None]


def test_a_file_that_has_changed_starts_over_and_says_so(server, tmp_path, caplog):
    old, new = a_zip(seed=1), a_zip(seed=2)
    served = server.add("/a.zip", old, break_at=[MIB])

    def change(one):
        if len(server.asked) > 1:
            one.data, one.etag = new, '"two"'

    served.on_request = change
    with caplog.at_level(logging.WARNING):
        assert fetch(f"{server.url}/a.zip", tmp_path) == new
    assert "has changed since it was begun: the download starts over" in caplog.text


def test_a_changed_and_shorter_file_starts_over(server, tmp_path):
    new = a_zip(MIB, seed=2)
    served = server.add("/a.zip", a_zip(), break_at=[2 * MIB])

    def change(one):
        if len(server.asked) > 1:
            one.data = new  # under the same ETag: the server answers 416

    served.on_request = change
    assert fetch(f"{server.url}/a.zip", tmp_path) == new


def test_a_server_without_ranges_sends_all_again(server, tmp_path, caplog):
    data = a_zip()
    server.add("/a.zip", data, ranges=False, break_at=[2 * MIB])
    with caplog.at_level(logging.WARNING):
        assert fetch(f"{server.url}/a.zip", tmp_path) == data
    assert "cannot be continued, says its server" in caplog.text


def test_a_complete_part_is_not_asked_for_again(server, tmp_path):
    data = a_zip()
    server.add("/a.zip", data)
    fetch(f"{server.url}/a.zip", tmp_path)
    (tmp_path / "download").rename(tmp_path / "download.part")  # killed before it got its name
    assert fetch(f"{server.url}/a.zip", tmp_path, offline=True) == data
    assert len(server.asked) == 1


def test_bytes_of_another_address_are_not_continued(server, tmp_path):
    one, other = a_zip(seed=1), a_zip(seed=2)
    server.add("/one.zip", one, break_at=[MIB] * 30)
    server.add("/other.zip", other)
    with pytest.raises(DataError):
        fetch(f"{server.url}/one.zip", tmp_path)
    assert fetch(f"{server.url}/other.zip", tmp_path) == other


def test_without_a_length_all_comes(server, tmp_path):
    data = a_zip()
    server.add("/a.zip", data, length=-1)
    said = []
    assert fetch(f"{server.url}/a.zip", tmp_path, on_start=lambda *facts: said.append(facts)) == data
    assert said == [(None, 0)]


def test_a_length_that_is_never_reached_is_given_up(server, tmp_path):
    data = a_zip(2 * MIB)
    server.add("/a.zip", data, length=len(data) + 1000)
    with pytest.raises(DataError, match="cannot be had"):
        fetch(f"{server.url}/a.zip", tmp_path)
    assert len(server.asked) < 20


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_later(server, tmp_path, status, no_waiting):
    data = a_zip(1000)
    server.add("/a.zip", data, status=[status, status])
    assert fetch(f"{server.url}/a.zip", tmp_path) == data
    assert no_waiting == [1.0, 2.0], "each wait is longer"


def test_a_server_says_how_long_to_wait(server, tmp_path, no_waiting):
    server.add("/a.zip", a_zip(1000), status=[429], headers={"Retry-After": "7"})
    fetch(f"{server.url}/a.zip", tmp_path)
    assert no_waiting == [7.0]


def test_a_server_that_asks_to_wait_for_long_is_an_error(server, tmp_path):
    server.add("/a.zip", status=[429], headers={"Retry-After": "3600"})
    with pytest.raises(DataError, match="asks to wait 3600 seconds; run the same command later"):
        fetch(f"{server.url}/a.zip", tmp_path)


def test_a_server_that_stays_broken_is_given_up(server, tmp_path):
    server.add("/a.zip", always=503)
    with pytest.raises(DataError, match=r"cannot be had \(status 503; 3 tries\)"):
        fetch(f"{server.url}/a.zip", tmp_path)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "there is no file at .* check the address"),
        (410, "there is no file at"),
        (401, "may not be read from here .* give the path of the file"),
        (403, "may not be read from here"),
        (418, "answers with status 418"),
    ],
)
def test_what_no_further_try_mends_is_one_error_at_once(server, tmp_path, status, words):
    server.add("/a.zip", always=status)
    with pytest.raises(DataError, match=words):
        fetch(f"{server.url}/a.zip", tmp_path)
    assert len(server.asked) == 1


def test_nobody_there_is_one_error(tmp_path):
    with serving() as server:
        url = f"{server.url}/a.zip"
    with pytest.raises(
        DataError, match=r"/a.zip cannot be had \(Failed to establish.*refused.*; 3 tries\); run the same command again"
    ):
        fetch(url, tmp_path)


def test_redirections_are_followed_and_a_range_is_asked_for_at_their_end(server, tmp_path):
    data = a_zip()
    server.add("/release/a.zip", redirect=f"{server.url}/objects/a?token=secret")
    server.add("/objects/a", data, break_at=[MIB])
    assert fetch(f"{server.url}/release/a.zip", tmp_path) == data
    assert [one.path.partition("?")[0] for one in server.asked] == ["/release/a.zip", "/objects/a"] * 2


def test_redirections_in_a_ring_end(server, tmp_path):
    server.add("/a.zip", redirect="/b.zip")
    server.add("/b.zip", redirect="/a.zip")
    with pytest.raises(DataError, match="leads to more than 5 other addresses"):
        fetch(f"{server.url}/a.zip", tmp_path)
    assert len(server.asked) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://there/a.zip", "gopher://there"])
def test_redirections_lead_to_the_web_only(server, tmp_path, target):
    server.add("/a.zip", redirect=target)
    with pytest.raises(DataError, match="leads to an address that is not safe"):
        fetch(f"{server.url}/a.zip", tmp_path)


def test_no_redirection_leads_from_https_to_http():
    with pytest.raises(DataError, match=r"not safe \(http:\)"):
        network._next("https://there/a.zip", "http://there/a.zip")
    assert network._next("https://there/a.zip", "/b.zip") == "https://there/b.zip"
    assert network._next("http://there/a.zip", "https://other/b.zip") == "https://other/b.zip"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_https_is_trusted_by_its_certificate_and_leads_to_https_only(tmp_path, monkeypatch):
    files = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    make = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(["openssl", *make.split(), "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    data = a_zip(1000)
    with serving(files) as server:
        server.add("/a.zip", data)
        server.add("/plain.zip", redirect="http://127.0.0.1/a.zip")
        with pytest.raises(DataError, match=r"certificate of 127.0.0.1 is not trusted.*\$SSL_CERT_FILE"):
            fetch(f"{server.url}/a.zip", tmp_path / "one")
        assert server.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", files[0])
        assert fetch(f"{server.url}/a.zip", tmp_path / "two") == data
        with pytest.raises(DataError, match=r"not safe \(http:\)"):
            fetch(f"{server.url}/plain.zip", tmp_path / "three")


def test_a_password_goes_to_its_host_only(tmp_path):
    with serving() as one, serving() as other:
        one.add("/a.zip", redirect=f"{other.url}/a.zip")
        other.add("/a.zip", a_zip(1000))
        fetch(f"{one.url.replace('//', '//user:secret@')}/a.zip", tmp_path)
        assert one.asked[0].headers["authorization"] == "Basic dXNlcjpzZWNyZXQ="
        assert "authorization" not in other.asked[0].headers
    assert "secret" not in (tmp_path / "download.json").read_text()


def test_addresses_are_shown_without_secrets():
    url = "https://user:secret@there/a.zip?token=secret#x"
    assert shown_url(url) == "https://there/a.zip"
    assert "secret" not in url_key(url)
    assert url_key(url) != url_key(url.replace("token=", "key=")), "another query may be another file"


def test_errors_do_not_tell_secrets(server, tmp_path):
    server.add("/a.zip", always=403)
    with pytest.raises(DataError) as caught:
        fetch(f"{server.url.replace('//', '//user:secret@')}/a.zip?sig=secret", tmp_path)
    assert "secret" not in str(caught.value)


def test_the_proxy_of_the_environment_is_used(server, tmp_path, monkeypatch):
    data = a_zip(1000)
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//user:word@"))
    server.add("http://far.example/a.zip", data)  # what a proxy is asked for
    assert fetch("http://far.example/a.zip", tmp_path / "one") == data
    assert server.asked[0].headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server.add("/a.zip", data)
    assert fetch(f"{server.url}/a.zip", tmp_path / "two") == data
    assert server.asked[-1].path == "/a.zip"


def test_a_proxy_of_another_kind_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(DataError, match="is none for HTTP"):
        get("https://far.example/a.zip", {})


@pytest.mark.parametrize("name", network.OFFLINE_VARIABLES)
@pytest.mark.parametrize("value", ["1", "true", "YES"])
def test_offline_nothing_is_asked(server, tmp_path, monkeypatch, name, value):
    server.add("/a.zip", a_zip(1000))
    monkeypatch.setenv(name, value)
    with pytest.raises(DataError, match=r"working offline, and .* is not here; download it where there is a network"):
        fetch(f"{server.url}/a.zip", tmp_path)
    assert server.asked == []
    monkeypatch.setenv(name, "0")
    fetch(f"{server.url}/a.zip", tmp_path)
    monkeypatch.setenv(name, value)
    fetch(f"{server.url}/a.zip", tmp_path)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"<!DOCTYPE html><html><title>Google Drive - Virus scan</title>",
            r"is a web page \('Google Drive - Virus scan'",
        ),
        (b"\xef\xbb\xbf\n <html><body>no</body></html>", "is a web page, not a file.*open it in a browser"),
        (b"not found, sorry\n", "is text: 'not found, sorry'"),
        (b'{"error": "no"}', "is text"),
        (b"", "is empty"),
        (b"\x1f\x8b\x08\x00abcdef", "is packed by gzip"),
        (b"\x80\x02}q\x00.", "is a pickle"),
        (bytes(range(128, 160)), "is no zip"),
        (b"PK", "is text: 'PK'"),
    ],
)
@pytest.mark.parametrize("length", [None, -1])
def test_what_is_no_zip_is_said_in_one_line_and_leaves_nothing(server, tmp_path, data, words, length):
    server.add("/a.zip", data, length=length)
    with pytest.raises(DataError, match=words) as caught:
        fetch(f"{server.url}/a.zip", tmp_path)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "download").exists()
    assert not (tmp_path / "download.part").exists()


def test_a_server_that_packs_is_refused(server, tmp_path):
    server.add("/a.zip", a_zip(1000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(DataError, match="comes packed by its server"):
        fetch(f"{server.url}/a.zip", tmp_path)


def test_a_part_of_another_place_is_not_taken(server, tmp_path):
    data = a_zip()
    served = server.add("/a.zip", data, break_at=[MIB])
    real = server._start

    def elsewhere(asked, one):
        start = real(asked, one)
        return start + 5 if start and len(server.asked) < 4 else start

    server._start = elsewhere
    assert fetch(f"{server.url}/a.zip", tmp_path) == data
    assert served.etag


def test_a_full_disk_is_said_before_a_byte_comes(server, tmp_path, monkeypatch):
    data = a_zip()
    server.add("/a.zip", data)
    full = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=MIB))
    monkeypatch.setattr(DOWNLOAD, "shutil", full)
    with pytest.raises(DataError, match=r"the download needs 3.0 MiB, and 1.0 MiB are free at .*; make room"):
        fetch(f"{server.url}/a.zip", tmp_path)
    assert not (tmp_path / "download.part").exists()


def test_a_silent_server_is_lost(server, tmp_path, monkeypatch):
    monkeypatch.setattr(network, "READ_SECONDS", 0.2)
    monkeypatch.setattr(DOWNLOAD, "FIRST_TRIES", 1)
    monkeypatch.setattr(DOWNLOAD, "TRIES", 1)
    server.add("/a.zip", a_zip(), pause=1.0)
    with pytest.raises(DataError, match="the server fell silent"):
        fetch(f"{server.url}/a.zip", tmp_path)


class TestFsspec:
    def test_a_file_comes_whole(self, tmp_path):
        import fsspec

        data = a_zip()
        with fsspec.open("memory://downloads/a.zip", "wb") as file:
            file.write(data)
        said = []
        assert fetch("memory://downloads/a.zip", tmp_path, on_start=lambda *facts: said.append(facts)) == data
        assert said == [(len(data), 0)]

    @pytest.mark.parametrize("same", [True, False])
    def test_it_goes_on_only_with_the_same_content(self, tmp_path, same):
        import fsspec

        data = a_zip()
        with fsspec.open("memory://downloads/b.zip", "wb") as file:
            file.write(data)
        fetch("memory://downloads/b.zip", tmp_path)
        (tmp_path / "download").unlink()
        # As an interruption leaves it: the first half, here marked, to see whether it is taken.
        (tmp_path / "download.part").write_bytes(b"*" * MIB)
        if not same:
            with fsspec.open("memory://downloads/b.zip", "wb") as file:
                file.write(data)
        got = fetch("memory://downloads/b.zip", tmp_path)
        assert got == (b"*" * MIB + data[MIB:] if same else data)

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("memory://downloads/none.zip", "there is no file at memory://downloads/none.zip; check the address"),
            ("nosuch://x/a.zip", "cannot be read"),
            ("sftp://there/a.zip", "install that package"),
        ],
    )
    def test_what_cannot_be_read_is_one_error(self, tmp_path, url, words):
        with pytest.raises(DataError, match=words):
            fetch(url, tmp_path)


def test_damaged_facts_are_none(server, tmp_path):
    data = a_zip(1000)
    server.add("/a.zip", data)
    (tmp_path / "download.json").write_text("[")
    (tmp_path / "download.part").write_bytes(b"PK\x03\x04 of something else")
    assert fetch(f"{server.url}/a.zip", tmp_path) == data
    assert json.loads((tmp_path / "download.json").read_text())["total"] == len(data)
