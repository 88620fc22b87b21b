"""`gatepost dispatch`: sends letters and webhooks."""

import logging
import os
import random
import select
import signal
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from capture.cli.context import CommandContext, pass_context
from capture.delivery.compose import compose
from capture.delivery.context import DeliveryContext, DomainsWithoutMail, unchecked
from capture.delivery.current_files import CurrentFiles
from capture.delivery.dispatch import Delivery, Dispatcher
from capture.delivery.mail import MailFolder, MailTransport, Sender
from capture.delivery.mail_domains import DnsServer, MailDomains
from capture.delivery.plan import queue_messages
from capture.delivery.posting import Network
from capture.delivery.smtp import SmtpTransport, parse_smtp_url
from capture.delivery.webhooks import send
from capture.errors import Unavailable
from capture.jobs.store import JobStore
from capture.ledger.messages import MessageState
from capture.ledger.protocol import Ledger
from capture.privacy.retention import erase_old_data

_POLL_SECONDS: Final = 1.0
"""How soon a new event is noticed."""
_SHORTEST_SECONDS: Final = 0.05
_PAUSE_SECONDS: Final = 5.0
"""After the ledger did not answer."""

log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="Send what is due now, then end.")
@click.option("--with-parent", is_flag=True, hidden=True, help="End with the process above.")
@pass_context
def dispatch(context: CommandContext, once: bool, with_parent: bool) -> None:
    """Send letters and webhooks when they are due, until it is stopped.

    `gatepost serve` runs one, unless the setting DISPATCH is off. Several may run.

    \b
    Example:
      gatepost dispatch --once
    """
    stop = _StopRequest(os.getppid() if with_parent else None)
    with context.ledger() as ledger:
        dispatcher = _dispatcher(context, ledger)
        while not stop.is_made:
            seconds = _POLL_SECONDS
            try:
                for delivery in dispatcher.run():
                    click.echo(_line(delivery))
                    if stop.is_made:
                        break
                if once:
                    return
                seconds = _seconds_until(dispatcher.next_due())
            except Unavailable as error:
                if once:
                    raise
                log.error("%s", error)
                seconds = _PAUSE_SECONDS
            stop.wait(seconds)


class _StopRequest:
    """Made by SIGTERM or SIGINT. The message that is being sent is still sent and recorded."""

    def __init__(self, parent: int | None) -> None:
        """`parent` is the id of the process whose end is a request too."""
        self._parent = parent
        self._has_signal = False
        self._reader, writer = os.pipe()
        os.set_blocking(writer, False)
        # A signal writes a byte to the pipe, so it ends `wait` at any time.
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._set)

    def _set(self, *_: object) -> None:
        self._has_signal = True

    @property
    def is_made(self) -> bool:
        """Whether the dispatcher has to end."""
        return self._has_signal or self._parent not in {None, os.getppid()}

    def wait(self, seconds: float) -> None:
        """Waits, but no longer than until the request."""
        if not self.is_made:
            select.select([self._reader], [], [], seconds)


def _dispatcher(context: CommandContext, ledger: Ledger) -> Dispatcher:
    agency = context.agency.party
    sender = Sender(agency.name, context.mail_from, agency.email)
    return Dispatcher(
        context=DeliveryContext(
            ledger=ledger,
            catalogue=CurrentFiles(context.campaigns, context.clients, context.gated),
            link_signer=context.link_signer(context.link_life),
            service_url=context.service_url,
            desk_url=context.desk_url,
            site_url=context.site_url,
            agency=context.agency,
            templates=context.templates,
            gated=context.gated,
            titles=context.titles,
            webhook_key=context.secret("webhook_key"),
            network=Network(allow_loopback=context.webhook_loopback),
            domains_without_mail=_domains_without_mail(context),
        ),
        sender=sender,
        mail=_transport(context, sender),
        queue_messages=queue_messages,
        compose=compose,
        send_webhook=send,
        clock=lambda: datetime.now(UTC),
        random=random.random,
        erase_old_data=lambda now: _erase_old_data(context, ledger, now),
        delete_old_files=JobStore(context.jobs).delete_old,
    )


def _domains_without_mail(context: CommandContext) -> DomainsWithoutMail:
    if not context.checks_mail_domains:
        return unchecked
    server = DnsServer(*context.dns_server) if context.dns_server else None
    # Without a mail server this is a trial, and users may type the example addresses of our docs.
    return MailDomains(server=server, examples_pass=not context.smtp_url).without_mail


def _erase_old_data(context: CommandContext, ledger: Ledger, now: datetime) -> int:
    folder, jobs = context.mail_folder, JobStore(context.jobs)
    return len(erase_old_data(ledger, context.retention, folder, jobs, now).lead_ids)


def _transport(context: CommandContext, sender: Sender) -> MailTransport:
    if context.smtp_url:
        return SmtpTransport(parse_smtp_url(context.smtp_url), sender.address)
    return MailFolder(context.mail_folder, click.echo)


def _seconds_until(due: datetime | None) -> float:
    """How long to sleep: until the next message is due, or until the next look for new events."""
    if due is None:
        return _POLL_SECONDS
    seconds = (due - datetime.now(UTC)) / timedelta(seconds=1)
    return min(max(seconds, _SHORTEST_SECONDS), _POLL_SECONDS)


def _line(delivery: Delivery) -> str:
    """What became of a message, without its recipient."""
    message, state = delivery.message, delivery.state.value
    if delivery.state is MessageState.WAITING and delivery.due_at is not None:
        state = f"tried again at {delivery.due_at:%Y-%m-%d %H:%M:%S} UTC"
    result = f"; {delivery.result}" if delivery.result else ""
    return f"{message.kind} {message.id}: {state}{result}"
