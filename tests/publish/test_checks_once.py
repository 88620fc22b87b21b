"""Content is checked once, by the same rules for every command that builds a site."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from capture.campaign import catalogue
from gatepost.preview.build_once import build_once
from gatepost.preview.state import PreviewOrder
from gatepost.releases.worker import build_pushed_site
from gatepost.settings import SettingsWithSources
from publish.checks import rules as checks
from publish.checks.known_findings import write_known_findings
from publish.checks.rules import texts
from publish.plugins.links import unresolved
from tests.samples import CAMPAIGN

WRONG = """\
[a]({filename}none.md) [b]({static}/images/none.svg) [c]({statick}/images/dot.svg)

[d](/gated/guide.pdf) ![e](https://spy.example/pixel.png)

{% frm guide %}

{% form giude %}

<div>{% cta guide %}</div>
"""
MISTAKES = [
    "content/images/copy.pdf: would publish the gated file",
    "content/images/lost.svg: links to nowhere.svg, which does not exist",
    "content/posts/encoding.md:4: is not UTF-8 text",
    "content/posts/front-matter.md:1: has no date",
    "content/posts/front-matter.md:3: `status` has no known status",
    "content/posts/front-matter.md:4: a summary cannot contain tags",
    "content/posts/front-matter.md:5: no article `nothing`",
    "content/posts/front-matter.md:6: `image` names a gated file",
    "content/posts/post.md:4: `{filename}none.md` leads to no article or page",
    "content/posts/post.md:4: `{statick}/images/dot.svg` starts with an unknown word",
    "content/posts/post.md:4: links to `images/none.svg`, but there is no such file",
    "content/posts/post.md:6: links to the gated file `/gated/guide.pdf`",
    "content/posts/post.md:6: shows `https://spy.example/pixel.png` from another host",
    "content/posts/post.md:8: `{% frm guide %}` is misspelt",
    "content/posts/post.md:10: `{% form giude %}`: no campaign `giude`",
    "content/posts/post.md:12: `{% cta guide %}` must be alone on its line",
    "content/posts/twice.md:1: has the same address as pages/same.md",
    "content/posts/twice.md:3: the form of `guide` is already on this page",
]


@pytest.fixture
def wrong(site: Any) -> Any:
    """A project with one mistake of each kind that both the rules and the pages could show."""
    front_matter = (
        "Status: darft\nSummary: {% form guide %}\nRelated: nothing\nImage: /gated/guide.pdf\n"
    )
    for name in ("article_nav", "pictures"):
        site.set(f"PLUGINS.insert(1, 'publish.plugins.{name}')")
    site.write("content/images/copy.pdf", (site.root / "content/gated/guide.pdf").read_text())
    (site.root / "content/images/lost.svg").symlink_to("nowhere.svg")
    site.post(WRONG)
    site.post("{% form guide %}", name="twice", front_matter="Campaign: guide\n")
    site.write(
        "content/posts/front-matter.md", f"Title: T\nSlug: front-matter\n{front_matter}\nText."
    )
    site.post("", name="encoding")
    (site.root / "content/posts/encoding.md").write_bytes(b"Title: E\nDate: 2026-11-02\n\nCaf\xe9")
    site.write("content/pages/same.md", "Title: Same\nSlug: twice\n\nText.")
    return site


def by_check(site: Any) -> list[str]:
    return [str(finding.problem) for finding in site.check().findings.errors]


def by_build(site: Any) -> list[str]:
    return list(site.mistakes())


def by_plain_pelican(site: Any) -> list[str]:
    done = site.pelican()
    assert done.returncode == 1
    return [line for line in done.stderr.split("\n") if line.startswith("content/")]


def by_push(site: Any) -> list[str]:
    site.write(".work/reading", "")
    (site.root / "publishconf.py").write_text((site.root / "pelicanconf.py").read_text())
    answer = build_pushed_site(SettingsWithSources.read({}).settings, site.root)
    return [str(problem) for problem in answer.problems]


def by_preview(site: Any) -> list[str]:
    order = PreviewOrder(site.root / "pelicanconf.py", {}, 60, Path("reading"))
    return [str(problem) for problem in build_once(order).problems]


@pytest.mark.parametrize("run", [by_check, by_build, by_plain_pelican, by_push, by_preview])
def test_every_mistake_is_reported_once_by_every_kind_of_build(
    wrong: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))  # a push's build changes it
    messages = run(wrong)
    assert [line for line in messages if not line.startswith(tuple(MISTAKES))] == []
    assert [start for start in MISTAKES if _times(messages, start) != 1] == []
    assert not (wrong.root / "output/www").exists()


def _times(messages: list[str], start: str) -> int:
    return sum(message.startswith(start) for message in messages)


def test_a_build_reads_each_campaign_file_once(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: Counter[str] = Counter()
    real = catalogue.read_campaign

    def counting(path: Path, *args: Any, **kwargs: Any) -> Any:
        reads[path.name] += 1
        return real(path, *args, **kwargs)

    monkeypatch.setattr(catalogue, "read_campaign", counting)
    site.post("{% form guide %}")
    site.build()
    assert reads == {"guide.toml": 1}


def test_a_build_runs_each_rule_once(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    rules = tuple(_recorded(rule, calls) for rule in checks.RULES)
    monkeypatch.setattr(checks, "RULES", rules)
    site.post("{% form guide %}")
    site.build()
    assert calls == [rule.__name__ for rule in checks.RULES]


def _recorded(rule: Any, calls: list[str]) -> Any:
    def recorded(writing: Any) -> Any:
        calls.append(rule.__name__)
        return rule(writing)

    recorded.__name__ = rule.__name__
    return recorded


def test_check_build_and_preview_use_the_same_facts_of_a_text(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    facts = texts.text_facts

    def counting(post: Any) -> Any:
        found.append(post.name)
        return facts(post)

    monkeypatch.setattr(texts, "text_facts", counting)
    site.set("CACHE_PATH = 'kept'")
    site.post("{% form guide %}")
    for run in (site.build, site.check, lambda: by_preview(site)):
        run()
    assert found == ["posts/post.md"]


def test_a_rule_that_is_off_reports_nothing_in_a_build(site: Any) -> None:
    site.set("WRITING_RULES['closed-campaign'] = 'off'")
    site.write("campaigns/guide.toml", f"closes = 2026-01-31\n{CAMPAIGN}")
    site.post("{% form guide %}")
    assert site.build().summary.warnings == ()
    assert '<p class="closed">' in site.page()


WIKI_LINKS = (
    'MARKDOWN["extension_configs"]["markdown.extensions.wikilinks"] = '
    '{"base_url": "{filename}", "end_url": ".md"}'
)


def test_a_link_that_only_the_finished_page_shows_is_reported(site: Any) -> None:
    site.set(WIKI_LINKS)
    site.post("Text.\n\n[[none]]")
    (message,) = site.mistakes_of_build()
    left = "{filename}none.md"
    assert message.endswith(
        f": `{left}` would be shown to readers as it is: "
        "correct it, or put it between backticks to show it"
    )
    assert not site.site.exists()


@pytest.mark.parametrize(
    "text", ['x\n{: cite="%s" }', "[x](/post/){: .a href='%s' }", "## x {href='%s'}"]
)
def test_a_link_in_an_attribute_list_is_checked(site: Any, text: str) -> None:
    site.post("Text.\n\n" + text.replace("%s", "{filename}none.md"))
    (message,) = site.mistakes()
    assert "`{filename}none.md` leads to no article or page" in message


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>Get {% form x %} now</p>", ["{% form x %}"]),
        ("<p>{{ cta x }} and {% frm <b>x</b></p>", ["{{ cta x }}", "{% frm"]),
        ('<img srcset="/a.png 1x, {static}/b.png 2x">', ["{static}/b.png"]),
        ('<a href="{tag}">x</a>', ["{tag}"]),
        ("<p><code>{% form x %}</code> {braces} {a: b} 50 {%</p>", ["{%"]),
        ('<pre><code>&lt;a href="{filename}x.md"&gt;</code></pre>', []),
        ("<!-- {% form x %} --><!-- <a href='{filename}x.md'> -->", []),
        ('<p title="{static}/x">"{static}/x" stands for a file</p>', []),
        ("<script>let a = {% form x %}</script>", []),
    ],
)
def test_a_finished_page_is_searched_outside_code_and_comments(html: str, left: list[str]) -> None:
    assert unresolved(html) == left


def test_an_example_in_code_is_not_a_dead_link(site: Any) -> None:
    site.post('Write `<a href="{filename}none.md">` so.')
    site.build()
    assert "{filename}none.md" in site.page()


def test_known_findings_stop_no_push_and_no_preview(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    site.post("[x](/nowhere/)")
    assert by_push(site) == by_preview(site) != []
    write_known_findings(site.root / "content", site.check().findings.recordable)
    assert by_push(site) == by_preview(site) == []
    site.post("[x](/nowhere/) [y](/nowhere/else/)")
    (new,) = by_push(site)
    assert "`/nowhere/else/` leads to /nowhere/else" in new


def test_a_push_prints_the_number_of_many_warnings(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    site.post("# A\n\n# B\n\n# C\n\n# D")
    site.write(".work/reading", "")
    (site.root / "publishconf.py").write_text((site.root / "pelicanconf.py").read_text())
    answer = build_pushed_site(SettingsWithSources.read({}).settings, site.root)
    assert answer.warnings == ("4 warnings about texts and files: `gatepost check` lists them",)


def test_hidden_files_are_no_posts_for_check_and_build(site: Any) -> None:
    site.post("A post.")
    for name in ("posts/._post.md", "posts/.trash/old.md", "pages/.note.md"):
        site.write(f"content/{name}", "[x](none.md)")
    assert site.check().findings.every == ()
    site.build()
    assert sorted(path.parent.name for path in site.site.rglob("*/index.html")) == ["post"]
    site.set("IGNORE_FILES = []")
    assert {message.split(":")[0] for message in site.mistakes()} == {
        f"content/{name}" for name in ("posts/._post.md", "posts/.trash/old.md", "pages/.note.md")
    }
