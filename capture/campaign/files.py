"""Reads one campaign or client file; says every mistake in it at once, each with its line."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from capture.campaign.client import Client, ClientFile
from capture.campaign.lines import Lines
from capture.campaign.model import SLUG, Campaign, CampaignFile
from capture.campaign.problems import Finding
from capture.campaign.shape import shape_findings
from capture.errors import FileErrors, Problem, short_path

FileModel = TypeVar("FileModel", bound=BaseModel)
LARGEST = 256 * 1024


@dataclass(frozen=True)
class Source:
    """The text of a file and where it came from, as errors should name it."""

    slug: str
    text: str
    where: str

    def data(self) -> dict[str, Any]:
        """The TOML as plain values, money as `Decimal`. Raises `FileErrors`."""
        try:
            return tomllib.loads(self.text, parse_float=Decimal)
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise FileErrors([_not_toml(self, error)]) from None

    def problems(self, data: Mapping[str, Any], findings: Iterable[Finding]) -> list[Problem]:
        """Findings with their lines, top of the file first."""
        lines = Lines(self.text)
        told = [Problem(self.where, lines.of(f.path), f.told(data)) for f in findings]
        return sorted(told, key=lambda problem: problem.line or 0)


def read_campaign(path: Path) -> Campaign:
    """Reads and checks one campaign file by itself. Raises `FileErrors`."""
    return _campaign(read_source(path))


def parse_campaign(slug: str, text: str, where: str) -> Campaign:
    """Reads a text that was accepted before, such as the version that judged a lead.

    Checks the shape alone, so that a rule added since then never locks away an old lead.
    """
    return _campaign(Source(slug, text, where))


def read_client(path: Path) -> Client:
    """Reads and checks one client file. Raises `FileErrors`."""
    source = read_source(path)
    file = _read(source, ClientFile)
    return Client.model_construct(**dict(file), slug=source.slug)


def read_source(path: Path) -> Source:
    """The text of a file, to the byte. Raises `FileErrors`."""
    where = short_path(path)
    if not SLUG.fullmatch(path.stem) or path.suffix != ".toml":
        raise _whole_file(
            where, "name it in small letters, digits and single hyphens, such as acme-demo.toml"
        )
    try:
        raw = path.read_bytes()
    except IsADirectoryError:
        raise _whole_file(where, "is a folder; a file of this name is wanted") from None
    except OSError as error:
        raise _whole_file(where, f"cannot be read: {error.strerror}") from None
    if len(raw) > LARGEST:
        raise _whole_file(where, "is larger than 256 KiB; is it the right file?")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise _whole_file(where, "begins with a byte-order mark; save it as UTF-8 without one")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _whole_file(where, "is not UTF-8; save it in that encoding", line) from None
    if not text.strip():
        raise _whole_file(where, "is empty; copy one of the other files and change it")
    return Source(path.stem, text, where)


def _campaign(source: Source) -> Campaign:
    file = _read(source, CampaignFile)
    version = sha256(source.text.encode()).hexdigest()
    return Campaign.model_construct(
        **dict(file), slug=source.slug, version=version, text=source.text
    )


def _read(source: Source, model: type[FileModel]) -> FileModel:
    data = source.data()
    try:
        return model.model_validate(data)
    except ValidationError as error:
        findings = shape_findings(error, data, model)
        raise FileErrors(source.problems(data, findings)) from None


def _whole_file(where: str, message: str, line: int | None = None) -> FileErrors:
    return FileErrors([Problem(where, line, message)])


def _not_toml(source: Source, error: Exception) -> Problem:
    message = str(error)
    found = re.search(r" \(at line (\d+), column \d+\)$", message)
    line = int(found[1]) if found else len(source.text.rstrip().split("\n"))
    return Problem(source.where, line, f"not TOML: {message}")
