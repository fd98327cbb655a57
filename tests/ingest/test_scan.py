"""The walk and the comparison, without a catalog."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.scan import compare, ignored
from storage.catalog import Known, Seen
from storage.failures import Rule
from storage.records import State

NOBODY = 65534
WALK = """
import json, os, sys
from pathlib import Path
from ingest.access import AccessRules
from ingest.scan import walk
root = Path(sys.argv[1])
if os.geteuid() == 0:  # root may look at everything
    os.setgid(NOBODY); os.setuid(NOBODY)
walked = walk(root, AccessRules(root, None), lambda readers: len(readers), without=Path("/nowhere"))
print(json.dumps([[seen.path for seen in walked.files if seen.rule is None], walked.unreadable]))
""".replace("NOBODY", str(NOBODY))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other accounts can reach; pytest's own are for its account alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_folder_or_file_that_cannot_be_looked_at_stops_nobody(open_folder: Path) -> None:
    for path in ("everyone/a.md", "sales/closed/b.md", "sales/unsearchable/c.md", "sales/d.md"):
        (open_folder / path).parent.mkdir(parents=True, exist_ok=True)
        (open_folder / path).write_text("text")
    (open_folder / "sales" / "closed").chmod(0o700 if _root() else 0)
    (open_folder / "sales" / "unsearchable").chmod(0o644)
    done = subprocess.run([sys.executable, "-c", WALK, str(open_folder)], capture_output=True, text=True, check=True)
    files, unreadable = json.loads(done.stdout)
    assert files == ["everyone/a.md", "sales/d.md"]
    assert set(unreadable) == {"sales/closed", "sales/unsearchable/c.md"}
    (open_folder / "sales" / "closed").chmod(0o755)
    (open_folder / "sales" / "unsearchable").chmod(0o755)


def _root() -> bool:
    return subprocess.run(["id", "-u"], capture_output=True, text=True, check=True).stdout.strip() == "0"


SEEN = Seen(path="hr/a.md", label=1, size=10, mtime_ns=5, inode=7)
KNOWN = Known(
    id="d",
    source_id=1,
    path="hr/a.md",
    label=1,
    state=State.INDEXED,
    code=None,
    reason=None,
    size=10,
    mtime_ns=5,
    inode=7,
    attempts=0,
    retry_at=None,
)


def test_what_could_not_be_looked_at_is_not_gone() -> None:
    known = {path: replace(KNOWN, path=path) for path in ("hr/a.md", "hr/x/b.md", "it/c.md")}
    changes = compare((), known, {"hr/x": "closed", "it/c.md": "stale"})
    assert [file.path for file in changes.gone] == ["hr/a.md"]


def test_the_same_file_elsewhere_has_moved() -> None:
    changes = compare((replace(SEEN, path="it/b.md"),), {"hr/a.md": KNOWN}, {})
    assert [(before.path, after.path) for before, after in changes.moved] == [("hr/a.md", "it/b.md")]
    assert (changes.new, changes.gone) == ((), ())


def test_a_changed_size_or_time_is_a_change_and_other_readers_are_not() -> None:
    assert compare((replace(SEEN, size=11),), {"hr/a.md": KNOWN}, {}).changed
    assert compare((replace(SEEN, mtime_ns=6),), {"hr/a.md": KNOWN}, {}).changed
    other = compare((replace(SEEN, label=2),), {"hr/a.md": KNOWN}, {})
    assert other.relabelled
    assert not other.changed
    assert compare((SEEN,), {"hr/a.md": KNOWN}, {}).unchanged == 1
    timed = replace(KNOWN, ctime_ns=5)
    assert compare((replace(SEEN, ctime_ns=6),), {"hr/a.md": timed}, {}).changed  # written, and given its time again
    remounted = replace(SEEN, ctime_ns=5, inode=8)  # some network shares give every file another inode each time
    assert compare((remounted,), {"hr/a.md": timed}, {}).unchanged == 1


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("~$plan.docx", Rule.EDITORS_FILE),
        (".~lock.plan.odt#", Rule.EDITORS_FILE),
        ("a.tmp", Rule.EDITORS_FILE),
        ("c.txt~", Rule.EDITORS_FILE),
        (".plan.md.swp", Rule.EDITORS_FILE),
        ("#plan.md#", Rule.EDITORS_FILE),
        ("b.PART", Rule.DOWNLOAD),
        ("plan.pdf.crdownload", Rule.DOWNLOAD),
        (".hidden", Rule.HIDDEN),
        ("Thumbs.db", Rule.SYSTEM),
        ("access.toml", Rule.ACCESS_RULE),
    ],
)
def test_files_of_editors_and_systems_are_passed_over_by_rule(name: str, rule: Rule) -> None:
    assert ignored(name) is rule


@pytest.mark.parametrize("rule", [Rule.ASKED, Rule.FORGOTTEN])
def test_what_a_person_had_passed_over_stays_so(rule: Rule) -> None:
    before = replace(KNOWN, state=State.IGNORED, code=rule)
    changed = compare((replace(SEEN, size=11, mtime_ns=6),), {"hr/a.md": before}, {})
    assert (changed.changed, changed.unchanged) == ((), 1)
    assert compare((), {"hr/a.md": before}, {}).gone == ()  # away for a while, such as before a backup is restored
    moved = compare((replace(SEEN, path="hr/b.md"),), {"hr/a.md": before}, {})
    assert [file.path for _, file in moved.moved] == ["hr/b.md"]


def test_a_link_in_a_files_place_takes_the_document_out_and_a_file_in_a_links_place_is_read() -> None:
    link = replace(SEEN, rule=Rule.LINK)
    assert compare((link,), {"hr/a.md": KNOWN}, {}).ignored
    before = replace(KNOWN, state=State.IGNORED, code=Rule.LINK)
    assert compare((link,), {"hr/a.md": before}, {}).unchanged == 1
    assert compare((SEEN,), {"hr/a.md": before}, {}).changed


@pytest.mark.parametrize(
    "name", ["plan.docx", "a#b.md", "émile.txt", "报告.pdf", "tmp.md", "🎉.txt", "#1 plan.md", "#"]
)
def test_documents_are_not(name: str) -> None:
    assert ignored(name) is None
