"""The catalog's tables, as SQLAlchemy Core. What they mean is said here once; migrations/ brings a database to them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# Facts about the catalog itself: the embedder that made the vectors, the id of this catalog.
facts = Table("facts", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))

# Folders that are kept in step with the catalog. The inbox is one.
sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("root", Text, nullable=False, unique=True),  # absolute path
    Column("readers", Text),  # JSON list: all of it is read by these groups; NULL: folder names are groups
    Column("scanned_at", DateTime),  # end of the last full pass, UTC
    Column("held", Text),  # why deletions wait for a person; NULL: they do not
    Column("confirmed", Boolean, nullable=False, default=False),  # a person confirmed the held deletions
)

# An access label is an interned set of groups. A document carries one; a person's groups give the labels they may read.
labels = Table(
    "labels", metadata, Column("id", Integer, primary_key=True), Column("groups", Text, nullable=False, unique=True)
)

# One row a file of a source, whatever became of it.
documents = Table(
    "documents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source_id", ForeignKey("sources.id"), nullable=False),
    Column("path", Text, nullable=False),  # relative to the source
    Column("label_id", ForeignKey("labels.id")),  # NULL: nobody may read it
    Column("state", String(16), nullable=False),
    Column("code", String(32)),
    Column("reason", Text),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("ctime_ns", BigInteger),  # as the scan saw it: mtime can be set back, and this cannot
    Column("inode", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("retry_at", DateTime),  # UTC; when a failed file is tried again
    Column("revision_id", String(32)),  # the current revision, NULL until first indexed
    Column("title", Text, nullable=False, default=""),
    Column("changed_at", DateTime, nullable=False),
    UniqueConstraint("source_id", "path"),
    Index("documents_state", "state"),
    Index("documents_label", "label_id"),
)

# Documents that came out of another: what archives and mails hold. They are no files of the folder.
members = Table(
    "members",
    metadata,
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("container_id", ForeignKey("documents.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),  # inside the container
    Column("content", String(64), index=True),  # SHA-256 of its original; NULL: it could not be taken out
)

# One exact content of a document. Superseded ones stay for the citations that quote them, without chunks.
revisions = Table(
    "revisions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("document_id", ForeignKey("documents.id"), nullable=False, index=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("suffix", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("author", Text),
    Column("created_at", DateTime),  # of the document, as its metadata says
    Column("modified_at", DateTime),  # likewise, else the file's time
    Column("pages", Integer),
    Column("language", String(8)),  # ISO 639-1, the one most of it is in
    Column("flags", Text, nullable=False, server_default="[]"),  # JSON list, see records.Parsed
    Column("text", LargeBinary, nullable=False),  # zlib of UTF-8
    Column("elements", LargeBinary, nullable=False),  # zlib of storage.elements' JSON
    Column("warnings", Text, nullable=False, default="[]"),
    Column("indexed_at", DateTime, nullable=False),
    Column("superseded_at", DateTime),
    Column("label_id", ForeignKey("labels.id")),  # of a superseded one: who could read it until then
)

# The units of search, of current revisions only.
chunks = Table(
    "chunks",
    metadata,
    Column("id", String(48), primary_key=True),  # "{revision}:{position}"
    Column("revision_id", ForeignKey("revisions.id"), nullable=False),
    Column("document_id", ForeignKey("documents.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("header", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("pages", Text, nullable=False),  # JSON list
    Column("cells", Text),
    Column("tokens", Integer, nullable=False),
    Column("language", String(8)),  # ISO 639-1
    Column("embedded", String(32), nullable=False, index=True),  # hash of what was embedded and by which model
    Column("embedding", LargeBinary, nullable=False),  # float32, little endian, unit length
    Column("terms", LargeBinary),  # see storage/said.py; NULL: written by a version before 0.5.0, not yet made up for
    Column("defines", Text),  # likewise: the abbreviations that it defines, a JSON object; empty: none
    UniqueConstraint("revision_id", "position"),
)

# Vectors of chunks by another model than the one they were indexed with: made beside the index in use, before the
# switch to that model; after it the ones in use, until the switch is confirmed and they move to their chunks.
# Likewise those of chunks of large documents that are not whole yet (see catalog/revisions.py, EARLY).
embeddings = Table(
    "embeddings",
    metadata,
    Column("model", Text, primary_key=True),  # "name revision", as in facts
    Column("embedded", String(32), primary_key=True),  # of the chunks that it is for
    # what `embedded` of those chunks becomes when it moves to them; of a vector that is early, its document
    Column("key", String(32), nullable=False),
    Column("embedding", LargeBinary, nullable=False),
)

# What the two indexes have still to be told. Written in the same commit as the change itself.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("action", String(8), nullable=False),  # put | drop
    Column("revision_id", String(32), nullable=False),
    Column("label_id", Integer, nullable=False),  # of the collection it goes to or leaves
    Column("chunks", Integer, nullable=False),  # how many, so that ids of dropped ones are known
)

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("password", Text, nullable=False),  # argon2id
    Column("groups", Text, nullable=False),  # JSON list, without everyone
    Column("admin", Boolean, nullable=False, default=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", DateTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of the cookie's value
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
)

# By these a person's programs ask in their name.
tokens = Table(
    "tokens",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of what the person has
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", DateTime, nullable=False),
    Column("expires_at", DateTime),  # NULL: until it is revoked
)

# The prompts in force at some time. An answer written by a language model names its version.
prompts = Table(
    "prompts",
    metadata,
    Column("version", String(16), primary_key=True),  # hash of the texts
    Column("texts", Text, nullable=False),  # JSON: file name to text
    Column("first_used_at", DateTime, nullable=False),
)

chats = Table(
    "chats",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("changed_at", DateTime, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("chat_id", ForeignKey("chats.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("role", String(16), nullable=False),  # user | assistant
    Column("content", Text, nullable=False),
    Column("answer", Text),  # JSON of the whole answer, citations included
    Column("rating", Integer),  # 1 or -1
    Column("comment", Text),
    Column("created_at", DateTime, nullable=False),
)

# Who did what, when, and how it ended. Typed events; no texts of questions or documents.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("event", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("seconds", Float),
)
