"""A Pelican plugin that makes the HTML head of each page, as one `HtmlHead` for the theme.

Each article and page gets its HTML head as `head`. A template that lists articles makes its own by
calling `listing_head`.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urljoin

from babel import Locale, UnknownLocaleError
from jinja2.filters import do_truncate
from markupsafe import Markup
from pelican import signals
from pelican.contents import Article

from capture.site import Site
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import all_texts, facts_of, is_stored
from publish.uris import to_uri

MAX_DESCRIPTION_LENGTH: Final = 300
_START_PAGE: Final = ("Start", "")  # the first breadcrumb: name and path
Direction = Literal["ltr", "rtl"]
Node: TypeAlias = Mapping[str, Any]
"""One object of structured data."""


@dataclass(frozen=True)
class Picture:
    """The picture of a link preview; `url` is a full address, the size is in pixels."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class LanguageVersion:
    """A text in one language: the language's code and own name, and the full address."""

    language: str
    name: str
    url: str


@dataclass(frozen=True)
class HtmlHead:
    """What search engines, feed readers and link previews read. Dates are ISO 8601."""

    title: str
    description: str
    url: str
    canonical: str
    is_article: bool = False
    noindex: bool = False
    picture: Picture | None = None
    published: str = ""
    modified: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    direction: Direction = "ltr"
    languages: tuple[LanguageVersion, ...] = ()
    newer: str = ""
    older: str = ""
    data: Node | None = None
    """The structured data of the page as one JSON-LD document."""


def add_html_heads(generators: Any) -> None:
    """Makes the HTML heads of all articles and pages, before a template renders them."""
    context, environment = generators[0].context, generators[0].env
    shorten = partial(do_truncate, environment, length=MAX_DESCRIPTION_LENGTH)
    for content in all_texts(context):
        versions = tuple((version.lang, version.url) for version in content.translations)
        files = tuple(version.get_relative_source_path() for version in content.translations)
        facts = facts_of(content)
        if is_stored(content) and (versions, files) == (
            facts.language_versions,
            facts.translations,
        ):
            continue
        facts.language_versions, facts.translations = versions, files
        # A text may begin with a picture alone, and lists show it.
        description = shorten(_plain(content.summary) or _plain(content.content))
        content.head = html_head_of_content(content, context["site"], description)


def add_template_functions(generator: Any) -> None:
    """Lets the theme's templates make the HTML heads of lists."""
    names: MutableMapping[str, Any] = generator.env.globals
    names["listing_head"] = html_head_of_list


def html_head_of_content(content: Any, site: Site, description: str) -> HtmlHead:
    """The HTML head of one article or page."""
    url = f"{site.url}/{content.url}"
    is_article = isinstance(content, Article)
    noindex = content.status != "published" or bool(getattr(content, "noindex", False))
    published, modified = _dates(content)
    nodes = () if noindex else _nodes(content, site, url, description)
    return HtmlHead(
        title=content.title,
        description=description,
        url=url,
        canonical=urljoin(url, to_uri(getattr(content, "canonical", "")) or url),
        is_article=is_article,
        noindex=noindex,
        picture=_picture(content),
        published=published,
        modified=modified,
        section=content.category.name if is_article else "",
        tags=tuple(tag.name for tag in getattr(content, "tags", ())),
        direction=_direction(content.lang),
        languages=_language_versions(content, site),
        data=None if noindex else _structured_data(site, nodes),
    )


def html_head_of_list(  # noqa: PLR0913 - a template passes them by name
    site: Site,
    path: str,
    title: str,
    description: str,
    *,
    parents: Sequence[tuple[str, str]] = (),
    newer: Any = None,
    older: Any = None,
) -> HtmlHead:
    """The HTML head of a list.

    `parents`: name and path of each page above it. `newer`, `older`: the pages of the list before
    and after this one; the first page shows the newest articles.
    """
    url = f"{site.url}/{path}"
    steps = [_START_PAGE, *((name, above.lstrip("/")) for name, above in parents), (title, path)]
    return HtmlHead(
        title=title,
        description=description,
        url=url,
        canonical=url,
        newer=f"{site.url}/{newer.url}" if newer else "",
        older=f"{site.url}/{older.url}" if older else "",
        data=_structured_data(site, [_breadcrumbs(site, steps)]),
    )


def _plain(html: str) -> str:
    """HTML as one line of text."""
    return Markup(html).striptags()  # noqa: S704 - it becomes text, and templates escape it


def _dates(content: Any) -> tuple[str, str]:
    """The dates of publication and of the last change; empty for a page without a date."""
    date = getattr(content, "date", None)
    if date is None:
        return "", ""
    modified = getattr(content, "modified", date)
    return date.isoformat(), modified.isoformat()


def _picture(content: Any) -> Picture | None:
    """The picture that `publish.plugins.share_pictures` drew, if any."""
    picture: Picture | None = getattr(content, "share_picture", None)
    return picture


