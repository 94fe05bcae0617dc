"""The page on which somebody signs in: a form without any script, in three languages."""

from __future__ import annotations

from html import escape

_WORDS = {
    "it": ("Accedi", "Utente", "Password", "Accedi", "Utente e password non corrispondono."),
    "de": ("Anmelden", "Name", "Passwort", "Anmelden", "Name und Passwort passen nicht zusammen."),
    "en": ("Sign in", "User", "Password", "Sign in", "User and password do not fit."),
}


def sign_in_page(following: str, language: str, *, failed: bool = False) -> bytes:
    """The page; ``following`` is where it leads, as a path of this server."""
    title, user, password, button, wrong = _WORDS[language]
    warning = f'<p role="alert">{wrong}</p>' if failed else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Sympolis</title>'
        '<link rel="icon" href="/icon.svg">'
        f'<link rel="stylesheet" href="/docs/style.css"></head><body><header><h1>{title}</h1></header><main>{warning}'
        '<form method="post" action="/api/identity/login">'
        f'<input type="hidden" name="next" value="{escape(following, quote=True)}">'
        f'<p><label>{user} <input name="user" autocomplete="username" required autofocus maxlength="128"></label></p>'
        f'<p><label>{password} <input name="password" type="password" autocomplete="current-password" required '
        f'maxlength="1024"></label></p><p><button>{button}</button></p></form></main></body></html>'
    ).encode()
