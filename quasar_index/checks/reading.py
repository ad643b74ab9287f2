"""Reading the sources that are checked: all problems of their labels are findings, and no source stops the others."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..arguments import checked
from ..datasets.base import AnchorSource
from ..datasets.frames import Frame
from ..datasets.sources import collect_source
from ..paths import PathText
from .report import Finding


@checked
def read_sources(
    specs: Sequence[PathText | Frame],
    *,
    score_column: str | Sequence[str] | None = None,
    image_column: str | None = None,
    lower_is_better: bool | None = None,
) -> tuple[list[AnchorSource], list[Finding]]:
    r"""Read sources to check them; what `load_source` would refuse one by one is found in one pass.

    Args:
        specs: As of `load_source`.
        score_column: Likewise.
        image_column: Likewise.
        lower_is_better: Likewise.

    Returns:
        The sources that can be read, without the rows that have a problem; and an error for each kind of problem, with
        the number of its rows, their lines, and the option or the change to the file that helps.

    Example:
        >>> from pathlib import Path
        >>> import quasar_index as qi
        >>> _ = Path("rough.csv").write_text("image,score\na.png,1\nb.png,\nc.png,x\nd.png,2\n")
        >>> sources, findings = qi.checks.read_sources(["rough.csv", "none.csv"])
        >>> [len(source) for source in sources], [(finding.data, finding.count) for finding in findings]
        ([2], [('rough', 1), ('rough', 1), ('none.csv', 1)])
        >>> findings[0].message
        'rough.csv line 3: score is missing; fill it in; ?missing=drop leaves such rows out'
    """
    sources: list[AnchorSource] = []
    findings: list[Finding] = []
    for spec in specs:
        source, problems = collect_source(
            spec, score_column=score_column, image_column=image_column, lower_is_better=lower_is_better
        )
        if source is not None:
            sources.append(source)
        name = source.name if source else os.fspath(spec) if isinstance(spec, (str, os.PathLike)) else "frame"
        for problem in problems:
            text = f"{problem.message}; {problem.hint}" if problem.hint else problem.message
            findings.append(Finding("error", "labels", name, text, problem.count))
    return sources, findings
