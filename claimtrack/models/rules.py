"""The rules that tables alone can't hold: triggers, and the transition table's rows.

They hang on the metadata, so that a schema made from it has them too; the migrations hold their
own, frozen copies, and a test compares what the two leave in PostgreSQL's catalog.
"""

from __future__ import annotations

import re

from sqlalchemy import DDL, event

from claimtrack.db import build_constraints, metadata
from claimtrack.models import (  # noqa: F401 - fill the metadata
    approval,
    assessments,
    claims,
    desk,
    disputes,
    events,
    imports,
    likely,
    matches,
    people,
    policies,
    postings,
    protecting,
    protection,
    redacting,
    reviews,
    sources,
)
from claimtrack.models.functions import CURRENT_ACTOR, FUNCTIONS
from claimtrack.models.past import PAST_FUNCTIONS
from claimtrack.vocab import TRANSITIONS

#: Tables that take INSERT alone, for their owner and for a replica too.
APPEND_ONLY = (
    "capture",
    "attribution",
    "note",
    "review",
    "review_evidence",
    "policy",
    "granted",
    "event",
    "ledger",
    "seal",
    "protected_source",
    "redaction",
    "export",
    "import_row",
    "claim_match",
)

#: Tables whose rows are edited, but never removed.
KEPT = (
    "speaker",
    "speaker_alias",
    "publisher",
    "source",
    "claim",
    "appearance",
    "figure",
    "evidence",
    "transition",
    "objection",
    "challenge",
    "assessment",
    "publication",
    "rating_scale",
    "rating",
    "import",
    "import_mapping",
)

#: Tables that are made anew from the rest as it changes: no part of the record.
DERIVED = (
    "claim_group",
    "likely_match",
    "likely_search",
    "posting",
    "posting_due",
    "posting_list",
    "posting_unlisted",
    "word",
    "word_count",
)

#: Per logged table: the columns of its key, and the columns that events leave out.
LOGGED = {
    "speaker": ("id", "version,changed_at"),
    "speaker_alias": ("id", "changed_at"),
    "publisher": ("id", "changed_at"),
    "source": ("id", "version,origin,changed_at"),
    "capture": ("id", "content"),
    "claim": ("id", "version,reach,changed_at"),
    "appearance": ("claim_id,no", "changed_at"),
    "attribution": ("id", ""),
    "figure": ("claim_id", "changed_at"),
    "note": ("id", ""),
    "evidence": ("id", "changed_at"),
    "review": ("claim_id,no", "prev_no"),
    "review_evidence": ("claim_id,review_no,evidence_id", ""),
    "policy": ("id", ""),
    "granted": ("id", ""),
    "objection": ("claim_id,no", ""),
    "challenge": ("claim_id,no", ""),
    "protected_source": ("id", "identity,salt,origin,publisher_id,agency_id"),
    "redaction": ("id", ""),
    "export": ("id", ""),
    "assessment": ("id", "changed_at"),
    "publication": ("id", "changed_at"),
    "rating_scale": ("id", "changed_at"),
    "rating": ("id", "changed_at"),
    "import": ("id", "changed_at"),
    "import_mapping": ("id", "changed_at"),
    "claim_match": ("claim_id,other_id,no", "prev_no"),
}

#: Tables whose rows keep their key, and when and by whom they were recorded; others keep more.
RECORD_KEPT = (
    "speaker",
    "speaker_alias",
    "publisher",
    "source",
    "claim",
    "figure",
    "rating_scale",
    "rating",
    "import",
    "import_mapping",
)

#: What a claim gets no more of once it was merged into another.
TAKES_NO_MORE = (
    "appearance",
    "evidence",
    "figure",
    "note",
    "objection",
    "challenge",
    "assessment",
    "publication",
)


def _append_only(table: str) -> tuple[str, ...]:
    # Events take one update, row by row: a value's digest in its place.
    operations = "DELETE OR TRUNCATE" if table == "event" else "UPDATE OR DELETE OR TRUNCATE"
    forgets = table in redacting.GROWING or table == "import_row"
    refuse = "refuse_all_but_redaction" if forgets else "refuse_change"
    return (
        f"CREATE TRIGGER append_only BEFORE {operations} ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {refuse}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only",
    )


def _kept(table: str) -> tuple[str, ...]:
    return (
        f"CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER kept",
    )


