"""`sympolis help-desk`: search the documentation, ask a person, answer those who asked."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from sympolis import settings
from sympolis.cli.client import connect
from sympolis.cli.options import City, Data
from sympolis.cli.output import NO, Format, FormatOption, draw, reports_errors, screen, show, text

app = typer.Typer(help="Search the documentation; ask a person, and answer.", no_args_is_help=True)

_API = "/api/help"
Question = Annotated[str, typer.Argument(metavar="ID", help="A question's id.")]


def _one(question: str, what: str = "") -> str:
    return f"{_API}/questions/{quote(question, safe='')}{what}"


@app.command("search")
@reports_errors
def search(
    words: Annotated[str, typer.Argument(help="What is looked for; Italian, German or English.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="How many.")] = 5,
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Passages of the documentation that answer; exit code 1 where there are none."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_API}/search?{urlencode({'q': words, 'limit': limit})}")["answers"]
    show(found, form, _draw_answers)
    if not found:
        raise typer.Exit(NO)


def _draw_answers(found: list[dict[str, Any]]) -> None:
    for one in found:
        place = f"docs/{one['page']}.md" if one["page"] else one["address"]
        screen.print(f"{one['title']}: {one['heading']}" if one["heading"] else one["title"], markup=False)
        screen.print(f"  {place}", markup=False, soft_wrap=True)
        screen.print(one["passage"] + "\n", markup=False)


@app.command("ask")
@reports_errors
def ask(
    question: Annotated[str, typer.Argument(help="In your own words.")],
    topic: Annotated[str, typer.Option("--topic", help="Else the city's rules find it.")] = "",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ask a person."""
    body = {"text": question, **({"topic": topic} if topic else {})}
    with connect(settings.read({"city": city, "data": data})) as twin:
        asked = twin.post(f"{_API}/questions", body)
    show(asked, form, _draw_one)


def _draw_one(one: dict[str, Any]) -> None:
    screen.print(f"{one['id']}: {text(one['topic_title'])}, {one['state']}, until {one['due']}", markup=False)
    if one["answer"]:
        screen.print(one["answer"], markup=False)


@app.command("list")
@reports_errors
def list_questions(
    whose: Annotated[str, typer.Option("--whose", help="mine, for-me or waiting.")] = "mine",
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Questions; exit code 1 where one of them is overdue."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(f"{_API}/questions?{urlencode({'whose': whose})}")["questions"]
    show(found, form, _draw_questions)
    if any(one["state"] == "overdue" for one in found):
        raise typer.Exit(NO)


def _draw_questions(found: list[dict[str, Any]]) -> None:
    rows = [[one["id"], one["state"], one["topic"], one["due"], one["text"][:60]] for one in found]
    draw(["id", "state", "topic", "due", "question"], rows)


@app.command("show")
@reports_errors
def show_question(
    question: Question, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """A question with its answer; exit code 1 where there is none yet."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.get(_one(question))
    show(found, form, _draw_one)
    if found["state"] != "answered":
        raise typer.Exit(NO)


@app.command("answer")
@reports_errors
def answer(
    question: Question,
    words: Annotated[str, typer.Argument(metavar="TEXT", help="The answer.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Answer a question, or answer it better."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.call("PUT", _one(question, "/answer"), {"text": words})
    show(found, form, _draw_one)


@app.command("move")
@reports_errors
def move(
    question: Question,
    topic: Annotated[str, typer.Argument(help="A topic's id.")],
    city: City = None,
    data: Data = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Give a question to another topic."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        found = twin.call("PUT", _one(question, "/topic"), {"topic": topic})
    show(found, form, _draw_one)


@app.command("withdraw")
@reports_errors
def withdraw(
    question: Question, city: City = None, data: Data = None, form: FormatOption = Format.TABLE
) -> None:
    """Take your own question back."""
    with connect(settings.read({"city": city, "data": data})) as twin:
        twin.call("DELETE", _one(question))
    show({"withdrawn": question}, form, lambda one: screen.print(f"{one['withdrawn']} is gone"))
