"""The verbs of the `sympolis` command, gathered from the modules beside this one."""

from __future__ import annotations

import typer

from sympolis import __version__
from sympolis.cli import (
    assess,
    asset,
    atlas,
    audit,
    bench,
    city,
    city_plan,
    dashboard,
    data_model,
    dataset,
    decision,
    ecosystem,
    export,
    federation,
    forecast,
    help_desk,
    learn,
    learned,
    master_data,
    new,
    participation,
    quality,
    recommend,
    review,
    scene,
    serve,
    service,
    source,
    store,
    subject,
    user,
    worklist,
)
from sympolis.cli.output import screen

app = typer.Typer(
    name="sympolis",
    help="A city's own digital twin: real data in, a question asked, an honest answer out.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("demo")(serve.demo)
app.command("serve")(serve.serve)
app.command("broker")(serve.broker)
app.add_typer(city.app, name="city")
app.add_typer(source.app, name="source")
app.add_typer(dataset.app, name="dataset")
app.add_typer(quality.app, name="quality")
app.add_typer(learned.app, name="model")
app.add_typer(data_model.app, name="data-model")
app.add_typer(master_data.app, name="master-data")
app.add_typer(review.app, name="scenario")
app.add_typer(scene.app, name="scene")
app.add_typer(service.app, name="service")
app.add_typer(city_plan.app, name="plan")
app.add_typer(dashboard.app, name="dashboard")
app.add_typer(atlas.app, name="atlas")
app.command("worklist")(worklist.show_worklist)
app.add_typer(new.app, name="new")
app.add_typer(decision.app, name="decision")
app.add_typer(participation.app, name="participation")
app.command("recommend")(recommend.recommend)
app.add_typer(forecast.app, name="forecast")
app.command("export")(export.export)
app.command("restore")(export.restore)
app.add_typer(federation.app, name="federation")
app.add_typer(assess.app, name="assess")
app.add_typer(asset.app, name="asset")
app.add_typer(ecosystem.app, name="ecosystem")
app.add_typer(help_desk.app, name="help-desk")
app.add_typer(learn.app, name="learn")
app.add_typer(store.app, name="store")
app.add_typer(subject.app, name="subject")
app.add_typer(user.app, name="user")
app.add_typer(audit.app, name="audit")
app.command("bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(bench.bench)


@app.command()
def version() -> None:
    """Print the version."""
    screen.print(f"sympolis {__version__}")
