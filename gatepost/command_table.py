"""All commands of `gatepost`: the module of each, which is loaded when it runs, and its summary.

With the summaries here, `gatepost --help` loads none of them.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class LazyCommand(NamedTuple):
    """A command that is not loaded yet."""

    path: str
    """As `package.module:name`."""
    summary: str
    """The first sentence of its help."""


COMMANDS: Final[Mapping[str, LazyCommand]] = {
    "backtest": LazyCommand(
        "capture.cli.backtest:backtest",
        "Judge CAMPAIGN's past leads by a changed file: show changed verdicts and amounts.",
    ),
    "build": LazyCommand("publish.cli:build", "Build the site."),
    "campaigns": LazyCommand(
        "capture.cli.campaigns:campaigns", "List, show, check, pause or resume campaigns."
    ),
    "check": LazyCommand(
        "publish.check_cli:check", "Check posts, pages and campaigns without building the site."
    ),
    "close": LazyCommand(
        "capture.cli.close:close",
        "Close the month of CLIENT: create its numbered statement over all campaigns.",
    ),
    "correct": LazyCommand(
        "capture.cli.correct:correct", "Correct a lead's answers, or mark it as not spam."
    ),
    "credit": LazyCommand(
        "capture.cli.credit:credit", "Issue a credit note on a line of the closed statement NUMBER."
    ),
    "credits": LazyCommand("capture.cli.credit:credits_", "List the credit notes, oldest first."),
    "debit": LazyCommand(
        "capture.cli.debit:debit",
        "Propose a debit note: a higher amount for a line that was billed too low.",
    ),
    "demo": LazyCommand(
        "gatepost.demo:demo",
        "Create a demonstration: a year of leads, reviews, sales, statements and payments.",
    ),
    "dispatch": LazyCommand(
        "capture.cli.dispatch:dispatch",
        "Send letters and webhooks when they are due, until it is stopped.",
    ),
    "evidence": LazyCommand(
        "capture.cli.evidence:evidence",
        "Write the evidence for statement NUMBER to one SQLite file, with its leads only.",
    ),
    "export": LazyCommand(
        "capture.cli.export:export",
        "Write CAMPAIGN's billable leads of a month to a file or the terminal.",
    ),
    "fix": LazyCommand(
        "publish.fix_cli:fix",
        "Fix what `check` is sure of in posts and pages, and show the changes.",
    ),
    "forget": LazyCommand(
        "capture.cli.forget:forget",
        "Erase all personal data of the leads with the address EMAIL, and print a certificate.",
    ),
    "hook": LazyCommand("gatepost.releases.commands:hook", "Handle a push."),
    "import": LazyCommand(
        "publish.import_cli:import_", "Import posts and pages from another system."
    ),
    "jobs": LazyCommand(
        "capture.cli.jobs:jobs",
        "Do the long work that waits: large exports, backtests, closes of several clients.",
    ),
    "journal": LazyCommand(
        "capture.cli.journal:journal",
        "Write the documents issued and the payments received in a month as journal lines.",
    ),
    "kpi": LazyCommand(
        "capture.cli.kpi:kpi",
        "Show the figures of campaigns: leads, rates, costs, return on ad spend.",
    ),
    "lapse": LazyCommand("capture.cli.review:lapse", "List leads that were accepted by silence."),
    "lead": LazyCommand(
        "capture.cli.lead:lead",
        "Show one lead: stage, verdict, answers, downloads, notes and events.",
    ),
    "leads": LazyCommand("capture.cli.leads:leads", "List leads, or import them from a file."),
    "letters": LazyCommand(
        "capture.cli.letters:letters",
        "List the letters that Gatepost sends, or preview one with sample data.",
    ),
    "month-end": LazyCommand(
        "capture.cli.month_end:month_end",
        "Preview a month of all clients, or close it and write its documents.",
    ),
    "new": LazyCommand(
        "publish.new_cli:new", "Create a post, page or campaign with its front matter filled in."
    ),
    "notify": LazyCommand(
        "capture.cli.review:notify", "Write the notice of new qualified leads for the client."
    ),
    "outcome": LazyCommand(
        "capture.cli.outcome:outcome",
        "Record a lead's outcome: an appointment, a sale, revenue or a refund.",
    ),
    "outcomes": LazyCommand(
        "capture.cli.outcomes:outcomes", "Import the outcomes of many leads from a file."
    ),
    "outbox": LazyCommand(
        "capture.cli.outbox:outbox", "List letters and webhooks, send one again, or give one up."
    ),
    "paid": LazyCommand(
        "capture.cli.paid:paid",
        "Record a full or partial payment for the statement or debit note NUMBER.",
    ),
    "payments": LazyCommand(
        "capture.cli.payments:payments", "Import the payments in a bank's file."
    ),
    "publish": LazyCommand(
        "gatepost.releases.commands:publish_again",
        "Build and publish the live commit again, after an upgrade or by a timer.",
    ),
    "quarantine": LazyCommand(
        "capture.cli.quarantine:quarantine",
        "List, show, release or discard leads that are in quarantine because of risk signals.",
    ),
    "rebuild": LazyCommand(
        "capture.cli.rebuild:rebuild",
        "Derive all rows and counts of the ledger again from its events.",
    ),
    "receipt": LazyCommand(
        "capture.cli.receipt:receipt",
        "Print the receipt of one lead's consent: wording, page, time, and what was ticked.",
    ),
    "releases": LazyCommand(
        "gatepost.releases.commands:releases", "List the stored releases, newest first."
    ),
    "report": LazyCommand(
        "capture.cli.report:report",
        "Write CAMPAIGN's monthly report for the client: one HTML page that loads nothing else.",
    ),
    "review": LazyCommand(
        "capture.cli.review:review",
        "Enter the client's acceptance or rejection, withdraw it, or dispute a rejection.",
    ),
    "rollback": LazyCommand(
        "gatepost.releases.commands:rollback", "Go back to the release before the live one."
    ),
    "schema": LazyCommand(
        "gatepost.cli:schema",
        "Print the JSON Schema of a kind of file, for editors that check TOML and YAML.",
    ),
    "serve": LazyCommand(
        "gatepost.cli:serve", "Serve the built site and the lead service, or the desk."
    ),
    "settings": LazyCommand(
        "gatepost.cli:settings", "Show each setting, its value and its source."
    ),
    "sla": LazyCommand(
        "capture.cli.sla:sla",
        "Print CAMPAIGN's agreement in words, or how it differs from another version.",
    ),
    "statement": LazyCommand(
        "capture.cli.statement:statement",
        "Show a closed statement or note, or preview an open month.",
    ),
    "statements": LazyCommand(
        "capture.cli.statements:statements",
        "List the closed statements and their notes, with open amounts and due dates.",
    ),
    "suppress": LazyCommand(
        "capture.cli.suppress:suppress",
        "Add e-mail addresses and company domains from FILE.csv to CLIENT's suppression list.",
    ),
    "test-lead": LazyCommand(
        "capture.cli.test_lead:test_lead", "Open CAMPAIGN's form for a test lead."
    ),
    "tokens": LazyCommand(
        "capture.cli.tokens:tokens", "Create, list and revoke the API tokens of clients."
    ),
    "users": LazyCommand(
        "capture.cli.users:users", "Add, list and deactivate the users of the desk."
    ),
    "verify": LazyCommand(
        "capture.cli.verify:verify",
        "Verify the ledger: event chain, triggers, projections and closed statements.",
    ),
    "webhooks": LazyCommand(
        "capture.cli.webhooks:webhooks", "Add, test, list and remove the webhooks of clients."
    ),
}
