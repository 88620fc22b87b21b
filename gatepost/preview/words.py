"""What the preview says in the terminal: a line for each build, or a line for each mistake."""

from collections.abc import Iterable

import click

from gatepost.preview.report import Fault, Held, Report


class Words:
    """Says each thing once: what was said of the build before is not news."""

    def __init__(self, address: str) -> None:
        """`address` is the preview's, without a trailing slash."""
        self._address = address
        self._said: frozenset[str] = frozenset()
        self._held: frozenset[Held] = frozenset()

    def ready(self, drafts: str) -> None:
        """Where to look."""
        click.echo(f"Preview on {self._address}/ and drafts on {self._address}{drafts}")
        click.echo("Forms can be tried out: nothing that is sent here is kept. Ctrl-C ends it.")

    def built(self, report: Report, seconds: float) -> None:
        """There is a new site."""
        click.echo(f"Built {report.counted} in {seconds:.1f} s.")
        for held in report.held:
            if held.address and held not in self._held:
                state = f"due on {held.due}" if held.due else "a draft"
                click.echo(f"{held.where}: {state}, on {self._address}{held.address}")
        for warning in report.warnings:
            if warning not in self._said:
                click.echo(f"warning: {warning}", err=True)
        self._held, self._said = frozenset(report.held), frozenset(report.warnings)

    def faulty(self, faults: Iterable[Fault]) -> None:
        """The old site stays."""
        for fault in faults:
            click.echo(str(fault), err=True)
