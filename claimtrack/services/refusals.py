"""The one place that turns what PostgreSQL refuses into sentences.

The services explain most refusals before they happen; these are the ones that only the database
can see, such as what somebody else did a moment ago.
"""

from __future__ import annotations

import re
import shlex

from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError

from claimtrack.errors import ClaimtrackError, ConflictError, DatabaseError, InvalidDataError
from claimtrack.vocab import Role

_MEANWHILE = "Somebody else changed it a moment ago: look at it again, then repeat the command."

#: By constraint or trigger name: the kind of error, and its sentence.
_BY_CONSTRAINT: dict[str, tuple[type[ClaimtrackError], str]] = {
    "pk_review": (ConflictError, f"This claim was marked meanwhile. {_MEANWHILE}"),
    "fk_review_claim_id_prev_no_from_status_review": (
        ConflictError,
        f"This claim was marked meanwhile. {_MEANWHILE}",
    ),
    "review_follows": (ConflictError, f"This claim was marked meanwhile. {_MEANWHILE}"),
    "status_of_latest_review": (
        ConflictError,
        "A claim's status is that of its latest review. Use claimtrack claim mark.",
    ),
    "uq_claim_statement_key_copy_no": (
        ConflictError,
        "The same statement was recorded a moment ago. Repeat the command to see which it is.",
    ),
    "uq_claim_supersedes_id": (ConflictError, "That claim has already been superseded."),
    "pk_appearance": (ConflictError, f"An appearance was added meanwhile. {_MEANWHILE}"),
    "uq_source_source_key": (ConflictError, "That source is already on record."),
    "uq_capture_source_id_sha256": (
        ConflictError,
        "These very bytes are already filed for this source.",
    ),
    "uq_speaker_alias_name_key_qualifier_key": (
        ConflictError,
        "That name already leads to a speaker.",
    ),
    "uq_publisher_name_key": (ConflictError, f"That publisher was added meanwhile. {_MEANWHILE}"),
    "merge_chain": (ConflictError, f"Merges can't make a chain. {_MEANWHILE}"),
    "merged_claim": (
        ConflictError,
        "This claim was merged into another a moment ago, which stands for both now: look at it"
        " again, then repeat the command for that one.",
    ),
    "pk_claim_match": (ConflictError, f"Somebody judged these two meanwhile. {_MEANWHILE}"),
    "judged_different": (
        ConflictError,
        "Two of these claims were judged different from each other. Look at their judgements with"
        " claimtrack claim show, then repeat the command.",
    ),
    "merged_meanwhile": (ConflictError, f"A claim was merged meanwhile. {_MEANWHILE}"),
    "evidence_of_claim": (
        ConflictError,
        f"Evidence that this rests on is another claim's by now. {_MEANWHILE}",
    ),
    "protected_together": (
        ConflictError,
        "Speakers are merged only when both are protected, or neither is.",
    ),
    "already_protected": (ConflictError, f"It was protected meanwhile. {_MEANWHILE}"),
    "stay_protected": (ConflictError, "What is protected keeps its pseudonym, and nothing more."),
    "append_only": (ConflictError, "What is recorded stays: it can't be changed or removed."),
    "only_withdraw": (ConflictError, f"It was withdrawn meanwhile. {_MEANWHILE}"),
    "uq_publication_claim_id": (ConflictError, f"It was published meanwhile. {_MEANWHILE}"),
    "uq_rating_scale_name_key": (ConflictError, f"That scale was added meanwhile. {_MEANWHILE}"),
    "uq_rating_scale_id_label_key": (
        ConflictError,
        f"That label was added meanwhile. {_MEANWHILE}",
    ),
    "pk_objection": (ConflictError, f"Somebody objected meanwhile. {_MEANWHILE}"),
    "pk_challenge": (ConflictError, f"It was challenged meanwhile. {_MEANWHILE}"),
    "against_latest_verdict": (ConflictError, f"The verdict was changed meanwhile. {_MEANWHILE}"),
    "close_once": (ConflictError, f"It was closed meanwhile. {_MEANWHILE}"),
    "words_of_checked_claim": (
        ConflictError,
        "The words of a checked claim stand under its verdict: use --typo with --because, or"
        " reopen it.",
    ),
    "second_reviewer": (
        ConflictError,
        "The policy second_reviewer asks for somebody else's approval of every verdict. Repeat"
        " claimtrack claim mark: it proposes the verdict.",
    ),
    "self_approval": (
        ConflictError,
        "Whoever proposed a verdict can't approve it: somebody else has to.",
    ),
    "approved_as_proposed": (
        ConflictError,
        "What is approved is what was proposed. Use claimtrack claim approve.",
    ),
    "rejection_restores": (
        ConflictError,
        "A rejection gives back what stood before. Use claimtrack claim reject.",
    ),
    "decision_keeps_evidence": (
        ConflictError,
        "An approval rests on the evidence of what was proposed, and a rejection gives back that"
        " of before. Use claimtrack claim approve or claim reject.",
    ),
    "independent_publishers": (
        InvalidDataError,
        "The verdict rests on fewer independent publishers than the policy asks for: claimtrack"
        " policy list.",
    ),
    "review_is_closed": (
        ConflictError,
        "What a review rests on is said with it, not afterwards: mark the claim again.",
    ),
    "verdict_needs_evidence": (
        InvalidDataError,
        "The verdict has no evidence to rest on that comes from elsewhere than the claim itself.",
    ),
}


