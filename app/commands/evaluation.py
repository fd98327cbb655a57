"""`premise eval`: measuring on questions, and comparing two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from app.commands.groups import refuse_new
from app.commands.invocation import Json, names, say, settings_here, show

MEASURE = "run"
ABSENT_SHOWN = 3  # files


class _MeasuresByDefault(TyperGroup):
    """`premise eval FILE` is `premise eval run FILE`."""

    default = MEASURE

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [MEASURE, *args]
        return super().parse_args(ctx, args)


evaluation = typer.Typer(
    cls=_MeasuresByDefault,
    no_args_is_help=True,
    help="Measure on questions: premise eval questions.jsonl --groups a,b (options: premise eval run --help).",
)


@evaluation.command(MEASURE)
def measure(
    questions: Annotated[list[Path], typer.Argument(help="Question sets, one JSON object a line.")],
    groups: Annotated[str, typer.Option(help="Stand for a person of these groups: a,b. Name everyone too.")],
    answers: Annotated[bool, typer.Option("--answers", help="Measure answers too, not only retrieval.")] = False,
    legs: Annotated[bool, typer.Option("--legs", help="Measure meaning alone and words alone too.")] = False,
    details: Annotated[Path | None, typer.Option(help="Write a line per question here.")] = None,
    name: Annotated[str | None, typer.Option("--save", help="Keep the run under this name, to compare.")] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(help="metric=value: exit 1 when it is not reached (for ms_… and refused_answerable: passed)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure on question sets, against what is indexed."""
    from app.evaluation.compare import Threshold, save
    from app.evaluation.evaluate import run, table

    try:
        thresholds = [Threshold.read(text) for text in fail_under or ()]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fail-under") from error
    given = names(groups)
    settings = settings_here()
    refuse_new(settings, given)
    done = run(settings, questions, groups=given, answers=answers, legs=legs, details=details)
    show(done.result, table, as_json)
    if done.absent:
        some = ", ".join(done.absent[:ABSENT_SHOWN]) + (" …" if len(done.absent) > ABSENT_SHOWN else "")
        say(f"Not indexed for who asks, so never found: {len(done.absent)} of the files that questions name ({some}).")
    if name is not None:
        say(f"Kept: {save(settings, done, name, sets=questions, groups=given)}")
    missed = [why for item in thresholds if (why := item.missed(done.result["metrics"]))]
    for why in missed:
        say(f"Not reached: {why}.")
    if missed:
        raise typer.Exit(1)


@evaluation.command("compare")
def compare_runs(
    before: Annotated[str, typer.Argument(help="A run that --save kept: its name or file.")],
    after: Annotated[str, typer.Argument(help="Another.")],
    as_json: Json = False,
) -> None:
    """What got better and what got worse between two kept runs, and which questions flipped."""
    from app.evaluation.compare import compare, in_words, load

    settings = settings_here()
    show(compare(load(settings, before), load(settings, after)), in_words, as_json)
