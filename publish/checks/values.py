"""The types of values in front matter. Each reports a wrong value with a message for the writer.

An error also has the fixes that are sure, for `gatepost fix`.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from publish.checks.near_name import near_name

_SLUG: Final = re.compile(r"[^\W_A-Z]+(?:-[^\W_A-Z]+)*")
_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")
_OLD_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[\w.~-]+)+/?")
"""Without characters that are special to a file system or to nginx."""
FILE: Final = re.compile(r"(?:(?!\.{1,2}(?:/|$))[\w.~-]+/)*(?!\.{1,2}$)[\w.~-]+")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
"""A language tag: the common forms of RFC 5646."""
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_STATUSES: Final = ("published", "hidden", "draft", "skip")
_DATES: Final = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|[+-]\d\d:?\d\d))?)?$"
_LOOSE_DATE: Final = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)"
    r"(?:[T ]+(?P<hour>\d\d?):(?P<rest>\d\d(?::\d\d)?))?"
)
"""A date that begins with the year, with any of the usual marks and without some zeros."""
_ZONE: Final = re.compile(r" (?=[Z+-])")
_LISTED: Final = 3
"""How many wrong entries of a list a message names."""
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


def invalid(message: str, *fixes: tuple[str, str]) -> PydanticCustomError:
    """A pydantic error with our message, in which braces are plain text.

    `fixes` are wrong texts of the value and what the writer can only mean by them; none if that is
    not sure.
    """
    context = {"message": message, "fixes": fixes}
    return PydanticCustomError("front_matter", "{message}", context)


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
    if not value:
        raise invalid("is empty: give it a value, or delete the line")
    if not all(part.strip() for part in value if isinstance(part, str)):
        raise invalid("has an empty entry: delete it")
    texts = tuple(_line(part) for part in value)
    if duplicate := next((text for index, text in enumerate(texts) if text in texts[:index]), None):
        raise invalid(f"names `{duplicate}` twice: keep one of them")
    return texts


def _each(value: Any, read: Callable[[str], str]) -> tuple[str, ...]:
    """The texts of a list as `read` gives them. One error has all that is wrong with them."""
    texts: list[str] = []
    errors: list[Mapping[str, Any]] = []
    for text in _texts(value):
        try:
            texts.append(read(text))
        except PydanticCustomError as error:
            errors.append(error.context or {})
    if errors:
        fixes = [fix for error in errors for fix in error["fixes"]]
        is_sure = len(fixes) == len(errors)
        messages = [error["message"] for error in errors]
        more = len(messages) - _LISTED
        message = "; it also ".join(messages[:_LISTED])
        message += f"; and {more} more are wrong" if more > 0 else ""
        raise invalid(message, *(fixes if is_sure else ()))
    return tuple(texts)


def _fix(wrong: str, right: str) -> tuple[tuple[str, str], ...]:
    return ((wrong, right),) if right else ()


def _slug(value: Any) -> str:
    line = _line(value)
    text = unicodedata.normalize("NFC", line)
    if not is_slug(text):
        right = _BETWEEN_WORDS.sub("-", text.strip("/").lower()).strip("-")
        right = right if is_slug(right) else ""
        hint = f"; did you mean `{right}`?" if right else ", such as what-pays"
        rule = "small letters, digits and single hyphens"
        raise invalid(f"is not a slug, `{text}`: {rule}{hint}", *_fix(line, right))
    return text


def _slugs(value: Any) -> tuple[str, ...]:
    return _each(value, _slug)


def _old_address(value: Any) -> str:
    line = _line(value)
    text = unicodedata.normalize("NFC", unquote(line))  # as browsers and nginx read it
    if not is_slug(text) and not is_old_path(text):
        right = _full_path(text)
        hint = (
            f"; did you mean `{right}`?"
            if right
            else ": write what-pays, or /2021/03/what-pays/ for an address of another system"
        )
        raise invalid(f"is neither a slug nor a path, `{text}`{hint}", *_fix(line, right))
    return text


def _full_path(text: str) -> str:
    """The old path that a text without a slash before it names; empty if it names none."""
    is_file = text.endswith((".html", ".htm", "/"))
    path = f"/{text}" if is_file else f"/{text}/"
    return path if is_old_path(path) else ""


def _old_addresses(value: Any) -> tuple[str, ...]:
    return _each(value, _old_address)


def _moment(value: Any) -> datetime:
    text = _line(value)
    moment = _date_of(text)
    if moment is None:
        right = _right_date(text)
        hint = f"; did you mean `{right}`?" if right else ""
        how = "write 2026-11-23, or 2026-11-23 09:30 with the time"
        raise invalid(f"is not a date, `{text}`{hint or f': {how}'}", *_fix(text, right))
    return moment


def _date_of(text: str) -> datetime | None:
    """The date of a text in the common forms of RFC 3339; without a zone it is the site's."""
    try:
        moment = datetime.fromisoformat(_ZONE.sub("", text) if re.match(_DATES, text) else "")
    except ValueError:
        return None
    return moment if _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _right_date(text: str) -> str:
    """The date that a text means which begins with the year; empty if it is none."""
    parts = _LOOSE_DATE.fullmatch(text)
    if not parts:
        return ""
    date = f"{parts['year']}-{parts['month']:0>2}-{parts['day']:0>2}"
    date += f" {parts['hour']:0>2}:{parts['rest']}" if parts["hour"] else ""
    return date if _date_of(date) else ""


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


def _language(value: Any) -> str:
    text = _line(value)
    if not LANGUAGE.fullmatch(text):
        right = text.replace("_", "-")  # as the names of POSIX have it: de_DE
        right = right if LANGUAGE.fullmatch(right) else ""
        hint = f"; did you mean `{right}`?" if right else ""
        message = f"must be a language, such as de or pt-BR, not `{text}`{hint}"
        raise invalid(message, *_fix(text, right))
    return text


def _status(value: Any) -> str:
    line = _line(value)
    text = line.lower()
    if text not in _STATUSES:
        right = near_name(text, _STATUSES, "").typo_of
        hint = f"; did you mean `{right}`?" if right else f": use one of {', '.join(_STATUSES)}"
        raise invalid(f"has no known status {text!r}{hint}", *_fix(line, right))
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
