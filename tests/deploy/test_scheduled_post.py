"""A scheduled post is published at its time, from the live commit, without a push."""

from datetime import UTC, datetime, timedelta

from gatepost.releases.context import PublishContext
from gatepost.releases.receive import republish
from gatepost.settings import SettingsWithSources
from tests.deploy.server import Server, Writer


def make_context(server: Server, lines: list[str]) -> PublishContext:
    """The context as the timer makes it. Reported lines are added to `lines`."""
    environment = server.environment(var_dir=str(server.folder / "none"))
    return PublishContext.from_settings(
        SettingsWithSources.read(environment, server.folder).settings, server.opt, lines.append
    )


def test_a_scheduled_post_is_announced_at_the_push_and_published_by_the_timer(
    writer: Writer, server: Server
) -> None:
    due = (datetime.now(UTC) + timedelta(days=30)).replace(second=0, microsecond=0)
    writer.post("scheduled", date=f"{due:%Y-%m-%d %H:%M}")
    result = writer.push()
    assert any(
        line.startswith(f"The next post is due on {due:%Y-%m-%d at %H:%M}") for line in result.lines
    )
    live, lines = server.live, []
    assert republish(make_context(server, lines), due - timedelta(minutes=1), if_due=True) is None
    assert server.live == live
    release = republish(make_context(server, lines), due, if_due=True)
    assert release is not None
    assert server.live == release.name != live
