"""Makes the site: checks what writers wrote, runs Pelican with our plugins, imports other sites."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`IncrementalPelican`, for Pelican's setting PELICAN_CLASS: a check does not load it.

    Pelican takes a class by a dotted name only from a package of the highest level.
    """
    if name == "IncrementalPelican":
        from publish.build.incremental import IncrementalPelican  # noqa: PLC0415

        return IncrementalPelican
    raise AttributeError(name)
