"""Fetches every page of the site, and checks its links and its HTML."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urldefrag, urljoin
from urllib.request import urlopen

HERE = Path(__file__).parent
VNU = HERE / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


@dataclass
class Resource:
    """The response of one address; for a page also its links, ids and JSON-LD."""

    status: int
    kind: str
    body: bytes
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    data: list[str] = field(default_factory=list)


class _PageParser(HTMLParser):
    """Collects the links, ids and JSON-LD of a page."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.data: list[str] = []
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        data = {name: value or "" for name, value in attrs}
        self.ids.add(data.get("id", ""))
        self._in_data = tag == "script" and data.get("type") == "application/ld+json"
        attributes = ("href", "src", "action", "data-engine")
        links = [data[name] for name in attributes if name in data]
        links += [part.split()[0] for part in data.get("srcset", "").split(",") if part.strip()]
        if data.get("property") in {"og:image", "og:url"}:
            links.append(data["content"])
        self.links += [urljoin(self.address, link) for link in links]

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(data)
            self._in_data = False


START = ("/", "/robots.txt", "/sitemap.xml", "/feed.xml")


def crawl(origin: str, *unlinked: str) -> dict[str, Resource]:
    """By address: everything that links reach from the start page, sitemap, feed and robots.txt.

    `unlinked`: paths of more pages, to which only a letter leads.
    """
    todo = [f"{origin}{path}" for path in (*START, *unlinked)]
    site: dict[str, Resource] = {}
    while todo:
        address = urldefrag(todo.pop())[0]
        if address in site or not f"{address}/".startswith(f"{origin}/"):
            continue
        site[address] = resource = _fetch(address)
        todo += resource.links
    return site


def _fetch(address: str) -> Resource:
    try:
        with urlopen(address, timeout=30) as response:
            kind = response.headers.get_content_type()
            resource = Resource(response.status, kind, response.read())
    except HTTPError as error:
        return Resource(error.code, "", b"")
    if kind == "text/html":
        parser = _PageParser(address)
        parser.feed(resource.body.decode())
        resource.links, resource.ids, resource.data = parser.links, parser.ids, parser.data
    elif kind in {"text/xml", "application/xml"} and b"/schemas/sitemap/" in resource.body:
        locations = resource.body.decode().split("loc>")[1::2]
        resource.links = [link.removesuffix("</").removesuffix("</image:") for link in locations]
    return resource


def dead_links(site: Mapping[str, Resource]) -> Iterator[str]:
    """Links within the site whose page, or whose place on the page, does not exist."""
    for address, page in site.items():
        for link in page.links:
            address_of_link, fragment = urldefrag(link)
            target = site.get(address_of_link)
            if target is None:
                continue  # another host, a mail address, data
            if target.status != 200:
                yield f"{address}: {link} answers {target.status}"
            elif fragment and target.kind == "text/html" and unquote(fragment) not in target.ids:
                yield f"{address}: {link} leads to no place on the page"


def nu_errors(site: Mapping[str, Resource], folder: Path) -> Iterator[str]:
    """The errors that the Nu HTML checker reports for all pages."""
    addresses = {}
    for number, (address, page) in enumerate(sorted(site.items())):
        if page.kind == "text/html":
            path = folder / f"{number}.html"
            path.write_bytes(page.body)
            addresses[path.as_uri()] = address
    options = ("--format", "json", "--stdout", "--errors-only", "--exit-zero-always")
    process = subprocess.run(
        ["java", "-jar", VNU, *options, *sorted(folder.glob("*.html"))],
        capture_output=True,
        text=True,
        check=True,
    )
    for message in json.loads(process.stdout)["messages"]:
        file = message.get("url", "")
        page_address = addresses.get(file.replace("file:/", "file:///", 1), "")
        yield f"{page_address or file}: {message['message']}"
