"""What a Ghost export holds beside the texts, and what its posts say that no head here can."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from publish.imports.facts import Note, counted, listed
from publish.imports.ghost_tables import Row, Tables
from publish.imports.text import line

HEAD: Final = ("codeinjection_head", "codeinjection_foot")
_PEOPLE: Final = {"members": "member", "subscribers": "subscriber"}
_ABOUT_PEOPLE: Final = ("members_", "email_recipients", "comment", "donation", "stripe_", "tokens")
_READ: Final = frozenset(
    {"posts", "posts_meta", "posts_tags", "posts_authors", "tags", "users", "settings", *_PEOPLE}
)
_SHOWN_SETTINGS: Final = (
    "title", "description", "logo", "icon", "cover_image", "accent_color", "locale", "lang",
    "timezone", "active_timezone", "facebook", "twitter", "meta_title", "meta_description",
    "og_image", "og_title", "og_description", "twitter_image", "twitter_title",
    "twitter_description",
)  # fmt: skip
_TOLD_APART: Final = frozenset({"navigation", "secondary_navigation", *HEAD})
_EMPTY: Final[tuple[object, ...]] = (None, "", "[]", "{}", "null", 0, False, [], {})
_INNER: Final = frozenset(
    {"id", "uuid", "post_id", "comment_id", "created_at", "created_by", "updated_at", "updated_by",
     "published_by", "author_id", "plaintext", "amp"}
)  # fmt: skip
"""What the database knows its rows by, and what is made of other fields."""
_READ_OF_POST: Final = frozenset(
    {"title", "slug", "type", "page", "status", "visibility", "published_at", "html", "lexical",
     "mobiledoc", "markdown", "custom_excerpt", "meta_description", "feature_image", "image",
     "feature_image_alt", "canonical_url", *HEAD}
)  # fmt: skip
_USUAL: Final[Mapping[str, tuple[object, ...]]] = {
    "email_recipient_filter": ("none", "all"),
    "show_title_and_feature_image": (1, True),
}
_READ_OF_TAG: Final = frozenset({"name", "slug", "visibility", "parent_id"})
_READ_OF_USER: Final = frozenset({"name", "slug"})
_SECRET: Final = frozenset({"password", "email", "ghost_auth_access_token", "ghost_auth_id"})
_WISHES: Final = ("_notification", "_notifications")
_OF_AN_ACCOUNT: Final = frozenset(
    {"status", "visibility", "last_seen", "tour", "roles", "locale", "accessibility"}
)


def not_carried(tables: Tables, where: str) -> Iterator[Note]:
    """Everything in the export that is no text, each kind on one line."""
    for name, word in _PEOPLE.items():
        if number := tables.sizes().get(name):
            told = f"{counted(number, word)}, for they are personal data: none was carried"
            yield Note("members", where, told)
    for name, number in sorted(tables.sizes().items()):
        if name not in _READ:
            personal = ", personal data" if name.startswith(_ABOUT_PEOPLE) else ""
            yield Note("not carried", where, f"{number} of kind {name}{personal}")
    for name in sorted(_READ - _PEOPLE.keys()):
        if broken := tables.sizes().get(name, 0) - len(tables.rows(name)):
            yield Note("not carried", where, f"{broken} of kind {name} that cannot be read")
    for table, key, other in (
        ("posts_tags", "tag_id", "tags"),
        ("posts_authors", "author_id", "users"),
    ):
        if loose := tables.loose(table, key, other):
            yield Note("not carried", where, f"{loose} of kind {table} that lead to nothing")
    yield from _settings(tables, where)
    yield from _tags(tables, where)
    yield from _authors(tables, where)


def unread_fields(row: Row, meta: Row) -> list[str]:
    """The fields of a post that say something and that nothing here reads."""
    said = [
        name
        for name, value in (*row.items(), *meta.items())
        if name not in _INNER | _READ_OF_POST and not _is_usual(name, value)
    ]
    return list(dict.fromkeys(said))


def _is_usual(name: str, value: Any) -> bool:
    if name in _USUAL:
        return value is None or value in _USUAL[name]
    return value in _EMPTY


def _settings(tables: Tables, where: str) -> Iterator[Note]:
    said = {name: value for name, value in tables.settings.items() if value not in _EMPTY}
    for key in ("navigation", "secondary_navigation"):
        if key in said:
            yield Note("menu", where, f"`{key}` was not carried: see NAVIGATION in pelicanconf.py")
    for key in HEAD:
        if key in said:
            yield Note("script", where, f"the site's `{key}` was not carried")
    others = said.keys() - _TOLD_APART
    shown = [name for name in _SHOWN_SETTINGS if name in others]
    if others:
        named = f": {listed(shown)}" if shown else ""
        rest = len(others) - len(shown)
        more = f" and {counted(rest, 'other')}" if shown and rest else ""
        told = f"{counted(len(others), 'setting')} of the site{named}{more}: see pelicanconf.py"
        yield Note("settings", where, told)


def _tags(tables: Tables, where: str) -> Iterator[Note]:
    used = {str(tag.get("id")) for tags in tables.tags.values() for tag in tags}
    idle = []
    for tag in tables.rows("tags"):
        name = line(tag.get("name"))
        if str(tag.get("id")) not in used:
            idle.append(name)
        elif rest := _said(tag, _READ_OF_TAG):
            yield Note("tags", where, f"`{name}` is a word here; not carried: {listed(rest)}")
    if idle:
        yield Note("tags", where, f"{counted(len(idle), 'tag')} of no post: {listed(idle)}")


def _authors(tables: Tables, where: str) -> Iterator[Note]:
    for user in tables.users.values():
        name = line(user.get("name"))
        rest = _said(user, _READ_OF_USER | _SECRET | _OF_AN_ACCOUNT)
        if rest:
            yield Note("authors", where, f"{name} is a name here; not carried: {listed(rest)}")
    if number := sum(bool(user.keys() & _SECRET) for user in tables.users.values()):
        told = f"{counted(number, 'account')} with e-mail address or password: never carried"
        yield Note("authors", where, told)


def _said(row: Row, read: frozenset[str]) -> list[str]:
    return [
        name
        for name, value in row.items()
        if name not in read | _INNER and value not in _EMPTY and not name.endswith(_WISHES)
    ]