def constraint_of(error: DBAPIError) -> str | None:
    """The name of the constraint that was violated, where there is one."""
    return error.orig.diag.constraint_name if isinstance(error.orig, pg.Error) else None


def explain(
    error: DBAPIError, login: str | None = None, needs: Role = Role.READER
) -> ClaimtrackError:
    """The error that a person should see for what the database refused.

    ``login`` is who was refused, and ``needs`` the role from which on the command as a whole is
    allowed. Anything not foreseen becomes a `DatabaseError` that quotes the first line of the
    server's own words.
    """
    cause = error.orig
    known = _BY_CONSTRAINT.get(constraint_of(error) or "")
    if known is not None:
        kind, sentence = known
        return kind(sentence)
    match cause:
        case pg.LockNotAvailable():
            return ConflictError("Somebody else is changing this just now. Try again in a moment.")
        case pg.DeadlockDetected() | pg.SerializationFailure():
            return ConflictError(_MEANWHILE)
        case pg.CheckViolation() | pg.DataError() | pg.NotNullViolation():
            return InvalidDataError(f"The database refused a value: {_first_line(cause)}.")
        case pg.IntegrityError():
            return ConflictError(f"The database refused it: {_first_line(cause)}.")
        case pg.InsufficientPrivilege():
            return _not_allowed(cause, error.statement or "", login, needs)
        case pg.DiskFull():
            return DatabaseError("The database's disk is full. Nothing was recorded.")
        case pg.OperationalError():
            return DatabaseError(
                "The connection to the database was lost. Nothing of this command was recorded"
                f" unless it said so: {_first_line(cause)}."
            )
    return DatabaseError(f"The database could not do it: {_first_line(cause)}.")


#: What a role is needed for, in the sentence that refuses it; of reading, by table.
_DOING = {
    Role.READER: "read this database",
    Role.RECORDER: "record anything",
    Role.REVIEWER: "mark claims",
    Role.ADMIN: "do that",
}
_READING = {"event": "read the trail of events", "capture": "read what is filed"}


def _not_allowed(
    cause: BaseException, statement: str, login: str | None, needs: Role
) -> DatabaseError:
    """The error for a login whose role is too small, and the command that gives it a larger one."""
    from claimtrack.services.privileges import least, table_in

    who = f"The login {login}" if login else "This login"
    verb = (statement.split() or [""])[0].upper()
    table = table_in(str(cause))
    if table is None or verb not in ("SELECT", "INSERT", "UPDATE", "WITH"):
        return DatabaseError(
            f"{who} may not do that; the owner of the tables may. PostgreSQL says:"
            f" {_first_line(cause)}."
        )
    locks = re.search(r"\bFOR (NO KEY )?(UPDATE|SHARE)\b", statement)
    if verb == "WITH":
        written = re.search(rf"\b(INSERT) INTO {table}\b|\b(UPDATE) {table}\b", statement)
        verb = (written[1] or written[2]) if written else "SELECT"
    operation = "UPDATE" if locks else verb
    role = least(table, operation)
    if role is None:
        return DatabaseError(
            f"{who} may not do that, and no role may: PostgreSQL says: {_first_line(cause)}."
        )
    doing = _READING.get(table) if operation == "SELECT" else None
    # The first refusal of a command is not always the last: it names what the whole needs.
    if list(Role).index(needs) > list(Role).index(role):
        role, doing = needs, None
    return DatabaseError(
        f"{who} may not {doing or _DOING[role]}: that takes the role {role}. Ask whoever keeps the"
        " database for it:",
        next_command=shlex.join(["claimtrack", "db", "grant", login or "LOGIN", role]),
    )


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines() or ["no reason given"]
    return lines[0].removesuffix(".")


#: What a failed connection's message holds, and the sentence for it. libpq gives no code here.
_CONNECTION_WORDS = (
    ("password authentication failed", "The server refused the user or the password."),
    ("no password supplied", "The server wants a password, and the URL has none."),
    ("could not translate host name", "The server's host name can't be found."),
    ("failed to resolve host", "The server's host name can't be found."),
    ("Connection refused", "No PostgreSQL answers there. Is the server running?"),
    ("timeout expired", "The server did not answer within 10 seconds."),
    ("No such file or directory", "No PostgreSQL answers there. Is the server running?"),
    ("too many clients", "The server has no connection left. Try again in a moment."),
    ("starting up", "The server is starting up. Try again in a moment."),
    ("shutting down", "The server is shutting down."),
)


def explain_connection(error: DBAPIError, url: str | None) -> DatabaseError:
    """The error for a server that can't be reached or refuses us; never with a password in it."""
    from claimtrack.database_url import hide_password, scrub

    where = hide_password(url) if url else "claimtrack's own PostgreSQL"
    words = str(error.orig)
    if 'database "' in words and "does not exist" in words:
        return DatabaseError(
            f"The server is there, but not the database ({where}). Create it first, for example"
            " with PostgreSQL's createdb."
        )
    if 'role "' in words and "does not exist" in words:
        return DatabaseError(f"The server does not know that user ({where}).")
    if 'permission denied for database "' in words:
        return DatabaseError(
            f"The server lets that login in, but not into the database ({where}). Ask whoever keeps"
            " it for: claimtrack db grant LOGIN reader"
        )
    for sign, sentence in _CONNECTION_WORDS:
        if sign in words:
            return DatabaseError(f"{sentence} ({where})")
    return DatabaseError(
        f"The database is out of reach ({where}): {scrub(_first_line(error.orig), url or '')}."
    )
