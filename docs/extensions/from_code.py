"""Pages that are made from the code at build time: one for each command, method, selector, encoder and data set.

Also a page of the public API for each room, and the role `public`, by which a name in a docstring leads to its page.
The pages are Markdown in `docs/reference/made`, written anew where they changed.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from api_pages import api_pages, places
from command_pages import command_pages
from docutils import nodes
from numpy.typing import ArrayLike
from registry_pages import dataset_pages, distortion_pages, encoder_pages, method_pages, selector_pages
from sphinx import addnodes
from sphinx.util.typing import stringify_annotation

MADE = Path("reference") / "made"
ARRAY = re.compile(
    r"~?(?:numpy\.)?ndarray\[tuple\[~?(?:typing\.)?Any, \.\.\.\], "
    r"~?(?:numpy\.)?dtype\[~?(?:numpy\.)?(\w+)\]\]"
)
"""An array in a signature, as NumPy writes it."""
LIKE = (stringify_annotation(ArrayLike, "smart"), stringify_annotation(ArrayLike, "fully-qualified-except-typing"))
"""What becomes an array, likewise."""


MAKERS = (
    command_pages,
    method_pages,
    selector_pages,
    encoder_pages,
    dataset_pages,
    distortion_pages,
    api_pages,
)


def write_pages(app: Any) -> None:
    """Write all pages; remove those of what is no more."""
    folder = Path(app.srcdir) / MADE
    pages: dict[str, str] = {}
    for make in MAKERS:
        pages |= make()
    for name, text in pages.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.rglob("*.md"):
        if path.relative_to(folder).with_suffix("").as_posix() not in pages:
            path.unlink()
    for left in folder.iterdir():
        if left.is_dir() and not any(left.iterdir()):
            shutil.rmtree(left)


def escape(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Take for text what in a docstring looks like markup of reStructuredText and is none: bars beside formulas."""
    del app, what, name, thing, options
    for number, line in enumerate(lines):
        if line.startswith(":vartype"):
            lines[number] = line.replace("_]", "\\_]")  # numpy.bytes_ is no name of a target
        elif "|" in line and not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(`[^`]*`)", line)
            lines[number] = "".join(part if part.startswith("`") else part.replace("|", "\\|") for part in parts)


def public_role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: Any = None, content: Any = None
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """Return a link to the entry of a public name; any other text as code."""
    del name, lineno, options, content
    first, *_ = text.removeprefix("qi.").removesuffix("()").split(".")
    shown = nodes.literal(rawtext, text, classes=["code"])
    if first not in places():
        return [shown], []
    link = addnodes.pending_xref(
        rawtext, shown, refdomain="py", reftype="obj", reftarget=places()[first][1], refexplicit=True, refwarn=False,
        refdoc=inliner.document.settings.env.current_document.docname,
    )  # fmt: skip
    return [link], []


def shorten(
    app: Any, what: str, name: str, thing: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Write arrays in signatures by what they hold: `ndarray[float32]`."""
    del app, what, name, thing, options
    texts = [text and ARRAY.sub(r"ndarray[\1]", text) for text in (signature, returns)]
    for long in LIKE:
        texts = [text and text.replace(long, "ArrayLike") for text in texts]
    return texts[0], texts[1]


def setup(app: Any) -> dict[str, Any]:
    """Tell Sphinx of it."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", escape)
    app.connect("autodoc-process-signature", shorten)
    app.add_role("public", public_role)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
