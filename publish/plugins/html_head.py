"""A Pelican plugin that makes the HTML head of each page, as one `HtmlHead` for the theme.

Each article and page gets its head as `head`. A template of a list makes its head by calling
`listing_head`.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal, TypeAlias
from urllib.parse import urljoin

from babel import Locale, UnknownLocaleError
from jinja2.filters import do_truncate
from markupsafe import Markup
from pelican import signals
from pelican.contents import Article

from capture.site import Site
from publish.plugins.links import contents
from publish.plugins.signals import listen

# Structured data: schema.org types in JSON-LD 1.1, as plain dictionaries, with the properties that
# Google asks for: https://developers.google.com/search/docs/appearance/structured-data
# The theme writes them with Jinja's `tojson`, which escapes `<`, `>`, `&` and `'`, so that a title
# cannot end the script element.

Node: TypeAlias = Mapping[str, Any]


def graph(nodes: Iterable[Node]) -> Node:
    """The nodes of one page as one document."""
    return {"@context": "https://schema.org", "@graph": list(nodes)}


def organization(site: Site) -> Node:
    """The publisher of the site."""
    return {
        "@type": "Organization",
        "@id": f"{site.url}/#publisher",
        "name": site.publisher,
        "url": f"{site.url}/",
        "logo": site.assets.get("favicon.svg", f"{site.url}/favicon.ico"),
    }


def website(site: Site) -> Node:
    """The site itself."""
    return {
        "@type": "WebSite",
        "@id": f"{site.url}/#site",
        "name": site.name,
        "url": f"{site.url}/",
        "description": site.tagline,
        "inLanguage": site.language,
        "publisher": _publisher(site),
    }


def posting(site: Site, *, url: str, authors: Sequence[tuple[str, str]], **facts: Any) -> Node:
    """One article. `authors`: name and address of each. `facts`: more properties; empty ones are
    left out."""
    return {
        "@type": "BlogPosting",
        "@id": f"{url}#article",
        "mainEntityOfPage": url,
        "url": url,
        "author": [{"@type": "Person", "name": name, "url": page} for name, page in authors]
        or _publisher(site),
        "publisher": _publisher(site),
        "isPartOf": {"@id": f"{site.url}/#site"},
        **{name: value for name, value in facts.items() if value},
    }


def breadcrumbs(trail: Sequence[tuple[str, str]]) -> Node:
    """The path from the start page to this page: name and full address of each step."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": url}
            for place, (name, url) in enumerate(trail, start=1)
        ],
    }


def faq_page(questions: Iterable[tuple[str, str]]) -> Node:
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


def _publisher(site: Site) -> Node:
    return {"@type": "Organization", "@id": f"{site.url}/#publisher", "name": site.publisher}


MAX_DESCRIPTION_LENGTH = 300
Direction = Literal["ltr", "rtl"]


@dataclass(frozen=True)
class Picture:
    """The picture of a link preview; `url` is a full address, the size is in pixels."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Edition:
    """A text in one language: the language's code and own name, and a full address."""

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
    languages: tuple[Edition, ...] = ()
    newer: str = ""
    older: str = ""
    data: Node | None = None


def html_head_of_list(  # noqa: PLR0913 - a template passes them by name
    site: Site,
    path: str,
    title: str,
    description: str,
    *,
    trail: Sequence[tuple[str, str]] = (),
    newer: Any = None,
    older: Any = None,
) -> HtmlHead:
    """The head of a list. `trail`: name and path of the pages above it. `newer`, `older`: the
    pages of the list before and after this one, which begins with the newest article."""
    url = f"{site.url}/{path}"
    way = [("Start", ""), *((name, above.lstrip("/")) for name, above in trail), (title, path)]
    return HtmlHead(
        title=title,
        description=description,
        url=url,
        canonical=url,
        newer=f"{site.url}/{newer.url}" if newer else "",
        older=f"{site.url}/{older.url}" if older else "",
        data=_graph(site, [_breadcrumbs(site, way)]),
    )


def add_html_heads(generators: Any) -> None:
    """Makes the heads of all articles and pages, before a template renders them."""
    context, environment = generators[0].context, generators[0].env
    shorten = partial(do_truncate, environment, length=MAX_DESCRIPTION_LENGTH)
    for content in contents(context):
        description = shorten(plain(content.summary))
        content.head = html_head_of_content(content, context["site"], description)


