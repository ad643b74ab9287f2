"""Tables at every width: no number is cut, no line is too long, what is left out is named."""

import re

import pytest
from quasar_index.cli.tables import OTHER_FORMS, fold, lay_out, table_lines

COLUMNS = ("method", "SRCC", "KRCC", "PLCC fitted", "note")
ROWS = [
    ("whitened shrinkage=oas retrieval top_k=100", "0.283 [0.05, 0.51]", "0.190 [-0.07, 0.35]", "-", "few images"),
    ("raw mean", "-0.468", "1,234.567", "0.100 [0.00, 0.20]", "ratings/of/2,500/images/0.1234567.png"),
]
NUMBER = re.compile(r"\d[\d.,]*\d|\d")


def lines(width: int | None, **how: object) -> list[str]:
    return [line.plain for line in table_lines(COLUMNS, ROWS, width=width, right=COLUMNS[1:4], **how)]  # type: ignore[arg-type]


@pytest.mark.parametrize("width", range(30, 200))
def test_no_number_is_cut_and_no_line_is_too_long(width: int) -> None:
    shown = lines(width, keep=("SRCC",), least=("KRCC",))
    assert max(map(len, shown)) <= width
    table = " ".join(shown).partition("left out to fit")[0]
    known = set(NUMBER.findall(" ".join(cell for row in ROWS for cell in row)))
    assert set(NUMBER.findall(table)) <= known
    for cell in ("0.283", "[0.05, 0.51]", "-0.468"):  # an interval stays on one line
        assert any(cell in line for line in shown)


def test_what_matters_least_is_left_out_and_named() -> None:
    assert "left out" not in " ".join(lines(100))
    narrow = lines(70, keep=("SRCC",), least=("KRCC",))
    assert narrow[-1] == "left out to fit 70 columns: KRCC; a wider terminal has it"
    assert not any("KRCC" in line or "0.190" in line for line in narrow[:-1])
    token = OTHER_FORMS.set(("--format csv", "--json"))
    try:
        narrowest = " ".join(lines(44, keep=("SRCC",), least=("KRCC",))).split("left out")[1]
        assert narrowest == (" to fit 44 columns: KRCC, note; a wider terminal, --format csv or --json has them")
    finally:
        OTHER_FORMS.reset(token)


def test_without_a_terminal_nothing_is_left_out() -> None:
    wide = [(f"{place}.123 [0.12, 0.34]",) * 30 for place in range(3)]
    found = lay_out([f"column {place}" for place in range(30)], wide, width=None, right=[])
    assert len(found.widths) == 30
    assert not found.left_out


def test_folding() -> None:
    assert fold("0.283 [0.05, 0.51]", 12) == ["0.283", "[0.05, 0.51]"]
    assert fold("a finding\n  an/example of it", 13) == ["a finding", "  an/example", "  of it"]
    assert fold("images/0123456789.png", 12) == ["images/", "0123456789.", "png"]
    assert fold("写真写真写真写真写真", 8) == ["写真写真", "写真写真", "写真"]  # two columns each
    assert fold("", 5) == [""]
