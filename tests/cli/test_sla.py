"""`gatepost sla` prints the agreement in three formats, or what changed."""

import pytest

from tests.cli.conftest import Project
from tests.samples import CAMPAIGN


def test_the_default_format_is_markdown(project: Project) -> None:
    ran = project.run("sla", "guide")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("# Agreement on leads\n")
    assert "- Company size is at least 101\n" in ran.out
    assert "The agency: **Northgate Leads**" in ran.out


def test_the_agencys_name_comes_from_its_setting(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_AGENCY", "Leads & Sons")
    assert (
        "<strong>Leads &amp; Sons</strong>" in project.run("sla", "guide", "--format", "html").out
    )
    monkeypatch.setenv("GATEPOST_AGENCY", " ")
    assert "GATEPOST_AGENCY=' ' (environment): must not be empty" in project.run("sla", "guide").err


@pytest.mark.parametrize(("shape", "begins"), [("md", b"# "), ("html", b"<!doc"), ("pdf", b"%PDF")])
def test_each_format_is_written_with_the_same_bytes_each_time(
    project: Project, shape: str, begins: bytes
) -> None:
    files = [project.folder / f"{name}.{shape}" for name in "ab"]
    for file in files:
        assert project.run("sla", "guide", "--format", shape, "-o", str(file)).out == ""
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].read_bytes().startswith(begins)


def test_against_prints_what_changed_since_another_version(project: Project) -> None:
    old = project.folder / "old.toml"
    old.write_text(CAMPAIGN)
    assert project.run("sla", "guide", "--against", "old.toml").out == "No term differs.\n"
    (project.folder / "campaigns/guide.toml").write_text(CAMPAIGN.replace("rate = 50", "rate = 60"))
    assert project.run("sla", "guide", "--against", "old.toml").out == (
        "The price was $50.00 per accepted lead and is $60.00.\n"
    )


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (("giude",), 1, "guide"),
        (("guide", "-o", "/nowhere/x"), 1, "name another file with -o"),
        (("guide", "--format", "docx"), 2, "'docx' is not one of"),
        (("guide", "--against", "nowhere.toml"), 2, "does not exist"),
        (("guide", "--against", "broken.toml"), 1, "broken.toml:1: not TOML"),
        (("guide", "--against", "latin.toml"), 1, "latin.toml:1: is not UTF-8"),
        (("guide", "--against", "broken.toml", "--format", "md"), 2, "leave out --format"),
    ],
)
def test_wrong_use_ends_with_code_2_and_refused_work_with_code_1(
    project: Project, args: tuple[str, ...], code: int, line: str
) -> None:
    (project.folder / "broken.toml").write_text("title =\n")
    (project.folder / "latin.toml").write_bytes(b'title = "\xe9"\n')
    ran = project.run("sla", *args)
    assert (ran.code, ran.out) == (code, "")
    assert line in ran.err
    assert len(ran.err.splitlines()) == 1


def test_the_agreements_of_all_campaigns_go_into_a_folder(project: Project) -> None:
    (project.folder / "campaigns/other.toml").write_text(CAMPAIGN)
    ran = project.run("sla", "--all", "--format", "html", "-o", "agreements")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "agreements/guide.html\nagreements/other.html\n"
    alone = project.run("sla", "guide", "--format", "html").out
    assert (project.folder / "agreements/guide.html").read_text() == alone
    assert project.run("sla", "--all", "-o", "agreements").out.startswith("agreements/guide.md\n")


def test_a_campaign_whose_file_cannot_be_written_does_not_stop_the_others(
    project: Project,
) -> None:
    (project.folder / "campaigns/other.toml").write_text(CAMPAIGN)
    (project.folder / "agreements/guide.md").mkdir(parents=True)
    ran = project.run("sla", "--all", "-o", "agreements")
    assert (ran.code, ran.out) == (1, "agreements/other.md\n")
    assert ran.err.startswith("guide: agreements/guide.md: ")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        ((), 2, "name one campaign, or give --all for every campaign"),
        (("guide", "--all"), 2, "name one campaign, or give --all for every campaign"),
        (("--all",), 2, "name a folder with -o"),
        (("--all", "--against", "campaigns/guide.toml", "-o", "x"), 2, "leave out --all"),
        (("guide", "-o", "campaigns"), 2, "campaigns is a folder; name a file with -o"),
        (("--all", "-o", "campaigns/guide.toml"), 1, "name another folder with -o"),
        (("--all", "-o", "no/such"), 1, "name another folder with -o"),
    ],
)
def test_a_wrong_choice_of_campaigns_or_output_is_one_line(
    project: Project, args: tuple[str, ...], code: int, line: str
) -> None:
    ran = project.run("sla", *args)
    assert (ran.code, ran.out) == (code, "")
    assert line in ran.err
    assert len(ran.err.splitlines()) == 1
