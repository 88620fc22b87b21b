"""A Pelican plugin that makes every address a URI: RFC 3986 has no letters outside ASCII.

Pelican's addresses are IRIs, such as `größe/`. Sitemaps and link previews ask for URIs, browsers
send `/gr%C3%B6%C3%9Fe/`, and readers of feeds differ. So `url` of articles, pages, lists and files
is percent-encoded at its source, and all that is made of it is alike. Files keep their plain names:
web servers decode the address.
"""

from functools import partial
from typing import Any, Final
from urllib.parse import quote, unquote

from pelican import signals
from pelican.contents import Static

from publish.plugins.signals import connect_last
from publish.uris import to_uri

_KINDS: Final = ("ARTICLE", "PAGE", "DRAFT", "DRAFT_PAGE", "CATEGORY", "TAG", "AUTHOR", "STATIC")


class UriPattern(str):
    """A pattern of addresses, such as `{slug}/`. What `format` makes of it is percent-encoded.

    `format_map` gives the plain text, which the rules compare with the names of files.
    """

    __slots__ = ()

    def __str__(self) -> str:
        """The pattern itself: Pelican calls this before `format`."""
        return self

    def format(self, *args: object, **fields: object) -> str:
        return quote(super().format(*args, **fields))


class _PageOfListPattern(UriPattern):
    """The pattern of a further page of a list; its field `url` is encoded already."""

    def format(self, *args: object, **fields: object) -> str:
        return to_uri(str.format(self, *args, **fields))


def encode_patterns(pelican: Any) -> None:
    """Replaces the patterns of addresses in the settings."""
    settings = pelican.settings
    for name in (f"{kind}{language}_URL" for kind in _KINDS for language in ("", "_LANG")):
        if isinstance(settings.get(name), str):
            settings[name] = UriPattern(settings[name])
    settings["PAGINATION_PATTERNS"] = [
        rule._replace(URL=_PageOfListPattern(rule.URL)) for rule in settings["PAGINATION_PATTERNS"]
    ]


def encode_own_address(content: Any) -> None:
    """Encodes the address that a text or file has of its own.

    It comes from the front matter, from the settings, or from a link with `{attach}`.
    """
    if hasattr(content, "override_url"):
        content.override_url = quote(content.override_url)
    if isinstance(content, Static):
        content.attach_to = partial(_attach, content)


def _attach(file: Any, content: Any) -> None:
    """Pelican's `attach_to`, which compares and sets addresses without encoding."""
    if hasattr(file, "override_url"):
        file.override_url = unquote(file.override_url)
    Static.attach_to(file, content)
    if hasattr(file, "override_url"):
        file.override_url = quote(file.override_url)


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.initialized, encode_patterns)
    connect_last(signals.content_object_init, encode_own_address)
