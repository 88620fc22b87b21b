"""Ids of headings: GitHub's unless the site says otherwise, and the same for `check` and the page.

The examples of `github` are what github-slugger 2.0.0 makes of the same texts.
"""

import re
from functools import cache
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from pymdownx import slugs

from capture.errors import Refused
from publish.build.pelican_run import settings_from
from publish.checks.heading_ids import HeadingIds, HeadingIdStyle, heading_id_style
from publish.checks.notes import Syntax
from publish.checks.outline import outline_of
from publish.plugins.commonmark import make_markdown, site_syntax
from tests.long import LONG, rounds
from tests.publish.markdown_structure import site_markdown
from tests.service import ROOT

GITHUB: Final = [
    ("What it costs", "what-it-costs"),
    ("What it costs", "what-it-costs-1"),
    ("What it costs 1", "what-it-costs-1-1"),
    ("What it costs", "what-it-costs-2"),
    ("安装步骤", "安装步骤"),
    ("Установка и запуск", "установка-и-запуск"),
    ("설치 방법", "설치-방법"),
    ("संस्थापन विधि", "संस्थापन-विधि"),
    ("วิธีติดตั้ง", "วิธีติดตั้ง"),
    ("كيفية التثبيت", "كيفية-التثبيت"),
    ("Über Straßen", "über-straßen"),
    ("ΟΔΟΣ", "οδος"),
    ("İzmir", "i̇zmir"),
    ("Buy & sell", "buy--sell"),
    ("Plan -- do --- check", "plan----do-----check"),
    ("A \u2013 B \u2014 C", "a--b--c"),
    ("🚀 Launch", "-launch"),
    ("Launch 🚀 now", "launch--now"),
    ("Ⓐ squared ²½", "ⓐ-squared-"),
    ("snake_case and _x", "snake_case-and-_x"),
    ("C++, C# and .NET?", "c-c-and-net"),
    ("3.2 (beta) [x] / y", "32-beta-x--y"),
    ("\u201cQuoted\u201d and it\u2019s", "quoted-and-its"),
    ("100 % of €5", "100--of-5"),
    ("a\tb\u00a0c\u3000d", "abcd"),
    ("constructor", "constructor"),
]
STYLES: Final[dict[HeadingIdStyle, list[str]]] = {
    "github": ["über-uns-----a--b", "über-uns-----a--b-1", "安装步骤", "-1"],
    "readable": ["über-uns-a-b", "über-uns-a-b_1", "安装步骤", "_1"],
    "ascii": ["uber-uns-a-b", "uber-uns-a-b_1", "_1", "_2"],
}


@cache
def markdown(style: HeadingIdStyle = "github") -> Markdown:
    return site_markdown(heading_ids=style)


def ids_of(text: str, style: HeadingIdStyle = "github") -> list[str]:
    html = markdown(style).reset().convert(f"\n{text}")
    return re.findall(r'<h[1-6] (?:class="\w+" )?id="([^"]*)"', html)


def test_ids_are_those_of_github() -> None:
    ids = HeadingIds("github")
    assert [(text, ids.new(text)) for text, _ in GITHUB] == GITHUB


def test_the_page_has_the_ids_of_github() -> None:
    texts = [text for text, _ in GITHUB]
    assert ids_of("".join(f"## {text}\n\n" for text in texts)) == [name for _, name in GITHUB]


@pytest.mark.parametrize("style", STYLES)
def test_a_setting_keeps_the_ids_of_another_system(style: HeadingIdStyle) -> None:
    text = "## Über uns --- A & B\n\n## Über uns --- A & B\n\n## 安装步骤\n\n## 🚀\n"
    assert ids_of(text, style) == STYLES[style]
    assert outline_of(text, syntax=Syntax(style)).anchors == set(STYLES[style])


def test_another_value_of_the_setting_is_refused() -> None:
    with pytest.raises(Refused, match="HEADING_IDS: must be github, readable or ascii: 'hugo'"):
        heading_id_style("hugo")


def test_the_slugify_of_a_site_counts_for_check_too() -> None:
    settings = settings_from(ROOT / "pelicanconf.py", {})
    toc = {"markdown.extensions.toc": {"slugify": slugs.slugify()}}
    settings["MARKDOWN"] = {**settings["MARKDOWN"], "extension_configs": toc}
    text = "## Über *uns*\n\n## Über uns\n"
    html = make_markdown(settings).convert(f"\n{text}")
    assert re.findall('id="([^"]*)"', html) == ["Über-uns", "Über-uns_1"]
    assert outline_of(text, syntax=site_syntax(settings)).anchors == {"Über-uns", "Über-uns_1"}


