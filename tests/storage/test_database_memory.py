"""Memory that the catalog's connections hold: bounded, however large the catalog grows. In a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, sys, threading
from pathlib import Path
from sqlalchemy import text
from storage.database import Database

def held():
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024

database = Database.open(Path(sys.argv[1]))
together = threading.Barrier(4)

def read():
    with database.read() as connection:
        connection.execute(text("SELECT sum(length(content)) FROM large")).scalar_one()
        together.wait()

with database.write() as connection:
    connection.execute(text("CREATE TABLE large (name TEXT PRIMARY KEY, content BLOB)"))
for thousands in range(1, 9):
    with database.write() as connection:
        rows = [{"name": os.urandom(16).hex(), "content": os.urandom(3000)} for _ in range(1000)]
        connection.execute(text("INSERT INTO large VALUES (:name, :content)"), rows)
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(round(held(), 1), flush=True)
"""


def test_four_connections_hold_no_more_of_a_catalog_that_grows(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "catalog.sqlite")]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=200)
    held = [float(line) for line in told.stdout.split()]
    assert len(held) == 8
    assert held[-1] - held[1] < 16  # MiB; with the cache of 64 MB a connection that there was, it grew by 100