def _logged(table: str) -> tuple[str, ...]:
    keys, unlogged = LOGGED[table]
    inserted = (
        f"CREATE TRIGGER log_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed"
        f" FOR EACH STATEMENT EXECUTE FUNCTION log_event('{keys}', '{unlogged}')"
    )
    if table in APPEND_ONLY and table not in redacting.GROWING:
        return (inserted,)
    return (
        inserted,
        f"CREATE TRIGGER log_update AFTER UPDATE ON {table}"
        " REFERENCING OLD TABLE AS replaced NEW TABLE AS changed"
        f" FOR EACH STATEMENT EXECUTE FUNCTION log_event('{keys}', '{unlogged}')",
    )


def _merged(table: str) -> tuple[str, ...]:
    return (
        f"CREATE TRIGGER keep_merge_insert BEFORE INSERT ON {table} FOR EACH ROW"
        " WHEN (NEW.merged_into_id IS NOT NULL) EXECUTE FUNCTION keep_merge()",
        f"CREATE TRIGGER keep_merge BEFORE UPDATE ON {table} FOR EACH ROW"
        " WHEN ((OLD.merged_into_id, OLD.merged_at, OLD.merged_by)"
        " IS DISTINCT FROM (NEW.merged_into_id, NEW.merged_at, NEW.merged_by))"
        " EXECUTE FUNCTION keep_merge()",
    )


TRIGGERS = (
    *(statement for table in APPEND_ONLY for statement in _append_only(table)),
    "CREATE TRIGGER keep_event BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION keep_event()",
    "ALTER TABLE event ENABLE ALWAYS TRIGGER keep_event",
    "CREATE TRIGGER follow_seal BEFORE INSERT ON seal FOR EACH ROW EXECUTE FUNCTION follow_seal()",
    *(statement for table in KEPT for statement in _kept(table)),
    *(statement for table in LOGGED for statement in _logged(table)),
    *(
        f"CREATE TRIGGER keep_record BEFORE UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION keep_record('{LOGGED[table][0]}')"
        for table in RECORD_KEPT
    ),
    *(
        f"CREATE TRIGGER count_version BEFORE UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION count_version()"
        for table in ("speaker", "source")
    ),
    # After `only_withdraw` in the order of names, which takes any other change for one of content.
    *(
        f"CREATE TRIGGER stamp_change BEFORE UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION stamp_change()"
        for table in KEPT
        if "changed_at" in metadata.tables[table].c
    ),
    "CREATE TRIGGER kept_link BEFORE UPDATE OF supersedes_id ON claim FOR EACH ROW"
    " WHEN (OLD.supersedes_id IS DISTINCT FROM NEW.supersedes_id)"
    " EXECUTE FUNCTION refuse_change()",
    # Reach is derived: refreshing it is no change of the claim.
    "CREATE TRIGGER count_version BEFORE UPDATE ON claim"
    " FOR EACH ROW WHEN (OLD.reach = NEW.reach) EXECUTE FUNCTION count_version()",
    *(
        f"CREATE TRIGGER only_withdraw BEFORE UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION only_withdraw()"
        for table in ("evidence", "publication")
    ),
    "CREATE TRIGGER only_withdraw BEFORE UPDATE ON appearance"
    " FOR EACH ROW EXECUTE FUNCTION only_withdraw('speaker_id', 'source_id', 'said_on',"
    " 'said_precision', 'said_text', 'manner', 'quote', 'passage', 'place')",
    "CREATE TRIGGER only_withdraw BEFORE UPDATE ON assessment"
    " FOR EACH ROW EXECUTE FUNCTION only_withdraw('publisher_id', 'title', 'url',"
    " 'assessment_key', 'rating', 'verdict', 'rating_value', 'best_rating', 'worst_rating',"
    " 'published_on', 'published_precision', 'published_text', 'language', 'summary', 'original')",
    "CREATE TRIGGER refer_rows AFTER INSERT ON import_row REFERENCING NEW TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION refer_rows()",
    "CREATE TRIGGER keep_import BEFORE UPDATE ON import"
    " FOR EACH ROW EXECUTE FUNCTION keep_import()",
    *(
        statement
        for table in ("objection", "challenge")
        for statement in (
            f"CREATE TRIGGER guard_dispute BEFORE INSERT ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION guard_dispute()",
            f"CREATE TRIGGER close_once BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION close_once()",
        )
    ),
    *(statement for table in ("speaker", "claim") for statement in _merged(table)),
    "CREATE TRIGGER refresh_reach AFTER UPDATE OF merged_into_id ON claim FOR EACH ROW"
    " WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)"
    " EXECUTE FUNCTION refresh_reach_of_head()",
    *(
        f"CREATE TRIGGER refuse_on_merged AFTER INSERT ON {table}"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
        " EXECUTE FUNCTION refuse_on_merged()"
        for table in TAKES_NO_MORE
    ),
    "CREATE TRIGGER refresh_reach_insert AFTER INSERT ON appearance"
    " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refresh_reach()",
    "CREATE TRIGGER refresh_reach_update AFTER UPDATE ON appearance"
    " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refresh_reach()",
    "CREATE TRIGGER refresh_reach AFTER UPDATE ON source"
    " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
    " EXECUTE FUNCTION refresh_reach_of_source()",
    "CREATE TRIGGER guard_new_claim BEFORE INSERT ON claim FOR EACH ROW"
    " WHEN (NEW.status <> 'unverified' OR NEW.review_no <> 0)"
    " EXECUTE FUNCTION guard_new_claim()",
    # Column by column: what compares three in one row does not come out of a dump as it went in.
    "CREATE TRIGGER guard_status BEFORE UPDATE ON claim FOR EACH ROW"
    " WHEN (OLD.status IS DISTINCT FROM NEW.status"
    " OR OLD.verdict IS DISTINCT FROM NEW.verdict"
    " OR OLD.review_no IS DISTINCT FROM NEW.review_no)"
    " EXECUTE FUNCTION guard_status()",
    "CREATE TRIGGER guard_words BEFORE UPDATE ON claim FOR EACH ROW"
    " WHEN ((OLD.statement, OLD.statement_key)"
    " IS DISTINCT FROM (NEW.statement, NEW.statement_key))"
    " EXECUTE FUNCTION guard_checked_words()",
    "CREATE TRIGGER guard_words BEFORE INSERT OR UPDATE ON figure"
    " FOR EACH ROW EXECUTE FUNCTION guard_checked_words()",
    "CREATE TRIGGER count_figure_change AFTER INSERT OR UPDATE ON figure"
    " FOR EACH ROW EXECUTE FUNCTION count_figure_change()",
    # The moves are the schema's own; a migration that adds one drops this first.
    "CREATE TRIGGER fixed BEFORE INSERT OR UPDATE ON transition"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE transition ENABLE ALWAYS TRIGGER fixed",
    "CREATE TRIGGER apply_review AFTER INSERT ON review"
    " FOR EACH ROW EXECUTE FUNCTION apply_review()",
    "CREATE TRIGGER refuse_later_evidence AFTER INSERT ON review_evidence"
    " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
    " EXECUTE FUNCTION refuse_later_evidence()",
    "CREATE TRIGGER require_evidence_of_claim AFTER INSERT ON review_evidence"
    " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
    " EXECUTE FUNCTION require_evidence_of_claim()",
    # A rejection gives back a verdict that had its grounds when it was concluded.
    "CREATE CONSTRAINT TRIGGER require_evidence AFTER INSERT ON review"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    " WHEN (COALESCE(NEW.verdict, NEW.proposed_verdict) NOT IN ('unproven', 'unverifiable')"
    " AND NEW.decision IS DISTINCT FROM 'rejected')"
    " EXECUTE FUNCTION require_evidence()",
    *approval.TRIGGERS,
    *protecting.TRIGGERS,
    *redacting.triggers(LOGGED),
    *matches.TRIGGERS,
    *likely.TRIGGERS,
    *postings.TRIGGERS,
)

