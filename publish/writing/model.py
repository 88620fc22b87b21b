"""What the head of a post or page may hold: the model, and the JSON Schema that editors use.

The model knows kinds of value; how long a title may be is a rule, which a project may set to warn.
"""

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from publish.writing.kinds import (
    Address,
    File,
    Flag,
    Language,
    Line,
    Moment,
    OldAddresses,
    Questions,
    SitePath,
    Slug,
    Slugs,
    Status,
    Token,
    Url,
    Words,
)

LONGEST_TITLE: Final = 60
SHORTEST_SUMMARY: Final = 50
LONGEST_SUMMARY: Final = 160


class PageHead(BaseModel):
    """The head of a page, such as the privacy page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Line = Field(
        description="The headline; search engines show 60 characters.",
        json_schema_extra={"maxLength": LONGEST_TITLE},
    )
    summary: Line | None = Field(
        None,
        description="What the reader gets, for search engines and lists: 50 to 160 characters.",
        json_schema_extra={"minLength": SHORTEST_SUMMARY, "maxLength": LONGEST_SUMMARY},
    )
    slug: Slug | None = Field(
        None, description="The last part of the address; made from the title if absent."
    )
    date: Moment | None = Field(
        None, description="Published on; a date to come holds the page back until then."
    )
    modified: Moment | None = Field(None, description="Last changed on, for readers and feeds.")
    status: Status = Field("published", description="`draft` keeps it off the lists.")
    preview: Token | None = Field(
        None, description="Where a draft is shown: /drafts/<preview>/. `gatepost new` makes it."
    )
    image: SitePath | None = Field(
        None, description="The picture that stands for it, such as /images/funnel.svg."
    )
    image_alt: Line | None = Field(None, description="What one sees on the picture.")
    campaign: Slug | None = Field(None, description="Puts this campaign's form at the end.")
    canonical: Url | None = Field(None, description="Where the text appeared first.")
    noindex: Flag = Field(False, description="Asks search engines to leave it out.")
    aliases: OldAddresses = Field(
        (), description="Earlier slugs, or whole paths such as /2021/03/hello/: they lead here."
    )
    related: Slugs = Field((), description="Slugs of posts to read next.")
    faq: Questions = Field((), description="Questions and answers, the answers in Markdown.")
    # Pelican's own, for those who need them.
    lang: Language | None = Field(None, description="Language, if not the site's.")
    translation: Flag = Field(False, description="A translation of the post of the same slug.")
    template: Line | None = Field(None, description="A template of its own.")
    url: Address | None = Field(None, description="An address of its own, with `save_as`.")
    save_as: File | None = Field(None, description="A file of its own in the site, with `url`.")


class PostHead(PageHead):
    """The head of a post."""

    date: Moment = Field(description="Published on; a date to come holds the post back until then.")
    category: Line | None = Field(None, description="The one topic that it belongs to.")
    tags: Words = Field((), description="What it touches on.")
    author: Words = Field((), description="Who wrote it.")
    authors: Words = Field((), description="Who wrote it, if they are several.")
    series: Line | None = Field(None, description="The series that it is a part of.")


_Model = TypeVar("_Model", bound=PageHead)


def post_schema() -> dict[str, Any]:
    """What the head of a post may hold, as JSON Schema 2020-12."""
    return _schema(PostHead, "Gatepost post")


def page_schema() -> dict[str, Any]:
    """What the head of a page may hold, as JSON Schema 2020-12."""
    return _schema(PageHead, "Gatepost page")


class _ForHeads(GenerateJsonSchema):
    """Without null, which is an empty line here, and without titles that only repeat the key."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def _schema(model: type[PageHead], title: str) -> dict[str, Any]:
    schema = model.model_json_schema(schema_generator=_ForHeads)
    schema["required"] = [*schema["required"], "summary"]
    schema["dependentRequired"] = {"image": ["image_alt"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": title}
