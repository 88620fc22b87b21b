"""Edits of the sample site, by name. Each may lead to a site that a build refuses.

    TEXT_EDITS["title"](site, Chance(numbers))

`TEXT_EDITS` has those of posts and pages; `project_edits` has those of everything else.
"""

import os
import posixpath
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from tests.publish.rebuilding.sample_site import SampleSite
from tests.publish.rebuilding.sample_texts import AUTHORS, CATEGORIES, TAGS, Text

Value = TypeVar("Value")


class Chance:
    """Choices by numbers that a test has drawn; they repeat if there are more choices."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers
        self._place = 0

    def number(self, limit: int) -> int:
        """A number from 0 to below `limit`."""
        number = self._numbers[self._place % len(self._numbers)] % limit
        self._place += 1
        return number

    def pick(self, values: Sequence[Value]) -> Value:
        """One of the values."""
        return values[self.number(len(values))]


Edit: TypeAlias = Callable[[SampleSite, Chance], None]
TEXT_EDITS: Final[dict[str, Edit]] = {}
DATES: Final = (
    *("2040-01-08", "2040-01-06", "2039-12-31", "2040-01-02 10:00", "2038-05-05"),
    *("2040-03-06 08:00", "2040-03-07"),
)
_LINK: Final = re.compile(r"\[(?P<words>[^\]]*)\]\((?P<target>[^)\s]*)[^)]*\)")


def text_edit(change: Edit) -> Edit:
    """Lists an edit under the name of its function."""
    TEXT_EDITS[change.__name__.strip("_")] = change
    return change


def _any(site: SampleSite, chance: Chance, folder: str = "") -> tuple[str, Text]:
    path = chance.pick(sorted(path for path in site.texts if path.startswith(folder)))
    return path, site.texts[path]


def _set(site: SampleSite, path: str, **keys: Any) -> None:
    """Sets or, with None, removes keys of the front matter."""
    text = site.texts[path]
    merged = {**text.keys, **keys}
    text.keys = {key: value for key, value in merged.items() if value is not None}
    text.yaml = text.yaml or any(isinstance(value, list | bool) for value in text.keys.values())
    site.save(path)


@text_edit
def body(site: SampleSite, chance: Chance) -> None:
    path, text = _any(site, chance)
    text.body += f"\nText {site.count()}.\n"
    site.save(path)


@text_edit
def first_paragraph(site: SampleSite, chance: Chance) -> None:
    """Of a text without a summary it is the summary."""
    path, text = _any(site, chance)
    text.body = f"Text {site.count()}: {text.body}"
    site.save(path)


@text_edit
def same_size_and_time(site: SampleSite, chance: Chance) -> None:
    """Only the content and the time of the inode tell that the file has changed."""
    path, text = _any(site, chance)
    file = site.root / "content" / path
    status = file.stat()
    old, new = ("e", "a") if "e" in text.body else ("a", "e")
    text.body = text.body.replace(old, new, 1)
    site.save(path)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@text_edit
def touch(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance)
    site.save(path)


@text_edit
def replaced_by_same_bytes(site: SampleSite, chance: Chance) -> None:
    """As an editor saves: another file with the same content takes the place of the file."""
    path, text = _any(site, chance)
    site.write("content/draft", text.source()).rename(site.root / "content" / path)


@text_edit
def swap(site: SampleSite, chance: Chance) -> None:
    """Two files of a folder change places, each with its size and times."""
    first, text = _any(site, chance)
    folder = posixpath.dirname(first)
    second = chance.pick(sorted(p for p in site.texts if posixpath.dirname(p) == folder))
    if first == second:
        return
    other = site.texts[second]
    site.texts[first], site.texts[second] = other, text
    paths = [site.root / "content" / path for path in (first, second)]
    draft = paths[0].rename(site.root / "content/draft")
    paths[1].rename(paths[0])
    draft.rename(paths[1])


@text_edit
def style_of_front_matter(site: SampleSite, chance: Chance) -> None:
    """The same text in YAML: nothing changes."""
    path, text = _any(site, chance)
    text.yaml = True
    site.save(path)


@text_edit
def title(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance)
    _set(site, path, title=f"Title & <i>{site.count()}</i>")


@text_edit
def summary(site: SampleSite, chance: Chance) -> None:
    path, text = _any(site, chance)
    new = None if "summary" in text.keys and chance.number(2) else f"Summary {site.count()}."
    _set(site, path, summary=new)


@text_edit
def tags(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    bits = chance.number(2 ** len(TAGS))
    names = [tag for number, tag in enumerate(TAGS) if bits >> number & 1]
    if chance.number(3) == 0:
        names.append(f"tag {site.count()}")
    _set(site, path, tags=", ".join(names) or None)


@text_edit
def category(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    _set(site, path, category=chance.pick([*CATEGORIES, "results", "New", None]))


@text_edit
def author(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    _set(site, path, author=chance.pick([*AUTHORS, "Bo Kim, Ann Lee", "Di Fox", None]))


@text_edit
def date(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    _set(site, path, date=chance.pick(DATES), preview="of-a-moved-date-00000000")


@text_edit
def modified(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    _set(site, path, modified=chance.pick(["2040-02-20", "2040-02-21 11:00", None]))


@text_edit
def status(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance)
    preview = chance.pick([None, f"preview-{site.count():016}"])
    _set(site, path, status=chance.pick(["draft", "hidden", "skip", None]), preview=preview)
    _unlink_if_odd(site, chance, path)


@text_edit
def slug(site: SampleSite, chance: Chance) -> None:
    """Texts link to the file, so their links change."""
    path, text = _any(site, chance, "posts/")
    old = text.keys["slug"]
    aliases = [*text.keys.get("aliases", []), old] if chance.number(3) else None
    _set(site, path, slug=f"{old.partition('-')[0]}-{site.count()}", aliases=aliases)


@text_edit
def language(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance)
    _set(site, path, lang=chance.pick([None, "de", "fr", "ar"]))


@text_edit
def translation(site: SampleSite, chance: Chance) -> None:
    """A new text with the slug of another one."""
    path, text = _any(site, chance)
    new = f"{path.removesuffix('.md')}-{site.count()}.md"
    lang = chance.pick(["de", "fr", "it"])
    keys = {**text.keys, "lang": lang, "title": f"In {lang}", "aliases": None, "url": None}
    kept = {key: value for key, value in keys.items() if value is not None}
    site.texts[new] = Text(kept, f"Text {site.count()}.\n", text.yaml)
    site.save(new)


@text_edit
def series(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    _set(site, path, series=chance.pick(["Letters", "Others", None]))


@text_edit
def related(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    slugs = [text.keys["slug"] for name, text in site.texts.items() if name.startswith("posts/")]
    _set(site, path, related=chance.pick([f"{chance.pick(slugs)}, {chance.pick(slugs)}", None]))


@text_edit
def image(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    address = chance.pick(["/images/bars.svg", "/images/line.svg", None])
    _set(site, path, image=address, image_alt=address and "A picture")


@text_edit
def campaign(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance)
    _set(site, path, campaign=chance.pick(["guide", None]))


@text_edit
def noindex(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance)
    _set(site, path, noindex=chance.pick([True, None]))


@text_edit
def template(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance, "posts/")
    _set(site, path, template=chance.pick(["essay", None]))


@text_edit
def questions(site: SampleSite, chance: Chance) -> None:
    path, _ = _any(site, chance)
    answer = f"Answer {site.count()}, see [alpha]({{filename}}/posts/alpha.md)."
    faq = [{"question": "Now?", "answer": answer}]
    _set(site, path, faq=chance.pick([faq, None]))


@text_edit
def part(site: SampleSite, chance: Chance) -> None:
    """A new paragraph of a kind that other files decide."""
    path, text = _any(site, chance)
    number = site.count()
    other, _ = _any(site, chance, "posts/")
    text.body += "\n" + chance.pick(
        [
            "{% form guide %}\n",
            "{% cta guide %}\n",
            f"[A post]({{filename}}/{other}) again, {number}.\n",
            f"[Line]({{static}}/images/line.svg) is a file, {number}.\n",
            f"[Shared]({{attach}}/posts/shared.csv) is attached, {number}.\n",
            f"![A photo {number}]({{static}}/posts/kappa/photo.png)\n",
            f"## Heading {number}\n\nText.\n",
            f"[All]({{tag}}SEO) and [more]({{author}}Ann%20Lee), {number}.\n",
        ]
    )
    site.save(path)


@text_edit
def addition(site: SampleSite, chance: Chance) -> None:
    number = site.count()
    other, _ = _any(site, chance, "posts/")
    folder = chance.pick(["posts", "posts/results", f"posts/new-{number}", "posts/2040"])
    keys = {
        "title": f"New {number}",
        "date": chance.pick(DATES),
        "slug": f"new-{number}",
        "tags": ", ".join(dict.fromkeys([chance.pick(TAGS), chance.pick(TAGS)])),
        "author": chance.pick(AUTHORS),
        "preview": f"new-preview-{number:016}",
    }
    path = f"{folder}/new-{number}.md"
    site.texts[path] = Text(keys, f"New, see [another]({{filename}}/{other}).\n")
    site.save(path)


@text_edit
def new_page(site: SampleSite, chance: Chance) -> None:
    number = site.count()
    folder = chance.pick(["pages", "pages/guide", f"pages/tree-{number}/deep"])
    keys = {"title": f"Page {number}", "slug": f"page-{number}"}
    site.texts[f"{folder}/page-{number}.md"] = Text(keys, "A new page.\n")
    site.save(f"{folder}/page-{number}.md")


@text_edit
def deletion(site: SampleSite, chance: Chance) -> None:
    path, text = _any(site, chance)
    _unlink_if_odd(site, chance, path)
    (site.root / "content" / path).unlink()
    del site.texts[path]
    site.append("content/gone.txt", f"{text.keys['slug']}\n")


@text_edit
def move(site: SampleSite, chance: Chance) -> None:
    """Into another folder, or to another name. Links to it are corrected, or are dead."""
    path, text = _any(site, chance)
    number = site.count()
    kind, _, name = path.partition("/")
    name = posixpath.basename(name)
    new = chance.pick([f"{kind}/moved-{number}.md", f"{kind}/results/{number}/{name}"])
    _write_full_links(text, posixpath.dirname(path))
    if chance.number(4):
        for other in site.texts:
            _lead_links(site, other, path, new)
    (site.root / "content" / path).unlink()
    site.texts[new] = site.texts.pop(path)
    site.save(new)


@text_edit
def folder_move(site: SampleSite, chance: Chance) -> None:
    """A folder gets another name, with all files in it. Links to its texts are corrected."""
    folders = {posixpath.dirname(path) for path in site.texts} - {"posts", "pages"}
    if not folders:
        return
    old = chance.pick(sorted(folders))
    new = f"{posixpath.dirname(old)}/folder-{site.count()}"
    (site.root / "content" / old).rename(site.root / "content" / new)
    moved = [path for path in sorted(site.texts) if path.startswith(f"{old}/")]
    for path in moved:
        site.texts[new + path.removeprefix(old)] = site.texts.pop(path)
    for other in sorted(site.texts):
        for path in moved:
            _lead_links(site, other, path, new + path.removeprefix(old))


def _unlink_if_odd(site: SampleSite, chance: Chance, path: str) -> None:
    """Removes the links to a text in three of four cases."""
    if chance.number(4):
        for other in site.texts:
            _lead_links(site, other, path, "")


def _full_target(target: str, folder: str) -> str:
    """The target of a relative link below the content folder; other targets as they are."""
    if not target or target[0] in "{#/" or ":" in target:
        return target
    kind = "{filename}" if ".md" in target else "{static}"
    return f"{kind}/{posixpath.normpath(posixpath.join(folder, target))}"


def _write_full_links(text: Text, folder: str) -> None:
    def full(match: re.Match[str]) -> str:
        return match[0].replace(match["target"], _full_target(match["target"], folder))

    _rewrite(text, full)


def _lead_links(site: SampleSite, other: str, old: str, new: str) -> None:
    """Leads the links of a text from one file to another one; without one it removes them."""

    def lead(match: re.Match[str]) -> str:
        target = _full_target(match["target"], posixpath.dirname(other))
        if not re.fullmatch(rf"\{{filename\}}/{re.escape(old)}(#.*)?", target):
            return match[0]
        return (
            match[0].replace(match["target"], target.replace(old, new)) if new else match["words"]
        )

    if _rewrite(site.texts[other], lead):
        site.save(other)


def _rewrite(text: Text, replace: Callable[[re.Match[str]], str]) -> bool:
    """Rewrites the links of body, summary and answers; whether one has changed."""
    before = text.source()
    text.body = _LINK.sub(replace, text.body)
    if "summary" in text.keys:
        text.keys["summary"] = _LINK.sub(replace, text.keys["summary"])
    for pair in text.keys.get("faq", []):
        pair["answer"] = _LINK.sub(replace, pair["answer"])
    return text.source() != before
