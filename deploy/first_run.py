"""Fills an empty data folder for a first look: sample documents in the inbox, and accounts to sign in with.

Does nothing when the data folder has accounts already. Prints `first` when it did something, for deploy/run.
"""

import os
import shutil
import sys
from pathlib import Path

from storage.accounts import Accounts, new_password
from storage.database import Database
from storage.datafolder import DataFolder
from storage.errors import PremiseError
from storage.settings import load_settings

SAMPLES = Path(__file__).parent / "samples" / "inbox"
PEOPLE = [  # name, groups, admin, what to say of them
    ("admin", ("engineering", "finance", "hr", "sales"), True, "administrator, reads everything"),
    ("hanna", ("hr",), False, "people team: everyone + hr"),
    ("felix", ("finance",), False, "finance: everyone + finance"),
    ("erik", ("engineering",), False, "engineering: everyone + engineering"),
    ("sara", ("sales",), False, "sales: everyone + sales"),
    ("omar", (), False, "reads only what everyone may read"),
]


def main() -> int:
    """Fill the data folder of the settings. Returns the exit status."""
    os.umask(0o077)
    try:
        settings = load_settings()
        folder = DataFolder(settings.data)
        database = Database.open(folder.catalog)
    except PremiseError as error:
        print(error, file=sys.stderr)
        return 1
    accounts = Accounts(database)
    if any(user.admin for user in accounts.all()):
        return 0
    if not settings.inbox_folder.exists():
        coming = settings.inbox_folder.with_name(f".{settings.inbox_folder.name}.new")  # whole or not at all
        shutil.rmtree(coming, ignore_errors=True)
        shutil.copytree(SAMPLES, coming)
        for item in (coming, *coming.rglob("*")):  # modes of ours, not of where they lie
            item.chmod(0o700 if item.is_dir() else 0o600)
        coming.rename(settings.inbox_folder)
    lines = ["Accounts of the sample company. Change the passwords before anybody else can reach the page.", ""]
    passwords = {name: new_password() for name, *_ in PEOPLE}
    lines += [f"  {name:<8} {passwords[name]}   {words}" for name, _, _, words in PEOPLE]
    file = settings.data / "accounts.txt"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as output:
        output.write("\n".join(lines) + "\n")
    # after the file: a stop between the two must not leave accounts whose passwords nobody knows. The administrator
    # comes last, so that a run that was stopped here is taken up again by the next
    for name, groups, admin, _ in reversed(PEOPLE):
        if name not in {user.name for user in accounts.all()}:
            accounts.add(name, passwords[name], groups, admin=admin)
        else:
            accounts.change(name, password=passwords[name])
    database.close()
    print("first")
    return 0


if __name__ == "__main__":
    sys.exit(main())
