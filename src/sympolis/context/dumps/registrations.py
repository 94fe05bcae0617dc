"""The part of a dump with the registrations of other brokers."""

from __future__ import annotations

import msgspec

from sympolis.context.dumps.files import DumpReader, DumpWriter
from sympolis.context.dumps.tenants import folder_of
from sympolis.context.registrations.books import KeptRegistration, RegistrationBooks


class RegistrationsPart:
    """See the module."""

    name = "registrations"

    def __init__(self, books: RegistrationBooks) -> None:
        self._books = books

    async def dump(self, out: DumpWriter) -> None:
        """See ``Part.dump``."""
        tenants = self._books.tenants()
        for tenant in tenants:
            with out.lines(_file(tenant)) as file:
                for one in self._books.registrations(tenant):
                    file.add(msgspec.to_builtins(one))
        out.facts[self.name] = tenants

    async def present(self) -> str:
        """See ``Part.present``."""
        count = sum(len(self._books.registrations(tenant)) for tenant in self._books.tenants())
        return f"{count} registrations" if count else ""

    async def restore(self, dump: DumpReader) -> None:
        """See ``Part.restore``."""
        for tenant in dump.tenants(self.name):
            found = list(dump.records(_file(tenant), KeptRegistration))
            for one in found:
                self._books.keep(tenant, one)
            self._books.note({(tenant, one.id): one.fared for one in found})


def _file(tenant: str) -> str:
    return f"{folder_of(tenant)}/registrations.jsonl.gz"
