"""Tables in text: CSV and its kin, as programs and people write them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence

from ..errors import DataError, counted
from ..images import is_image_name
from .base import concat_text
from .label_numbers import POINT, NumberForm
from .problems import Problem, Problems, lines_text
from .tables import NAMELESS, LabelTable, name_index

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "space": " ", "pipe": "|", "\\t": "\t"}
_NAMES = {value: name for name, value in SEPARATORS.items() if name != "\\t"}
_SNIFFED = "\t;|,"  # where two fit, the comma more often stands inside numbers and text
_SEP_LINE = re.compile(r'"?sep=(?P<sep>.)"?;*(\r\n|\n|\r|$)')
_ACCENTS = re.compile(r"[^\x00-\x7f]{3}")
_LINE_END = re.compile(r"\r\n|\n|\r")
_HEAD_CHARACTERS, _HEAD_ROWS = 200_000, 200
_HEAD_BYTES = 1000
ENDINGS_OF_LINES = re.compile(rb"\r\n|\n|\r")
DEFAULT_PROBLEMS = Problems()


def decode(content: bytes, file: str, encoding: str | None = None, problems: Problems = DEFAULT_PROBLEMS) -> str:
    """Decode a label file; a byte order mark is understood and dropped, and UTF-16 is known without one.

    Raises:
        DataError: On bytes that are not of the encoding, with their line and the encoding that fits.
    """
    named = (encoding or "").casefold().replace("_", "-")
    chosen = encoding if encoding and named not in ("utf-16", "utf16") else _unicode_form(content)
    try:
        text = content.decode(chosen)
        fits = encoding is None or "\0" not in text[:_HEAD_BYTES]
        place = 0
    except UnicodeDecodeError as error:
        fits, place, text = False, error.start, ""
    except (LookupError, ValueError) as error:
        raise DataError(f"unknown encoding '{encoding}'", "such as utf-8, utf-16, latin-1 or cp1252") from error
    if not fits:
        line = len(ENDINGS_OF_LINES.findall(content[:place])) + 1
        better = _fitting(content, chosen)
        others = "name its encoding, such as ?encoding=cp1251, shift_jis or gb18030"
        hint = f"read it with ?encoding={better}" if better else others
        what = codecs.lookup(chosen).name.removesuffix("-sig")
        problems.report(
            Problem(f"{file} line {line}: not {what} text", hint, 1, f"encoding={better}" if better else "")
        )
        text = content.decode(better or "latin-1")
    return text.removeprefix("\ufeff").removesuffix("\x1a")  # the second is DOS's end of a file


def _unicode_form(content: bytes) -> str:
    """Return the form of Unicode by the byte order mark, or by where the zeros of plain letters are."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = content[:_HEAD_BYTES]
    if head[1::2].count(0) > len(head) // 5 and head[::2].count(0) == 0:
        return "utf-16-le"
    if head[::2].count(0) > len(head) // 5 and head[1::2].count(0) == 0:
        return "utf-16-be"
    return "utf-8-sig"


def _fitting(content: bytes, failed: str) -> str | None:
    """Return an encoding by which the bytes are text that can be printed; None for none of the usual ones."""
    for name in (_unicode_form(content), "cp1252"):
        if name == failed:
            continue
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        # Western text has accents one by one: Cyrillic or Chinese bytes read as such are rows of them
        if name == "cp1252" and _ACCENTS.search(text):
            continue
        if all(character.isprintable() or character in "\r\n\t\ufeff\u00a0" for character in text):
            return name.removesuffix("-sig")
    return None


