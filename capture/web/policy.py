"""The Content-Security-Policy of every answer, as data; a test holds nginx.conf against it.

https://www.w3.org/TR/CSP3/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

HEADER: Final = "Content-Security-Policy"
SELF: Final = "'self'"
NONE: Final = "'none'"
COMPILED_CODE: Final = "'wasm-unsafe-eval'"


@dataclass(frozen=True, slots=True)
class Policy:
    """By directive, the sources that it allows."""

    sources: Mapping[str, tuple[str, ...]]

    def allowing(self, directive: str, *sources: str) -> Self:
        """The same policy with more sources for one directive."""
        more = {directive: (*self.sources[directive], *sources)}
        return type(self)(MappingProxyType({**self.sources, **more}))

    def __str__(self) -> str:
        """The header's value."""
        return "; ".join(f"{name} {' '.join(found)}" for name, found in self.sources.items())


def page_policy(site_origin: str = "", capture_url: str = "") -> Policy:
    """A page loads from and reaches its own host alone.

    With a lead service on another host (`capture_url`), it also loads the site's look and reaches
    that service.
    """
    look = (SELF, site_origin) if capture_url else (SELF,)
    leads = (SELF, capture_url) if capture_url else (SELF,)
    return Policy(
        {
            "default-src": (NONE,),
            "script-src": look,
            "style-src": look,
            "img-src": (*look, "data:"),
            "connect-src": leads,
            "form-action": leads,
            "base-uri": (NONE,),
            "frame-ancestors": (NONE,),
        }
    )


def search_policy(page: Policy) -> Policy:
    """The search is compiled code: its page alone may run any."""
    return page.allowing("script-src", COMPILED_CODE)


DATA: Final = Policy({"default-src": (NONE,), "frame-ancestors": (NONE,)})
"""The API's answers are no pages: they load nothing."""

LIVE: Final = Policy(
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
"""The preview's own pages: script and look, no picture and no form."""
