"""Converts WordPress's own markup: shortcodes, block comments and plain paragraphs."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

from pelican.tools.pelican_import import decode_wp_content

from publish.importers.model import join_counts, join_words

# No pattern searches past the next start of the same kind: unclosed markup must not take
# quadratic time.
_CODE: Final = re.compile(r"<(pre|code)\b", re.IGNORECASE)
_SPACES: Final = re.compile(r"[ \t]{2,}")
_CAPTION: Final = re.compile(
    r"\[caption(?P<given>[^\[\]]*)\](?P<inner>(?:(?!\[caption).)*?)\[/caption\]",
    re.DOTALL | re.IGNORECASE,
)
_PICTURE: Final = re.compile(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", re.IGNORECASE)
_SHORTCODE: Final = re.compile(
    r"(?<!\[)\[(?P<close>/?)(?P<name>[a-zA-Z][\w-]*)(?P<given>(?:\s+[^\[\]]*?)?)\s*/?\](?!\])"
)
_ATTRIBUTE: Final = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'\]]+))""")
_KNOWN: Final = frozenset(
    {"gallery", "playlist", "audio", "video", "embed", "contact-form-7", "wpforms", "toc"}
)
_BLOCK: Final = re.compile(r"<!--\s*/?wp:(?P<name>[a-z0-9/-]+)")
_DYNAMIC: Final = re.compile(r"<!--\s*wp:(?P<name>[a-z0-9/-]+)(?P<given>[^<>]*?)/-->", re.DOTALL)
_SETTINGS: Final = re.compile(
    r"<!--\s*wp:(?P<name>[a-z0-9/-]+)\s+\{(?:(?!<!--|/-->).)*?-->", re.DOTALL
)
_URL_LINE: Final = re.compile(r"^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", re.MULTILINE)
_LINK_LINE: Final = r'<p><a href="\1">\1</a></p>'
_EMBED_BLOCK: Final = re.compile(
    r"(<div class=\"wp-block-embed__wrapper\">)\s*(https?://[^\s<>\"]+)\s*(</div>)"
)
_ASIDE: Final = "\x1e"
_NO_TEXT: Final = frozenset({"more", "nextpage", "separator", "spacer", "footnotes"})

Lost = tuple[str, str]
"""The kind and the message of a note."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the media library."""

    address: str
    alt: str
    caption: str


def html_of(text: str, files: Mapping[str, Attachment]) -> tuple[str, list[Lost]]:
    """The text as HTML with paragraphs. Shortcodes are converted or noted."""
    lost: list[Lost] = []
    has_blocks = _BLOCK.search(text) is not None
    pieces = _pieces(text)
    for place in range(0, len(pieces), 2):
        words = _SPACES.sub(" ", _captions(pieces[place], lost))
        words = _shortcodes(words, files, lost).replace("[caption", "&#91;caption")
        pieces[place] = words if has_blocks else _URL_LINE.sub(_LINK_LINE, words)
    text = "".join(pieces)
    if has_blocks:
        lost += _blocks(text)
        text = _EMBED_BLOCK.sub(r'\1<p><a href="\2">\2</a></p>\3', text)
    elif text.strip():
        text = _paragraphs(text)
    return text, lost


def _pieces(text: str) -> list[str]:
    """Splits text into prose and code in turn, prose first. Unclosed code counts as prose."""
    pieces, start, place, unclosed = [], 0, 0, set[str]()
    low = text.lower()
    while found := _CODE.search(text, place):
        name = found[1].lower()
        end = -1 if name in unclosed else low.find(f"</{name}>", found.end())
        place = found.end()
        if end < 0:
            unclosed.add(name)
            continue
        place = end + len(name) + 3
        pieces += [text[start : found.start()], text[found.start() : place]]
        start = place
    return [*pieces, text[start:]]


def _blocks(text: str) -> Iterator[Lost]:
    """Notes for content that the block editor stores only in comments."""
    for found in _DYNAMIC.finditer(text):
        if found["name"] not in _NO_TEXT:
            yield "block", f"`{found['name']}` is made by WordPress anew each time: left out"
    settings = Counter(found["name"] for found in _SETTINGS.finditer(text))
    if settings:
        yield "block", f"settings left out of blocks: {join_counts(settings)}"


