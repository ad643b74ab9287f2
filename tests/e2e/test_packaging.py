"""Wheel and source archive: what they hold, whose that is, and that they and the command agree on the version.

`make packaging` installs them into fresh environments; that takes minutes.
"""

import email
import json
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

import quasar_index as qi
from quasar_index.encoders.exported import SHIPPED
from quasar_index.index.places import SHIPPED_HOME
from tests.front import FRONT, PAGE
from tests.packaging.archives import ROOT, Archives, build_archives

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MADE = ("*.dist-info/*", "*.egg-info/*", "PKG-INFO", "setup.cfg")  # by the build, about the archive
FOREIGN = re.compile(rb"(?i)copyright\W+(?:c\W+)?[12]\d{3}|@licen[sc]e|SPDX-License-Identifier: ")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    """Build both archives; setuptools is among the test requirements, so that nothing is downloaded."""
    return build_archives(tmp_path_factory.mktemp("archives") / "built")


@pytest.fixture(scope="module")
def metadata(archives: Archives) -> email.message.Message:
    """Return the metadata of the wheel."""
    (text,) = (data for name, data in archives.installed().items() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(text)


def notice() -> list[dict[str, str]]:
    """Return the paragraphs of NOTICE that name files, each as its fields; `Files` holds all patterns."""
    found = []
    for paragraph in (ROOT / "NOTICE").read_text(encoding="utf-8").split("\n\n"):
        if paragraph.startswith("Files:"):
            fields: dict[str, str] = {}
            for name, value in re.findall(r"^(\w+): (.*(?:\n .*)*)", paragraph, flags=re.MULTILINE):
                fields[name] = f"{fields.get(name, '')} {value}".strip()
            found.append(fields)
    return found


def owner(name: str) -> list[int]:
    """Return the paragraphs of NOTICE, by number, that name a file."""
    return [i for i, one in enumerate(notice()) if any(fnmatchcase(name, glob) for glob in one["Files"].split())]


def test_the_wheel_holds_every_module_and_nothing_that_only_developers_run(archives: Archives) -> None:
    names = set(archives.installed())
    assert not [name for name in names if name.startswith(("cli/", "tests/", "indexes/"))]
    package = ROOT / "quasar_index"
    expected = {
        f"quasar_index/{file.relative_to(package)}" for ending in ("py", "pyi") for file in package.rglob(f"*.{ending}")
    }
    expected |= {f"quasar_index/cli/{file.name}" for file in (ROOT / "cli").glob("*.py")}
    expected |= {"quasar_index/py.typed", "quasar_index/__init__.pyi"}
    # The default encoder's tower, the starter index, and the explorer's page without its sources.
    for shipped in (SHIPPED, SHIPPED_HOME, PAGE):
        files = [file for file in shipped.rglob("*") if file.is_file()]
        assert len(files) >= 2
        expected |= {f"quasar_index/{file.relative_to(package)}" for file in files}
    assert expected <= names
    assert not [name for name in names if "benchmark" in name or "explorer/front" in name]


def test_the_source_archive_makes_the_same_wheel_and_holds_the_sources_of_the_page(archives: Archives) -> None:
    sources = archives.sources()
    for name, data in archives.installed().items():
        if ".dist-info/" not in name:
            assert sources[name.replace("quasar_index/cli/", "cli/")] == data, name
    kept = {str(file.relative_to(ROOT)) for file in (FRONT / "src").iterdir()}
    assert len(kept) > 10
    front = "quasar_index/explorer/front"
    assert kept | {f"{front}/build.js", f"{front}/package.json", f"{front}/package-lock.json"} <= set(sources)
    assert not [name for name in sources if name.startswith(("tests/", ".")) or "node_modules" in name]


def test_every_file_that_ships_is_named_once_in_the_notice(archives: Archives) -> None:
    shipped = [
        name
        for name in {*archives.sources(), *archives.installed()}
        if not any(fnmatchcase(name, glob) for glob in MADE)
    ]
    assert len(shipped) > 400
    assert [name for name in shipped if len(owner(name)) != 1] == [], "NOTICE says whose each file is"
    for one in notice():
        assert all(one.get(field) for field in ("What", "Copyright", "Licence")), one
        for glob in one["Files"].split():
            assert any(fnmatchcase(name, glob) for name in shipped), f"{glob} is named in NOTICE, and does not ship"


def test_what_is_called_our_own_bears_no_notice_of_others(archives: Archives) -> None:
    own = next(i for i, one in enumerate(notice()) if one["What"] == "The project's own work.")
    texts = (".py", ".pyi", ".js", ".css", ".html", ".svg")
    found = {
        name
        for name, data in archives.sources().items()
        if name.endswith(texts) and owner(name) == [own] and FOREIGN.search(data)
    }
    assert found == set()


def test_libraries_in_the_page_are_named_with_their_versions() -> None:
    lock = json.loads((FRONT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    bundled = {name.rpartition("node_modules/")[2]: one for name, one in lock.items() if name and not one.get("dev")}
    assert set(bundled) == {"preact", "htm"}
    said = (PAGE / "NOTICE").read_text(encoding="utf-8")
    for name, one in bundled.items():
        assert re.search(rf"^{name} {re.escape(one['version'])}, https://", said, flags=re.MULTILINE | re.IGNORECASE)
    licences = PROJECT["license"].split(" AND ")
    assert {one["license"] for one in bundled.values()} | {"Apache-2.0"} == set(licences)
    assert said == (FRONT / "src" / "NOTICE").read_text(encoding="utf-8")


def test_the_licence_files_are_installed(archives: Archives, metadata: email.message.Message) -> None:
    assert metadata["License-Expression"] == PROJECT["license"]
    named = metadata.get_all("License-File") or []
    ours = (file for file in (ROOT / "quasar_index").rglob("NOTICE") if "front" not in file.parts)
    assert set(named) == {"LICENSE", "NOTICE", *(str(file.relative_to(ROOT)) for file in ours)}
    installed = {name.partition(".dist-info/licenses/")[2]: data for name, data in archives.installed().items()}
    for name in named:
        assert installed[name] == (ROOT / name).read_bytes()


def test_the_version_is_said_in_one_place(archives: Archives, metadata: email.message.Message) -> None:
    version = PROJECT["version"]
    assert metadata["Version"] == version
    assert archives.sdist.name == f"quasar_index-{version}.tar.gz"
    assert archives.wheel.name == f"quasar_index-{version}-py3-none-any.whl"
    assert qi.__version__ == version, "install this checkout again: pip install --no-deps --editable ."
    said = subprocess.run(
        [str(Path(sys.executable).with_name("quasar-index")), "--version"], capture_output=True, text=True, check=False
    )
    assert said.stdout == f"quasar-index {version}\n"
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    (newest, *_) = re.findall(r"^## (\S+)", changes, flags=re.MULTILINE)
    assert newest == version
    # No module says it again.
    for name, data in archives.sources().items():
        if name.endswith((".py", ".pyi", ".json")) and "front/package" not in name:
            assert f'version = "{version}"'.encode() not in data, name
            assert b'__version__ = "' not in data, name


def test_the_pythons_that_are_named_begin_with_the_oldest_that_is_let_in() -> None:
    pythons = [one.rpartition(" :: ")[2] for one in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", one)]
    assert PROJECT["requires-python"] == f">={pythons[0]}"
    assert pythons == [f"3.{10 + i}" for i in range(len(pythons))]


def test_a_machine_without_a_gpu_needs_the_same_but_for_faiss() -> None:
    wanted = {text.strip() for text in PROJECT["dependencies"] if not text.startswith("faiss")} | {"faiss-cpu>=1.15"}
    lines = (ROOT / "requirements" / "cpu.txt").read_text(encoding="utf-8").splitlines()
    assert {line for line in lines if not line.startswith(("#", "--"))} == wanted


def test_wheel_declares_the_command(archives: Archives) -> None:
    files = archives.installed()
    (entry_points,) = (name for name in files if name.endswith("entry_points.txt"))
    assert "quasar-index = quasar_index.cli.main:run" in files[entry_points].decode()


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Containerfile, each with its words."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(name, words) for name, _, words in (line.partition(" ") for line in lines if line.strip())]


def test_the_container_is_built_from_what_is_here_and_needs_no_more() -> None:
    found = instructions()
    assert {name for name, _ in found} <= {"FROM", "WORKDIR", "COPY", "ARG", "RUN", "USER", "ENTRYPOINT", "CMD"}
    sources = [part for name, words in found if name == "COPY" and "--from" not in words for part in words.split()[:-1]]
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(sources) == sorted(let_in)
    assert [name for name in sources if not (ROOT / name).exists()] == []
    # What the wheel is built from: the licence files and the readme that pyproject.toml names, and both packages.
    needed = {PROJECT["readme"], "pyproject.toml", "cli", "quasar_index"}
    needed |= {name.partition("/")[0] for name in PROJECT["license-files"]}
    assert needed <= set(sources)
    (python,) = {words.partition("python:")[2].partition("-")[0] for name, words in found if name == "FROM"}
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]
    assert found[-2:] == [("ENTRYPOINT", '["/opt/quasar-index/bin/quasar-index"]'), ("CMD", '["--help"]')]
    assert ("USER", "quasar") in found
