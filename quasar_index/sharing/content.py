"""What a file is by its first bytes: what is pulled is a zip, and people get web pages, texts and nothing instead."""

from __future__ import annotations

import codecs
import html
import re

from ..errors import DataError

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PAGE = re.compile(rb"\s*(<!doctype\s+html|<html|<head|<\?xml[^>]*>\s*<(!doctype\s+html|html))", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,80})", re.IGNORECASE)
_OTHER = {
    b"\x1f\x8b": "is packed by gzip",
    b"Rar!": "is a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "is a 7z archive",
    b"\x28\xb5\x2f\xfd": "is packed by zstd",
    b"\x80\x02": "is a pickle",
    b"\x80\x04": "is a pickle",
    b"%PDF": "is a PDF",
}
BROWSE = "open it in a browser, download the file, and give its path: quasar-index pull FILE NAME"


def check_content(head: bytes, what: str, *, is_start: bool = False) -> None:
    """Raise a DataError that says what a file is unless it is a zip.

    Args:
        head: Its first bytes.
        what: Its name, or the address that it comes from.
        is_start: More may follow: a beginning of fewer than four bytes is not judged.
    """
    if head.startswith(_ZIP) or (is_start and len(head) < 4):
        return
    text = head.removeprefix(b"\xef\xbb\xbf")
    if not head:
        raise DataError(f"{what} is empty", "download it again")
    if _PAGE.match(text):
        title = _TITLE.search(text)
        called = f" ('{html.unescape(title[1].decode('utf-8', 'replace')).strip()}')" if title else ""
        raise DataError(f"{what} is a web page{called}, not a file of embeddings", BROWSE)
    kind = next((kind for start, kind in _OTHER.items() if head.startswith(start)), None)
    if kind is None and (words := _words(text[:64])):
        kind = f"is text: '{words}'"
    raise DataError(f"{what} {kind or 'is no zip'}", "a zip of published embeddings or a .quasar bundle is expected")


def _words(data: bytes) -> str:
    """Return what a text begins with; empty for what is none."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)  # its last character may be cut
    except UnicodeDecodeError:
        return ""
    return text.strip() if all(c.isprintable() or c in "\t\r\n" for c in text) else ""
