"""Adds the search index and compressed files to a site before it is served, for a release."""

from pathlib import Path

from publish.build.compression import compress
from publish.build.site_folder import SiteFolder
from publish.build.site_search import add_search


def finish_release(site: SiteFolder, cache: Path) -> None:
    """Stages the files that only a release has; those of the last one that are the same are kept.

    Raises `Refused` if Pagefind fails, `OSError` if the disk fails.
    """
    add_search(site, cache / "search")
    compress(site, cache / "compressed")
