"""How Pelican makes the site on the desk: addresses from the root, so any host and port will do.

`publishconf.py` builds on this for production. Most names are Pelican's own settings, see
https://docs.getpelican.com/en/latest/settings.html; those under "Ours" are read by
`publish.plugins.theme`.
"""

import os

import publish.plugins

# Ours: what every public page says, on both the site and the lead service.
SITENAME = "The Gatepost Journal"
TAGLINE = "How to buy and sell leads by result, with sums that you can check."
PUBLISHER = "Northgate Leads"
CAPTURE_URL = os.environ.get("GATEPOST_CAPTURE_URL", "").rstrip("/")
NAVIGATION = (
    ("Articles", "/articles/"),
    ("Topics", "/categories/"),
    ("About", "/about/"),
    ("Search", "/search/"),
)
FOOTER = (
    ("Archive", "/archives/"),
    ("Authors", "/authors/"),
    ("Tags", "/tags/"),
    ("Privacy", "/privacy/"),
)
# Ours: rules of writing that shall be "error", "warning" or "off"; docs/writer.md names them all.
# {"active-content": "warning"} lets scripts and forms of other sites into texts.
WRITING_RULES: dict[str, str] = {}
# Ours: ids of headings, `a--b` of "A & B"; "readable" has one hyphen, "ascii" no accents either.
HEADING_IDS = "github"

SITEURL = ""
DEFAULT_LANG = "en"
TIMEZONE = "UTC"
# The same dates on every machine, and files read as UTF-8.
LOCALE = ["C.UTF-8", "en_US.UTF-8"]
DEFAULT_DATE_FORMAT = "%-d %B %Y"

# Reads and renders only what has changed; without this line, Pelican makes everything again.
PELICAN_CLASS = "publish.IncrementalPelican"
PATH = "content"
ARTICLE_PATHS = ["posts"]
PAGE_PATHS = ["pages"]
STATIC_PATHS = ["images"]
# The topic of a post that names none: its folder below posts/, unless this is a year or another
# number, or the folder of one post, as in posts/my-post/index.md.
USE_FOLDER_AS_CATEGORY = False
PATH_METADATA = r"posts/(?P<category>(?!\d+/)[^/]+)/(?!index\.\w+$).*"
DEFAULT_CATEGORY = "General"
# Posts are Markdown: what else Pelican could read would be published unchecked.
READERS = {"asc": None, "htm": None, "html": None, "rst": None}
OUTPUT_PATH = "output/www"
CACHE_PATH = ".cache"  # pictures, HTML, facts for checks: for the next run; safe to delete
DELETE_OUTPUT_DIRECTORY = True  # a post that was taken back must not stay online

ARTICLE_URL = PAGE_URL = "{slug}/"
ARTICLE_SAVE_AS = PAGE_SAVE_AS = "{slug}/index.html"
ARTICLE_LANG_URL = PAGE_LANG_URL = "{lang}/{slug}/"
ARTICLE_LANG_SAVE_AS = PAGE_LANG_SAVE_AS = "{lang}/{slug}/index.html"
CATEGORY_URL, CATEGORY_SAVE_AS = "category/{slug}/", "category/{slug}/index.html"
TAG_URL, TAG_SAVE_AS = "tag/{slug}/", "tag/{slug}/index.html"
AUTHOR_URL, AUTHOR_SAVE_AS = "author/{slug}/", "author/{slug}/index.html"
INDEX_URL, INDEX_SAVE_AS = "articles/", "articles/index.html"
CATEGORIES_URL, CATEGORIES_SAVE_AS = "categories/", "categories/index.html"
TAGS_URL, TAGS_SAVE_AS = "tags/", "tags/index.html"
AUTHORS_URL, AUTHORS_SAVE_AS = "authors/", "authors/index.html"
ARCHIVES_URL, ARCHIVES_SAVE_AS = "archives/", "archives/index.html"
ROBOTS_SAVE_AS = "robots.txt"
SEARCH_SAVE_AS = "search/index.html"
# The home page is content/pages/home.md, shown at the root.
EXTRA_PATH_METADATA = {"pages/home.md": {"save_as": "index.html", "url": "", "template": "home"}}

DIRECT_TEMPLATES = [
    "index",
    "categories",
    "tags",
    "authors",
    "archives",
    "robots",
    "404",
    "search",
]
TEMPLATE_EXTENSIONS = [".html", ".xml", ".txt"]
DEFAULT_PAGINATION = 10
PAGINATED_TEMPLATES = {"index": None, "category": None, "tag": None, "author": None}
PAGINATION_PATTERNS = (
    (1, "{url}", "{save_as}"),
    (2, "{base_name}/{number}/", "{base_name}/{number}/index.html"),
)

SUMMARY_MAX_PARAGRAPHS = 1  # of a post without a summary

FEED_ALL_ATOM = "feed.xml"
FEED_DOMAIN = SITEURL or "http://127.0.0.1:8000"
FEED_MAX_ITEMS = 30
CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None

THEME = "theme"
THEME_STATIC_PATHS: list[str] = []  # publish.plugins.theme publishes them under fingerprinted names
JINJA_ENVIRONMENT = {
    "autoescape": True,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "auto_reload": False,  # each build reads its templates once
}
PLUGINS = list(publish.plugins.PLUGINS)  # append yours: each hears of a build in this order

MARKDOWN = {
    "extensions": ["publish.plugins.prose"],
    "extension_configs": {
        # A style attribute would be refused by the pages' content security policy.
        "markdown.extensions.extra": {"tables": {"use_align_attribute": True}},
        "pymdownx.highlight": {
            "css_class": "highlight",
            "guess_lang": False,
            "linenums_style": "pymdownx-inline",  # a table would be copied with its numbers
        },
        "pymdownx.superfences": {},
        "markdown.extensions.smarty": {"smart_dashes": False, "smart_ellipses": False},
        "markdown.extensions.toc": {"permalink": False},
        "markdown.extensions.sane_lists": {},
        "markdown.extensions.admonition": {},
        "markdown.extensions.meta": {},
    },
    "output_format": "html",
}
