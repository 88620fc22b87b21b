"""Reads one campaign or client file; says every mistake in it at once, each with its line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from capture.campaign.client import Client, ClientFile
from capture.campaign.lines import Lines
from capture.campaign.model import SLUG, Campaign, CampaignFile
from capture.campaign.problems import Finding
from capture.campaign.rules import Draft, Surroundings, broken_parts, rule_findings
from capture.campaign.rules.client import client_findings
from capture.campaign.shape import shape_findings
from capture.campaign.toml_text import parse_toml
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
        return parse_toml(self.text, self.where)

    def problems(self, data: Mapping[str, Any], findings: Iterable[Finding]) -> list[Problem]:
        """Findings with their lines, top of the file first."""
        lines = Lines(self.text)
        told = [Problem(self.where, lines.of(f.path), f.told(data)) for f in findings]
        return sorted(told, key=lambda problem: problem.line or 0)


def read_campaign(path: Path, surroundings: Surroundings | None = None) -> Campaign:
    """Reads and checks one campaign file: by itself, or with what stands around it.

    Raises `FileErrors` with every mistake that it finds.
    """
    return _checked(read_source(path), surroundings)


def read_draft(slug: str, raw: bytes, where: str) -> Campaign:
    """Reads what may become a campaign's file, wherever it lies, as strictly as that file.

    Raises `FileErrors` with every mistake that it finds.
    """
    return _checked(Source(slug, source_text(raw, where), where), None)


def _checked(source: Source, surroundings: Surroundings | None) -> Campaign:
    data = source.data()
    shape = list(shape_findings(data, CampaignFile))
    draft = Draft.of(data, broken_parts([finding.path for finding in shape]))
    outside = surroundings.findings(draft) if surroundings else ()
    if findings := [*shape, *rule_findings(draft), *outside]:
        raise FileErrors(source.problems(data, findings))
    return _campaign(source, CampaignFile.model_validate(data))


def parse_campaign(slug: str, text: str, where: str) -> Campaign:
    """Reads a text that was accepted before, such as the version that judged a lead.

    Checks the shape alone, so that a rule added since then never locks away an old lead.
    """
    source = Source(slug, text, where)
    return _campaign(source, _shaped(source, CampaignFile))


def read_client(path: Path) -> Client:
    """Reads and checks one client file. Raises `FileErrors`."""
    source = read_source(path)
    file = _shaped(source, ClientFile)
    if findings := list(client_findings(file)):
        raise FileErrors(source.problems(source.data(), findings))
    return Client.model_construct(**dict(file), slug=source.slug)


def read_shaped(path: Path, model: type[FileModel], ending: str) -> tuple[Source, FileModel]:
    """Reads a file of another kind, whose shape alone is checked. Raises `FileErrors`."""
    source = read_source(path, ending)
    return source, _shaped(source, model)


def read_source(path: Path, ending: str = ".toml") -> Source:
    """The text of a file, to the byte. Raises `FileErrors`."""
    where = str(Path(short_path(path.parent)) / path.name)  # a link by its own name
    slug = path.name.removesuffix(ending)
    if not SLUG.fullmatch(slug) or not path.name.endswith(ending):
        raise _whole_file(
            where, f"name it in small letters, digits and single hyphens, such as acme-demo{ending}"
        )
    try:
        raw = path.read_bytes()
    except IsADirectoryError:
        raise _whole_file(where, "is a folder; a file of this name is wanted") from None
    except OSError as error:
        raise _whole_file(where, f"cannot be read: {error.strerror}") from None
    return Source(slug, source_text(raw, where), where)


def source_text(raw: bytes, where: str) -> str:
    """The text in a file's bytes. Raises `FileErrors` if they hold none, or too much."""
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
    return text


def _campaign(source: Source, file: CampaignFile) -> Campaign:
    version = sha256(source.text.encode()).hexdigest()
    return Campaign.model_construct(
        **dict(file), slug=source.slug, version=version, text=source.text
    )


def _shaped(source: Source, model: type[FileModel]) -> FileModel:
    data = source.data()
    if findings := list(shape_findings(data, model)):
        raise FileErrors(source.problems(data, findings))
    return model.model_validate(data)


def _whole_file(where: str, message: str, line: int | None = None) -> FileErrors:
    return FileErrors([Problem(where, line, message)])
