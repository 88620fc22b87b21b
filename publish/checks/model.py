"""The model of front matter, and its JSON Schema for editors.

The model checks the types of values. Limits such as the length of a title are rules, whose level a
project may change.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

# The types of values. Each reports a wrong value with a message for the writer.

_SLUG: Final = re.compile(r"[^\W_A-Z]+(?:-[^\W_A-Z]+)*")
_OLD_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[\w.~-]+)+/?")
"""Without characters that are special to a file system or to nginx."""
FILE: Final = re.compile(r"(?:(?!\.{1,2}(?:/|$))[\w.~-]+/)*(?!\.{1,2}$)[\w.~-]+")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
"""A language tag: the common forms of RFC 5646."""
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_STATUSES: Final = ("published", "hidden", "draft", "skip")
_DATES: Final = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|[+-]\d\d:?\d\d))?)?$"
_ZONE: Final = re.compile(r" (?=[Z+-])")
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
_FILE_WORD: Final = re.compile(r"^[{|](?:static|attach)[}|]")
_OTHER_SITE: Final = re.compile(r"//|[A-Za-z][A-Za-z0-9+.-]*:|[{|]")
_YES_OR_NO: Final = {"true": True, "yes": True, "false": False, "no": False}


def is_slug(text: str) -> bool:
    """Whether it is a slug: small letters and digits of any script, and single hyphens."""
    return _SLUG.fullmatch(_without_marks(text)) is not None


def is_old_path(text: str) -> bool:
    """Whether it is the full path of an address, such as `/2021/03/hello/`."""
    return _OLD_PATH.fullmatch(_without_marks(text)) is not None


def _without_marks(text: str) -> str:
    """The text without combining marks, which belong to the letter before them (Hindi, Thai)."""
    if text.isascii():
        return text
    marks = (char for char in text[1:] if not unicodedata.category(char).startswith("M"))
    return text[:1] + "".join(marks)


def invalid(message: str) -> PydanticCustomError:
    """A pydantic error with our message, in which braces are plain text."""
    return PydanticCustomError("front_matter", "{message}", {"message": message})


def _line(value: Any) -> str:
    if not isinstance(value, str):
        raise invalid("must be text on one line")
    text = " ".join(line.strip() for line in value.split("\n")).strip()
    if not text:
        raise invalid("is empty: give it a value, or delete the line")
    return text


def _texts(value: Any) -> tuple[str, ...]:
    """`a, b` or `[a, b]`. As in Pelican, `;` separates if present: a name may contain a comma."""
    if isinstance(value, str):
        value = value.split(";") if ";" in value else re.split(r"[,\n]", value)
        value = [part for part in value if part.strip()]
    if not isinstance(value, list):
        raise invalid("must be a list, such as: one, two")
    texts = tuple(_line(part) for part in value)
    if not texts:
        raise invalid("is empty: give it a value, or delete the line")
    if duplicate := next((text for index, text in enumerate(texts) if text in texts[:index]), None):
        raise invalid(f"names `{duplicate}` twice: keep one of them")
    return texts


def _slug(value: Any) -> str:
    text = unicodedata.normalize("NFC", _line(value))
    if not is_slug(text):
        raise invalid(
            f"is not a slug, `{text}`: small letters, digits and single hyphens, such as what-pays"
        )
    return text


def _slugs(value: Any) -> tuple[str, ...]:
    return tuple(_slug(text) for text in _texts(value))


def _old_address(value: Any) -> str:
    text = unicodedata.normalize("NFC", unquote(_line(value)))  # as browsers and nginx read it
    if not is_slug(text) and not is_old_path(text):
        raise invalid(
            f"is neither a slug nor a path, `{text}`: write what-pays, or /2021/03/what-pays/ for "
            "an address of another system"
        )
    return text


def _old_addresses(value: Any) -> tuple[str, ...]:
    return tuple(_old_address(text) for text in _texts(value))


def _moment(value: Any) -> datetime:
    text = _line(value)
    try:  # the common forms of RFC 3339; without a zone it is the site's
        moment = datetime.fromisoformat(_ZONE.sub("", text) if re.match(_DATES, text) else "")
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - out of range: reported below
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise invalid(
            f"is not a date, `{text}`: write 2026-11-23, or 2026-11-23 09:30 with the time"
        )
    return moment


def _flag(value: Any) -> bool:
    text = _line(value).lower()
    if text not in _YES_OR_NO:
        raise invalid(f"must be true or false, not `{text}`")
    return _YES_OR_NO[text]


def _url(value: Any) -> str:
    text = _line(value)
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in text:
        raise invalid(
            f"is not a full address, `{text}`: write one such as https://www.example.com/first/"
        )
    return text


def _picture_path(value: Any) -> str:
    text = _FILE_WORD.sub("", _line(value))
    if not text or _OTHER_SITE.match(text):
        raise invalid(
            "must be a picture of the site, such as /images/funnel.svg, or funnel.svg beside the "
            "text"
        )
    return text


def _matching(pattern: re.Pattern[str], message: str) -> Callable[[Any], str]:
    """A reader for one line of text that must match the whole pattern; `message` is the error."""

    def read(value: Any) -> str:
        text = _line(value)
        if not pattern.fullmatch(text):
            raise invalid(message.format(text))
        return text

    return read


def _address(value: Any) -> str:
    text = _line(value)
    address = text.removeprefix("/")
    if not FILE.fullmatch(address.removesuffix("/")):
        raise invalid(f"must be an address of the site, such as guide/start/, not `{text}`")
    return address


def _status(value: Any) -> str:
    text = _line(value).lower()
    if text not in _STATUSES:
        raise invalid(f"has no known status {text!r}: use one of {', '.join(_STATUSES)}")
    return text


def _questions(value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, str):
        raise invalid("needs front matter in YAML, because it contains pairs: see docs/writer.md")
    pairs = value if isinstance(value, list) else []
    if not pairs or not all(isinstance(pair, Mapping) for pair in pairs):
        raise invalid("must be a list of `question:` and `answer:`")
    return tuple(_question(pair) for pair in pairs)


def _question(pair: Mapping[str, Any]) -> tuple[str, str]:
    if set(pair) != {"question", "answer"}:
        raise invalid(f"each entry must have `question` and `answer`, not: {', '.join(pair)}")
    answer = pair["answer"]
    if not isinstance(answer, str) or not answer.strip():
        raise invalid("has a question without an answer")
    return _line(pair["question"]), answer.strip()


def _field_type(read: Callable[[Any], Any], **schema: Any) -> Any:
    return BeforeValidator(read), WithJsonSchema(schema)


_LIST: Final = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_PAIR: Final = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}

_file: Final = _matching(FILE, "must be a file of the site, such as guide/index.html, not `{}`")
_language: Final = _matching(LANGUAGE, "must be a language, such as de or pt-BR, not `{}`")
_token: Final = _matching(TOKEN, "must be 16 to 64 random letters and digits")

Line = Annotated[str, *_field_type(_line, type="string", minLength=1)]
Texts = Annotated[tuple[str, ...], *_field_type(_texts, **_LIST)]
Slug = Annotated[str, *_field_type(_slug, type="string", pattern="^[^_\\s]+$")]
Slugs = Annotated[tuple[str, ...], *_field_type(_slugs, **_LIST)]
OldAddresses = Annotated[tuple[str, ...], *_field_type(_old_addresses, **_LIST)]
Moment = Annotated[datetime, *_field_type(_moment, type="string", pattern=_DATES)]
Flag = Annotated[bool, *_field_type(_flag, type="boolean")]
Url = Annotated[str, *_field_type(_url, type="string", format="uri", pattern="^https?://")]
PicturePath = Annotated[
    str, *_field_type(_picture_path, type="string", pattern="^(?!//|[A-Za-z][A-Za-z0-9+.-]*:)\\S")
]
File = Annotated[str, *_field_type(_file, type="string", pattern="^[^/\\s][^\\s]*[^/\\s]$")]
Address = Annotated[str, *_field_type(_address, type="string", pattern="^/?[^/\\s][^\\s]*$")]
Language = Annotated[str, *_field_type(_language, type="string", pattern=f"^{LANGUAGE.pattern}$")]
Token = Annotated[str, *_field_type(_token, type="string", pattern="^[A-Za-z0-9_-]{16,64}$")]
Status = Annotated[str, *_field_type(_status, enum=list(_STATUSES))]
Questions = Annotated[
    tuple[tuple[str, str], ...], *_field_type(_questions, type="array", minItems=1, items=_PAIR)
]


MAX_TITLE_LENGTH: Final = 60
MIN_SUMMARY_LENGTH: Final = 50
MAX_SUMMARY_LENGTH: Final = 160


class PageFrontMatter(BaseModel):
    """The front matter of a page, such as the privacy page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Line = Field(
        description="The headline; search engines show 60 characters.",
        json_schema_extra={"maxLength": MAX_TITLE_LENGTH},
    )
    summary: Line | None = Field(
        None,
        description="What the reader gets, for search engines and lists: 50 to 160 characters.",
        json_schema_extra={"minLength": MIN_SUMMARY_LENGTH, "maxLength": MAX_SUMMARY_LENGTH},
    )
    slug: Slug | None = Field(
        None, description="The last part of the address; made from the title if absent."
    )
    date: Moment | None = Field(
        None, description="The date of publication; before it the page is not public."
    )
    modified: Moment | None = Field(
        None, description="The date of the last change, for readers and feeds."
    )
    status: Status = Field(
        "published", description="`draft`: not published; `hidden`: on no list; `skip`: ignored."
    )
    preview: Token | None = Field(
        None, description="Where a draft is shown: /drafts/<preview>/. `gatepost new` makes it."
    )
    image: PicturePath | None = Field(
        None, description="The main image: /images/funnel.svg, or funnel.svg beside the text."
    )
    image_alt: Line | None = Field(None, description="The alternative text: what the image shows.")
    campaign: Slug | None = Field(None, description="Puts this campaign's form at the end.")
    canonical: Url | None = Field(None, description="Where the text appeared first.")
    noindex: Flag = Field(False, description="Asks search engines not to list it.")
    aliases: OldAddresses = Field(
        (),
        description="Earlier slugs, or complete old paths such as /2021/03/hello/.",
    )
    related: Slugs = Field((), description="Slugs of posts to read next.")
    faq: Questions = Field((), description="Questions and answers, the answers in Markdown.")
    # Pelican's own keys.
    lang: Language | None = Field(None, description="Language, if not the site's.")
    translation: Flag = Field(
        False, description="Whether it is a translation of the post with the same slug."
    )
    template: Line | None = Field(None, description="The name of its own template.")
    url: Address | None = Field(None, description="Its own address, such as guide/start/.")
    save_as: File | None = Field(
        None, description="Its own file in the site, if `url` does not say it."
    )


class PostFrontMatter(PageFrontMatter):
    """The front matter of a post."""

    date: Moment = Field(description="The date of publication; before it the post is not public.")
    category: Line | None = Field(None, description="The main topic.")
    tags: Texts = Field((), description="Further topics.")
    author: Texts = Field((), description="The author, or several authors.")
    authors: Texts = Field((), description="The authors, if there are several.")
    series: Line | None = Field(None, description="The series that the post belongs to.")


_Model = TypeVar("_Model", bound=PageFrontMatter)


def post_schema() -> dict[str, Any]:
    """The front matter of a post as JSON Schema 2020-12."""
    return _schema(PostFrontMatter, "Gatepost post")


def page_schema() -> dict[str, Any]:
    """The front matter of a page as JSON Schema 2020-12."""
    return _schema(PageFrontMatter, "Gatepost page")


class _FrontMatterJsonSchema(GenerateJsonSchema):
    """Omits null, which front matter cannot contain, and titles that only repeat the key."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def _schema(model: type[PageFrontMatter], title: str) -> dict[str, Any]:
    schema = model.model_json_schema(schema_generator=_FrontMatterJsonSchema)
    schema["dependentRequired"] = {"image": ["image_alt"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": title}
