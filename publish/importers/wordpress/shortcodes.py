"""Converts the markup of WordPress to HTML: shortcodes, block comments and plain paragraphs."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

from pelican.tools.pelican_import import decode_wp_content

from publish.importers.model import Loss, join_counts, join_names

# No pattern searches past the next start of the same kind: unclosed markup must not take
# quadratic time.
_CODE: Final = re.compile(r"<(pre|code)\b", re.IGNORECASE)
_SPACES: Final = re.compile(r"[ \t]{2,}")
_CAPTION: Final = re.compile(
    r"\[caption(?P<attributes>[^\[\]]*)\](?P<inner>(?:(?!\[caption).)*?)\[/caption\]",
    re.DOTALL | re.IGNORECASE,
)
_PICTURE: Final = re.compile(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", re.IGNORECASE)
_SHORTCODE: Final = re.compile(
    r"(?<!\[)\[(?P<close>/?)(?P<name>[a-zA-Z][\w-]*)(?P<attributes>(?:\s+[^\[\]]*?)?)\s*/?\](?!\])"
)
_ATTRIBUTE: Final = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'\]]+))""")
_STANDALONE_SHORTCODES: Final = frozenset(
    {"gallery", "playlist", "audio", "video", "embed", "contact-form-7", "wpforms", "toc"}
)
_BLOCK: Final = re.compile(r"<!--\s*/?wp:(?P<name>[a-z0-9/-]+)")
_DYNAMIC_BLOCK: Final = re.compile(
    r"<!--\s*wp:(?P<name>[a-z0-9/-]+)(?P<attributes>[^<>]*?)/-->", re.DOTALL
)
_BLOCK_SETTINGS: Final = re.compile(
    r"<!--\s*wp:(?P<name>[a-z0-9/-]+)\s+\{(?:(?!<!--|/-->).)*?-->", re.DOTALL
)
_BLOCKS_WITHOUT_TEXT: Final = frozenset({"more", "nextpage", "separator", "spacer", "footnotes"})
_URL_LINE: Final = re.compile(r"^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", re.MULTILINE)
_LINK_LINE: Final = r'<p><a href="\1">\1</a></p>'
_EMBED_BLOCK: Final = re.compile(
    r"(<div class=\"wp-block-embed__wrapper\">)\s*(https?://[^\s<>\"]+)\s*(</div>)"
)
_PLACEHOLDER: Final = "\x1e"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the media library."""

    address: str
    alt: str
    caption: str


def post_html(text: str, files: Mapping[str, Attachment]) -> tuple[str, list[Loss]]:
    """The text as HTML with paragraphs, and a note for each part that is lost.

    `files` maps the ids of attachments to their files.
    """
    losses: list[Loss] = []
    has_blocks = _BLOCK.search(text) is not None
    pieces = _pieces(text)
    for index in range(0, len(pieces), 2):
        prose = _SPACES.sub(" ", _convert_captions(pieces[index], losses))
        prose = _convert_shortcodes(prose, files, losses).replace("[caption", "&#91;caption")
        pieces[index] = prose if has_blocks else _URL_LINE.sub(_LINK_LINE, prose)
    text = "".join(pieces)
    if has_blocks:
        losses += _block_losses(text)
        text = _EMBED_BLOCK.sub(r'\1<p><a href="\2">\2</a></p>\3', text)
    elif text.strip():
        text = _paragraphs(text)
    return text, losses


def _pieces(text: str) -> list[str]:
    """Splits text into prose and code in turn, starting with prose. Unclosed code is prose."""
    pieces, start, position, unclosed = [], 0, 0, set[str]()
    lower_text = text.lower()
    while match := _CODE.search(text, position):
        name = match[1].lower()
        end = -1 if name in unclosed else lower_text.find(f"</{name}>", match.end())
        position = match.end()
        if end < 0:
            unclosed.add(name)
            continue
        position = end + len(name) + len("</>")
        pieces += [text[start : match.start()], text[match.start() : position]]
        start = position
    return [*pieces, text[start:]]


def _convert_captions(text: str, losses: list[Loss]) -> str:
    settings = Counter[str]()

    def convert(match: re.Match[str]) -> str:
        attributes = _attributes(match["attributes"])
        settings.update(attributes.keys() - {"caption"})
        return _figure(match["inner"], attributes)

    text = _CAPTION.sub(convert, text)
    if settings:
        losses.append(("shortcode", f"`[caption]`: not imported: {join_counts(settings)}"))
    return text


def _figure(inner: str, attributes: Mapping[str, str]) -> str:
    """The picture in `inner` with its caption; `inner` itself if it has no picture."""
    picture = _PICTURE.search(inner)
    if picture is None:
        return inner
    caption = inner.replace(picture[0], "", 1).strip() or escape(attributes.get("caption", ""))
    return f"<figure>{picture[0]}<figcaption>{caption}</figcaption></figure>"


def _convert_shortcodes(text: str, files: Mapping[str, Attachment], losses: list[Loss]) -> str:
    closed = {match["name"] for match in _SHORTCODE.finditer(text) if match["close"]}

    def convert(match: re.Match[str]) -> str:
        name = match["name"]
        attributes = _attributes(match["attributes"])
        if name not in closed | _STANDALONE_SHORTCODES and not attributes:
            return match[0]  # text in brackets, not a shortcode
        if name.lower() == "gallery" and (gallery := _gallery(attributes, files, losses)):
            return gallery
        if name.lower() == "embed":
            return ""  # the address between the tags stays on a line of its own
        address = (
            attributes.get("src")
            or attributes.get("url")
            or attributes.get("mp4")
            or attributes.get("mp3")
            or ""
        )
        if re.match(r"https?://", address):
            losses.append(("embed", f"`[{name}]` of {address} became a link"))
            return f'<p><a href="{escape(address)}">{escape(address)}</a></p>'
        if not match["close"]:
            losses.append(("shortcode", f"`{match[0]}` was removed"))
        return ""

    return _SHORTCODE.sub(convert, text)


def _gallery(
    attributes: Mapping[str, str], files: Mapping[str, Attachment], losses: list[Loss]
) -> str:
    """The pictures of a gallery, one below the other; empty if the export has none of them."""
    ids = re.findall(r"\d+", attributes.get("ids", ""))
    pictures = [files[key] for key in ids if key in files]
    if missing := [key for key in ids if key not in files]:
        message = "a gallery shows pictures that are not in the export: attachment"
        losses.append(("picture", f"{message} {', '.join(missing)}"))
    if settings := [name for name in attributes if name != "ids"]:
        losses.append(("shortcode", f"`[gallery]`: {join_names(settings)} not imported"))
    figures = (
        f'<figure><img src="{escape(file.address)}" alt="{escape(file.alt)}">'
        f"<figcaption>{escape(file.caption)}</figcaption></figure>"
        for file in pictures
        if file.address
    )
    return "\n".join(figures)


def _attributes(value: str) -> dict[str, str]:
    return {
        name: unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(value)
    }


def _block_losses(text: str) -> Iterator[Loss]:
    """Losses of content and settings that the block editor stores only in comments."""
    for match in _DYNAMIC_BLOCK.finditer(text):
        if match["name"] not in _BLOCKS_WITHOUT_TEXT:
            yield (
                "block",
                f"`{match['name']}` is generated by WordPress for each page view: not imported",
            )
    settings = Counter(match["name"] for match in _BLOCK_SETTINGS.finditer(text))
    if settings:
        yield "block", f"settings of blocks were not imported: {join_counts(settings)}"


def _paragraphs(text: str) -> str:
    """Marks paragraphs as WordPress does, with Pelican's importer.

    That importer needs quadratic time for `<pre>` and for unclosed tags. So `<pre>` blocks are
    replaced during the call, and unclosed tags are escaped.
    """
    pieces = _pieces(text)
    for index in range(0, len(pieces), 2):
        prose = pieces[index]
        end = prose.rfind(">") + 1
        pieces[index] = prose[:end] + prose[end:].replace("<", "&lt;")
    blocks = [piece for piece in pieces[1::2] if piece[:4].lower() == "<pre"]
    numbers = iter(range(len(blocks)))
    for index in range(1, len(pieces), 2):
        if pieces[index][:4].lower() == "<pre":
            pieces[index] = f"<hr {_PLACEHOLDER}{next(numbers)}>"
    html: str = decode_wp_content("".join(pieces))
    return re.sub(f"<hr {_PLACEHOLDER}(\\d+)>", lambda match: blocks[int(match[1])], html)
