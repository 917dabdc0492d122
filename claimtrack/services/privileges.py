"""What each role of a desk may do: the one place that says it, a table at a time.

Each role may what the one before it may, and what stands here. Every table has its line: a test
holds that. INSERT and UPDATE name their columns: who recorded a row and when, numbers, a claim's
status and what else the database fills in are nobody's to write. No role may DELETE.
"""

from __future__ import annotations

import re

from claimtrack.vocab import Role

READER, RECORDER, REVIEWER, ADMIN = Role

_ASSESSMENT = (
    "publisher_id, title, url, assessment_key, rating, verdict, rating_value, best_rating,"
    " worst_rating, published_on, published_precision, published_text, language, summary, original"
)

#: Table (or sequence) to role to what it is granted, as GRANT says it.
GRANTS: dict[str, dict[Role, tuple[str, ...]]] = {
    "speaker": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (name, kind, description, protected)",
            "UPDATE (name, kind, description, merged_into_id)",
        ),
    },
    "speaker_alias": {
        READER: ("SELECT",),
        RECORDER: ("INSERT (speaker_id, name, name_key, qualifier, qualifier_key)",),
    },
    "publisher": {READER: ("SELECT",), RECORDER: ("INSERT (name, name_key)",)},
    "source": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (kind, url, host, source_key, title, publisher_id, agency_id, external_id,"
            " published_on, published_precision, published_text, language)",
            "UPDATE (kind, url, host, source_key, title, publisher_id, agency_id, external_id,"
            " published_on, published_precision, published_text, language)",
        ),
    },
    # Who files a document sees which ones are filed already; who reviews may read them.
    "capture": {
        RECORDER: (
            "SELECT (id, source_id, sha256, byte_count, file_name, media_type, recorded_at,"
            " recorded_by, db_user)",
            "INSERT (source_id, sha256, byte_count, file_name, media_type, content)",
        ),
        REVIEWER: ("SELECT",),
    },
    "claim": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (statement, statement_key, copy_no, kind, language, topics, priority,"
            " assigned_to, due_on, supersedes_id, origin, external_id)",
            "UPDATE (statement, statement_key, copy_no, kind, language, topics, priority,"
            " assigned_to, due_on, supersedes_id, origin, external_id)",
        ),
        # Where two are one, a verdict may go from the lists.
        REVIEWER: ("UPDATE (merged_into_id)",),
    },
    "appearance": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (claim_id, no, speaker_id, source_id, said_on, said_precision, said_text,"
            " manner, quote, passage, place)",
            "UPDATE (speaker_id, source_id, said_on, said_precision, said_text, manner, quote,"
            " passage, place, withdrawn_because)",
        ),
    },
    # Whether somebody said it is a finding, as a verdict is.
    "attribution": {
        READER: ("SELECT",),
        REVIEWER: ("INSERT (claim_id, appearance_no, finding, because, source_id)",),
    },
    "figure": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (claim_id, comparator, low, high, unit, counted, place, on_date,"
            " on_precision, since_date, since_precision)",
            "UPDATE (comparator, low, high, unit, counted, place, on_date, on_precision,"
            " since_date, since_precision)",
        ),
    },
    "note": {READER: ("SELECT",), RECORDER: ("INSERT (claim_id, body)",)},
    "evidence": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (claim_id, source_id, stance, excerpt, place)",
            "UPDATE (withdrawn_because)",
        ),
    },
    "transition": {READER: ("SELECT",)},
    "review": {
        READER: ("SELECT",),
        REVIEWER: (
            "INSERT (claim_id, no, from_status, status, verdict, because, change, reason, rating,"
            " recheck_on, proposed_verdict, decision)",
        ),
    },
    "review_evidence": {
        READER: ("SELECT",),
        REVIEWER: ("INSERT (claim_id, review_no, evidence_id)",),
    },
    # Where two are the same, one may go from the lists.
    "claim_match": {
        READER: ("SELECT",),
        REVIEWER: ("INSERT (claim_id, other_id, no, judgement, because)",),
    },
    "claim_group": {READER: ("SELECT",)},
    # What proposes decides nothing.
    "likely_match": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (claim_id, other_id, probability, found_by)",
            "UPDATE (probability)",
        ),
    },
    "likely_search": {
        READER: ("SELECT",),
        RECORDER: ("INSERT (through)", "UPDATE (through, looked_at)"),
    },
    # Anybody who records may disagree; closing a disagreement is for those who may mark.
    "objection": {
        READER: ("SELECT",),
        RECORDER: ("INSERT (claim_id, no, review_no, because)",),
        REVIEWER: ("UPDATE (closed_because)",),
    },
    "challenge": {
        READER: ("SELECT",),
        RECORDER: ("INSERT (claim_id, no, review_no, because, challenger, due_on)",),
        REVIEWER: ("UPDATE (closed_because, outcome)",),
    },
    "assessment": {
        READER: ("SELECT",),
        RECORDER: (
            f"INSERT (claim_id, {_ASSESSMENT})",
            f"UPDATE ({_ASSESSMENT}, withdrawn_because)",
        ),
    },
    # What is published stands under the desk's name, as its verdicts do.
    "publication": {
        READER: ("SELECT",),
        REVIEWER: (
            "INSERT (claim_id, review_no, url, published_on, headline, public_note)",
            "UPDATE (withdrawn_because)",
        ),
    },
    "rating_scale": {
        READER: ("SELECT",),
        ADMIN: ("INSERT (name, name_key, best, worst)", "UPDATE (name, best, worst)"),
    },
    "rating": {
        READER: ("SELECT",),
        ADMIN: (
            "INSERT (scale_id, label, label_key, verdict, value)",
            "UPDATE (label, verdict, value)",
        ),
    },
    "import": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (format, file_name, sha256, byte_count, origin, licence, options)",
            "UPDATE (row_count, created, added, updated, unchanged, revived, refused, conflicts,"
            " through, finished_at)",
        ),
        # Undoing one reads the events of it.
        ADMIN: ("UPDATE (undone_because)",),
    },
    "import_row": {
        READER: ("SELECT",),
        RECORDER: (
            "INSERT (import_id, no, line, row_key, outcome, claim_id, appearance_no,"
            " assessment_id, digests)",
        ),
    },
    "import_mapping": {
        READER: ("SELECT",),
        RECORDER: ("INSERT (name, columns)", "UPDATE (columns)"),
    },
    # Whoever records claims fills their postings; what is there is cleared by the database alone.
    "posting": {READER: ("SELECT",), RECORDER: ("INSERT (claim_id, term, weight)",)},
    "posting_due": {READER: ("SELECT",), RECORDER: ("INSERT (claim_id, noted_by)",)},
    "posting_list": {READER: ("SELECT",)},
    "posting_unlisted": {READER: ("SELECT",), RECORDER: ("INSERT (claim_ids)",)},
    "word": {READER: ("SELECT",), RECORDER: ("INSERT (term, stem)",)},
    "word_count": {READER: ("SELECT",)},
    "policy": {READER: ("SELECT",), ADMIN: ("INSERT (name, value, because)",)},
    # An event keeps what its row no longer shows.
    "event": {ADMIN: ("SELECT",)},
    "event_id_seq": {ADMIN: ("SELECT",)},
    "ledger": {ADMIN: ("SELECT",)},
    "seal": {
        ADMIN: (
            "SELECT",
            "INSERT (no, previous_hash, hash, last_event_id, event_count, leaves)",
        ),
    },
    # Row security lets those alone see a row who may read events.
    "protected_source": {READER: ("SELECT",)},
    "redaction": {ADMIN: ("SELECT",)},
    "export": {RECORDER: ("INSERT (what, format, row_count, filters)",), ADMIN: ("SELECT",)},
    "granted": {ADMIN: ("SELECT",)},
    "alembic_version": {READER: ("SELECT",)},
}

#: Functions that anybody may call; all others run for their triggers, or for the owner alone.
CALLABLE = frozenset(
    {
        "current_actor",
        "bears_witness",
        "reads_identities",
        "is_redaction",
        "edited_by_hand",
        "protect_speaker",
        "protect_source",
        "clear_postings",
        "count_words",
        "forget_words",
        "list_postings",
    }
)


def least(table: str, operation: str) -> Role | None:
    """The role from which on a table takes an operation (SELECT, INSERT or UPDATE)."""
    for role, granted in GRANTS.get(table, {}).items():
        if any(one.startswith(operation) for one in granted):
            return role
    return None


def table_in(message: str) -> str | None:
    """The table that a server's words, in whatever language, speak of."""
    return next((word for word in re.findall(r"\w+", message) if word in GRANTS), None)
