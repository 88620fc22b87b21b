"""A list to choose one answer from. Its options are written once, not for each form."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

from markupsafe import Markup, escape
from wtforms.widgets import html_params

_NOTHING_CHOSEN: Final = "Choose one"


class OptionList:
    """The options of a list as HTML, made once: value and label of each."""

    def __init__(self, options: Iterable[tuple[str, str]]) -> None:
        self._html = {
            value: (f'<option value="{escape(value)}"', f">{escape(label)}</option>")
            for value, label in (("", _NOTHING_CHOSEN), *options)
        }

    def html(self, chosen: str) -> str:
        """All options, with the chosen one selected."""
        return "".join(
            f"{start} selected{end}" if value == chosen else start + end
            for value, (start, end) in self._html.items()
        )


class _Chooser(Protocol):
    id: str
    name: str
    flags: Any
    options: OptionList

    @property
    def chosen(self) -> str: ...


class SelectOne:
    """Draws a `<select>`; nothing is chosen until the visitor chooses."""

    def __call__(self, field: _Chooser, **attributes: Any) -> Markup:
        attributes.setdefault("id", field.id)
        attributes.setdefault("required", bool(field.flags.required))
        head = html_params(name=field.name, **attributes)
        # Safe: html_params and OptionList escape what they write.
        return Markup(f"<select {head}>{field.options.html(field.chosen)}</select>")  # noqa: S704