def read_csv(
    content: bytes,
    file: str,
    *,
    header: Sequence[str] | None = None,
    sep: str | None = None,
    encoding: str | None = None,
    problems: Problems = DEFAULT_PROBLEMS,
) -> LabelTable:
    """Read delimited text, strictly: every row has as many fields as the header, quotes are closed.

    Passed over are blank lines, comments (lines that start with #, before the header or of another width), Excel's
    first line `sep=;`, and empty fields at the ends of rows.

    Args:
        content: The file's bytes; any line ends, with or without a byte order mark.
        file: Its name, for messages.
        header: Column names of a file without a header line.
        sep: Field separator; None to find it: that of comma, semicolon, tab and pipe, outside quotes, which divides
            the header and the most of the first lines alike. "space" separates at any run of blanks.
        encoding: Text encoding; None for UTF-8 or UTF-16.
        problems: Where problems are reported.

    Returns:
        The table; blanks around column names are dropped.

    Raises:
        DataError: With the lines of rows that do not fit.
    """
    text = decode(content, file, encoding, problems)
    sep = SEPARATORS.get(sep, sep) if sep else None
    n_before, text, said = _skip_head(text, sep)
    sep = sep or said or _sniff(text)
    if len(sep) != 1 or sep in '\r\n"':
        raise DataError(f"separator '{sep}' is not one character", f"one of {', '.join(SEPARATORS)}")
    rows, lines = _split_rows(text, file, sep, n_before, problems)
    if rows and rows[0][0].lstrip().startswith("#") and header is None:
        rows[0][0] = rows[0][0].lstrip().lstrip("#")  # numpy writes its header so
        rows[0] = rows[0][1:] if len(rows[0]) > 1 and not rows[0][0] else rows[0]
    if header is None:
        if not rows:
            raise DataError(f"{file} is empty", "a header line and a line an image are expected")
        names = _header(rows[0], file, lines[0], problems)
        if names is not None:
            rows, lines = rows[1:], lines[1:]
        header = names if names is not None else [f"column {i}" for i in range(1, len(rows[0]) + 1)]
    width = len(header)
    fitting = [_trimmed(row, width) for row in rows]
    bad = [i for i, row in enumerate(fitting) if len(row) != width and not row[0].startswith("#")]
    if bad:
        _report_widths(file, header, [len(fitting[i]) for i in bad], [lines[i] for i in bad], text, sep, problems)
    kept = [i for i, row in enumerate(fitting) if len(row) == width]
    by_column = zip(*(fitting[i] for i in kept), strict=True) if kept else ([] for _ in header)
    columns: dict[str, list[str]] = {}
    nameless: list[str] = []
    for number, (name, cells) in enumerate(zip(header, by_column, strict=True), 1):
        if name or width == 1:
            columns[name] = list(cells)
        elif number == 1:
            columns[NAMELESS] = list(cells)  # pandas writes the names of its rows so
        elif any(cell.strip() for cell in cells):
            nameless.append(f"column {number} has no name")
    form = NumberForm(commas=sep == ";")
    warnings = tuple(f"{file}: {which} and was left out" for which in nameless)
    kept_lines = [lines[i] for i in kept]
    advice = "; ".join(hint for hint in (_better_separator(text, sep, header), *nameless) if hint)
    return name_index(LabelTable(file, columns, kept_lines, "line", form, problems, warnings, advice))


def _skip_head(text: str, sep: str | None) -> tuple[int, str, str | None]:
    """Return the number of lines before the header, the text from the header on, and the separator that Excel names."""
    n_lines, said = 0, None
    if match := _SEP_LINE.match(text):
        n_lines, said, text = 1, match["sep"], text[match.end() :]
    last = 0
    for match in _LINE_END.finditer(text):
        line = text[last : match.start()]
        if line.strip() and not line.startswith("#"):
            break
        if line.startswith("#") and _is_header(line, text[match.end() :], sep):
            break
        n_lines, last = n_lines + 1, match.end()
    return n_lines, text[last:], said


def _is_header(comment: str, rest: str, sep: str | None) -> bool:
    """Tell whether a line that starts with # names the columns of the data that follow at once."""
    following = _LINE_END.split(rest, maxsplit=1)[0]
    sep = sep or _sniff(following)
    cells, names = following.split(sep), comment.lstrip("# ").split(sep)
    return len(cells) == len(names) > 1 and any(map(_is_data, cells)) and not any(map(_is_data, names))


def _is_data(cell: str) -> bool:
    """Tell whether a cell is a number or the name of an image rather than the name of a column."""
    cell = cell.strip().strip('"')
    return POINT.read(cell) is not None or is_image_name(cell)


