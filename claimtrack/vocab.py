"""The vocabulary: every word that a column with a CHECK may hold. Pure; imports nothing of ours.

Values are spelled with underscores, as in the database and in JSON; the command line takes and
shows both spellings (``in-review`` and ``in_review``).
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a claim stands in the work."""

    UNVERIFIED = "unverified"
    IN_REVIEW = "in_review"
    AWAITING_APPROVAL = "awaiting_approval"
    CHECKED = "checked"
    SET_ASIDE = "set_aside"


class Verdict(StrEnum):
    """The conclusion of a review. A claim has one exactly when it is ``checked``."""

    TRUE = "true"
    MOSTLY_TRUE = "mostly_true"
    MIXED = "mixed"
    MISSING_CONTEXT = "missing_context"
    MISLEADING = "misleading"
    MOSTLY_FALSE = "mostly_false"
    FALSE = "false"
    OUTDATED = "outdated"
    ALTERED = "altered"
    MISCAPTIONED = "miscaptioned"
    UNPROVEN = "unproven"
    UNVERIFIABLE = "unverifiable"


#: Verdicts that can be reached without evidence: "not enough yet" and "it cannot be known".
VERDICTS_WITHOUT_EVIDENCE = frozenset({Verdict.UNPROVEN, Verdict.UNVERIFIABLE})

#: Verdicts that say that it is not so: who says it again repeats what was found false. What was
#: right once, or is right in part, is not among them.
FOUND_FALSE = (
    Verdict.MOSTLY_FALSE,
    Verdict.FALSE,
    Verdict.MISLEADING,
    Verdict.ALTERED,
    Verdict.MISCAPTIONED,
)


class Kind(StrEnum):
    """What sort of proposition a claim is."""

    FACT = "fact"
    FIGURE = "figure"
    PREDICTION = "prediction"
    PROMISE = "promise"
    OPINION = "opinion"
    MEDIA = "media"


#: Kinds that checking can conclude today; the others are counted apart in reports.
CHECKABLE_KINDS = (Kind.FACT, Kind.FIGURE, Kind.MEDIA)


class Priority(StrEnum):
    """How soon a claim should be checked; stored as 0 to 3."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def level(self) -> int:
        """0 (low) to 3 (urgent), as stored."""
        return list(Priority).index(self)

    @classmethod
    def of_level(cls, level: int) -> Priority:
        """The word for a stored level."""
        return list(cls)[level]


class Manner(StrEnum):
    """How the words appear: inside quotation marks, reported, or the narrator's own."""

    DIRECT = "direct"
    PARTIAL = "partial"
    INDIRECT = "indirect"
    OWN_VOICE = "own_voice"
    UNATTRIBUTED = "unattributed"
    CAPTION = "caption"


#: Manners in which a claim can appear without anybody being named as its speaker.
SPEAKERLESS_MANNERS = (Manner.OWN_VOICE, Manner.UNATTRIBUTED, Manner.CAPTION)


class Finding(StrEnum):
    """Did they say it? A finding on one appearance, apart from whether it is true."""

    UNCHECKED = "unchecked"
    CONFIRMED = "confirmed"
    MISQUOTED = "misquoted"
    NEVER_SAID = "never_said"


#: Findings by which the speaker is not the author of the claim's words.
NOT_SAID = (Finding.NEVER_SAID, Finding.MISQUOTED)


