"""The Content-Security-Policy of every answer, as data. A test compares nginx.conf with it.

https://www.w3.org/TR/CSP3/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

POLICY_HEADER: Final = "Content-Security-Policy"
STRICT_TRANSPORT: Final = {"Strict-Transport-Security": "max-age=63072000"}
"""Behind TLS: browsers use HTTPS alone for this host, for two years (RFC 6797)."""
SELF: Final = "'self'"
NONE: Final = "'none'"
COMPILED_CODE: Final = "'wasm-unsafe-eval'"


@dataclass(frozen=True, slots=True)
class Policy:
    """The allowed sources of each directive."""

    sources: Mapping[str, tuple[str, ...]]

    def with_sources(self, directive: str, *sources: str) -> Self:
        """This policy with additional sources for one directive."""
        more = {directive: (*self.sources[directive], *sources)}
        return type(self)(MappingProxyType({**self.sources, **more}))

    def sources_of(self, directive: str) -> tuple[str, ...]:
        """The sources of a directive that loads; those of `default-src` if it is not named."""
        return self.sources.get(directive, self.sources["default-src"])

    def __str__(self) -> str:
        """The header's value."""
        return "; ".join(
            " ".join((directive, *sources)) for directive, sources in self.sources.items()
        )


def page_policy(site_origin: str = "", capture_url: str = "") -> Policy:
    """The policy of the pages of the site and of the lead service.

    Without `capture_url` both are on one host: pages load only from it and send only to it. With
    `capture_url` the lead service is on another host: its pages also load the theme from
    `site_origin`, and the site's pages also send to `capture_url`. Each origin is such as
    `https://journal.example`.
    """
    if not capture_url:
        return _page_policy(theme=(SELF,), service=(SELF,))
    return _page_policy(theme=(SELF, site_origin), service=(SELF, capture_url))


def _page_policy(theme: tuple[str, ...], service: tuple[str, ...]) -> Policy:
    """`theme` are the origins of scripts, styles and pictures; `service` those to send to."""
    return Policy(
        {
            "default-src": (NONE,),
            "script-src": theme,
            "style-src": theme,
            "img-src": (*theme, "data:"),
            "connect-src": service,
            "form-action": service,
            "base-uri": (NONE,),
            "frame-ancestors": (NONE,),
        }
    )


def search_policy(page: Policy) -> Policy:
    """The policy of the search page, the only one that may run compiled code (WebAssembly)."""
    return page.with_sources("script-src", COMPILED_CODE)


DRAWING_POLICY: Final = Policy(
    {
        "default-src": (NONE,),
        "style-src": ("'unsafe-inline'",),
        "img-src": ("data:",),
        "font-src": ("data:",),
        "frame-ancestors": (NONE,),
        "sandbox": (),
    }
)
"""The policy of an SVG file that a reader opens by itself: what it shows inside a page.

Its own styles, pictures and fonts work. It runs no script and loads no other file.
"""

API_POLICY: Final = Policy({"default-src": (NONE,), "frame-ancestors": (NONE,)})
"""The policy of the API's answers, which load nothing."""

DESK_POLICY: Final = Policy(
    {
        "default-src": (NONE,),
        "script-src": (SELF,),
        "style-src": (SELF,),
        "img-src": (SELF,),
        "connect-src": (SELF,),
        "form-action": (SELF,),
        "base-uri": (NONE,),
        "frame-ancestors": (NONE,),
    }
)
"""The policy of the desk's pages, which load only files of their own origin."""

PREVIEW_POLICY: Final = Policy(
    {
        "default-src": (NONE,),
        "script-src": (SELF,),
        "style-src": (SELF,),
        "connect-src": (SELF,),
        "base-uri": (NONE,),
        "form-action": (NONE,),
        "frame-ancestors": (NONE,),
    }
)
"""The policy of the preview's own pages: scripts and styles, no pictures and no forms."""
