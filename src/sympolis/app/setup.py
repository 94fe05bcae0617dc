"""How the server is configured, as the self-check of its security reads it; passwords and store addresses stay here."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import urlsplit

from sympolis.assessment.evidence.facts import Setup
from sympolis.settings import Settings


def setup_of(settings: Settings, folder: Path) -> Setup:
    """The configuration; ``folder`` is where the twin keeps everything."""
    return Setup(
        hosts=settings.hosts,
        embedders=settings.embedders,
        issuers=tuple(one.partition("=")[0] for one in settings.oidc),
        proxies=settings.trusted_proxies,
        private_addresses=settings.allow_loopback,
        test_mode=bool(settings.dsp_script),
        debugging=settings.log_level == "debug",
        mail=urlsplit(settings.mail_server).scheme,
        durable=settings.store != "memory",
        folder_mode=stat.S_IMODE(folder.stat().st_mode) if folder.is_dir() else 0,
        most_body_bytes=settings.max_body_mb * 2**20,
        worker_memory_mb=settings.worker_memory_mb,
        core_watts=settings.core_watts,
    )