TRANSITION_ROWS = "INSERT INTO transition (from_status, to_status) VALUES " + ", ".join(
    f"('{before}', '{after}')" for before, after in TRANSITIONS
)

#: The database's own number, which its first seal names.
LEDGER_ROW = "INSERT INTO ledger (id) VALUES (1)"

_FUNCTIONS = (
    *FUNCTIONS,
    *approval.FUNCTIONS,
    *protecting.FUNCTIONS,
    *redacting.FUNCTIONS,
    *matches.FUNCTIONS,
    *likely.FUNCTIONS,
    *postings.FUNCTIONS,
    *PAST_FUNCTIONS,
)

#: A trigger fires for whoever changes its table, but who may not call its function can't hang it
#: on a table of their own, and have it write there what never happened.
CLOSED = tuple(
    f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC"
    for name in re.findall(r"FUNCTION (\w+)\(\) RETURNS trigger", "".join(_FUNCTIONS))
)

build_constraints()
# The columns' defaults call it.
event.listen(metadata, "before_create", DDL(CURRENT_ACTOR))  # type: ignore[no-untyped-call]
for _statement in (
    *_FUNCTIONS,
    *CLOSED,
    TRANSITION_ROWS,
    LEDGER_ROW,
    *TRIGGERS,
    "SELECT rebuild_past()",
):
    event.listen(
        metadata,
        "after_create",
        DDL(_statement.replace("%", "%%")),  # type: ignore[no-untyped-call]
    )
