"""Words and addresses of strangers, written so that they mean nothing more in our Markdown."""

import re
from typing import Final
from urllib.parse import quote

_SIGNS: Final = re.compile(r"[\\`*\[\]]|(?<!\w)_|_(?!\w)")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")
_LINE_START: Final = re.compile(
    r"^(?P<space>[ \t]*)(?:(?P<mark>[+#>-]|!!!)|(?P<number>\d{1,9})(?P<dot>[.)])(?=\s|$)"
    r"|(?P<odd>[:=~]))",
    re.MULTILINE,
)
_PLACE: Final = re.compile(r"^\{(?:filename|static)\}")


def escaped(text: str) -> str:
    """Text in which no sign means anything to Markdown or to our tags."""
    text = _SIGNS.sub(r"\\\g<0>", _ENTITY.sub("&amp;", text).replace("<", "&lt;"))
    text = text.replace("{", "&#123;")
    return _LINE_START.sub(_line_start, text)


def _line_start(found: re.Match[str]) -> str:
    if found["number"]:
        return f"{found['space']}{found['number']}\\{found['dot']}"
    if found["odd"]:
        return f"{found['space']}&#{ord(found['odd'])};"
    return f"{found['space']}\\{found['mark']}"


def address(url: str) -> str:
    """An address that ends where it should within `(...)`."""
    place = _PLACE.match(url)
    head = place[0] if place else ""
    return head + quote(url[len(head) :], safe="/:?#@!$&'*+,;=%~-._")
