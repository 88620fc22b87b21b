"""A plain copy of another site: 345 pages in deep folders, with their mistakes.

They are made from the examples of CommonMark, two in a page, and the sample exports of Hugo. Some
have misspelt names, and the line breaks, byte order mark and permissions of other systems.
"""

import json
from itertools import cycle
from pathlib import Path
from typing import Final

from tests.publish.test_commonmark import example_file

EXPORTS: Final = Path(__file__).parent / "importers" / "exports"
MISTAKES: Final = (
    "",
    "[up](#exampels)\n\n## Examples",
    "{% form giude %}",
    "# First\n\n### Third",
    "",
    "{{ form guide }}\n\n[x](/examples-1-of-tab/)",
)
_FRONT_MATTER: Final = (
    '---\ntitle: "{title}"\ndate: {date}\n---\n\n',
    "---\ntitle: {title}: more\ndate: {date}\n---\n\n",
    "Tittle: {title}\nDate: {date}\nTags: exampels\n\n",
    "Title: {title}\nDate: {date}\nTags: examples\n\n",
    '---\ntitle: "{title}"\ndate: {date}\nlastmod: {date}\nweight: 3\n---\n\n',
)


def write_plain_copy(content: Path) -> list[Path]:
    """Writes the pages below `content/posts` and returns their files."""
    examples = json.loads(example_file("_test/spec.json").read_text(encoding="utf-8"))
    files = []
    for number, front_matter, mistake in zip(
        range(len(examples) // 2), cycle(_FRONT_MATTER), cycle(MISTAKES), strict=False
    ):
        first, second = examples[2 * number : 2 * number + 2]
        title = f"Examples {number} of {first['section'].lower()}"
        date = f"2026-{1 + number % 9:02}-{10 + number % 9}"
        text = "\n\n".join((first["markdown"], second["markdown"], mistake))
        text = f"{front_matter.format(title=title, date=date)}{text}\n"
        folder = f"{2010 + number % 15}/topic-{number % 7}/part-{number % 3}"
        files.append(content / "posts" / folder / f"examples-{number}.md")
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_bytes(_as_another_system(text, number))
        files[-1].chmod(0o640 if number % 4 == 0 else 0o644)
    for number, path in enumerate(sorted(EXPORTS.rglob("*.md"))):
        files.append(content / "posts/imports" / path.parent.name / f"{number}-{path.name}")
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_bytes(path.read_bytes())
    return files


def _as_another_system(text: str, number: int) -> bytes:
    if number % 3 == 1:
        text = text.replace("\n", "\r\n")
    return text.encode("utf-8-sig" if number % 5 == 2 else "utf-8")
