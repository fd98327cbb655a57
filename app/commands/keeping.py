"""The commands that keep a server going: `premise backup`, `restore` and `doctor`, and how their results are shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.invocation import Json, print_json, say, settings_here

Backups = Annotated[Path, typer.Argument(help="The folder of backups, on another disk or share.")]
Name = Annotated[str | None, typer.Option("--name", help="One of several backups. Default: the newest.")]
Key = Annotated[
    Path | None,
    typer.Option("--identity", help="File with the private key of an encrypted backup. Of GPG: else the keyring's."),
]
Passphrase = Annotated[Path | None, typer.Option("--passphrase-file", help="File with the passphrase of a GPG key.")]


def backup(
    backups: Backups,
    encrypt_to: Annotated[
        list[str] | None,
        typer.Option("--encrypt-to", help="Public key: age1…, ssh-…, gpg:FINGERPRINT, gpg:FILE."),
    ] = None,
    keep: Annotated[int | None, typer.Option(min=1, help="Keep so many of the newest, remove the rest.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write none: restore one on trial, compare, remove it again.")
    ] = False,
    scratch: Annotated[Path | None, typer.Option(help="Where the trial goes. Default: the temporary folder.")] = None,
    name: Name = None,
    identity: Key = None,
    passphrase: Passphrase = None,
    as_json: Json = False,
) -> None:
    """One more backup of the data folder, while everything runs; or the trial of one (--check)."""
    if check:
        from storage.restore import check as try_out

        with _shown() as (progress, seconds):
            key: dict[str, Any] = {"name": name, "identity": identity, "passphrase": passphrase}
            found = try_out(backups, **key, place=scratch, progress=progress)
        _report(asdict(found) | {"seconds": seconds()}, as_json, "Restored on trial and agrees", found.absent)
        return
    from storage.backup import back_up

    with _shown() as (progress, seconds):
        made = back_up(settings_here(), backups, recipients=encrypt_to or (), keep=keep, progress=progress)
    if made.same_disk:
        say(f"{backups} is on the same disk as the data folder: what takes one takes the other. Is yours not mounted?")
    _report(asdict(made) | {"seconds": seconds()}, as_json, "Written and verified", made.absent)


def restore(
    backups: Backups,
    name: Name = None,
    identity: Key = None,
    passphrase: Passphrase = None,
    as_json: Json = False,
) -> None:
    """A backup into an empty data folder; both indexes are made anew, without embedding."""
    from storage.restore import restore as bring_back

    with _shown() as (progress, seconds):
        key: dict[str, Any] = {"name": name, "identity": identity, "passphrase": passphrase}
        found = bring_back(backups, settings_here().data, **key, progress=progress)
    _report(asdict(found) | {"seconds": seconds()}, as_json, "Restored", found.absent)


def doctor(
    egress: Annotated[
        bool, typer.Option("--egress", help="Run everything once, watched, and list what it tries to reach.")
    ] = False,
    files: Annotated[Path | None, typer.Option("--with", help="With --egress: read these files too.")] = None,
    as_json: Json = False,
) -> None:
    """Whether this host has what Premise needs, and what to do where it has not."""
    if egress:
        _watched(files, as_json)
        return
    from app.operations.doctor import State, examine

    checks = list(examine(settings_here()))
    failed = any(check.state is State.FAIL for check in checks)
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            print(f"{check.state:<5} {check.name:<16} {check.sentence}")
            if check.advice:
                print(f"{'':<22} -> {check.advice}")
    if failed:
        raise typer.Exit(1)


def _watched(files: Path | None, as_json: bool) -> None:
    """`premise doctor --egress`."""
    from app.operations.egress import watched_exercise

    say("Running the whole product in a scratch folder, watched; this takes some minutes…")
    found = watched_exercise(files)
    browser = found["browser"]
    if as_json:
        print_json(found)
    else:
        for item in found["attempts"]:
            print(f"TRIED  {item['process']} {item['call']} {item['address']} port {item['port']}")
        what = "no attempt to reach anything" if not found["attempts"] else f"{len(found['attempts'])} attempts"
        print(f"{found['calls_seen']} network calls of every process were seen: {what} outside this host.")
        for asked in browser["elsewhere"]:
            print(f"ASKED  by the browser: {asked}")
        if browser["program"] is None:
            print("No Chromium is installed here, so no browser was on the pages (apt-get install chromium).")
        else:
            print(
                f"{browser['program']} made {browser['requests']} requests on the pages, {len(browser['elsewhere'])} "
                f"of others than Premise; {browser['by_itself']} look-ups and the like are its own, on any page."
            )
        print(f"{found['run']['indexed']} files were read, with pointers elsewhere in each.")
    if found["attempts"] or browser["elsewhere"]:
        raise typer.Exit(1)


@contextmanager
def _shown() -> Iterator[tuple[Callable[[str, int, int], None], Callable[[], float]]]:
    """A progress bar on standard error, and the seconds since the start."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    started = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting")
        yield (
            lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
            lambda: round(time.monotonic() - started, 2),
        )


def _report(result: dict[str, Any], as_json: bool, words: str, absent: tuple[str, ...]) -> None:
    if as_json:
        print_json(result | {"snapshot": str(result["snapshot"])})
    else:
        size = f", {result['copied_bytes'] / 1e6:,.1f} MB new" if "copied_bytes" in result else ""
        print(
            f"{words}: {result['snapshot']}, {result['originals']} originals, {result['files']} other files{size}, "
            f"{result['seconds']} s"
        )
    if absent:
        say(f"Attention: the data folder had no whole copy of {len(absent)} things: {'; '.join(absent[:5])}")
        raise typer.Exit(1)
