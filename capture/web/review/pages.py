"""`/r/<token>`: what a contact's link opens: a lead, the list of leads, a meeting or a debit.

GET and HEAD change nothing. In particular, opening a page is no notice (rule 11 of docs/rules.md):
nobody is notified by a program that follows the links in a letter. A POST records one act under
the address that the link was sent to, and answers 303 to the same page. Who decides on a lead knows
it, so a decision notifies, as in the API.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from capture.client_access.client_leads import LeadRemoved
from capture.errors import NotFound
from capture.signed_links import Subject
from capture.web.personal_pages import add_headers, incomplete_link, is_sent_by_another_site
from capture.web.review import debits, leads, meetings
from capture.web.review.access import (
    MAX_NOTE,
    LinkEnded,
    LinkUnknown,
    Refusal,
    Visitor,
    find_visitor,
    typed_note,
)
from capture.web.services import message_page, page_template, services

blueprint = Blueprint("review", __name__, template_folder="templates")
blueprint.after_request(add_headers)
blueprint.register_error_handler(LinkUnknown, incomplete_link)

_LONG_NOTE = f"The note is longer than {MAX_NOTE} characters. Shorten it, and send it again."
_NO_ACTION = "Nothing was recorded. Use one of the buttons."

Context = dict[str, object]
Action = Callable[[Visitor, str, datetime], Refusal | None]

_PAGES: Final[Mapping[Subject, tuple[str, Callable[[Visitor, str, datetime], Context]]]] = {
    Subject.LEAD: ("review/lead.html", leads.lead_context),
    Subject.MEETING: ("review/meeting.html", meetings.context),
    Subject.DEBIT: ("review/debit.html", debits.context),
}
"""The template of each subject, and what fills it."""
_ACTIONS: Final[Mapping[Subject, Mapping[str, Action]]] = {
    Subject.LEAD: leads.ACTIONS,
    Subject.MEETING: meetings.ACTIONS,
    Subject.DEBIT: debits.ACTIONS,
}
"""What the buttons of each page do."""


@blueprint.get("/r/<token>")
def show(token: str) -> ResponseReturnValue:
    """The page of the link's subject, or the list of all leads that wait."""
    now = datetime.now(UTC)
    visitor = find_visitor(token, now)
    if visitor.grant.subject is not Subject.LIST:
        return _page(visitor, visitor.grant.subject, visitor.grant.id, now)
    view = leads.list_view(visitor, now)
    urls = {
        lead.lead_id: url_for("review.show_listed", token=token, lead_id=lead.lead_id)
        for lead in (*view.leads, *view.held_back_leads)
    }
    return page_template("review/waiting.html", view=view, urls=urls, visitor=visitor)


@blueprint.get("/r/<token>/<lead_id>")
def show_listed(token: str, lead_id: str) -> ResponseReturnValue:
    """One lead of the list."""
    now = datetime.now(UTC)
    return _page(_find_list_visitor(token, now), Subject.LEAD, lead_id, now, list_token=token)


@blueprint.post("/r/<token>")
def act(token: str) -> ResponseReturnValue:
    """Does what the button of the page says."""
    now = datetime.now(UTC)
    visitor = find_visitor(token, now)
    if visitor.grant.subject is Subject.LIST:
        raise LinkUnknown
    return _record(visitor, visitor.grant.subject, visitor.grant.id, now)


@blueprint.post("/r/<token>/<lead_id>")
def act_listed(token: str, lead_id: str) -> ResponseReturnValue:
    """The same for one lead of the list."""
    now = datetime.now(UTC)
    return _record(_find_list_visitor(token, now), Subject.LEAD, lead_id, now, list_token=token)


@blueprint.errorhandler(LinkEnded)
def link_ended(error: LinkEnded) -> ResponseReturnValue:
    publisher = services().site.current().publisher
    return message_page("Link ended", f"{error} If you need help, ask {publisher}."), 410


@blueprint.errorhandler(LeadRemoved)
def lead_removed(_: LeadRemoved) -> ResponseReturnValue:
    publisher = services().site.current().publisher
    text = "The agency has removed this lead. It costs nothing, and you need not do anything."
    return message_page("Lead removed", f"{text} If you need help, ask {publisher}."), 410


@blueprint.errorhandler(NotFound)
def subject_gone(_: NotFound) -> ResponseReturnValue:
    return link_ended(
        LinkEnded(
            "What this link led to does not wait for you any more. It may have been judged again."
        )
    )


def _find_list_visitor(token: str, now: datetime) -> Visitor:
    visitor = find_visitor(token, now)
    if visitor.grant.subject is not Subject.LIST:
        raise LinkUnknown
    return visitor


def _record(
    visitor: Visitor, subject: Subject, subject_id: str, now: datetime, *, list_token: str = ""
) -> ResponseReturnValue:
    """Records the act of the form, and leads back to the page."""
    if is_sent_by_another_site():
        text = "Another site sent this form, so nothing was recorded. Open the link in your letter."
        return message_page("Not accepted", text), 403
    action = _ACTIONS[subject].get(request.form.get("action", ""))
    if len(typed_note()) > MAX_NOTE:
        refusal: Refusal | None = Refusal(422, _LONG_NOTE)
    elif action is None:
        refusal = Refusal(422, _NO_ACTION)
    else:
        refusal = action(visitor, subject_id, now)
    if refusal is None:
        return redirect(f"{request.script_root}{request.path}", 303)
    page = _page(visitor, subject, subject_id, now, list_token=list_token, notice=refusal.notice)
    return page, refusal.status


def _page(  # noqa: PLR0913 - who, what and when, and what stands around it
    visitor: Visitor,
    subject: Subject,
    subject_id: str,
    now: datetime,
    *,
    list_token: str = "",
    notice: str = "",
) -> str:
    template, context_of = _PAGES[subject]
    return page_template(
        template,
        visitor=visitor,
        notice=notice,
        typed=request.form,
        max_note=MAX_NOTE,
        list_url=url_for("review.show", token=list_token) if list_token else "",
        **context_of(visitor, subject_id, now),
    )
