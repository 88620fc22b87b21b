"""Every page of the site, fetched as a browser would: what it links to, and what Nu says of it."""

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
class Fetched:
    """One address: its status, its type, its text if it is a page."""

    status: int
    kind: str
    body: bytes
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    data: list[str] = field(default_factory=list)


class _Links(HTMLParser):
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
        named = ("href", "src", "action", "data-engine")
        found = [data[name] for name in named if name in data]
        found += [part.split()[0] for part in data.get("srcset", "").split(",") if part.strip()]
        if data.get("property") in {"og:image", "og:url"}:
            found.append(data["content"])
        self.links += [urljoin(self.address, link) for link in found]

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(data)
            self._in_data = False


def crawl(origin: str) -> dict[str, Fetched]:
    """Everything that can be reached from the start page, the sitemap and robots.txt."""
    todo = [f"{origin}/", f"{origin}/robots.txt", f"{origin}/sitemap.xml", f"{origin}/feed.xml"]
    seen: dict[str, Fetched] = {}
    while todo:
        address = urldefrag(todo.pop())[0]
        if address in seen or not f"{address}/".startswith(f"{origin}/"):
            continue
        seen[address] = fetched = _fetch(address)
        todo += fetched.links
    return seen


def _fetch(address: str) -> Fetched:
    try:
        with urlopen(address, timeout=30) as answer:
            kind = answer.headers.get_content_type()
            fetched = Fetched(answer.status, kind, answer.read())
    except HTTPError as error:
        return Fetched(error.code, "", b"")
    if kind == "text/html":
        reader = _Links(address)
        reader.feed(fetched.body.decode())
        fetched.links, fetched.ids, fetched.data = reader.links, reader.ids, reader.data
    elif kind in {"text/xml", "application/xml"} and b"/schemas/sitemap/" in fetched.body:
        found = fetched.body.decode().split("loc>")[1::2]
        fetched.links = [link.removesuffix("</").removesuffix("</image:") for link in found]
    return fetched


def dead_links(site: Mapping[str, Fetched]) -> Iterator[str]:
    """Links within the site that lead to nothing, or to no such place on a page."""
    for address, page in site.items():
        for link in page.links:
            target, place = urldefrag(link)
            there = site.get(target)
            if there is None:
                continue  # another host, a mail address, data
            if there.status != 200:
                yield f"{address}: {link} answers {there.status}"
            elif place and there.kind == "text/html" and unquote(place) not in there.ids:
                yield f"{address}: {link} leads to no place on the page"


def nu_errors(site: Mapping[str, Fetched], folder: Path) -> Iterator[str]:
    """What the Nu HTML checker calls an error on any page."""
    names = {}
    for number, (address, page) in enumerate(sorted(site.items())):
        if page.kind == "text/html":
            path = folder / f"{number}.html"
            path.write_bytes(page.body)
            names[path.as_uri()] = address
    options = ("--format", "json", "--stdout", "--errors-only", "--exit-zero-always")
    ran = subprocess.run(
        ["java", "-jar", VNU, *options, *sorted(folder.glob("*.html"))],
        capture_output=True,
        text=True,
        check=True,
    )
    for message in json.loads(ran.stdout)["messages"]:
        where = names.get(message.get("url", "").replace("file:/", "file:///", 1), "")
        yield f"{where or message.get('url')}: {message['message']}"