def _language_versions(content: Any, site: Site) -> tuple[LanguageVersion, ...]:
    """All languages of a text, its own included, as hreflang requires; none if there is one."""
    if not content.translations or content.status != "published":
        return ()
    versions = sorted((content, *content.translations), key=lambda version: str(version.lang))
    return tuple(
        LanguageVersion(version.lang, _language_name(version.lang), f"{site.url}/{version.url}")
        for version in versions
    )


@cache
def _language_name(language: str) -> str:
    """The name of a language in that language; its code if CLDR does not know it."""
    try:
        return Locale.parse(language, sep="-").get_display_name() or language
    except (ValueError, UnknownLocaleError):
        return language


@cache
def _direction(language: str) -> Direction:
    """The direction of a language by CLDR; an unknown one is written from left to right."""
    try:
        direction = Locale.parse(language, sep="-").text_direction
    except (ValueError, UnknownLocaleError):
        return "ltr"
    return "rtl" if direction == "rtl" else "ltr"


# Structured data: schema.org types in JSON-LD 1.1, as plain dictionaries, with the properties that
# Google asks for: https://developers.google.com/search/docs/appearance/structured-data
# The theme writes them with Jinja's `tojson`, which escapes `<`, `>`, `&` and `'`, so that a title
# cannot end the script element.


def _structured_data(site: Site, nodes: Iterable[Node]) -> Node:
    """One document with the publisher, the site, and the nodes of one page."""
    return {"@context": "https://schema.org", "@graph": [*_nodes_of_site(site), *nodes]}


def _nodes(content: Any, site: Site, url: str, description: str) -> Iterator[Node]:
    """The nodes of an article or page: the article, its breadcrumbs, its questions."""
    steps = [_START_PAGE]
    if isinstance(content, Article):
        steps.append((content.category.name, content.category.url))
        yield _blog_posting(content, site, url, description)
    if content.url:
        yield _breadcrumbs(site, [*steps, (content.title, content.url)])
    questions = getattr(content, "faq_text", ())
    if questions:
        yield _faq_page(questions)


def _nodes_of_site(site: Site) -> tuple[Node, Node]:
    """The publisher of the site, and the site itself: the same objects for all pages."""
    logo = site.assets.get("favicon.svg", f"{site.url}/favicon.ico")
    return _made_nodes(site.url, site.name, site.tagline, site.language, site.publisher, logo)


@cache
def _made_nodes(  # noqa: PLR0913, PLR0917 - the facts of a site
    url: str, name: str, tagline: str, language: str, publisher: str, logo: str
) -> tuple[Node, Node]:
    reference = {"@type": "Organization", "@id": f"{url}/#publisher", "name": publisher}
    website = {
        "@type": "WebSite",
        "@id": f"{url}/#site",
        "name": name,
        "url": f"{url}/",
        "description": tagline,
        "inLanguage": language,
        "publisher": reference,
    }
    return {**reference, "url": f"{url}/", "logo": logo}, website


def _publisher(site: Site) -> Node:
    """A reference to the publisher."""
    reference: Node = _nodes_of_site(site)[1]["publisher"]
    return reference


def _blog_posting(content: Any, site: Site, url: str, description: str) -> Node:
    """One article; empty properties are left out."""
    published, modified = _dates(content)
    picture = _picture(content)
    images = [getattr(content, "image_address", ""), picture.url if picture else ""]
    authors = [
        {"@type": "Person", "name": author.name, "url": f"{site.url}/{author.url}"}
        for author in getattr(content, "authors", ())
    ]
    optional = {
        "headline": content.title,
        "description": description,
        "datePublished": published,
        "dateModified": modified,
        "inLanguage": content.lang,
        "articleSection": content.category.name,
        "keywords": [tag.name for tag in getattr(content, "tags", ())],
        "image": [image for image in images if image],
    }
    return {
        "@type": "BlogPosting",
        "@id": f"{url}#article",
        "mainEntityOfPage": url,
        "url": url,
        "author": authors or _publisher(site),
        "publisher": _publisher(site),
        "isPartOf": {"@id": f"{site.url}/#site"},
        **{name: value for name, value in optional.items() if value},
    }


def _breadcrumbs(site: Site, steps: Sequence[tuple[str, str]]) -> Node:
    """The path from the start page to this page: name and path of each step."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": f"{site.url}/{path}"}
            for number, (name, path) in enumerate(steps, start=1)
        ],
    }


def _faq_page(questions: Iterable[tuple[str, str]]) -> Node:
    """Questions, each with its answer as plain text."""
    return {
        "@type": "FAQPage",
        "mainEntity": [
            {
                "@type": "Question",
                "name": question,
                "acceptedAnswer": {"@type": "Answer", "text": answer},
            }
            for question, answer in questions
        ],
    }


def register() -> None:
    """Called by Pelican."""
    connect_last(signals.generator_init, add_template_functions)
    connect_last(signals.all_generators_finalized, add_html_heads)