class Judgement(StrEnum):
    """What somebody found of two claims."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


#: A judgement in words, between two claims.
JUDGEMENT_WORDS: dict[str, str] = {
    Judgement.SAME: "the same as",
    Judgement.DIFFERENT: "different from",
    Judgement.UNSURE: "perhaps the same as",
}


class Stance(StrEnum):
    """What a piece of evidence does to a claim."""

    SUPPORTS = "supports"
    REFUTES = "refutes"
    CONTEXT = "context"


class Change(StrEnum):
    """Why a verdict was changed: our view, the world, or we were wrong (IFCN's "correction")."""

    REVISION = "revision"
    UPDATE = "update"
    CORRECTION = "correction"


class Decision(StrEnum):
    """What became of a proposed verdict: somebody else approved it, or it was rejected."""

    APPROVED = "approved"
    REJECTED = "rejected"


class Policy(StrEnum):
    """A rule that a desk can give itself; see ``POLICY_DEFAULTS``."""

    SECOND_REVIEWER = "second_reviewer"
    INDEPENDENT_PUBLISHERS = "independent_publishers"


#: What holds while nobody has said otherwise: no second reviewer, no number of publishers.
POLICY_DEFAULTS = {Policy.SECOND_REVIEWER: "off", Policy.INDEPENDENT_PUBLISHERS: "0"}

#: No desk asks for more independent publishers than this.
MOST_PUBLISHERS = 99


class SetAsideReason(StrEnum):
    """Why a claim will not be checked."""

    NOT_CHECKABLE = "not_checkable"
    DUPLICATE = "duplicate"
    ERROR = "error"
    OUT_OF_SCOPE = "out_of_scope"


class Outcome(StrEnum):
    """How a challenge was decided: the desk corrects its verdict, or stands by it."""

    UPHELD = "upheld"
    REJECTED = "rejected"


class SourceKind(StrEnum):
    """What sort of document a source is."""

    ARTICLE = "article"
    TRANSCRIPT = "transcript"
    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    CALL = "call"
    INTERVIEW = "interview"
    DOCUMENT = "document"
    DATASET = "dataset"
    POST = "post"
    OTHER = "other"


class SpeakerKind(StrEnum):
    """Who speaks: one person, an organisation, or we don't know yet."""

    PERSON = "person"
    ORGANISATION = "organisation"
    UNKNOWN = "unknown"


class Precision(StrEnum):
    """How exactly a date is known."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Comparator(StrEnum):
    """What a figure asserts about its value: exactly, more than, at least, about …"""

    EXACTLY = "="
    MORE_THAN = ">"
    AT_LEAST = ">="
    LESS_THAN = "<"
    AT_MOST = "<="
    ABOUT = "~"
    RANGE = ".."


class FileFormat(StrEnum):
    """The forms of files that are taken in."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"
    CLAIMREVIEW = "claimreview"
    AVERITEC = "averitec"


class RowOutcome(StrEnum):
    """What became of a row of a file."""

    CREATED = "created"
    ADDED = "added"
    UPDATED = "updated"
    REVIVED = "revived"


class Role(StrEnum):
    """What a login may do on a desk's server; each may what the one before it may, and more."""

    READER = "reader"
    RECORDER = "recorder"
    REVIEWER = "reviewer"
    ADMIN = "admin"


#: One word that a person types for where a claim should go: a status, or a verdict.
MARKS: tuple[str, ...] = (
    *(s.value for s in Status if s not in (Status.AWAITING_APPROVAL, Status.CHECKED)),
    *(v.value for v in Verdict),
)

#: The legal transitions of status; everything else is refused. The same rows stand in the
#: database's ``transition`` table, where a foreign key enforces them.
TRANSITIONS: tuple[tuple[Status, Status], ...] = (
    (Status.UNVERIFIED, Status.IN_REVIEW),
    (Status.UNVERIFIED, Status.AWAITING_APPROVAL),
    (Status.UNVERIFIED, Status.CHECKED),
    (Status.UNVERIFIED, Status.SET_ASIDE),
    (Status.IN_REVIEW, Status.UNVERIFIED),
    (Status.IN_REVIEW, Status.AWAITING_APPROVAL),
    (Status.IN_REVIEW, Status.CHECKED),
    (Status.IN_REVIEW, Status.SET_ASIDE),
    (Status.AWAITING_APPROVAL, Status.UNVERIFIED),
    (Status.AWAITING_APPROVAL, Status.IN_REVIEW),
    (Status.AWAITING_APPROVAL, Status.CHECKED),
    (Status.CHECKED, Status.AWAITING_APPROVAL),
    (Status.CHECKED, Status.CHECKED),
    (Status.CHECKED, Status.IN_REVIEW),
    (Status.CHECKED, Status.UNVERIFIED),
    (Status.SET_ASIDE, Status.UNVERIFIED),
)


def word_of(status: str, verdict: str | None) -> str:
    """The one word that people type and read for where a claim stands: the verdict, if any."""
    return verdict or status


def told_word(word: str, *, disputed: bool) -> str:
    """A word as people read it, with what is said of it while an objection is open."""
    return f"{hyphenated(word)} (disputed)" if disputed else hyphenated(word)


def hyphenated(value: str) -> str:
    """A stored word as people type and read it: ``in_review`` becomes ``in-review``."""
    return value.replace("_", "-")


def underscored(word: str) -> str:
    """A typed word as it is stored: ``In-Review`` becomes ``in_review``."""
    return word.strip().lower().replace("-", "_")
