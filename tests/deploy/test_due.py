"""A post with a date to come is published at its time, from what is live, without a push."""

from datetime import UTC, datetime, timedelta

from gatepost.releases.context import PublishContext
from gatepost.releases.receive import republish
from gatepost.settings import SettingsWithSources
from tests.deploy.server import Server, Writer


def desk_of(server: Server, parts: list[str]) -> PublishContext:
    """As the timer has it."""
    value = server.environment(var_dir=str(server.folder / "none"))
    return PublishContext.from_settings(
        SettingsWithSources.read(value, server.folder).settings, server.opt, parts.append
    )


def test_a_post_to_come_is_said_at_the_push_and_published_by_the_timer(
    writer: Writer, server: Server
) -> None:
    soon = (datetime.now(UTC) + timedelta(days=30)).replace(second=0, microsecond=0)
    writer.post("to-come", date=f"{soon:%Y-%m-%d %H:%M}")
    text = writer.push()
    assert any(
        line.startswith(f"The next post is due on {soon:%Y-%m-%d at %H:%M}") for line in text.lines
    )
    live, messages = server.live, []
    assert republish(desk_of(server, messages), soon - timedelta(minutes=1), if_due=True) is None
    assert server.live == live
    created = republish(desk_of(server, messages), soon, if_due=True)
    assert created is not None
    assert server.live == created.name != live
