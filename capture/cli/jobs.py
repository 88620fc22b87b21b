"""`gatepost jobs`: does the long work that users of the desk have requested."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import click

from capture.cli.context import CommandContext, pass_context
from capture.jobs.run import JobContext, run_jobs
from capture.jobs.store import JobStore
from capture.jobs.works import WORKS

_NICENESS: Final = 10
"""How much lower the priority is than that of the service (`nice`)."""


@click.command()
@pass_context
def jobs(context: CommandContext) -> None:
    """Do the long work that waits: large exports, backtests, closes of several clients.

    The desk starts this command itself, also for work that waited when the machine was restarted.
    At most two pieces of work run at a time.

    \b
    Example:
      gatepost jobs
    """
    with suppress(OSError):  # a sandbox may forbid it
        os.nice(_NICENESS)
    with context.ledger() as ledger:
        job_context = JobContext(
            store=JobStore(context.jobs),
            ledger=ledger,
            agency=context.agency,
            read_files=context.read_files,
            clock=lambda: datetime.now(UTC),
        )
        for job, result in run_jobs(job_context, WORKS):
            end = f"failed: {result.error}" if result.error else "done"
            click.echo(f"{job.request.kind} {job.id}: {end}")
