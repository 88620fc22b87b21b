"""Templates as Jinja has compiled them, kept between builds in a folder of the cache.

Jinja itself asks only whether the source of a template is the same. But its code also depends on
the options of Jinja, on filters that it applies to constants, and on its version. And code that a
disk has damaged would be run. So each file has a seal: a hash of the code, and of all of these.
"""

from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from jinja2.bccache import Bucket, BytecodeCache

_SEAL_SIZE: Final = 32


class CompiledTemplates(BytecodeCache):
    """Keeps compiled templates. A file with another seal is as good as none."""

    def __init__(self, folder: Path, key: bytes) -> None:
        """`key`: the fingerprint of all that decides the code, besides the source."""
        self._folder = folder
        self._key = key

    def load_bytecode(self, bucket: Bucket) -> None:
        """Called by Jinja: gives the code of a template to the bucket, if it is known."""
        with suppress(OSError):
            data = (self._folder / bucket.key).read_bytes()
            seal, code = data[:_SEAL_SIZE], data[_SEAL_SIZE:]
            if seal == self._seal(code):
                bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Called by Jinja: keeps the code of a template."""
        code = bucket.bytecode_to_string()
        draft = self._folder / f"{bucket.key}.new"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(self._seal(code) + code)
            draft.replace(self._folder / bucket.key)

    def _seal(self, code: bytes) -> bytes:
        return blake2b(code, key=self._key, digest_size=_SEAL_SIZE).digest()
