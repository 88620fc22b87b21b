"""Parses a page as a browser does, so that tests compare its content and not its markup."""

from collections import Counter
from html.parser import HTMLParser

VOID = frozenset({"area", "br", "hr", "img", "input", "link", "meta", "path", "wbr"})


class Markup(HTMLParser):
    """The tags of a page with their attributes, its text, and the values of its form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.values: dict[str, str] = {}
        """The values of the form's inputs by name; of boxes and options only the chosen ones."""
        self.text_by_id: dict[str, str] = {}
        self.alerts: list[str] = []
        self._open: list[dict[str, str]] = []
        self._select = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if attributes.get("role") == "alert":
            self.alerts.append("")
        name = attributes.get("name", "")
        if tag == "input" and (attributes.get("type") != "checkbox" or "checked" in attributes):
            self.values[name] = attributes.get("value", "")
        elif tag == "textarea":
            self.values[name] = ""
        elif tag == "select":
            self._select = name
            self.values[name] = ""
        elif tag == "option" and "selected" in attributes:
            self.values[self._select] = attributes["value"]
        if tag not in VOID:
            self._open.append(attributes | {"tag": tag})

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()["tag"] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            if element.get("role") == "alert":
                self.alerts[-1] += data
            if "id" in element:
                self.text_by_id[element["id"]] = self.text_by_id.get(element["id"], "") + data
        if self._open and self._open[-1]["tag"] == "textarea":
            self.values[self._open[-1]["name"]] += data

    @property
    def shape(self) -> Counter[tuple[str, tuple[str, ...]]]:
        """How often each tag occurs, by the names of its attributes."""
        return Counter((tag, tuple(sorted(attributes))) for tag, attributes in self.tags)

    def problems(self) -> list[str]:
        """The ids to which the error summary links, in order."""
        start = next(n for n, (_, a) in enumerate(self.tags) if a.get("class") == "problems")
        end = next(n for n, (tag, _) in enumerate(self.tags) if n > start and tag == "label")
        return [a["href"].removeprefix("#") for tag, a in self.tags[start:end] if tag == "a"]

    @property
    def alert(self) -> str:
        """The text of the page's only alert."""
        (text,) = self.alerts
        return text

    def by_id(self, identity: str) -> dict[str, str]:
        """The attributes of the element with that id."""
        return next(attributes for _, attributes in self.tags if attributes.get("id") == identity)