def _paragraphs(text: str) -> str:
    """Marks paragraphs as WordPress does, with Pelican's importer.

    The importer takes quadratic time for `<pre>` and for unclosed tags. So `<pre>` blocks are
    replaced during the call, and unclosed tags are escaped.
    """
    pieces = _pieces(text)
    for place in range(0, len(pieces), 2):
        prose = pieces[place]
        end = prose.rfind(">") + 1
        pieces[place] = prose[:end] + prose[end:].replace("<", "&lt;")
    code = [piece for piece in pieces[1::2] if piece[:4].lower() == "<pre"]
    numbers = iter(range(len(code)))
    for place in range(1, len(pieces), 2):
        if pieces[place][:4].lower() == "<pre":
            pieces[place] = f"<hr {_ASIDE}{next(numbers)}>"
    created: str = decode_wp_content("".join(pieces))
    return re.sub(f"<hr {_ASIDE}(\\d+)>", lambda found: code[int(found[1])], created)


def _captions(text: str, lost: list[Lost]) -> str:
    settings = Counter[str]()

    def figure(found: re.Match[str]) -> str:
        options = _attributes(found["given"])
        settings.update(options.keys() - {"caption"})
        return _figure(found, options)

    text = _CAPTION.sub(figure, text)
    if settings:
        lost.append(("shortcode", f"`[caption]`: left out {join_counts(settings)}"))
    return text


def _figure(found: re.Match[str], attributes: Mapping[str, str]) -> str:
    picture = _PICTURE.search(found["inner"])
    if picture is None:
        return found["inner"]
    words = found["inner"].replace(picture[0], "", 1).strip() or escape(
        attributes.get("caption", "")
    )
    return f"<figure>{picture[0]}<figcaption>{words}</figcaption></figure>"


def _shortcodes(text: str, files: Mapping[str, Attachment], lost: list[Lost]) -> str:
    closed = {found["name"] for found in _SHORTCODE.finditer(text) if found["close"]}

    def carried(found: re.Match[str]) -> str:
        name = found["name"]
        options = _attributes(found["given"])
        if name not in closed | _KNOWN and not options:
            return found[0]  # text in brackets, not a shortcode
        if name.lower() == "gallery" and (gallery := _gallery(options, files, lost)):
            return gallery
        if name.lower() == "embed":
            return ""  # the address between the tags stays on its own line
        address = (
            options.get("src")
            or options.get("url")
            or options.get("mp4")
            or options.get("mp3")
            or ""
        )
        if re.match(r"https?://", address):
            lost.append(("embed", f"`[{name}]` of {address} became a link"))
            return f'<p><a href="{escape(address)}">{escape(address)}</a></p>'
        if not found["close"]:
            lost.append(("shortcode", f"`{found[0]}` was taken out"))
        return ""

    return _SHORTCODE.sub(carried, text)


def _attributes(value: str) -> dict[str, str]:
    return {
        name: unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(value)
    }


def _gallery(
    attributes: Mapping[str, str], files: Mapping[str, Attachment], lost: list[Lost]
) -> str:
    """The pictures of a gallery, one below the other; empty if the export does not list them."""
    numbers = re.findall(r"\d+", attributes.get("ids", ""))
    named = [files[number] for number in numbers if number in files]
    if missing := [number for number in numbers if number not in files]:
        lost.append(
            ("picture", f"of a gallery, not in the export: attachment {', '.join(missing)}")
        )
    if settings := [name for name in attributes if name != "ids"]:
        lost.append(("shortcode", f"`[gallery]`: {join_words(settings)} left out"))
    shown = (
        f'<figure><img src="{escape(file.address)}" alt="{escape(file.alt)}">'
        f"<figcaption>{escape(file.caption)}</figcaption></figure>"
        for file in named
        if file.address
    )
    return "\n".join(shown)
