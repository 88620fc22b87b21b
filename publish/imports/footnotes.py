"""Footnotes in the HTML of CommonMark's engines and of WordPress."""

from bs4 import BeautifulSoup, Tag

from publish.imports.tags import NOTE


def mark_footnotes(soup: BeautifulSoup) -> None:
    """Puts a tag of ours in the place of each note, and of each raised link that leads to one."""
    notes = {str(tag.get("id")): tag for tag in soup.select("div.footnote-definition")}
    numbers: dict[str, str] = {}
    for mark in soup.select("sup.footnote-reference, sup.fn"):
        link = mark.find("a")
        key = str(link.get("href") or "").lstrip("#") if isinstance(link, Tag) else ""
        if key in notes:
            number = numbers.setdefault(key, str(len(numbers) + 1))
            mark.replace_with(soup.new_tag(NOTE, n=number))
    for key, tag in notes.items():
        label = tag.find("sup", class_="footnote-definition-label")
        if isinstance(label, Tag):
            label.decompose()
        number = numbers.setdefault(key, str(len(numbers) + 1))
        tag.name = NOTE
        tag.attrs = {"n": number}
