"""Every command is registered and has a line of help, and so has each of its options."""

import re
from pathlib import Path

import pytest
from quasar_index.cli.commands import PANELS, load
from rich.text import Text

COMMANDS = [name for lines in PANELS.values() for name in lines]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = load(name)
    line = " ".join(str(command.help).split("\n\n")[0].split())
    assert line == next(lines[name] for lines in PANELS.values() if name in lines)
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        assert text, f"{name}: {parameter.name} has no help"
        # Rich takes "[map]" for markup and leaves it out, unless it is escaped.
        assert Text.from_markup(text).plain == text.replace("\\[", "["), f"{name}: brackets in {parameter.name}"


def test_every_file_of_a_command_is_registered() -> None:
    folder = Path(__file__).parents[2] / "cli"
    texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    defined = {name for name, text in texts.items() if re.search(rf"^def {name}_?\(", text, re.MULTILINE)}
    assert defined == set(COMMANDS) | {"main"}
