"""The JSON of what the services hand out. The keys are a contract: scripts rely on them."""

from __future__ import annotations

from typing import Any

from claimtrack.services.views import (
    AppearanceView,
    AssessmentView,
    ChallengeView,
    ClaimView,
    Closing,
    EvidenceView,
    FigureView,
    JudgementView,
    NoteView,
    ObjectionView,
    PublicationView,
    ReviewView,
    SameRef,
    SourceRef,
    SourceView,
    SpeakerRef,
    SpeakerView,
    Withdrawal,
)

Json = dict[str, Any]


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def speaker_ref_json(ref: SpeakerRef | None) -> Json | None:
    """A speaker inside another object."""
    return None if ref is None else {"id": ref.id, "name": ref.name}


def source_ref_json(ref: SourceRef | None) -> Json | None:
    """A source inside another object."""
    if ref is None:
        return None
    return {
        "id": ref.id,
        "kind": ref.kind,
        "url": ref.url,
        "title": ref.title,
        "publisher": ref.publisher,
        "agency": ref.agency,
        "published_on": _text(ref.published_on),
    }


def _withdrawn_json(withdrawn: Withdrawal | None) -> Json | None:
    if withdrawn is None:
        return None
    return {"at": withdrawn.at, "by": withdrawn.by, "because": withdrawn.because}


def appearance_json(one: AppearanceView) -> Json:
    """An appearance; ``id`` is its address, such as ``14.1``."""
    found = one.attribution
    return {
        "id": one.address,
        "claim_id": one.claim_id,
        "speaker": speaker_ref_json(one.speaker),
        "source": source_ref_json(one.source),
        "said_on": _text(one.said_on),
        "said_text": one.said_text,
        "manner": one.manner,
        "quote": one.quote,
        "passage": one.passage,
        "at": one.place,
        "attribution": found.finding if found else "unchecked",
        "attribution_because": found.because if found else None,
        "attribution_source": source_ref_json(found.source) if found else None,
        "withdrawn": _withdrawn_json(one.withdrawn),
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
    }


def figure_json(figure: FigureView | None) -> Json | None:
    """A figure; ``high`` is set for a range."""
    if figure is None:
        return None
    return {
        "comparator": figure.comparator,
        "value": figure.low,
        "high": figure.high,
        "unit": figure.unit,
        "counted": figure.counted,
        "where": figure.place,
        "on": _text(figure.on),
        "since": _text(figure.since),
    }


def evidence_json(piece: EvidenceView) -> Json:
    """A piece of evidence."""
    return {
        "id": piece.id,
        "claim_id": piece.claim_id,
        "stance": piece.stance,
        "source": source_ref_json(piece.source),
        "excerpt": piece.excerpt,
        "at": piece.place,
        "withdrawn": _withdrawn_json(piece.withdrawn),
        "recorded_at": piece.recorded_at,
        "recorded_by": piece.recorded_by,
    }


def review_json(review: ReviewView) -> Json:
    """One move of a claim's status."""
    return {
        "no": review.no,
        "from_status": review.from_status,
        "status": review.status,
        "verdict": review.verdict,
        "proposed_verdict": review.proposed_verdict,
        "decision": review.decision,
        "because": review.because,
        "change": review.change,
        "reason": review.reason,
        "rating": review.rating,
        "recheck_on": review.recheck_on,
        "evidence": list(review.evidence_ids),
        "recorded_at": review.recorded_at,
        "recorded_by": review.recorded_by,
        "db_user": review.db_user,
    }


def note_json(note: NoteView) -> Json:
    """A remark."""
    return {
        "id": note.id,
        "text": note.body,
        "recorded_at": note.recorded_at,
        "recorded_by": note.recorded_by,
    }


def _closing_json(closed: Closing | None) -> Json | None:
    return None if closed is None else {"at": closed.at, "by": closed.by, "because": closed.because}


def objection_json(one: ObjectionView) -> Json:
    """Disagreement with a verdict; ``id`` is its address, ``review`` the review it is against."""
    return {
        "id": one.address,
        "no": one.no,
        "review": one.review_no,
        "verdict": one.verdict,
        "because": one.because,
        "answered": _closing_json(one.closed),
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
    }


def challenge_json(one: ChallengeView) -> Json:
    """A demand for correction; ``outcome`` is null while it is open."""
    return {
        "id": one.address,
        "no": one.no,
        "review": one.review_no,
        "verdict": one.verdict,
        "from": one.challenger,
        "because": one.because,
        "due_on": one.due_on,
        "outcome": one.outcome,
        "closed": _closing_json(one.closed),
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
    }