def plain(html: str) -> str:
    """HTML as one line of text."""
    return Markup(html).striptags()  # noqa: S704 - it becomes text, and is escaped where it is shown


def html_head_of_content(content: Any, site: Site, description: str) -> HtmlHead:
    """The head of one article or page."""
    url = f"{site.url}/{content.url}"
    is_article = isinstance(content, Article)
    noindex = content.status != "published" or bool(getattr(content, "noindex", False))
    published, modified = _dates(content)
    return HtmlHead(
        title=content.title,
        description=description,
        url=url,
        canonical=urljoin(url, getattr(content, "canonical", "") or url),
        is_article=is_article,
        noindex=noindex,
        picture=_picture(content),
        published=published,
        modified=modified,
        section=content.category.name if is_article else "",
        tags=tuple(tag.name for tag in getattr(content, "tags", ())),
        direction=direction(content.lang),
        languages=_editions(content, site),
        data=None if noindex else _graph(site, _nodes(content, site, url, description)),
    )


def _editions(content: Any, site: Site) -> tuple[Edition, ...]:
    """All languages of a text, its own included, as hreflang requires; none if there is one."""
    if not content.translations or content.status != "published":
        return ()
    every = sorted((content, *content.translations), key=lambda one: str(one.lang))
    return tuple(Edition(one.lang, _name(one.lang), f"{site.url}/{one.url}") for one in every)


@cache
def _name(language: str) -> str:
    try:
        return Locale.parse(language, sep="-").get_display_name() or language
    except (ValueError, UnknownLocaleError):
        return language


@cache
def direction(language: str) -> Direction:
    """The direction of a language by CLDR; an unknown one is written from left to right."""
    try:
        found = Locale.parse(language, sep="-").text_direction
    except (ValueError, UnknownLocaleError):
        return "ltr"
    return "rtl" if found == "rtl" else "ltr"


def _dates(content: Any) -> tuple[str, str]:
    date = getattr(content, "date", None)
    if date is None:
        return "", ""
    modified = getattr(content, "modified", date)
    return date.isoformat(), modified.isoformat()


def _picture(content: Any) -> Picture | None:
    """The picture that `publish.plugins.share_pictures` drew, if any."""
    picture: Picture | None = getattr(content, "share_picture", None)
    return picture


def _nodes(content: Any, site: Site, url: str, description: str) -> Iterator[Node]:
    way = [("Start", "")]
    if isinstance(content, Article):
        way.append((content.category.name, content.category.url))
        yield _posting(content, site, url, description)
    if content.url:
        yield _breadcrumbs(site, [*way, (content.title, content.url)])
    questions = getattr(content, "faq_text", ())
    if questions:
        yield faq_page(questions)


def _posting(content: Any, site: Site, url: str, description: str) -> Node:
    published, modified = _dates(content)
    picture = _picture(content)
    images = [getattr(content, "image_address", ""), picture.url if picture else ""]
    return posting(
        site,
        url=url,
        authors=[(who.name, f"{site.url}/{who.url}") for who in getattr(content, "authors", ())],
        headline=content.title,
        description=description,
        datePublished=published,
        dateModified=modified,
        inLanguage=content.lang,
        articleSection=content.category.name,
        keywords=[tag.name for tag in getattr(content, "tags", ())],
        image=[image for image in images if image],
    )


def _breadcrumbs(site: Site, way: Sequence[tuple[str, str]]) -> Node:
    return breadcrumbs([(name, f"{site.url}/{path}") for name, path in way])


def _graph(site: Site, nodes: Iterator[Node] | Sequence[Node]) -> Node:
    return graph([organization(site), website(site), *nodes])


def add_template_filters(generator: Any) -> None:
    """Lets the theme's templates make the heads of lists."""
    names: MutableMapping[str, Any] = generator.env.globals
    names["listing_head"] = html_head_of_list


def register() -> None:
    """Called by Pelican."""
    listen(signals.generator_init, add_template_filters)
    listen(signals.all_generators_finalized, add_html_heads)
