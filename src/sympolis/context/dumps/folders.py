"""The part of a dump with files that are in an open format already: they are copied as they are."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from sympolis.context.dumps.files import DumpReader, DumpWriter


class FolderPart:
    """The files below ``folder``, except those in the sub-folders left out; ``name`` is their folder in the dump.

    ``only``: but these files. ``may_be_there``: they do not count as something that a restore would spoil. ``private``:
    nobody else may read them, neither in the dump nor where they are put back.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        leaving_out: tuple[str, ...] = (),
        only: tuple[str, ...] = (),
        may_be_there: bool = False,
        private: bool = False,
    ) -> None:
        self.name = name
        self._folder = folder
        self._leaving_out = leaving_out
        self._only = only
        self._may_be_there = may_be_there
        self._private = private

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``. A file that goes while this looks is not missed: it was let go of."""
        for path in self._files():
            name = f"{self.name}/{path.relative_to(self._folder).as_posix()}"
            try:
                self._copy(path, out.room_for(name))
            except FileNotFoundError:
                continue
            out.add(name, 1)

    async def present(self) -> str:
        """See ``Part.present``."""
        count = 0 if self._may_be_there else len(self._files())
        return f"{count} files" if count else ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``."""
        for name in dump.names(f"{self.name}/"):
            path = self._folder / name.removeprefix(f"{self.name}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(path.name + ".new")
            self._copy(dump.path(name), fresh)
            fresh.replace(path)

    def _copy(self, source: Path, target: Path) -> None:
        if self._private:
            target.touch(mode=stat.S_IRUSR | stat.S_IWUSR)  # before there is anything in it to read
        shutil.copyfile(source, target)

    def _files(self) -> list[Path]:
        found = (path for path in self._folder.rglob("*") if path.is_file() and path.suffix != ".new")
        return sorted(
            path
            for path in found
            if path.relative_to(self._folder).parts[0] not in self._leaving_out
            and (not self._only or path.name in self._only)
        )
