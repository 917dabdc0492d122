"""All tables under one name, for tests that look into several."""

from __future__ import annotations

from claimtrack.models.assessments import assessment, publication, rating, rating_scale
from claimtrack.models.claims import appearance, attribution, claim, figure, note
from claimtrack.models.desk import granted
from claimtrack.models.disputes import challenge, objection
from claimtrack.models.events import event, ledger, seal
from claimtrack.models.imports import import_, import_mapping, import_row
from claimtrack.models.likely import likely_match, likely_search
from claimtrack.models.matches import claim_group, claim_match
from claimtrack.models.people import publisher, speaker, speaker_alias
from claimtrack.models.policies import policy
from claimtrack.models.postings import (
    posting,
    posting_due,
    posting_list,
    posting_unlisted,
    word,
    word_count,
)
from claimtrack.models.protection import export, protected_source, redaction
from claimtrack.models.reviews import evidence, review, review_evidence, transition
from claimtrack.models.sources import capture, source

__all__ = [
    "appearance",
    "assessment",
    "attribution",
    "capture",
    "challenge",
    "claim",
    "claim_group",
    "claim_match",
    "event",
    "evidence",
    "export",
    "figure",
    "granted",
    "import_",
    "import_mapping",
    "import_row",
    "ledger",
    "likely_match",
    "likely_search",
    "note",
    "objection",
    "policy",
    "posting",
    "posting_due",
    "posting_list",
    "posting_unlisted",
    "protected_source",
    "publication",
    "publisher",
    "rating",
    "rating_scale",
    "redaction",
    "review",
    "review_evidence",
    "seal",
    "source",
    "speaker",
    "speaker_alias",
    "transition",
    "word",
    "word_count",
]