def assessment_json(one: AssessmentView) -> Json:
    """Somebody else's fact-check: ``rating`` in its own words, ``verdict`` what it comes to."""
    return {
        "id": one.id,
        "claim_id": one.claim_id,
        "publisher": one.publisher,
        "title": one.title,
        "url": one.url,
        "rating": one.rating,
        "verdict": one.verdict,
        "rating_value": one.rating_value,
        "best_rating": one.best_rating,
        "worst_rating": one.worst_rating,
        "published_on": _text(one.published_on),
        "language": one.language,
        "summary": one.summary,
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
    }


def publication_json(one: PublicationView | None) -> Json | None:
    """Where our own fact-check stands; ``verdict`` is the one that was published."""
    if one is None:
        return None
    return {
        "claim_id": one.claim_id,
        "review": one.review_no,
        "verdict": one.verdict,
        "url": one.url,
        "published_on": one.published_on,
        "headline": one.headline,
        "public_note": one.public_note,
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
    }


def same_json(one: SameRef) -> Json:
    """A claim that is the same as another, and where it stands itself."""
    return {"id": one.id, "status": one.status, "verdict": one.verdict}


def judgement_json(one: JudgementView) -> Json:
    """What was judged last of a claim and another, which ``claim_id`` is."""
    return {
        "claim_id": one.claim_id,
        "statement": one.statement,
        "status": one.status,
        "verdict": one.verdict,
        "judgement": one.judgement,
        "because": one.because,
        "of": one.of_claim_id,
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
    }


def claim_json(view: ClaimView) -> Json:
    """A claim with its whole story. Speaker, source, date and quote are the first appearance's."""
    first = view.first
    return {
        "id": view.id,
        "external_id": view.external_id,
        "statement": view.statement,
        "kind": view.kind,
        "language": view.language,
        "status": view.status,
        "verdict": view.verdict,
        "proposed_verdict": view.proposed_verdict,
        "disputed": view.disputed,
        "evidence_withdrawn": view.evidence_withdrawn,
        "priority": view.priority,
        "topics": list(view.topics),
        "speaker": speaker_ref_json(first.speaker) if first else None,
        "source": source_ref_json(first.source) if first else None,
        "said_on": _text(first.said_on) if first else None,
        "quote": first.quote if first else None,
        "figure": figure_json(view.figure),
        "assigned_to": view.assigned_to,
        "due_on": view.due_on,
        "recheck_on": view.recheck_on,
        "reach": view.reach,
        "supersedes": view.supersedes_id,
        "superseded_by": view.superseded_by_id,
        "merged_into": view.merged_into.claim_id if view.merged_into else None,
        "merged_because": view.merged_into.because if view.merged_into else None,
        "merged": [one.claim_id for one in view.merged],
        "same_as": [same_json(one) for one in view.same_as],
        "judgements": [judgement_json(one) for one in view.judgements],
        "appearances": [appearance_json(one) for one in view.appearances],
        "evidence": [evidence_json(piece) for piece in view.evidence],
        "reviews": [review_json(review) for review in view.reviews],
        "notes": [note_json(note) for note in view.notes],
        "objections": [objection_json(one) for one in view.objections],
        "challenges": [challenge_json(one) for one in view.challenges],
        "assessments": [assessment_json(one) for one in view.assessments],
        "publication": publication_json(view.publication),
        "recorded_at": view.recorded_at,
        "recorded_by": view.recorded_by,
        "version": view.version,
    }


def speaker_json(view: SpeakerView) -> Json:
    """A speaker with its names."""
    return {
        "id": view.id,
        "name": view.name,
        "kind": view.kind,
        "description": view.description,
        "aliases": list(view.aliases),
        "merged_into": speaker_ref_json(view.merged_into),
        "merged": [speaker_ref_json(ref) for ref in view.merged],
        "protected": view.protected,
        "claims": view.claims,
        "recorded_at": view.recorded_at,
        "recorded_by": view.recorded_by,
        "version": view.version,
    }


def source_json(view: SourceView) -> Json:
    """A source with its captures; null for a login that may not know of any."""
    ref = source_ref_json(view.ref)
    return {
        **(ref or {}),
        "external_id": view.external_id,
        "language": view.language,
        "captures": None
        if view.captures is None
        else [
            {
                "id": capture.id,
                "sha256": capture.sha256,
                "byte_count": capture.byte_count,
                "file_name": capture.file_name,
                "media_type": capture.media_type,
                "recorded_at": capture.recorded_at,
                "recorded_by": capture.recorded_by,
            }
            for capture in view.captures
        ],
        "protected": view.protected,
        "claims": view.claims,
        "evidence": view.evidence,
        "recorded_at": view.recorded_at,
        "recorded_by": view.recorded_by,
        "version": view.version,
    }
