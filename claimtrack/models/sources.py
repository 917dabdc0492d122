"""Sources and the captures of their bytes."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

from claimtrack.db import (
    Changed,
    Recorded,
    date_column,
    filled,
    held_by,
    id_column,
    metadata,
    one_of,
    precision_checks,
)
from claimtrack.vocab import Precision, SourceKind


class SourceColumns(Recorded, Changed):
    """A document where a claim appeared or that bears on it."""

    id = id_column()
    kind = Column(Text, nullable=False, server_default=SourceKind.ARTICLE.value)
    url: Column[str | None] = Column(Text, comment="normalised; null for calls and filed documents")
    host: Column[str | None] = Column(Text, comment="the URL's host without www")
    source_key: Column[bytes] = Column(
        LargeBinary,
        nullable=False,
        unique=True,
        comment="SHA-256, computed in Python, of the URL or of publisher, title and external id",
    )
    title: Column[str | None] = Column(Text)
    publisher_id: Column[int | None] = Column(BigInteger, ForeignKey("publisher.id"))
    agency_id: Column[int | None] = Column(
        BigInteger, ForeignKey("publisher.id"), comment="the wire that the text was taken from"
    )
    external_id: Column[str | None] = Column(
        Text, comment="the source's number elsewhere: a file number, a call's number"
    )
    published_on = date_column("when it was published; a call: when it took place")
    published_precision: Column[str | None] = Column(Text)
    published_text: Column[str | None] = Column(
        Text, comment="the date as a file had it, where that says more"
    )
    language: Column[str | None] = Column(Text)
    origin: Column[str] = Column(
        Text,
        Computed(
            "COALESCE('p' || COALESCE(agency_id, publisher_id)::text,"
            " 'h' || host, 's' || id::text)",
            persisted=True,
        ),
        nullable=False,
        comment="whose word it is: agency, else publisher, else host, else the source alone;"
        " reach counts these",
    )
    protected = Column(
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the title is a pseudonym; what it is stands in protected_source",
    )
    version = Column(Integer, nullable=False, server_default="1", comment="counts the edits")


source = Table(
    "source",
    metadata,
    SourceColumns,
    comment="documents where claims appeared, or that bear on them",
)


@held_by(source)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("kind", SourceKind),
        one_of("published_precision", Precision),
        *precision_checks("published_on"),
        filled("url", 8000),
        filled("title", 1000),
        filled("external_id", 300),
        filled("published_text", 300),
        CheckConstraint("octet_length(source_key) = 32", name="source_key"),
        CheckConstraint("(url IS NULL) = (host IS NULL)", name="host"),
        CheckConstraint("url IS NOT NULL OR title IS NOT NULL", name="named"),
        CheckConstraint(
            "NOT protected OR num_nonnulls(url, publisher_id, agency_id, external_id) = 0",
            name="protected",
        ),
        Index(None, "publisher_id", postgresql_where=text("publisher_id IS NOT NULL")),
        Index(None, "agency_id", postgresql_where=text("agency_id IS NOT NULL")),
    )


class CaptureColumns(Recorded):
    """The bytes of a source as filed at one moment."""

    id = id_column()
    source_id: Column[int] = Column(BigInteger, ForeignKey("source.id"), nullable=False)
    sha256: Column[bytes] = Column(LargeBinary, nullable=False, comment="of content")
    byte_count = Column(BigInteger, nullable=False)
    file_name: Column[str | None] = Column(Text, comment="the name under which it was filed")
    media_type: Column[str | None] = Column(Text)
    content: Column[bytes | None] = Column(LargeBinary, comment="null once it was redacted")


capture = Table("capture", metadata, CaptureColumns, comment="append-only: the bytes of sources")


@held_by(capture)
def _() -> Sequence[SchemaItem]:
    return (
        CheckConstraint("sha256 = sha256(content)", name="sha256"),
        CheckConstraint("byte_count = octet_length(content)", name="byte_count"),
        UniqueConstraint("source_id", "sha256"),
        Index(None, "sha256"),
    )
