"""Edits of everything but texts: templates, settings, styles, pictures, campaigns, other files."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.publish.rebuilding.edits import Chance, Edit
from tests.publish.rebuilding.sample_site import DRAWING, SLUGS, SampleSite
from tests.samples import CAMPAIGN

PROJECT_EDITS: Final[dict[str, Edit]] = {}
TEMPLATES: Final = {
    "base.html": "</main>",
    "article.html": '<article class="article"',
    "page.html": '<article class="article"',
    "essay.html": "{% endblock %}",
    "home.html": '<div class="home">',
    "_listing.html": '<div class="split">',
    "_list.html": '<ol class="list">',
    "_reading.html": '<ul class="names">',
    "_meta.html": '<meta property="og:type"',
    "_cta.html": '<aside class="card cta"',
    "_form.html": '<section class="card lead-form"',
    "archives.html": '<div class="split">',
    "tag.html": "{% extends",
    "404.html": '<div class="split">',
    "moved.html": "<body>",
    "sitemap.xml": "<urlset",
    "robots.txt": "User-agent",
}
"""By template: the text before which an edit puts something."""
SETTINGS: Final = (
    "TAGLINE = 'Another line, {number}'",
    "SITENAME = 'Site {number}'",
    "NAVIGATION = (('Articles', '/articles/'), ('Number {number}', '/about/'))",
    "DEFAULT_PAGINATION = {small}",
    "FEED_MAX_ITEMS = {small}",
    "HEADING_IDS = 'readable'",
    "HEADING_IDS = 'github'",
    "DEFAULT_DATE_FORMAT = '%Y-%m-%d, {number}'",
    "TIMEZONE = 'America/New_York'",
    "TIMEZONE = 'UTC'",
    "DEFAULT_CATEGORY = 'Others {number}'",
    "SUMMARY_MAX_PARAGRAPHS = 2",
    "DIRECT_TEMPLATES.remove('archives')",
    "TAG_SAVE_AS = ''",
    "CATEGORY_FEED_ATOM = 'feeds/{{slug}}.atom.xml'",
    "YEAR_ARCHIVE_SAVE_AS = YEAR_ARCHIVE_URL = '{{date:%Y}}/index.html'",
    "AUTHOR = 'Default Author {number}'",
    "UNUSED = {number}",
    "MARKDOWN['extension_configs']['markdown.extensions.smarty'] = {{}}",
    "THEME_TEMPLATES_OVERRIDES = ['overrides']",
    "JINJA_FILTERS = {{'shout': lambda text: text.upper() + '{number}'}}",
    "NEWEST_FIRST_ARCHIVES = False",
    "ARTICLE_ORDER_BY = 'title'",
    "WRITING_RULES = {{'dead-link': 'warning'}}",
    "import words; TAGLINE = words.TAGLINE",
)


def project_edit(change: Edit) -> Edit:
    """Lists an edit under the name of its function."""
    PROJECT_EDITS[change.__name__.strip("_")] = change
    return change


def _insert(site: SampleSite, path: str, anchor: str, text: str) -> None:
    file = site.root / path
    site.write(path, file.read_text("utf-8").replace(anchor, f"{text}{anchor}", 1))


@project_edit
def template_text(site: SampleSite, chance: Chance) -> None:
    name = chance.pick(sorted(TEMPLATES))
    _insert(site, f"theme/templates/{name}", TEMPLATES[name], f"T{site.count()}")


@project_edit
def template_comment(site: SampleSite, chance: Chance) -> None:
    """The pages stay the same."""
    name = chance.pick(sorted(TEMPLATES))
    _insert(site, f"theme/templates/{name}", TEMPLATES[name], f"{{# {site.count()} #}}")


@project_edit
def template_use(site: SampleSite, chance: Chance) -> None:
    """A template uses more than before: lists, settings, the filter of a setting, a partial."""
    name = chance.pick(["article.html", "page.html", "home.html", "404.html", "base.html"])
    used = chance.pick(
        [
            "{% include 'extra.html' ignore missing %}",
            "{% include ['first.html', 'extra.html'] ignore missing %}",
            "{{ articles|map(attribute='title')|join }}",
            "{{ pages|length }} {{ tags|length }} {{ UNUSED }}",
            "{{ drafts|length }} {{ hidden_articles|map(attribute='slug')|join }}",
            "{{ dates[0].content|length }}",
            "{% for other in articles[:2] %}{{ other.neighbours.older.title }}{% endfor %}",
            "{% for name, texts in categories %}{{ name }}{{ texts|length }}{% endfor %}",
            "{{ site.form_pages }} {{ output_file }}",
            "{% if 'shout' is filter %}{{ 'x'|shout }}{% endif %}",
        ]
    )
    site.shows_others = site.shows_others or "|" in used or "{% for" in used
    _insert(site, f"theme/templates/{name}", TEMPLATES[name], used)


@project_edit
def first_templates(site: SampleSite, _chance: Chance) -> None:
    """All templates as they were at first."""
    site.write_templates()
    site.shows_others = False


@project_edit
def partial(site: SampleSite, chance: Chance) -> None:
    """A partial that `template_use` may include: it appears, changes and goes."""
    name = chance.pick(["extra.html", "first.html"])
    file = site.root / "theme/templates" / name
    if file.exists() and chance.number(3) == 0:
        file.unlink()
    else:
        site.write(f"theme/templates/{name}", f"<p>Extra {site.count()}</p>")


@project_edit
def override(site: SampleSite, chance: Chance) -> None:
    """A template that counts once the setting THEME_TEMPLATES_OVERRIDES names its folder."""
    name = chance.pick(["_list.html", "404.html", "essay.html"])
    file = site.root / "overrides" / name
    if file.exists() and chance.number(3) == 0:
        file.unlink()
        return
    original = (site.root / "theme/templates" / name).read_text("utf-8")
    anchor = TEMPLATES[name]
    site.write(f"overrides/{name}", original.replace(anchor, f"O{site.count()}{anchor}", 1))


@project_edit
def setting(site: SampleSite, chance: Chance) -> None:
    line = chance.pick(SETTINGS)
    if "words" in line and not (site.root / "words.py").exists():
        module(site, chance)
    number = site.count()
    site.append("pelicanconf.py", line.format(number=number, small=number % 9 + 2) + "\n")


@project_edit
def setting_removed(site: SampleSite, chance: Chance) -> None:
    lines = site.settings_lines()
    if lines:
        del lines[chance.number(len(lines))]
        site.write("pelicanconf.py", site.settings_base + "".join(lines))


@project_edit
def module(site: SampleSite, _chance: Chance) -> None:
    """A module that the settings may import."""
    site.write("words.py", f"TAGLINE = 'Of a module, {site.count()}'\n")


@project_edit
def style(site: SampleSite, chance: Chance) -> None:
    name = chance.pick(["style.css", "form.js", "touch.js", "favicon.svg"])
    comment = "<!-- {} -->" if name.endswith("svg") else "/* {} */"
    site.append(f"theme/static/{name}", comment.format(site.count()))


@project_edit
def theme_file(site: SampleSite, chance: Chance) -> None:
    file = site.root / "theme/static/new.css"
    if file.exists() and chance.number(2):
        file.unlink()
    else:
        site.write("theme/static/new.css", f"/* {site.count()} */")


@project_edit
def drawing(site: SampleSite, chance: Chance) -> None:
    """Its height is on the pages that show it; a change of a comment is not."""
    name = chance.pick(["bars", "line"])
    height = chance.pick([320, 480, 500 + site.count()])
    drawn = DRAWING.format(height) + chance.pick(["", f"<!-- {site.count()} -->"])
    site.write(f"content/images/{name}.svg", drawn)


@project_edit
def photo(site: SampleSite, chance: Chance) -> None:
    width = chance.pick([24, 24, 24, 36])
    site.write_picture("content/posts/kappa/photo.png", chance.number(3), width)


@project_edit
def file_of_images(site: SampleSite, chance: Chance) -> None:
    """A file in a folder of static files, which no text links to."""
    file = site.root / "content/images/new.svg"
    if file.exists() and chance.number(2):
        file.unlink()
    else:
        site.write("content/images/new.svg", DRAWING.format(100 + site.count()))


@project_edit
def table(site: SampleSite, chance: Chance) -> None:
    """A file that texts link to; it may be deleted, and may have the size and time of before."""
    name = chance.pick(["content/posts/kappa/costs.csv", "content/posts/shared.csv"])
    file = site.root / name
    if file.exists() and chance.number(6) == 0:
        file.unlink()
        return
    status = file.stat() if file.exists() else None
    site.write(name, f"name,cost\nc,{site.count() % 10}\n")
    if status and chance.number(2):
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@project_edit
def gated_file(site: SampleSite, chance: Chance) -> None:
    """A new gated file. The same bytes must not be published, not even from before."""
    source = chance.pick(["content/images/line.svg", "content/posts/shared.csv", "none"])
    same = site.root / source
    text = same.read_bytes() if same.exists() else f"gated {site.count()}".encode()
    site.write(f"content/gated/new{Path(source).suffix or '.csv'}", text)


@project_edit
def campaign_file(site: SampleSite, chance: Chance) -> None:
    file = site.root / "campaigns/guide.toml"
    old = file.read_text("utf-8").splitlines()
    lines = [line for line in old if not line.startswith(("opens", "closes"))]
    number = site.count()
    if chance.number(2):
        lines[0] = f'title = "The guide {number}"'
    day = (site.now + timedelta(days=1)).date()
    dates = chance.pick(["", f"opens = {day}", f"closes = {day}", "closes = 2040-01-01"])
    site.write("campaigns/guide.toml", "\n".join([*lines[:1], dates, *lines[1:]]) + "\n")


@project_edit
def other_campaign(site: SampleSite, chance: Chance) -> None:
    """Another campaign, which no text names."""
    file = site.root / "campaigns/other.toml"
    if file.exists() and chance.number(2):
        file.unlink()
    else:
        site.write("campaigns/other.toml", CAMPAIGN.replace("title", f"# {site.count()}\ntitle", 1))


@project_edit
def client_file(site: SampleSite, _chance: Chance) -> None:
    file = site.root / "clients/acme.toml"
    text = file.read_text("utf-8").partition("\n")[2]
    site.write("clients/acme.toml", f'name = "Acme {site.count()}"\n{text}')


@project_edit
def slugs_of_names(site: SampleSite, chance: Chance) -> None:
    changed = SLUGS.replace("cpp", f"cpp-{site.count()}")
    site.write("content/slugs.yaml", chance.pick([SLUGS, changed, "tags:\n  SEO: search\n"]))


@project_edit
def gone(site: SampleSite, chance: Chance) -> None:
    """A line about an address that vanished, or a comment."""
    site.append("content/gone.txt", chance.pick([f"gone-{site.count()}\n", "# a comment\n"]))


@project_edit
def time(site: SampleSite, chance: Chance) -> None:
    """The clock goes on: scheduled posts and campaigns become due. Or it is set back."""
    site.now += timedelta(hours=chance.pick([1, 20, 48, 48, -20]))


@project_edit
def environment(site: SampleSite, chance: Chance) -> None:
    """A variable that `pelicanconf.py` reads."""
    site.capture_url = chance.pick(["", "https://leads.example", "https://other.example"])
