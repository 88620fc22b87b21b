"""Texts that link to each other, edits of them, and checks with the facts of the last check."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from publish.checks.finding import Findings
from publish.checks.text_store import TextStore
from publish.fixing import Fixes, find_fixes, write_fixes
from tests.publish.checks.conftest import SUMMARY
from tests.samples import CAMPAIGN, NOW

NAMES = ("one", "two", "deep/three")
BLOCKS = (
    *("Text.", "## Parts\n\nText.", "## Other parts\n\nText.", "#### Deep", "# Parts"),
    *("[x]({filename}/posts/one.md)", "[x](two.md#parts)", "[x](deep/three.md)", "[x](../one.md)"),
    *("[x]({filename}none.md)", "[x](#parts)", "[x](#other-parts)", "[x](/one/)", "[x](/two)"),
    *("[x](/two/#parts)", "[x](/old/)", "[x](../four/)", "[x](plan)", "[x](plan.txt)", "[x]()"),
    *("[x](/tag/alpha/)", "[x](/tag/alpha/2/)", "[x]({tag}alpha)", "[x]({category}misc)"),
    *("[x](/articles/)", "[x](/pagefind/x.js)", "[x](/nowhere/)", "[x](https://b.example/)"),
    *("![a dot]({static}/images/dot.svg)", "![a dot](/images/dot.svg)", "![]({static}/a.svg)"),
    *("![a](../images/new.svg)", "![a plan]({static}/posts/plan.txt)", "[x](a/../one.md)"),
    *("[x](/gated/guide.pdf)", "[x]({static}/gated/guide.pdf)", "![a](https://b.example/a.png)"),
    *("{% form guide %}", "{% form other %}", "{% cta guide %}", "{%form guide%}", "{% form x %}"),
    *('<h2 id="raw">A</h2>', "[x](one.md#raw)", "<script>a()</script>", "&#7;", "[x][none]"),
    *("[x](one.md#form-guide)", "[x](two.md#top)", "[x](%2e%2e/one.md)", "[x](two.md?a=b)"),
)
CORRECT = (
    *("[x](two.md)", "[x](two.md#parts)", "[x](one.md)", "[x](/two/#parts)", "[x](../two)"),
    *("[x](/old/)", "[x](/tag/alpha/)", "[x]({tag}alpha)", "![a dot](../images/dot.svg)"),
    *("{% form guide %}", "[x](two.md#form-guide)", "## Parts", "[x](deep/three.md)"),
)
FRONT_MATTER = {
    "title": ("On things", "On a thing", "Others", "Parts", "", "On " + "long words " * 8),
    "date": ("2026-11-02", "2026-11-23 18:00", "2026-12-24", "soon", None),
    "slug": ("one", "two", "other", "Wrong", None),
    "status": ("draft", "hidden", "skip", "published", "unknown", None),
    "tags": ("alpha", "alphas", "alpha, beta", "Beta", "C, C++", "c"),
    "category": ("misc", "Misc", "other", "+++"),
    "author": ("Ann", "ann", "Bo, Cy"),
    "aliases": ("old", "old, two", "/2021/old/", "Wrong/"),
    "related": ("one", "two", "one, four", "none"),
    "image": ("/images/dot.svg", "/images/new.svg", "/gated/guide.pdf", "/posts/plan.txt"),
    "image_alt": ("A dot",),
    "campaign": ("guide", "other"),
    "template": ("article", "none"),
    "preview": ("1234567890abcdef", "fedcba0987654321"),
    "summary": (SUMMARY, "Short.", None),
    "statsu": ("draft",),
    "url": ("one/", "own/place/"),
    "lang": ("de",),
}
FILES = {
    "content/images/new.svg": ("<svg/>", '<svg onload="a()"/>', "", None),
    "content/images/dot.svg": ("<svg/>", None),
    "content/posts/plan.txt": ("A plan.", None),
    "content/posts/plan": ("A plan.", None),
    "content/gone.txt": ("one", None),
    "content/slugs.yaml": ("tags:\n  C++: cpp\n", "categories:\n  +++: plus\n", None),
    "campaigns/other.toml": (CAMPAIGN, f'{CAMPAIGN}\ncloses = "2026-01-01"\n', "wrong", None),
    "content/known-findings.txt": ("# None\n", None),
}
Edit = Callable[[Any], None]


def change(site: Any, path: str) -> None:
    """Gives a file that was written a time of its own, as later writes have."""
    site.writes += 1
    os.utime(site.root / path, ns=(site.writes, site.writes))


def write_text(name: str, blocks: list[str], values: list[tuple[str, str | None]]) -> Edit:
    def edit(site: Any) -> None:
        site.post("\n\n".join(blocks), name=name, **dict(values))
        change(site, f"content/posts/{name}.md")

    return edit


def write_file(path: str, content: str | None) -> Edit:
    def edit(site: Any) -> None:
        if content is None:
            (site.root / path).unlink(missing_ok=True)
        else:
            site.write(path, content)
            change(site, path)

    return edit


def do_nothing(site: Any) -> None:
    del site


def delete(name: str) -> Edit:
    return lambda site: (site.root / f"content/posts/{name}.md").unlink(missing_ok=True)


def rename(name: str, new: str) -> Edit:
    def edit(site: Any) -> None:
        old = site.root / f"content/posts/{name}.md"
        if old.exists():
            old.rename(site.root / f"content/posts/{new}.md")

    return edit


def link(name: str) -> Edit:
    def edit(site: Any) -> None:
        path = site.root / f"content/posts/{name}.md"
        path.unlink(missing_ok=True)
        path.symlink_to("two.md")

    return edit


def wait(days: int) -> Edit:
    def edit(site: Any) -> None:
        site.now += timedelta(days=days)

    return edit


def fix(site: Any, *rules: str) -> Fixes:
    """Makes the edits that are sure."""
    fixes = find_fixes(site.check, rules)
    write_fixes(fixes.files)
    return fixes


def stored(site: Any) -> Findings:
    """The findings of a check with the facts of the last one."""
    store = TextStore(site.root / "cache/texts.sqlite", str(site.settings))
    findings: Findings
    writing, findings = site.check(read=store.read)
    store.save(writing.files)
    assert not store.problem
    return findings


def with_edits(findings: Findings) -> list[Any]:
    """All findings by level, with their edits, which do not count when findings are compared."""
    levels = (findings.errors, findings.warnings, findings.known)
    return [[(finding, finding.edits) for finding in level] for level in levels]


def reset(site: Any) -> None:
    """The site as it is at the start of each test, without texts."""
    shutil.rmtree(site.root / "content/posts", ignore_errors=True)
    for path in (*FILES, "content/two", "content/images/x.html"):
        (site.root / path).unlink(missing_ok=True)
    site.now = NOW
    site.write("content/images/dot.svg", "<svg/>")
    site.write("content/posts/ignored.txt", "")
