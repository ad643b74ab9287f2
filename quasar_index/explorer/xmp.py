"""XMP sidecars: stars, rejects and picks as other programs read them, in a small file beside each photograph.

`xmp:Rating` is -1 for a reject and 1 to 5 for stars, `xmp:Label` is "Pick" for a pick (Adobe's XMP specification, part
1, section 8.4). A sidecar of another program keeps all that it holds: the two properties are changed in its text, and
it is written only when nothing else of what it says has changed.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from .marks import Mark

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP = "http://ns.adobe.com/xap/1.0/"
PICK = "Pick"
_PROPERTIES = ("Rating", "Label")
_WHOLE = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="quasar-index">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"{properties}/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def properties_of(mark: Mark) -> dict[str, str]:
    """Return the properties of a mark; {} for none."""
    rating = -1 if mark.mark == "reject" else mark.stars
    found = {"Rating": str(rating)} if rating else {}
    return found | ({"Label": PICK} if mark.mark == "pick" else {})


def new_sidecar(mark: Mark) -> bytes:
    """Return the sidecar of a mark."""
    text = "".join(f'\n    xmp:{name}="{value}"' for name, value in properties_of(mark).items())
    return _WHOLE.format(properties=text).encode()


def changed_sidecar(old: bytes, mark: Mark) -> bytes | None:
    """Return a sidecar, whoever made it, with a mark; None where that cannot be done without other changes.

    Args:
        old: The sidecar, in UTF-8.
        mark: The mark.
    """
    try:
        text = old.decode("utf-8-sig" if old.startswith(b"\xef\xbb\xbf") else "utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            return None
        before, prefix = _read(text), _prefix(text)
        wanted = properties_of(mark)
        # What another program's label says is not ours to take away.
        if before.get("Label") not in (None, PICK) and "Label" not in wanted:
            wanted["Label"] = str(before["Label"])
        for name in _PROPERTIES:
            text = _without(text, prefix, name)
        added = "".join(f' {prefix}:{name}="{value}"' for name, value in wanted.items())
        declared = "" if _declares(text, prefix) else f' xmlns:{prefix}="{XMP}"'
        text, n = re.subn(r"(<(\w+):Description\b)", rf"\1{declared}{added}", text, count=1)
        if n == 0:
            return None
        after = _read(text)
    except (UnicodeDecodeError, ET.ParseError, ValueError):
        return None
    if {name: after.get(name) for name in _PROPERTIES} != {name: wanted.get(name) for name in _PROPERTIES}:
        return None
    return text.encode() if after["rest"] == before["rest"] else None


def _prefix(text: str) -> str:
    """Return the prefix by which a sidecar names the namespace of both properties."""
    found = re.search(rf'xmlns:(\w+)\s*=\s*["\']{re.escape(XMP)}["\']', text)
    return found[1] if found else "xmp"


def _declares(text: str, prefix: str) -> bool:
    """Whether the namespace is declared in or around the first description."""
    start = re.search(r"<\w+:Description\b[^<>]*>", text)
    return start is not None and f"xmlns:{prefix}" in text[: start.end()]


def _without(text: str, prefix: str, name: str) -> str:
    """Remove a property, be it an attribute or an element."""
    # Only from the beginning of white space on: else a long run of it takes the square of its length.
    text = re.sub(rf"""(?<!\s)\s+{prefix}:{name}\s*=\s*("[^"]*"|'[^']*')""", "", text)
    return re.sub(rf"(?<!\s)\s*<{prefix}:{name}\s*(/>|>[^<]*</{prefix}:{name}\s*>)", "", text)


def _read(text: str) -> dict[str, object]:
    """Return both properties of a sidecar, and under "rest" all else that it says."""
    root = ET.fromstring(re.sub(r"^\s*<\?xpacket.*?\?>", "", text, flags=re.DOTALL))  # noqa: S314 - no DOCTYPE
    found: dict[str, object] = {}
    rest: list[object] = []
    for element in root.iter():
        own = dict(element.attrib)
        for name in _PROPERTIES:
            if (value := own.pop(f"{{{XMP}}}{name}", None)) is not None:
                found[name] = value
        names = {f"{{{XMP}}}{name}": name for name in _PROPERTIES}
        if element.tag in names:
            found[names[element.tag]] = (element.text or "").strip()
            continue
        rest.append((element.tag, sorted(own.items()), (element.text or "").strip()))
    return found | {"rest": rest}
