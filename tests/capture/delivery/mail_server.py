"""A real SMTP server (aiosmtpd) that takes letters, or refuses them, as each address asks for."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.needs import needs


class MailServer:
    """Listens on 127.0.0.1. The local part of a recipient says what happens to it."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        utf8: bool = True,
        password: str = "",
        refuse_sender: bool = False,
    ) -> None:
        self.letters: list[tuple[str, EmailMessage]] = []
        """Recipient and letter, in the order of arrival."""
        self.connections = 0
        self.commands: list[str] = []
        self._tls = tls
        self._refuse_sender = refuse_sender
        self._options: dict[str, Any] = {
            "enable_SMTPUTF8": utf8,
            "hostname": "mail.test",
            "tls_context": starttls,
        }
        if password:
            self._options |= {
                "auth_required": True,
                "auth_require_tls": False,
                "authenticator": lambda *args: AuthResult(
                    success=args[-1] == LoginPassword(b"relay", password.encode()), handled=False
                ),
            }
        self.port = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *error: object) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(self._connect, "127.0.0.1", 0, ssl=self._tls)

    def _connect(self) -> SMTP:
        self.connections += 1
        return SMTP(self, loop=self._loop, **self._options)

    async def _stop(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(BaseException):
                await task

    # Hooks of aiosmtpd.

    async def handle_MAIL(self, _server, _session, envelope, address, options):  # noqa: N802
        if self._refuse_sender:
            return "550 5.7.1 this sender may not send"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        answers = {
            "nobody": f"550 5.1.1 <{address}>: no such user",
            "blocked": "550 5.7.1 blocked by policy",
            "later": "451 4.7.1 greylisted, come back later",
        }
        local = address.partition("@")[0]
        if local == "stall":
            await asyncio.sleep(60)
        if local in answers:
            return answers[local]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        local = envelope.rcpt_tos[0].partition("@")[0]
        if local == "drop":
            server.transport.abort()
            return "451 gone"
        if local == "spam":
            return "554 5.6.0 content refused"
        letter = message_from_bytes(envelope.content, policy=default.clone(raise_on_defect=True))
        assert isinstance(letter, EmailMessage)
        self.letters.append((envelope.rcpt_tos[0], letter))
        return "250 2.0.0 queued"


def certificate(folder: Path, host: str = "localhost") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The TLS contexts of a server with a new certificate, and of a client that trusts it."""
    openssl = needs("openssl")
    key, file = folder / "key.pem", folder / "certificate.pem"
    options = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1000"
        f" -subj /CN={host} -addext subjectAltName=DNS:{host},IP:127.0.0.1"
    )
    command = [openssl, *options.split(), "-keyout", str(key), "-out", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file, key)
    return server, ssl.create_default_context(cafile=str(file))


Serve = Callable[..., MailServer]
