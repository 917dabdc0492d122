"""All tables under one name, for tests that look into several."""

from __future__ import annotations

from claimtrack.models.claims import appearance, attribution, claim, figure, note
from claimtrack.models.desk import granted
from claimtrack.models.disputes import challenge, objection
from claimtrack.models.events import event, ledger, seal
from claimtrack.models.people import publisher, speaker, speaker_alias
from claimtrack.models.policies import policy
from claimtrack.models.protection import export, protected_source, redaction
from claimtrack.models.reviews import evidence, review, review_evidence, transition
from claimtrack.models.sources import capture, source

__all__ = [
    "appearance",
    "attribution",
    "capture",
    "challenge",
    "claim",
    "event",
    "evidence",
    "export",
    "figure",
    "granted",
    "ledger",
    "note",
    "objection",
    "policy",
    "protected_source",
    "publisher",
    "redaction",
    "review",
    "review_evidence",
    "seal",
    "source",
    "speaker",
    "speaker_alias",
    "transition",
]
