"""The model of front matter, and its JSON Schema for editors.

The model checks the types of values. Limits such as the length of a title are rules, whose level a
project may change.
"""

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

from publish.checks.values import (
    Address,
    File,
    Flag,
    Language,
    Line,
    Moment,
    OldAddresses,
    PicturePath,
    Questions,
    Slug,
    Slugs,
    Status,
    Texts,
    Token,
    Url,
)

MAX_TITLE_LENGTH: Final = 60
MIN_SUMMARY_LENGTH: Final = 50
MAX_SUMMARY_LENGTH: Final = 160


class PageFrontMatter(BaseModel):
    """The front matter of a page, such as the privacy page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Line = Field(
        description="The headline; search engines show 60 characters.",
        json_schema_extra={"maxLength": MAX_TITLE_LENGTH},
    )
    summary: Line | None = Field(
        None,
        description="What the reader gets, for search engines and lists: 50 to 160 characters.",
        json_schema_extra={"minLength": MIN_SUMMARY_LENGTH, "maxLength": MAX_SUMMARY_LENGTH},
    )
    slug: Slug | None = Field(
        None, description="The last part of the address; made from the title if absent."
    )
    date: Moment | None = Field(
        None, description="The date of publication; before it the page is not public."
    )
    modified: Moment | None = Field(
        None, description="The date of the last change, for readers and feeds."
    )
    status: Status = Field(
        "published", description="`draft`: not published; `hidden`: on no list; `skip`: ignored."
    )
    preview: Token | None = Field(
        None, description="Where a draft is shown: /drafts/<preview>/. `gatepost new` makes it."
    )
    image: PicturePath | None = Field(
        None, description="The main image: /images/funnel.svg, or funnel.svg beside the text."
    )
    image_alt: Line | None = Field(None, description="The alternative text: what the image shows.")
    campaign: Slug | None = Field(None, description="Puts this campaign's form at the end.")
    canonical: Url | None = Field(None, description="Where the text appeared first.")
    noindex: Flag = Field(False, description="Asks search engines not to list it.")
    aliases: OldAddresses = Field(
        (),
        description="Earlier slugs, or complete old paths such as /2021/03/hello/.",
    )
    related: Slugs = Field((), description="Slugs of posts to read next.")
    faq: Questions = Field((), description="Questions and answers, the answers in Markdown.")
    # Pelican's own keys.
    lang: Language | None = Field(None, description="Language, if not the site's.")
    translation: Flag = Field(
        False, description="Whether it is a translation of the post with the same slug."
    )
    template: Line | None = Field(None, description="The name of its own template.")
    url: Address | None = Field(None, description="Its own address, such as guide/start/.")
    save_as: File | None = Field(
        None, description="Its own file in the site, if `url` does not say it."
    )


class PostFrontMatter(PageFrontMatter):
    """The front matter of a post."""

    date: Moment = Field(description="The date of publication; before it the post is not public.")
    category: Line | None = Field(None, description="The main topic.")
    tags: Texts = Field((), description="Further topics.")
    author: Texts = Field((), description="The author, or several authors.")
    authors: Texts = Field((), description="The authors, if there are several.")
    series: Line | None = Field(None, description="The series that the post belongs to.")


_Model = TypeVar("_Model", bound=PageFrontMatter)


def post_schema() -> dict[str, Any]:
    """The front matter of a post as JSON Schema 2020-12."""
    return _schema(PostFrontMatter, "Gatepost post")


def page_schema() -> dict[str, Any]:
    """The front matter of a page as JSON Schema 2020-12."""
    return _schema(PageFrontMatter, "Gatepost page")


class _FrontMatterJsonSchema(GenerateJsonSchema):
    """Omits null, which front matter cannot contain, and titles that only repeat the key."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") in (None, ()):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def _schema(model: type[PageFrontMatter], title: str) -> dict[str, Any]:
    schema = model.model_json_schema(schema_generator=_FrontMatterJsonSchema)
    schema["dependentRequired"] = {"image": ["image_alt"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": title}
