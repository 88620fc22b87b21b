"""Debian's nginx with deploy/nginx.conf itself: only what must differ on a machine is put in."""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.deploy.server import Server
from tests.needs import needs
from tests.service import ROOT, Answer, Service, free_port

MODULES = Path("/usr/lib/nginx/modules")


class Nginx:
    """Started by `running`. Visitors come from any of this machine's addresses, 127.x.y.z."""

    def __init__(self, server: Server, service: Service) -> None:
        self.port = free_port()
        self.folder = server.folder / "nginx"
        self._program = needs("nginx", "nginx-light")
        (self.folder / "conf.d").mkdir(parents=True)
        self.map = self.folder / "redirects.map"
        self.map.touch()
        self.substitutions = {
            "listen [::]:80;\n": "",
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "127.0.0.1:8000": f"127.0.0.1:{service.port}",
            "/srv/gatepost/": f"{server.site}/",
            "/etc/nginx/gatepost-redirects.map": str(self.map),
            "/etc/nginx/gatepost.d": str(self.folder / "conf.d"),
            "/var/log/nginx": str(self.folder),
        }
        self.has_brotli = (MODULES / "ngx_http_brotli_static_module.so").exists()
        if self.has_brotli:
            (self.folder / "conf.d/brotli.conf").write_bytes(
                (ROOT / "deploy/brotli.conf").read_bytes()
            )
        (self.folder / "site.conf").write_text(self.substituted("nginx.conf"))
        (self.folder / "nginx.conf").write_text(self._around())

    def substituted(self, name: str) -> str:
        """A file of deploy/ with the places of this test in it."""
        text = (ROOT / "deploy" / name).read_text()
        for ours, here in self.substitutions.items():
            text = text.replace(ours, here)
        return text

    def _around(self) -> str:
        """What Debian's own nginx.conf puts around a site."""
        loads = ""
        if self.has_brotli:
            loads = f"load_module {MODULES}/ngx_http_brotli_static_module.so;\n"
        user = "user www-data;\n" if os.geteuid() == 0 else ""
        places = "".join(
            f"    {kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return (
            f"{loads}{user}daemon off;\nworker_processes 2;\npid {self.folder}/pid;\n"
            f"error_log {self.folder}/error.log;\nevents {{}}\nhttp {{\n"
            "    include /etc/nginx/mime.types;\n    default_type application/octet-stream;\n"
            f"    sendfile on;\n{places}    include {self.folder}/site.conf;\n}}\n"
        )

    @property
    def command(self) -> list[str]:
        return [self._program, "-e", f"{self.folder}/error.log", "-c", f"{self.folder}/nginx.conf"]

    @contextlib.contextmanager
    def running(self) -> Iterator["Nginx"]:
        process = subprocess.Popen(self.command, start_new_session=True)
        self._children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        try:
            self.until(lambda: self.get("/").status)
            yield self
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)

    @staticmethod
    def until(holds: Callable[[], object]) -> None:
        """Waits for what nginx does in its own time: to start, to read its files again."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if holds():
                    return
            time.sleep(0.02)
        raise TimeoutError("nginx did not get there")

    def workers(self) -> set[str]:
        """Their process ids. After a reload the old ones go on answering until they are gone."""
        return set(self._children.read_text().split())

    def take_redirects(self) -> subprocess.CompletedProcess[str]:
        """deploy/take-redirects, as root runs it when a release is swapped in."""
        script = self.substituted("take-redirects")
        script = re.sub(
            r"^(\s*)(if ! )?nginx", rf"\1\2{' '.join(self.command)}", script, flags=re.M
        )
        return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)

    def get(self, path: str, source: str = "127.0.0.1", **headers: str) -> Answer:
        """Headers by their names, with _ for -."""
        return self.ask("GET", path, source=source, headers=headers)

    def ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        *,
        source: str = "127.0.0.1",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own, from an address of this machine."""
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=40, source_address=(source, 0)
        )
        try:
            connection.request(method, path, body, {"Host": "journal.example", **named})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
