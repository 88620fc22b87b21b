"""Generated posts for measurements: the same on every machine, for Pelican and for Hugo.

About 1,100 words with headings, lists, a table, a code block in one of three, links to other posts
and a picture; 12 topics, 60 tags (3 a post), 5 authors.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

TOPICS = [f"Topic {number:02}" for number in range(12)]
TAGS = [f"tag {number:02}" for number in range(60)]
AUTHORS = ["Ann Lee", "Bo Kim", "Cy Oak", "Di Fox", "Ed Ray"]
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360">'
    '<rect width="640" height="360" fill="#0b5d4b"/></svg>'
)
SYLLABLES = [f"{one}{two}" for one in "bcdfghklmnprstvxzq" for two in "aeiou"]
HOME = (
    "Title: Home\nSlug: home\nSummary: A made-up home, with a summary as long as it must be.\n\n"
    "Welcome.\n"
)
CODE = "```python\ndef rate(leads: int, fee: int) -> int:\n    return leads * fee  # cents\n```\n\n"


@dataclass(frozen=True)
class Post:
    """One post: what stands at its head, and its text with `{link}` for each link's beginning."""

    number: int
    title: str
    day: date
    topic: str
    tags: tuple[str, ...]
    author: str
    summary: str
    text: str


def posts(count: int) -> Iterator[Post]:
    """The first `count` posts."""
    chance = random.Random(7)
    words = _Words(chance)
    for number in range(count):
        yield Post(
            number=number,
            title=f"Post {number}: {words.some(5, 5)}",
            day=date(2026, 11, 1) - timedelta(days=number // 4),
            topic=chance.choice(TOPICS),
            tags=tuple(chance.sample(TAGS, 3)),
            author=chance.choice(AUTHORS),
            summary=words.some(18, 18).capitalize() + ".",
            text=_text(chance, words, number, count),
        )


class _Words:
    """Invented words. Some are far more common than others, as in any language."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._words = ["".join(chance.choices(SYLLABLES, k=1 + n % 4)) for n in range(5000)]
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(5000)))

    def some(self, least: int, most: int) -> str:
        number = self._chance.randint(least, most)
        return " ".join(self._chance.choices(self._words, cum_weights=self._weights, k=number))


def _text(chance: random.Random, words: _Words, number: int, count: int) -> str:
    some, parts = words.some, []
    for section in range(6):
        parts.append(f"## {some(2, 5).capitalize()}\n\n")
        for _ in range(3):
            link = f"[{some(1, 3)}]({{link}}{chance.randrange(count)})"
            parts.append(
                f"{some(20, 30).capitalize()} {link}, **{some(1, 2)}** {some(20, 30)}.\n\n"
            )
        if section == 1:
            parts += [f"- {some(5, 9)}\n" for _ in range(5)] + ["\n"]
        if section == 2:
            rows = [f"| {some(1, 2)} | {chance.randint(1, 999)} |\n" for _ in range(6)]
            parts += ["| Name | Number |\n|---|--:|\n", *rows, "\n"]
        if section == 3:
            parts.append(f'![{some(3, 5)}]({{picture}} "{some(3, 5)}")\n\n')
        if section == 4 and number % 3 == 0:
            parts.append(CODE)
    return "".join(parts)


def write_for_pelican(count: int, content: Path) -> None:
    """A content folder for Pelican, with or without our plugins."""
    for name in ("posts", "pages", "images"):
        (content / name).mkdir(parents=True)
    (content / "images" / "picture.svg").write_text(PICTURE)
    (content / "pages" / "home.md").write_text(HOME)
    for post in posts(count):
        head = (
            f"Title: {post.title}\nDate: {post.day}\nCategory: {post.topic}\n"
            f"Tags: {', '.join(post.tags)}\nAuthor: {post.author}\nSlug: post-{post.number}\n"
            f"Summary: {post.summary}\n\n"
        )
        text = _linked(post.text, "{filename}/posts/", ".md").replace(
            "{picture}", "{static}/images/picture.svg"
        )
        (content / "posts" / f"{post.number}.md").write_text(head + text)


def write_for_hugo(count: int, folder: Path) -> None:
    """The same posts as a complete Hugo site, with templates like Pelican's simple theme."""
    (folder / "content" / "posts").mkdir(parents=True)
    (folder / "static" / "images").mkdir(parents=True)
    (folder / "static" / "images" / "picture.svg").write_text(PICTURE)
    for post in posts(count):
        head = (
            f"---\ntitle: '{post.title}'\ndate: {post.day}\ncategories: ['{post.topic}']\n"
            f"tags: {list(post.tags)}\nauthors: ['{post.author}']\nslug: post-{post.number}\n"
            f"summary: '{post.summary}'\n---\n\n"
        )
        text = _linked(post.text, "/posts/post-", "/").replace("{picture}", "/images/picture.svg")
        (folder / "content" / "posts" / f"{post.number}.md").write_text(head + text)
    for name, content in _HUGO.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def _linked(text: str, before: str, after: str) -> str:
    first, *others = text.split("{link}")
    linked = [first]
    for part in others:
        number, rest = part.split(")", 1)
        linked.append(f"{before}{number}{after}){rest}")
    return "".join(linked)


_HUGO = {
    "hugo.toml": (
        'baseURL = "https://bench.example/"\nlanguageCode = "en"\ntitle = "Bench"\n'
        "[pagination]\npagerSize = 10\n"
        '[taxonomies]\ncategory = "categories"\ntag = "tags"\nauthor = "authors"\n'
    ),
    "layouts/_default/baseof.html": (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<title>{{ .Title }}</title><meta name="description" content="{{ .Summary }}">'
        '<link rel="canonical" href="{{ .Permalink }}"></head>'
        '<body><header><a href="/">{{ site.Title }}</a></header>'
        '<main>{{ block "main" . }}{{ end }}</main></body></html>'
    ),
    "layouts/_default/single.html": (
        '{{ define "main" }}<article><h1>{{ .Title }}</h1><time>{{ .Date }}</time>'
        '{{ range .GetTerms "tags" }}<a href="{{ .Permalink }}">{{ .LinkTitle }}</a>{{ end }}'
        "{{ .Content }}</article>{{ end }}"
    ),
    "layouts/_default/list.html": (
        '{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Paginator.Pages }}<article>'
        '<h2><a href="{{ .Permalink }}">{{ .Title }}</a></h2><p>{{ .Summary }}</p></article>'
        '{{ end }}{{ template "_internal/pagination.html" . }}{{ end }}'
    ),
}
