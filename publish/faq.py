"""A Pelican plugin that puts an article's questions and answers at its end, as part of its text.

They come as the article's `faq`: pairs of a question and its answer in Markdown. The same pairs as
plain text go to search engines, by `publish.head`.
"""

from typing import Any

from markdown import Markdown
from markupsafe import Markup, escape
from pelican import signals

from publish.links import contents
from publish.wiring import listen

TITLE = "Questions and answers"


def place_all(generators: Any) -> None:
    """Before forms, links and pictures are looked at: answers may hold links and pictures."""
    converter = Markdown(extensions=["publish.prose", "smarty", "sane_lists"], output_format="html")
    for content in contents(generators[0].context):
        questions = getattr(content, "faq", ())
        if questions:
            answered = [(word, converter.reset().convert(answer)) for word, answer in questions]
            content._content = (content._content or "") + _section(answered)
            content.faq_text = tuple(
                (word, Markup(answer).striptags())  # noqa: S704 - the outcome is text
                for word, answer in answered
            )


def _section(answered: list[tuple[str, str]]) -> str:
    parts = [f'\n<h2 id="questions-and-answers">{TITLE}</h2>']
    parts += [f"<h3>{escape(question)}</h3>\n{answer}" for question, answer in answered]
    return "\n".join(parts) + "\n"


def register() -> None:
    """Called by Pelican."""
    listen(signals.all_generators_finalized, place_all)
