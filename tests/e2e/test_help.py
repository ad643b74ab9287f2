"""`--help` is short, `--help-all` is whole."""

import re

import pytest
from quasar_index.cli.commands import PANELS, load
from quasar_index.cli.main import app
from quasar_index.cli.options import RARE
from typer.testing import CliRunner

COMMANDS = [name for lines in PANELS.values() for name in lines]


def shown(*arguments, columns=100):
    """Return the help that a command prints, in lines."""
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": str(columns), "TERMINAL_WIDTH": None})
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def options(name):
    """Return the options of a command by parameter, each as the words that call it."""
    return {one.name: {*one.opts, *one.secondary_opts} for one in load(name).params if one.param_type_name == "option"}


def words(lines):
    """Return the options that stand first in a line of a table, by all of their names."""
    found = (re.match(r"│ \*? *((?:-[-\w]+[, ]*)+)", line) for line in lines)
    return {word for one in found if one for word in re.split("[, ]+", one[1])}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_a_screen_and_help_all_names_every_option(name):
    short, whole = shown(name, "--help"), shown(name, "--help-all")
    assert len(short) <= 50
    assert {word for opts in options(name).values() for word in opts} - words(whole) == set()
    left_out = {
        parameter for parameter, opts in options(name).items() if parameter != "help_all" and not opts & words(short)
    }
    last = [line.strip() for line in short if line.strip()][-1]
    assert left_out <= RARE
    if left_out:
        ending = "option" if len(left_out) == 1 else "options"
        assert last == f"{len(left_out)} more {ending}: quasar-index {name} --help-all"
    else:
        assert "--help-all" not in "".join(short)


def test_each_rare_parameter_is_one_of_a_command():
    assert {parameter for name in COMMANDS for parameter in options(name)} >= RARE


def test_a_command_of_few_options_shows_them_all_and_one_may_keep_a_rare_one():
    assert any("--where" in line for line in shown("remove", "--help"))
    assert any("--encoder" in line for line in shown("build", "--help"))
    assert not any("--encoder" in line for line in shown("score", "--help"))


def test_the_list_of_commands_fits_a_screen():
    listed = shown("--help")
    assert len(listed) <= 50
    for name in COMMANDS:
        assert sum(line.startswith(f"│ {name} ") for line in listed) == 1
