"""Every clean build of a site writes the same bytes: in each process, by each command."""

from pathlib import Path

import pytest

from tests.publish.rebuilding.build_server import BuildServer
from tests.publish.rebuilding.comparison import (
    LOCAL,
    PRODUCTION,
    Mode,
    build_reference,
    differences,
    output_of,
)
from tests.publish.rebuilding.rebuilds import Servers
from tests.publish.rebuilding.sample_site import NOW, SampleSite


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = SampleSite(tmp_path_factory.mktemp("site") / "project")
    site.create()
    site.texts["posts/kappa/index.md"].body += "[It]({attach}../shared.csv) is attached.\n"
    site.save("posts/kappa/index.md")
    return site.root


@pytest.fixture(scope="module")
def expected(project: Path, builds: Servers) -> dict[str, bytes]:
    """The output of the reference build."""
    built = build_reference(builds.reference, project, project.parent / "reference", NOW)
    assert built.code == 0, built.out
    return output_of(project.parent / "reference")


@pytest.mark.parametrize("seed", ["7", "8"])
def test_processes_with_other_hashes_of_texts_write_the_same(
    project: Path, expected: dict[str, bytes], seed: str
) -> None:
    folder = project.parent / seed
    with BuildServer(seed, is_reference=True) as other:
        build_reference(other, project, folder, NOW)
    assert differences(output_of(folder), expected) == ""


@pytest.mark.parametrize("mode", [LOCAL, PRODUCTION], ids=["local", "production"])
def test_both_commands_write_what_the_reference_build_writes(
    project: Path, builds: Servers, mode: Mode
) -> None:
    reference = project.parent / mode.settings
    assert build_reference(builds.reference, project, reference, NOW, mode).code == 0
    for command in (mode.gatepost, mode.pelican):
        assert builds.ours.run(command, project, NOW, mode.environment).code == 0
        assert differences(output_of(project / "output"), output_of(reference)) == ""


def test_of_two_texts_that_attach_a_file_the_first_by_path_gets_it(
    expected: dict[str, bytes],
) -> None:
    """Delta and gamma link to it, kappa attaches it; gamma comes before kappa."""
    assert "www/posts/shared.csv" in expected
    assert b'href="/posts/shared.csv"' in expected["www/kappa/index.html"]


def test_translations_are_in_the_order_of_their_languages(expected: dict[str, bytes]) -> None:
    sitemap = expected["www/sitemap-articles-1.xml"]
    places = [sitemap.index(f"<loc>{path}/eta/<".encode()) for path in ("", "/de", "/fr")]
    assert places == sorted(places)


def test_pages_whose_files_have_one_name_are_in_the_order_of_their_paths(
    expected: dict[str, bytes],
) -> None:
    sitemap = expected["www/sitemap-pages.xml"]
    paths = ("/guide/", "/guide/start/", "/guide/start/install/")
    places = [sitemap.index(f"<loc>{path}<".encode()) for path in paths]
    assert places == sorted(places)
