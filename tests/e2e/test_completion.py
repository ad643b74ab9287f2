"""Completion in real shells, installed as users install it; it loads nothing heavy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from quasar_index.index.places import SHIPPED_HOME

from .terminal import Terminal

SHELLS = {"bash": ("--noprofile", "-i"), "zsh": ("-d", "-i"), "fish": ("--interactive",)}
BIN = Path(sys.executable).parent
HEAVY = ("torch", "faiss", "lancedb", "onnxruntime", "sklearn", "matplotlib")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index home with an index `rated`; a name is known by its manifest alone."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "rated").mkdir()
    shutil.copy(SHIPPED_HOME / "starter" / "manifest.json", folder / "rated")
    return folder


def environment(folder: Path, home: Path) -> dict[str, str]:
    """Return the environment of a user whose home is a folder."""
    chosen = {"HOME": str(folder), "ZDOTDIR": str(folder), "XDG_CONFIG_HOME": str(folder / ".config")}
    more = {"PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "xterm", "PS1": "% ", "QUASAR_INDEX_HOME": str(home)}
    return {**os.environ, **chosen, **more, "COLUMNS": "400", "LINES": "50", "HISTFILE": ""}


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_installed_completes_commands_options_and_indexes(shell: str, tmp_path: Path, home: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    user = environment(tmp_path, home)
    # The command asks which shell it is called from; "; true" keeps that one there.
    install = [program, "-c", "quasar-index --install-completion; true"]
    done = subprocess.run(install, capture_output=True, text=True, check=False, env=user, cwd=tmp_path)
    assert f"{shell} completion installed" in done.stdout, done.stdout + done.stderr
    with Terminal(program, *SHELLS[shell], environment=user, folder=tmp_path) as terminal:
        terminal.type("echo read''y\r")
        terminal.wait_for(r"ready\r?\n")
        # Typer's file for zsh only declares itself at the first tab.
        again = "\t" if shell == "zsh" else ""
        terminal.type(f"quasar-index calib\t{again}rat\t--js\t\x01echo \r")
        terminal.wait_for(r"\n\r?quasar-index calibrate rated --json *\r")


def asked(words: str, **more: str) -> dict[str, str]:
    """Return what bash sets when the last of these words is completed."""
    count = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    return {**os.environ, **count, "_QUASAR_INDEX_COMPLETE": "complete_bash", **more}


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("quasar-index sc", {"score"}),
        ("quasar-index score --tol", {"--tolerate-truncated"}),
        ("quasar-index score --index ", {"rated", "starter"}),
        ("quasar-index info r", {"rated"}),
        ("quasar-index evaluate --method r", {"retrieval", "ridge"}),
        ("quasar-index build x --encoder dino", {"dinov2-vit-l-14"}),
        ("quasar-index score --format p", {"parquet"}),
        ("quasar-index score photographs/", set()),  # files are the shell's own
    ],
)
def test_values_are_offered_without_loading_what_is_heavy(words: str, offered: set[str], home: Path) -> None:
    ask = "import sys; from quasar_index.cli.main import main; sys.argv = ['quasar-index']\n"
    ask += f"try: main()\nfinally: print([one for one in {HEAVY} if one in sys.modules], file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", ask],
        capture_output=True,
        text=True,
        check=False,
        env=asked(words, QUASAR_INDEX_HOME=str(home)),
    )
    assert set(done.stdout.split()) == offered, done.stderr
    assert done.stderr == "[]\n"


def test_a_home_that_is_not_there_offers_the_starter_index(tmp_path: Path) -> None:
    there = asked("quasar-index info ", QUASAR_INDEX_HOME=str(tmp_path / "none"))
    done = subprocess.run(
        [str(BIN / "quasar-index")], capture_output=True, text=True, check=False, env=there, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("starter\n", "")
