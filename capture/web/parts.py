"""What every view shares: the parts of one running service, made once per process."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, render_template

from capture.ledger import Ledger
from capture.site import Site
from capture.tokens import Tokens
from capture.web.catalogue import LiveCatalogue
from capture.web.config import WebConfig
from capture.web.rate_limit import RateLimit
from capture.web.site_facts import LiveSite

EXTENSION = "gatepost"


@dataclass(frozen=True)
class Parts:
    """Made by `create_app`, found again by `parts()`."""

    config: WebConfig
    ledger: Ledger
    catalogue: LiveCatalogue
    tokens: Tokens
    rate_limit: RateLimit
    api_limit: RateLimit
    site: LiveSite


def install(app: Flask, made: Parts) -> None:
    """Keeps the parts with their app."""
    app.extensions[EXTENSION] = made


def parts() -> Parts:
    """The parts of the app that handles this request."""
    return cast("Parts", current_app.extensions[EXTENSION])


def page(template: str, **context: object) -> str:
    """A page in the site's own look."""
    site: Site = parts().site.now()
    return render_template(template, site=site, **context)


def on_site(path: str) -> str:
    """The address of one of the site's own pages, which may live on another host than we do."""
    return f"{parts().site.now().url}{path}"


def message(title: str, text: str, *, link_url: str = "", link_text: str = "To the start") -> str:
    """The page for every answer that is neither a form nor thanks; by default it leads home."""
    link_url = link_url or on_site("/")
    return page("message.html", title=title, text=text, link_url=link_url, link_text=link_text)
