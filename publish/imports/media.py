"""Pictures, links, and what another site would show in a page."""

from collections.abc import Collection

from bs4 import BeautifulSoup, Tag

from publish.imports.carrier import Carrier
from publish.imports.places import GHOST, is_picture, split
from publish.imports.text import line

SHOWN_ELSEWHERE = ("iframe", "embed", "object", "video", "audio", "frame")


def lead_on(soup: BeautifulSoup, carrier: Carrier, wanted: Collection[str]) -> None:
    """Gives each picture and link its new address; what others would serve becomes a link to it.

    `wanted` are the ids that links lead to: those of places are kept.
    """
    for tag in soup.find_all(SHOWN_ELSEWHERE):
        if not tag.decomposed:
            _shown_elsewhere(soup, tag, carrier)
    for tag in soup.find_all("img"):
        _picture(tag, carrier)
    for tag in soup.find_all("a"):
        _link(tag, carrier, wanted)


def _shown_elsewhere(soup: BeautifulSoup, tag: Tag, carrier: Carrier) -> None:
    source = tag.find("source")
    inner = str(source.get("src") or "") if isinstance(source, Tag) else ""
    address = str(tag.get("src") or tag.get("data") or tag.get("data-src") or inner)
    address = f"https:{address}" if address.startswith("//") else address
    if split(address).scheme not in {"http", "https", ""} or not address:
        carrier.note("embed", f"`<{tag.name}>` names no address: it was taken out")
        tag.decompose()
        return
    carrier.note("embed", f"`<{tag.name}>` of {address} became a link")
    label = str(tag.get("title") or "") or address.removeprefix(GHOST)
    link = soup.new_tag("a", href=address)
    link.string = line(label)
    paragraph = soup.new_tag("p")
    paragraph.append(link)
    tag.replace_with(paragraph)


def _picture(tag: Tag, carrier: Carrier) -> None:
    source = str(tag.get("src") or "")
    if (not source or source.startswith("data:")) and tag.get("data-src"):
        source = str(tag["data-src"])
    parent = tag.parent
    if parent is not None and parent.name == "a" and is_picture(str(parent.get("href") or "")):
        source = str(parent["href"])  # the whole picture, to which a smaller one leads
        parent.unwrap()
    found = carrier.picture(source.strip())
    if not found:
        tag.decompose()
        return
    tag["src"] = found
    if not line(tag.get("alt")):
        told = f"{split(found).path.rsplit('/', 1)[-1] or found}: say what one sees on it"
        carrier.note("alt", told)


def _link(tag: Tag, carrier: Carrier, wanted: Collection[str]) -> None:
    href = str(tag.get("href") or "").strip()
    place = tag.get("id") or tag.get("name")
    if place and str(place) in wanted:
        tag["id"] = str(place)
    if not href:
        return
    if not tag.get_text(strip=True) and not tag.find("img"):
        carrier.note("link", f"one to {href} has no words: it was taken out")
        found = ""
    else:
        found = carrier.link(href)
    if found:
        tag["href"] = found
    else:
        del tag["href"]
