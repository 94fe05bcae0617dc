"""The part of a dump that is one SQLite file, copied at one moment while others use it: SQLite is an open format."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

import apsw

from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.domain.errors import StoreUnavailable
from sympolis.stores.embedded import files


class SqlitePart:
    """The file ``path``; ``name`` is its name in the dump. ``private``: nobody else may read it there."""

    def __init__(self, name: str, path: Path, *, private: bool = False) -> None:
        self.name = name
        self._path = path
        self._private = private

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``. Raises ``StoreUnavailable`` where it cannot be read."""
        if not self._path.exists():
            return
        files.check_library()
        try:
            room = out.room_for(self.name)
            copy(self._path, room)
            if self._private:
                room.chmod(stat.S_IRUSR | stat.S_IWUSR)
        except apsw.Error as problem:
            raise StoreUnavailable(f"cannot be copied: {problem}", where=str(self._path)) from problem
        out.add(self.name, 1)

    async def present(self) -> str:
        """See ``Part.present``."""
        return f"a file {self._path.name}" if self._path.exists() else ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``."""
        if dump.has(self.name):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_name(self._path.name + ".new")
            shutil.copyfile(dump.path(self.name), fresh)
            fresh.replace(self._path)


class SqliteFolderPart:
    """All SQLite files right below ``folder``, as ``SqlitePart`` has one; ``name`` is their folder in the dump."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``. Raises ``StoreUnavailable`` where one cannot be read."""
        for part in self._parts(path.name for path in sorted(self._folder.glob("*.sqlite"))):
            await part.dump(out)

    async def present(self) -> str:
        """See ``Part.present``."""
        count = len(list(self._folder.glob("*.sqlite")))
        return f"{count} files in {self._folder.name}" if count else ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``."""
        for part in self._parts(name.removeprefix(f"{self.name}/") for name in dump.names(f"{self.name}/")):
            await part.restore(dump)

    def _parts(self, names: Iterable[str]) -> list[SqlitePart]:
        return [SqlitePart(f"{self.name}/{name}", self._folder / name, private=True) for name in names]


def copy(source: Path, target: Path) -> None:
    """A copy of a database as it is at one moment, in a single file."""
    reading = files.open_reader(source)
    writing = apsw.Connection(str(target))
    try:
        with writing.backup("main", reading, "main") as backup:
            while not backup.done:
                backup.step(4096)
        files.fetch_all(writing, "PRAGMA journal_mode = DELETE")
    finally:
        writing.close()
        reading.close()
