"""What only the finished HTML of a text shows to act in a reader's browser: `{: onclick="..." }`.

The rules of writing look through raw HTML, and the build through what Markdown made of all.
"""

from pathlib import Path
from typing import Any

from publish.links import contents
from publish.problems import report_of
from publish.writing.active_content import active_parts, is_elsewhere
from publish.writing.rules.active import RULE
from publish.writing.writing import WRITING


def check_texts(generator: Any) -> None:
    """Called when all texts are read, before forms are placed in them."""
    for content in contents(generator.context):
        check_html(content, content._content or "", generator.settings)


def check_html(content: Any, html: str, settings: Any) -> None:
    """Reports what acts in a piece of the page and was not told by the rules already."""
    writing = settings[WRITING]
    level = writing.layout.levels[RULE]
    source = Path(content.source_path)
    post = writing.by_path.get(source.absolute())
    told = {part.message for part in post.outline.active} if post else set()
    for part in active_parts(html) if level != "off" else ():
        ours = part.address and not is_elsewhere(part.address, writing.layout.site_url)
        if not ours and part.message not in told:
            told.add(part.message)
            report = report_of(settings)
            (report.problem if level == "error" else report.warn)(source, None, part.message)
