"""Where the links and pictures of a text that is taken over lead."""

from dataclasses import dataclass
from datetime import datetime

from publish.imports.addresses import Addresses
from publish.imports.facts import Item
from publish.imports.heads import is_to_come, local
from publish.imports.notes import Say
from publish.imports.pictures import Pictures
from publish.imports.places import GHOST, Places, is_picture, split
from publish.imports.text import line
from publish.writing.layout import Layout


@dataclass(frozen=True, slots=True)
class LeadsTo:
    """Follows the addresses of one text. It is a `Carrier`."""

    item: Item
    addresses: Addresses
    places: Places
    pictures: Pictures
    layout: Layout
    now: datetime
    say: Say

    def note(self, kind: str, told: str) -> None:
        """Something that was not carried as it stood."""
        self.say(kind, told)

    def link(self, href: str) -> str:
        """To the new file, if the export holds it; else as it was, told if it was a page."""
        parts = split(href)
        if parts.scheme not in {"", "http", "https", "mailto", "tel"}:
            self.say("script", f"a link to `{parts.scheme}:` was taken out")
            return ""
        path = self.places.path(href, self.item)
        ending = f"#{parts.fragment}" if parts.fragment else ""
        to = self.addresses.at(path) if path and not parts.query else None
        if path == "" or (to is self.item and ending):
            return ending
        if to is not None and self._keeps_readers_out(to):
            self.say("link", f"{href} leads to a draft, or to a post to come: it was taken out")
            return ""
        if to is not None:
            return f"{{filename}}/{self.addresses.names[to]}{ending}"
        if is_picture(href) and (found := self._carried(href)):
            return found
        if path is not None:
            self.say("link", f"{href} is not in the export: it was left as it is")
        return self._old(href)

    def picture(self, src: str) -> str:
        """To its copy; one that the export lacks stays where it was, and is told."""
        if not src or src.startswith("data:"):
            self.say("picture", "one within the text, or without an address, was taken out")
            return ""
        if found := self._carried(src):
            return found
        if split(src).scheme in {"http", "https"} or src.startswith(("//", GHOST)):
            self.say("picture", f"{src} is not in the export: put it into images/ by hand")
            return f"https:{src}" if src.startswith("//") else self._old(src)
        self.say("picture", f"`{src}` is not in the export: it was taken out")
        return ""

    def canonical(self) -> str:
        """Where the text appeared first; nothing if that was the old site itself."""
        url = line(self.item.canonical)
        is_full = split(url).scheme in {"http", "https"} and split(url).hostname and " " not in url
        if url and not is_full:
            self.say("canonical", f"`{url}` is no full address: it was left out")
            return ""
        return url if self.places.path(url, self.item) is None else ""

    def _old(self, address: str) -> str:
        """On the old site, if it is known where that was; Ghost puts a sign in its place."""
        if not address.startswith(GHOST):
            return address
        host = min(self.places.hosts, default="")
        return f"https://{host}" * bool(host) + address.removeprefix(GHOST)

    def _carried(self, address: str) -> str:
        found = self.places.file(address, self.item) if is_picture(address) else None
        return self.pictures.place(*found) if found else ""

    def _keeps_readers_out(self, to: Item) -> bool:
        """Whether readers of this text would come to one that they may not see."""
        if self.item.status == "draft" or to is self.item:
            return False
        later = local(to.date, self.layout) > local(self.item.date, self.layout)
        return to.status == "draft" or (later and is_to_come(to, self.layout, self.now))
