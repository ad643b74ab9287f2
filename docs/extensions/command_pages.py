"""A page for each command: what it does, how it is called, its arguments and options by panel."""

from __future__ import annotations

from enum import EnumMeta
from typing import Any, get_args

from page_text import code, contents, page, plain, table
from quasar_index.cli.commands import FEW, PANELS, load
from quasar_index.cli.options import RARE


def command_pages() -> dict[str, str]:
    """Return the pages by name, with the list of them."""
    pages = {f"commands/{name}": _page(name, load(name)) for lines in PANELS.values() for name in lines}
    parts = []
    for panel, lines in PANELS.items():
        rows = [(f"[`{name}`]({name}.md)", plain(line)) for name, line in lines.items()]
        parts += [f"## {panel}", table(("command", "what it does"), rows)]
    pages["commands/index"] = page(
        "Commands",
        "`quasar-index COMMAND --help` shows the everyday options of a command, `--help-all` all of them.",
        *parts,
        "Exit codes: 0 all went well, 2 usage, 3 data or images, 4 index, 5 encoder, 6 method, 7 validation, 130 "
        "stopped by Ctrl-C, 143 by SIGTERM.",
        contents(name for lines in PANELS.values() for name in lines),
    )
    return pages


def _page(name: str, command: Any) -> str:
    given = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join(["quasar-index", name, *(_usage(one) for one in given), "[OPTIONS]"])
    everyday = set(command.everyday)
    rare = RARE - everyday if len(options) > FEW else frozenset()
    panels: dict[str, list[Any]] = {}
    for one in options:
        panels.setdefault(one.rich_help_panel or "Options", []).append(one)
    tables = []
    for panel, members in panels.items():
        rows = [(_names(one), _words(one) + " *(rarely needed)*" * (one.name in rare)) for one in members]
        tables += [f"## {panel}", table(("option", "what it says"), rows)]
    arguments = [(code(_usage(one)), _words(one)) for one in given]
    return page(
        f"`quasar-index {name}`",
        plain(command.help),
        f"```text\n{usage}\n```",
        *(["## Arguments", table(("argument", "what it is"), arguments)] if arguments else []),
        *tables,
    )


def _usage(one: Any) -> str:
    shown = one.metavar or (one.name or "").upper()
    shown = shown.strip("[]") + ("..." if one.nargs == -1 and not shown.endswith("...") else "")
    return shown if one.required else f"[{shown}]"


def _choices(one: Any) -> str:
    """Return the values that an option chooses from, if it does."""
    kind = one.type_descriptor.annotation
    kinds = [kind, *get_args(kind)]
    return "|".join(str(each.value) for found in kinds if isinstance(found, EnumMeta) for each in found)


def _names(one: Any) -> str:
    takes = "" if getattr(one, "is_flag", False) else one.metavar or _choices(one) or _kind(one)
    names = " ".join(code(name) for name in (*one.opts, *one.secondary_opts))
    return f"{names} {code(takes) if takes else ''}".strip()


def _kind(one: Any) -> str:
    kind = one.type_descriptor.annotation
    return {int: "NUMBER", float: "NUMBER", str: "TEXT"}.get(kind, (one.name or "").upper())


def _default(one: Any) -> str:
    value = one.default
    if value is None or value is False or callable(value) or value in ((), []):
        return ""
    return code(str(getattr(value, "value", value)))


def _words(one: Any) -> str:
    words = plain((one.help or "").replace("\\[", "["))
    bounds = [f"at least {one.min}"] if one.min is not None else []
    bounds += [f"at most {one.max}"] if one.max is not None else []
    bounds += [f"default {default}"] if (default := _default(one)) else []
    return words + (f" ({', '.join(bounds)})" if bounds else "")