TOC: Final = "markdown.extensions.toc"


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({}, "[TOC]\n\n## One\n\n### Two *em*\n"),
        ({"marker": "[[C]]"}, "## One\n\n[[C]]\n\n[TOC]\n"),
        ({"permalink": True}, "## One\n"),
        ({"permalink": "", "title": "Contents"}, "## One\n"),
        ({"anchorlink": True}, "## One\n"),
        ({"baselevel": 2}, "## One\n\n###### Six\n"),
        ({}, '## One {data-toc-label="Short"}\n\n## Two\n'),
        ({}, "## One & two\n\n## <i>Three</i>\n\nText.\n"),
    ],
)
def test_the_extension_for_contents_makes_what_it_makes_alone(
    config: dict[str, object], text: str
) -> None:
    configs = {TOC: {**config, "slugify": slugs.slugify(case="lower")}, "attr_list": {}}
    ours = make_markdown({"MARKDOWN": {"extension_configs": configs, "output_format": "html"}})
    plain = Markdown(extensions=list(configs), extension_configs=configs, output_format="html")
    assert ours.convert(text) == plain.convert(text)


def test_another_extension_finds_the_list_of_contents() -> None:
    class Shows(Postprocessor):
        def run(self, text: str) -> str:
            return f"{text}{self.md.toc}"  # type: ignore[attr-defined]

    class Showing(Extension):
        def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
            md.postprocessors.register(Shows(md), "shows", 1)

    settings = {"MARKDOWN": {"extensions": [TOC, Showing()], "output_format": "html"}}
    html = make_markdown(settings).convert("## One\n")
    assert '<li><a href="#one">One</a>' in html


def test_headings_have_ids_without_the_extension_for_contents() -> None:
    settings = settings_from(ROOT / "pelicanconf.py", {})
    settings["MARKDOWN"] = {"output_format": "html"}
    html = make_markdown(settings).convert("\n## A & B\n")
    assert html == '<h2 id="a--b">A &amp; B</h2>'


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("## `code_a` and *em* **b**\n", "code_a-and-em-b"),
        ("## [A link](x.md) and <b>c</b>\n", "a-link-and-c"),
        ("## A &amp; B &lt;C&gt;\n", "a--b-c"),
        ("## A \\* B \\_c\\_ &copy;\n", "a--b-_c_-"),
        ("## A \\< B *c*\n", "a--b-c"),
        ("## List<String> of <token>\n", "liststring-of-token"),
        ("## ~~Old~~ new[^1]\n\n[^1]: A.\n", "old-new"),
        ("## ![A picture](x.png) here\n", "here"),
        ("## Own {#mine}\n", "mine"),
        ("## Own {.wide #mine-2}\n", "mine-2"),
        ("Two\nlines\n---\n", "two-lines"),
        ("One `two\n   three`\n---\n", "one-two-three"),
        ("## Closed ##\n", "closed"),
        ("> - ## In an item\n", "in-an-item"),
        ("<h2>Raw</h2>\n\n## Raw\n", "raw"),
        ('<b id="a">x</b>\n\n## B\n', "b"),
    ],
)
def test_an_id_is_made_of_the_words_that_readers_see(text: str, name: str) -> None:
    assert ids_of(text) == [name]
    assert name in outline_of(text).anchors


def test_an_id_of_the_writer_is_free_for_no_other_heading() -> None:
    text = "## A\n\n## B {#a}\n\n## A\n"
    assert ids_of(text) == ["a-1", "a", "a-2"]
    assert outline_of(text).anchors == {"a-1", "a", "a-2"}


_TEXT: Final = """
A b & - -- *c* `d_e` f_g [h](i) \u00fc 安装 🚀 \\* &amp; <token> <b>j</b> it's "k" 1. l: ~~m~~ x-1
\u00bd e\u0301 <!--n-->
"""
_WORDS: Final = st.sampled_from(_TEXT.split())


@settings(max_examples=rounds(100, 3_000), derandomize=not LONG, deadline=None)
@given(
    st.sampled_from(list(STYLES)),
    st.lists(st.lists(_WORDS, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=5),
)
def test_check_knows_the_ids_of_random_headings(style: HeadingIdStyle, texts: list[str]) -> None:
    text = "".join(f"## w {words}\n\n" for words in texts)
    ids = ids_of(text, style)
    assert len(ids) == len(texts)
    assert outline_of(text, syntax=Syntax(style)).anchors == set(ids)
    assert [name for name in ids if re.search(r"\s", name)] == []