def _header(row: list[str], file: str, line: int, problems: Problems) -> list[str] | None:
    """Return the names of the columns; None where the first line names none."""
    names = [name.strip() for name in row]
    if any(is_image_name(name) for name in names) or (len(names) > 1 and all(map(_is_data, names))):
        shown = ", ".join(name or "..." for name in names[:6])
        images = [is_image_name(name) for name in names]
        images[0] |= not any(images)
        score = next((i for i, name in enumerate(names) if not images[i] and _is_data(name)), None)
        guesses = ["image" if images[i] else "score" if i == score else "" for i in range(len(names))][:4]
        example = ",".join(guess or f"c{i}" for i, guess in enumerate(guesses, 1))
        more = "" if len(names) < 5 else ",..."
        problems.report(
            Problem(
                f"{file} line {line} holds data ({shown}) and not the names of columns",
                f"name all {len(names)} columns: ?header={example}{more}",
                option=f"header={example}{more}",
            )
        )
        return None
    twice = sorted({name for name in names if names.count(name) > 1 and name})
    if twice:
        problems.report(
            Problem(f"{file} line {line}: column {concat_text(twice)} stands twice", "rename one of them", len(twice))
        )
        seen: dict[str, int] = {}
        for place, name in enumerate(names):
            seen[name] = seen.get(name, 0) + 1
            names[place] = name if seen[name] == 1 or not name else f"{name} ({seen[name]})"
    return names


def _trimmed(row: list[str], width: int) -> list[str]:
    """Return a row without the empty fields behind its last one, which Excel writes."""
    extra = row[width:]
    return row[:width] if extra and not any(cell.strip() for cell in extra) else row


def _report_widths(
    file: str,
    header: Sequence[str],
    found: Sequence[int],
    lines: Sequence[int],
    text: str,
    sep: str,
    problems: Problems,
) -> None:
    named = f"{len(header)} expected ({', '.join(header)})"
    hint = _better_separator(text, sep, header) or "quote a name, or a number with a decimal comma, that holds it"
    option = hint[1:].split(" ")[0] if hint.startswith("?") else ""
    widths = f"{counted(found[0], 'field')}, {named}"
    if len(lines) == 1:
        message = f"{file} line {lines[0]}: {widths}"
    else:
        other = "" if len(set(found)) == 1 else " or another number"
        rows = counted(len(lines), "row has", "rows have", form=",")
        message = f"{file}: {rows} {widths.replace(',', f'{other},', 1)} ({lines_text('line', lines)})"
    problems.report(Problem(message, hint, len(lines), option))


def _better_separator(text: str, sep: str, header: Sequence[str]) -> str:
    """Return what to say where another separator fits better than the one in use; "" where none does."""
    better = _sniff(text)
    if better != sep and any(better in name for name in header):
        return f"?sep={_NAMES[better]} divides the lines better"
    if len(header) == 1 and " " in header[0].strip():
        return "?sep=space divides the lines at blanks"
    return ""


def _split_rows(text: str, file: str, sep: str, n_before: int, problems: Problems) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    if sep == " ":  # the authors' own text files: any number of blanks, no quotes
        for number, line in enumerate(_LINE_END.split(text), n_before + 1):
            if fields := line.split():
                rows.append(fields)
                lines.append(number)
        return rows, lines
    # some write a blank behind each separator, before quotes, too; inside quotes a quote is doubled
    blanks = re.search(rf'(^|[\r\n]|{re.escape(sep)}) +"(?!")', text) is not None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sep, strict=True, skipinitialspace=blanks)
    while True:
        start = n_before + reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return rows, lines
        except csv.Error as error:
            problems.report(Problem(f"{file} line {start}: {error}", "close the quotes of this line"))
            return rows, lines
        if fields and any(cell.strip() for cell in fields):
            rows.append(fields)
            lines.append(start)


def _sniff(text: str) -> str:
    """Return the separator that divides the header, and the most of the first rows as it does the header."""
    head = text[:_HEAD_CHARACTERS]

    def fit(sep: str) -> tuple[bool, float, int, int]:
        rows: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(head, newline=""), delimiter=sep):
                if any(cell.strip() for cell in row):
                    rows.append(row)
                if len(rows) > _HEAD_ROWS:
                    break
        except csv.Error:
            pass
        if not rows:
            return False, 0.0, 0, _SNIFFED.index(sep) - len(_SNIFFED)
        n_fields = len(rows[0])
        alike = sum(len(_trimmed(row, n_fields)) == n_fields for row in rows[1:]) / max(1, len(rows) - 1)
        return n_fields > 1, alike, n_fields, -_SNIFFED.index(sep)

    return max(_SNIFFED, key=fit)
