"""Pages that stand by themselves: they ask for nothing, and print well."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def pages(package: str) -> Environment:
    """The templates of a package, which extend `page.html`; every text in them is escaped."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("capture.printing", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
