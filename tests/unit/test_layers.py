"""Data flows anchors -> encoder -> index -> method -> score -> validation: no module imports upward."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import quasar_index as qi
from tests.unit.conftest import ROOMS

PACKAGE = Path(qi.__file__).parent
ROOT = PACKAGE.parent

# From the bottom up; a module may import those of its own line and of the lines before it.
LAYERS = [
    {"errors", "arguments", "forks", "threads"},
    {"cells", "paths", "sizes"},
    {"pictures"},
    {"arrays", "json_lines", "notation"},
    {"statistics"},
    {"fits", "sides"},
    {"images", "anchors"},
    {"own_anchors", "thumbnails"},
    {"datasets", "synthesis"},
    {"encoders"},
    {"learning", "plans"},
    {"index"},
    {"methods", "sharing"},
    {"selection"},
    {"validation"},
    {"reproduction", "sweep"},
    {"maps"},
    {"picking", "report", "taste"},
    {"checks", "demo", "starter"},
    {"explorer"},
]
LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}


def imported_modules(file: Path) -> set[str]:
    """Return the top modules of the package that a file imports by relative imports, wherever they stand."""
    depth = len(file.relative_to(PACKAGE).parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {name.split(".")[0] for name in names if name}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("quasar_index"):
            found.add(node.module)
    return found


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_nothing_upward(file: Path) -> None:
    module = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if module == "__init__":
        return
    assert module in LEVEL, f"{module} has no layer yet: give it one in LAYERS"
    for imported in imported_modules(file):
        assert imported in LEVEL, f"{file.name} imports {imported}, which has no layer (nothing imports the command)"
        assert LEVEL[imported] <= LEVEL[module], f"{module} imports upward from {imported}"


def test_scikit_learn_is_imported_by_one_thread_at_a_time() -> None:
    found = 0
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        alone = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.With) and ast.unparse(node.items[0]) == "import_alone()"
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "sklearn" for name in names):
                found += 1
                assert node in alone, f"{file}:{node.lineno}: two threads may find it half made"
    assert found


def test_public_names_are_those_of_the_stub() -> None:
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    imported = {alias.name for node in imports if node.module for alias in node.names}
    (declared,) = (node for node in tree.body if isinstance(node, ast.Assign))
    names = ast.literal_eval(declared.value)
    assert set(names) == imported
    assert set(qi.__all__) == imported
    for name in names:
        assert getattr(qi, name) is not None
    assert qi.__version__
    assert {alias.name for node in imports if not node.module for alias in node.names} == set(ROOMS)


def test_every_everyday_name_is_also_in_its_room() -> None:
    in_rooms = {name for room in ROOMS for name in getattr(qi, room).__all__}
    elsewhere = {name for name in qi.__all__ if not name.endswith("Error")} - in_rooms
    assert elsewhere == {"AnchorTable", "make_anchors"}  # of `anchors.py` and `own_anchors.py`
    assert len(qi.__all__) <= 75, "the rest by subject, in a room"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_there_without_a_further_import(room: str) -> None:
    code = (
        f"import quasar_index as qi; room = qi.{room}; print(*(getattr(room, name) is None for name in room.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"False"}
    assert room in dir(qi)
    assert room not in qi.__all__


def test_a_function_is_not_shadowed_by_the_module_of_its_name() -> None:
    code = (
        "import quasar_index.validation.evaluate, quasar_index.validation.cross_fit, quasar_index.sweep.suggest\n"
        "import quasar_index as qi\n"
        "qi.cross_validate, qi.validation.CrossFit, qi.sweep.Suggestion\n"
        "print(*map(callable, (qi.evaluate, qi.validation.evaluate, qi.validation.cross_fit, qi.sweep.suggest)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"True"}


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        qi.no_such_name  # noqa: B018


@pytest.mark.parametrize("code", ["import quasar_index", "import quasar_index.cli.main"])
def test_start_loads_nothing_heavy(code: str) -> None:
    heavy = {"torch", "faiss", "lancedb", "numpy", "scipy", "pyarrow", "PIL", "cv2", "rich", "matplotlib"}
    heavy |= {"plotly", "sklearn", "jinja2"}
    check = f"import sys; {code}; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("arguments", [["--help"], ["score", "--help"], ["info", "old"], ["none"]])
def test_what_reads_no_anchors_loads_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests" / "data" / "index-v1", tmp_path / "old")
    noted = qi.AnchorIndex.open(tmp_path / "old")
    qi.index.write_note(noted, "shrinkage", {"value": 1.0, "is_chosen": False, "n_rated": 0, "left_out": ""})
    code = (
        f"import sys; from quasar_index.cli.main import main; sys.argv = ['quasar-index', *{arguments}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'faiss', 'lancedb', 'numpy', 'scipy', 'pyarrow', 'PIL'}\n"
        "print('LOADED', *(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "LOADED"
    assert len(done.stdout.splitlines()) > 1 or "No such command" in done.stderr


def test_an_index_is_opened_and_its_tags_are_read_without_anything_heavy() -> None:
    code = (
        f"import sys; import quasar_index as qi; index = qi.AnchorIndex.open({str(ROOT / 'tests/data/index-v2')!r})\n"
        "print(len(index), *index.ratings, dict(index.tags))\n"
        "print('LOADED', *({'torch', 'faiss', 'lancedb', 'numpy', 'scipy', 'pyarrow', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED"


def test_repeated_constants_agree() -> None:
    from quasar_index.cli import options

    from quasar_index.images import MAX_PIXELS

    assert options.MAX_PIXELS == MAX_PIXELS


def test_files_stay_readable() -> None:
    long = {
        str(file.relative_to(ROOT)): count
        for folder in ("quasar_index", "cli")
        for file in (ROOT / folder).rglob("*.py")
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > 420
    }
    assert not long, "split these"
