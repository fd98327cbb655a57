"""What tests/test_egress.py watches: the run of `premise doctor --egress`, and besides a bent model's answer on a page.

python tests/egress_job.py SCRATCH FILES
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path += [str(Path(__file__).parent), str(Path(__file__).parent / "web")]

from scripted import Script
from served import Site

from app.operations.exercise import only_loopback, run
from storage.database import Database
from storage.datafolder import DataFolder

scratch, files = Path(sys.argv[1]), Path(sys.argv[2])


def nasty(person: str) -> tuple[str, ...]:
    """The page of a conversation whose answer tries everything."""
    database = Database.open(DataFolder(scratch / "data").catalog)
    site = Site(data=scratch / "data", port=0, database=database, model=Script())
    chat = site.keep_nasty_answer(person)
    database.close()
    return (f"/?chat={chat}",)


os.umask(0o077)
only_loopback()
print(json.dumps(run(scratch, files, nasty)))
