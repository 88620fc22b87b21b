"""Reads XML files of others part by part, so a large file needs little memory.

Expat loads no other file. Entities are refused: they can hide what is in a file, or grow without
end. https://docs.python.org/3/library/xml.html#xml-security
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate

_BLOCK_SIZE: Final = 1 << 16
_SEPARATOR: Final = "}"
"""Between the namespace and the name of an element or attribute."""


class NotXml(ValueError):
    """The file is not well-formed; str() says where."""


class HasEntities(NotXml):
    """The file declares entities."""


class XmlPart(NamedTuple):
    """A start tag, the text of a `<style>`, or an instruction such as `<?xml-stylesheet ...?>`."""

    line: int
    name: str
    """Of the element or instruction, without its namespace, in small letters."""
    attributes: Mapping[str, str]
    """By name without its namespace, in small letters. Empty for a text or an instruction."""
    text: str = ""
    is_instruction: bool = False


def xml_parts(path: Path) -> Iterator[XmlPart]:
    """The parts of an XML file. Raises `NotXml`, or OSError."""
    reader = _Reader()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_SIZE):
            yield from reader.read(block)
    yield from reader.read(b"", is_last=True)


class _Reader:
    def __init__(self) -> None:
        self._parts: list[XmlPart] = []
        self._names: list[str] = []
        self._expat = ParserCreate(namespace_separator=_SEPARATOR)
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._add_text
        self._expat.ProcessingInstructionHandler = self._add_instruction
        self._expat.EntityDeclHandler = self._refuse_entity

    def read(self, block: bytes, *, is_last: bool = False) -> list[XmlPart]:
        """The parts that end in the next block of the file."""
        self._parts = []
        try:
            self._expat.Parse(block, is_last)
        except (ExpatError, LookupError) as error:  # LookupError: an unknown encoding
            raise NotXml(" ".join(str(error).split())) from None
        return self._parts

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._names.append(_local(name))
        named = {_local(key): value for key, value in attributes.items()}
        self._parts.append(XmlPart(self._expat.CurrentLineNumber, self._names[-1], named))

    def _end(self, _name: str) -> None:
        self._names.pop()

    def _add_text(self, text: str) -> None:
        if self._names[-1] == "style":
            line = self._expat.CurrentLineNumber - text.count("\n")
            self._parts.append(XmlPart(line, "style", {}, text))

    def _add_instruction(self, name: str, text: str) -> None:
        line = self._expat.CurrentLineNumber
        self._parts.append(XmlPart(line, name.lower(), {}, text, is_instruction=True))

    def _refuse_entity(self, *_declaration: Any) -> None:
        raise HasEntities("it declares entities, which can hide a script: save it without them")


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2].lower()
