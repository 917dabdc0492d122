"""Speakers, their aliases, and publishers."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

from claimtrack.db import (
    Changed,
    Merged,
    Recorded,
    filled,
    held_by,
    id_column,
    merged_together,
    metadata,
    one_of,
)
from claimtrack.vocab import SpeakerKind


class SpeakerColumns(Recorded, Merged, Changed):
    """The person or organisation that made a claim (ClaimReview: claim author)."""

    id = id_column()
    name = Column(Text, nullable=False, comment="the name as the desk writes it")
    kind = Column(Text, nullable=False, server_default=SpeakerKind.UNKNOWN.value)
    description: Column[str | None] = Column(Text, comment="who this is, in a few words")
    merged_into_id: Column[int | None] = Column(
        BigInteger,
        ForeignKey("speaker.id"),
        comment="the speaker that this one was found to be; never a chain",
    )
    protected = Column(
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the name is a pseudonym; who it is stands in protected_source, or nowhere",
    )
    version = Column(Integer, nullable=False, server_default="1", comment="counts the edits")


speaker = Table("speaker", metadata, SpeakerColumns, comment="who made a claim")


@held_by(speaker)
def _() -> Sequence[SchemaItem]:
    return (
        filled("name", 300),
        filled("description", 2000),
        one_of("kind", SpeakerKind),
        *merged_together(),
        Index(None, "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
    )


class SpeakerAliasColumns(Recorded, Changed):
    """A name under which a speaker is found."""

    id = id_column()
    speaker_id: Column[int] = Column(BigInteger, ForeignKey("speaker.id"), nullable=False)
    name = Column(Text, nullable=False, comment="the name as written")
    name_key = Column(
        Text(collation="C"),
        nullable=False,
        comment="computed in Python: without case, accents, honorifics and spacing",
    )
    qualifier: Column[str | None] = Column(
        Text, comment="tells two people of one name apart: 'Ohio senator'"
    )
    qualifier_key = Column(
        Text(collation="C"), nullable=False, server_default="", comment="empty without a qualifier"
    )
    protected = Column(
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="the name moved to protected_source, and leads to nobody any more",
    )


speaker_alias = Table(
    "speaker_alias", metadata, SpeakerAliasColumns, comment="the names that lead to a speaker"
)


@held_by(speaker_alias)
def _() -> Sequence[SchemaItem]:
    return (
        filled("name", 300),
        filled("qualifier", 300),
        CheckConstraint("(qualifier IS NULL) = (qualifier_key = '')", name="qualifier_key"),
        CheckConstraint("NOT protected OR qualifier IS NULL", name="protected"),
        UniqueConstraint("name_key", "qualifier_key"),
        Index(None, "speaker_id"),
    )


class PublisherColumns(Recorded, Changed):
    """Who publishes a source; a wire agency is a publisher too."""

    id = id_column()
    name = Column(Text, nullable=False)
    name_key = Column(Text(collation="C"), nullable=False, unique=True)


publisher = Table("publisher", metadata, PublisherColumns, comment="publishers and wire agencies")


@held_by(publisher)
def _() -> Sequence[SchemaItem]:
    return (filled("name", 300),)
