"""A post with a date to come is published at its time, from what is live, without a push."""

from datetime import UTC, datetime, timedelta

from gatepost.releases.context import Desk
from gatepost.releases.receive import publish_again
from gatepost.settings import Sourced
from tests.deploy.server import Server, Writer


def desk_of(server: Server, said: list[str]) -> Desk:
    """As the timer has it."""
    given = server.environment(var_dir=str(server.folder / "none"))
    return Desk.of(Sourced.read(given, server.folder).settings, server.opt, said.append)


def test_a_post_to_come_is_said_at_the_push_and_published_by_the_timer(
    writer: Writer, server: Server
) -> None:
    soon = (datetime.now(UTC) + timedelta(days=30)).replace(second=0, microsecond=0)
    writer.post("to-come", date=f"{soon:%Y-%m-%d %H:%M}")
    said = writer.push()
    assert any(
        line.startswith(f"The next post is due on {soon:%Y-%m-%d at %H:%M}") for line in said.lines
    )
    live, told = server.live, []
    assert publish_again(desk_of(server, told), soon - timedelta(minutes=1), if_due=True) is None
    assert server.live == live
    made = publish_again(desk_of(server, told), soon, if_due=True)
    assert made is not None
    assert server.live == made.name != live
