"""Debian's nginx with deploy/nginx.conf. Only ports and paths are replaced."""

import contextlib
import http.client
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.deploy.server import Server
from tests.needs import needs
from tests.process_groups import end_group
from tests.service import ROOT, Answer, Service, free_port
from tests.waiting import HANG_SECONDS, wait_until

MODULES = Path("/usr/lib/nginx/modules")


class Nginx:
    """nginx, started by `running`. Visitors can have any address of this machine, 127.x.y.z."""

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
        (self.folder / "nginx.conf").write_text(self._main_config())

    def substituted(self, name: str) -> str:
        """A file of deploy/ with the ports and paths of this test."""
        text = (ROOT / "deploy" / name).read_text()
        for original, replacement in self.substitutions.items():
            text = text.replace(original, replacement)
        return text

    def _main_config(self) -> str:
        """A main configuration like Debian's nginx.conf, which includes the site."""
        modules = ""
        if self.has_brotli:
            modules = f"load_module {MODULES}/ngx_http_brotli_static_module.so;\n"
        user = "user www-data;\n" if os.geteuid() == 0 else ""
        temporary_folders = "".join(
            f"    {kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return (
            f"{modules}{user}daemon off;\nworker_processes 2;\npid {self.folder}/pid;\n"
            f"error_log {self.folder}/error.log;\nevents {{}}\nhttp {{\n"
            "    include /etc/nginx/mime.types;\n    default_type application/octet-stream;\n"
            f"    sendfile on;\n{temporary_folders}    include {self.folder}/site.conf;\n}}\n"
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
            end_group(process)

    @staticmethod
    def until(condition: Callable[[], object]) -> None:
        """Waits until the condition is true, such as after a start or a reload."""

        def holds() -> object:
            with contextlib.suppress(OSError):
                return condition()
            return False

        wait_until(holds)

    def workers(self) -> set[str]:
        """The workers' process ids. After a reload the old workers answer until they end."""
        return set(self._children.read_text().split())

    def take_redirects(self) -> subprocess.CompletedProcess[str]:
        """Runs deploy/take-redirects, as root does after each release."""
        script = self.substituted("take-redirects")
        script = re.sub(
            r"^(\s*)(if ! )?nginx", rf"\1\2{' '.join(self.command)}", script, flags=re.M
        )
        return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)

    def get(self, path: str, source: str = "127.0.0.1", **headers: str) -> Answer:
        """A GET request. In a header's name, _ stands for -."""
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
        """One request on its own connection, from the address `source` of this machine."""
        dashed = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=HANG_SECONDS, source_address=(source, 0)
        )
        try:
            connection.request(method, path, body, {"Host": "journal.example", **dashed})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
