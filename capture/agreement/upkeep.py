"""Which terms hold for which lead, how everything can be checked, and the version."""

from capture.agreement.model import Clause, Section, Table
from capture.campaign import Campaign


def terms_section() -> Section:
    """Rules 16 and 17."""
    return Section(
        "Which terms hold",
        (
            Clause(
                "A lead keeps, for its whole life, the boxes, price, window, reasons and caps that "
                "were in force when it was received. Its consent is that of the form that was "
                "shown. A change holds for leads that are received after it."
            ),
            Clause(
                "Client, currency, time zone and price model never change once the campaign has "
                "leads; other ones need a new campaign."
            ),
        ),
    )


def checks_section(campaign: Campaign) -> Section:
    """What both sides can look at and compute again."""
    slug = campaign.slug
    commands = (
        (f"gatepost export {slug} --month YYYY-MM", "the month's billable leads, line by line"),
        (f"gatepost report {slug} --month YYYY-MM", "the month in figures and charts"),
        ("gatepost statement NUMBER", "the bill of a closed month"),
        (f"gatepost leads {slug}", "every lead and where it stands"),
        ("gatepost lead ID", "one lead: its verdict box by box, and all that happened to it"),
        ("gatepost verify", "whether anything on record was changed"),
    )
    return Section(
        "Reports and checks",
        (
            Clause(
                "Every line on a bill names its lead, the moment at which it fell due, the version "
                "of these terms and the boxes that were met. Once its month is closed, a bill is "
                "frozen under its SHA-256; a correction is a document of its own. The same "
                "records, month and time give the same report, byte for byte."
            ),
            Clause(
                "What happens to a lead is appended and never changed. Each entry carries the "
                "SHA-256 of the one before it. Whoever notes the newest hash can prove later that "
                "nothing before it was changed."
            ),
            Clause(
                "These commands show it:", table=Table(("Command", "Shows"), commands, code=True)
            ),
        ),
    )


def version_section(campaign: Campaign) -> Section:
    """What makes two copies of the agreement the same."""
    slug, file = campaign.slug, f"campaigns/{campaign.slug}.toml"
    commands = (
        (f"sha256sum {file}", "the version of a file"),
        (f"gatepost sla {slug} --against FILE", "what differs from another file, in sentences"),
    )
    return Section(
        "The version of these terms",
        (
            Clause(f"These terms are the file {file} in this version:", quote=campaign.version),
            Clause(
                "The version is the SHA-256 of the file's bytes: one character changed gives "
                "another version. Every lead names the version that judged it. To compare:",
                table=Table(("Command", "Shows"), commands, code=True),
            ),
        ),
    )
