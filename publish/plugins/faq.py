"""A Pelican plugin that puts an article's questions and answers at its end, as part of its text.

An article's `faq` holds pairs of a question and its answer in Markdown. `publish.plugins.html_head`
gives the same pairs as plain text to search engines.
"""

import posixpath
import re
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from markdown import Markdown
from markupsafe import Markup, escape
from pelican import signals

from capture.paths import name_below
from publish.checks.html_links import rewrite_links
from publish.checks.project import WRITING
from publish.checks.tag_syntax import TagExtension
from publish.plugins.checks import report_active_content
from publish.plugins.commonmark import make_markdown
from publish.plugins.current_file import reading_file
from publish.plugins.link_rewriting import link_rewriter
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import facts_of, new_texts

TITLE: Final = "Questions and answers"
_STATIC_LINK: Final = re.compile(r"[{|](?:static|attach)[}|](?P<path>[^#?]+)")
_ID: Final = re.compile(r'\bid="(?P<id>[^"]*)"')


def add_questions(generators: Any) -> None:
    """Adds all questions, before links and pictures are handled: answers may contain both."""
    for content in new_texts(generators[0].context):
        questions = getattr(content, "faq", ())
        if questions:
            settings = generators[0].settings
            converter = _converter(settings)  # a new one: it numbers the answers of one article
            rewrite = link_rewriter(settings[WRITING].layout, settings, _folder(content))
            with reading_file(settings, Path(content.source_path)):
                pairs = [
                    (question, rewrite_links(converter.reset().convert(f"\n{answer}"), rewrite))
                    for question, answer in questions
                ]
            text = content._content or ""
            section = _section(pairs, set(_ID.findall(text)))
            report_active_content(content, section, settings)
            content._content = text + section
            content.faq_text = tuple(
                (question, Markup(answer).striptags())  # noqa: S704 - the result is text
                for question, answer in pairs
            )


def publish_linked_files(generator: Any) -> None:
    """Lets Pelican publish the files that answers link to, which it looks for in texts alone."""
    settings, context = generator.settings, generator.context
    writing = settings[WRITING]
    for content in new_texts(context):
        post = writing.text_at(Path(content.source_path).absolute())
        if post is None or not getattr(content, "faq", ()):
            continue
        rewrite = link_rewriter(writing.layout, settings, _folder(content))
        matches = [_STATIC_LINK.match(rewrite(link.target)) for link in post.links]
        paths = [unquote(match["path"]) for match in matches if match]
        names = {posixpath.normpath(name_below(path, _folder(content))) for path in paths}
        facts_of(content).linked_files |= names
        context["static_links"] |= names


def _folder(content: Any) -> str:
    """The folder of a text, below the content folder."""
    return posixpath.dirname(str(content.get_relative_source_path()))


def _converter(settings: Mapping[str, Any]) -> Markdown:
    """The converter of the site's texts. The footnotes of each answer get ids of their own."""
    markdown = settings["MARKDOWN"]
    others = [name for name in markdown["extensions"] if not isinstance(name, TagExtension)]
    converter = make_markdown({**settings, "MARKDOWN": {**markdown, "extensions": others}})
    for name in ("toc", "commonmark-heading-ids"):  # a heading of an answer is no part of contents
        converter.treeprocessors.deregister(name, strict=False)
    if "footnote" in converter.parser.blockprocessors:
        processor: Any = converter.parser.blockprocessors["footnote"]
        processor.footnotes.setConfig("UNIQUE_IDS", True)
    return converter


def _section(pairs: list[tuple[str, str]], used: set[str]) -> str:
    """The HTML of the section. `used` are the ids of the text above it."""
    parts = [f'\n<h2 id="{_free_id("questions-and-answers", used)}">{TITLE}</h2>']
    parts += [f"<h3>{escape(question)}</h3>\n{answer}" for question, answer in pairs]
    return "\n".join(parts) + "\n"


def _free_id(preferred: str, used: set[str]) -> str:
    numbered = (f"{preferred}-{number}" for number in count(2))
    return next(name for name in chain([preferred], numbered) if name not in used)


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.page_generator_finalized, publish_linked_files)
    connect_last(signals.all_generators_finalized, add_questions)
