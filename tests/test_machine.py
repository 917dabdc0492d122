"""Random sequences of commands, legal or not, against a model and against PostgreSQL at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests import model
from tests.model import CONFLICT, DONE, INVALID, MISSING, STATUSES, USAGE, VERDICTS, Claim, Piece

if TYPE_CHECKING:
    from tests.conftest import Outcome, Run

ACTORS = st.sampled_from(("Ana Ruiz", "Omar Haddad", "Lena Vogt"))
SOURCES = st.sampled_from([f"https://paper-{letter}.example/1" for letter in "abcd"])
STANCES = st.sampled_from(("supports", "refutes", "context"))

#: How many commands a sequence has. How many sequences is an option: `--sequences 500` is the
#: long form.
STEPS = 30


def machine(run: Run) -> type[RuleBasedStateMachine]:
    """A machine whose sequences share the database of ``run``; each begins claims of its own."""

    class Desk(RuleBasedStateMachine):
        claims = Bundle("claims")

        def __init__(self) -> None:
            super().__init__()
            self.desk = model.Desk()
            self.policy("off")

        def command(self, *words: object, actor: str, expect: int) -> Outcome:
            outcome = run(*words, actor=actor)
            assert outcome.code == expect, f"{outcome.args}: {outcome.code}\n{outcome.err}"
            if expect:
                assert "Error: " in outcome.err
            return outcome

        def unless_merged(self, claim: int, expect: int = DONE) -> int:
            return expect if self.desk.claims[claim].merged_into is None else CONFLICT

        # -- recording ------------------------------------------------------------------------

        @rule(target=claims, actor=ACTORS, source=SOURCES)
        def add(self, actor: str, source: str) -> int:
            known = run("claim", "list", "--format", "jsonl").out.count("\n")
            statement = f"Well {known + 1} ran dry, {len(self.desk.claims)}"
            made = self.command(
                "claim", "add", statement, "--manner", "own-voice", "--source", source,
                "--new", "--format", "json", actor=actor, expect=DONE,
            ).json  # fmt: skip
            self.desk.claims[made["id"]] = Claim(statement, sources=[source])
            return int(made["id"])

        @rule(claim=claims, actor=ACTORS)
        def add_again(self, claim: int, actor: str) -> None:
            self.command(
                "claim", "add", self.desk.claims[claim].statement, "--manner", "own-voice",
                "--source", "https://else.example", actor=actor, expect=CONFLICT,
            )  # fmt: skip

        @rule(claim=claims, actor=ACTORS, source=SOURCES)
        def appear(self, claim: int, actor: str, source: str) -> None:
            again = source in self.desk.told_in(claim)
            expect = self.unless_merged(claim, CONFLICT if again else DONE)
            self.command(
                "appearance", "add", claim, "--manner", "own-voice", "--source", source,
                actor=actor, expect=expect,
            )  # fmt: skip
            if expect == DONE:
                self.desk.claims[claim].sources.append(source)

        @rule(claim=claims, actor=ACTORS, number=st.integers(1, 3))
        def withdraw_appearance(self, claim: int, actor: str, number: int) -> None:
            known = self.desk.claims[claim]
            expect = CONFLICT if number in known.withdrawn else DONE
            if number > len(known.sources):
                expect = MISSING
            self.command(
                "appearance", "withdraw", f"{claim}.{number}", "--because", "Another well",
                actor=actor, expect=expect,
            )  # fmt: skip
            if expect == DONE:
                known.withdrawn.add(number)

        @rule(claim=claims, actor=ACTORS, source=SOURCES, stance=STANCES)
        def attach(self, claim: int, actor: str, source: str, stance: str) -> None:
            expect = self.unless_merged(claim)
            outcome = self.command(
                "evidence", "add", claim, source, f"--{stance}", "--format", "json",
                actor=actor, expect=expect,
            )  # fmt: skip
            if expect != DONE:
                return
            given = Piece(stance, source)
            known = self.desk.pieces(claim).get(outcome.json["id"])
            if known is not None:
                assert known == given, "another piece is given back"
            else:
                assert given not in self.desk.pieces(claim).values(), "it is recorded twice"
                self.desk.claims[claim].pieces[outcome.json["id"]] = given

        @rule(claim=claims, actor=ACTORS, place=st.integers(0, 2))
        def withdraw_evidence(self, claim: int, actor: str, place: int) -> None:
            numbers = list(self.desk.claims[claim].pieces)
            if place < len(numbers):
                piece = self.desk.claims[claim].pieces[numbers[place]]
                self.command(
                    "evidence", "withdraw", numbers[place], "--because", "Forged",
                    actor=actor, expect=CONFLICT if piece.withdrawn else DONE,
                )  # fmt: skip
                piece.withdrawn = True

        @rule(claim=claims, actor=ACTORS)
        def note(self, claim: int, actor: str) -> None:
            expect = self.unless_merged(claim)
            self.command("claim", "note", claim, "Asked again", actor=actor, expect=expect)
            self.desk.claims[claim].notes += expect == DONE

        @rule(claim=claims, actor=ACTORS, holder=st.sampled_from(("me", "none", "Kim Oyelaran")))
        def assign(self, claim: int, actor: str, holder: str) -> None:
            expect = self.unless_merged(claim)
            self.command("claim", "assign", claim, holder, actor=actor, expect=expect)
            if expect == DONE:
                named = {"me": actor, "none": None}.get(holder, holder)
                self.desk.claims[claim].holder = named

        @rule(claim=claims, actor=ACTORS)
        def reword(self, claim: int, actor: str) -> None:
            known = self.desk.claims[claim]
            stands = known.status in ("checked", "awaiting_approval")
            expect = self.unless_merged(claim, CONFLICT if stands else DONE)
            words = f"{known.statement} again"
            self.command("claim", "edit", claim, "--statement", words, actor=actor, expect=expect)
            if expect == DONE:
                known.statement = words

        # -- marking --------------------------------------------------------------------------

        @rule(
            claim=claims,
            actor=ACTORS,
            word=st.sampled_from((*STATUSES, *VERDICTS)),
            slip=st.integers(0, 9),
            offered=st.none() | st.tuples(STANCES, SOURCES),
        )
        def mark(
            self, claim: int, actor: str, word: str, slip: int, offered: tuple[str, str] | None
        ) -> None:
            known, verdict = self.desk.claims[claim], word in VERDICTS
            # Mostly with the options that belong to it, else with one too many or too few.
            reason = (word == "set_aside") != (slip == 0)
            change = (verdict and known.last_verdict not in (None, word)) != (slip == 1)
            pieces = list(self.desk.pieces(claim).values())
            if offered is not None:
                pieces.append(Piece(*offered))
            expect: int | None = USAGE
            if reason == (word == "set_aside") and (verdict or not change):
                expect = self.unless_merged(claim) or known.refusal(
                    word, reason=reason, change=change
                )
            if expect is None:
                rests = not verdict or self.desk.rests(claim, word, pieces)
                expect = DONE if rests else INVALID
            words: list[object] = ["claim", "mark", claim, word, "--because", "Looked into it"]
            words += ["--reason", "error"] if reason else []
            words += ["--change", "revision"] if change else []
            words += [f"--{offered[0]}", offered[1]] if offered else []
            outcome = self.command(*words, "--format", "json", actor=actor, expect=expect)
            if expect != DONE:
                return
            for piece in outcome.json["evidence"]:
                if piece["id"] not in self.desk.pieces(claim):
                    known.pieces[piece["id"]] = Piece(piece["stance"], piece["source"]["url"])
            if verdict and self.desk.second_reviewer:
                known.propose(word, actor, self.desk.standing(claim))
            else:
                known.move(word, actor)

        @rule(claim=claims, actor=ACTORS)
        def mark_what_was_changed_since(self, claim: int, actor: str) -> None:
            seen = self.show(claim)["version"]
            expect = self.unless_merged(claim)
            self.command(
                "claim", "edit", claim, "--add-topic", f"t{seen}", actor=actor, expect=expect
            )
            self.command(
                "claim", "mark", claim, "in-review", "--because", "Asked", "--if-version", seen,
                actor=actor, expect=CONFLICT,
            )  # fmt: skip

        @rule(claim=claims, actor=ACTORS)
        def approve(self, claim: int, actor: str) -> None:
            expect = self.desk.approval(claim, actor)
            self.command("claim", "approve", claim, actor=actor, expect=expect)
            known = self.desk.claims[claim]
            if expect == DONE and known.proposal is not None:
                known.move(known.proposal.verdict, actor)
                known.proposal = None

        @rule(claim=claims, actor=ACTORS)
        def reject(self, claim: int, actor: str) -> None:
            known = self.desk.claims[claim]
            waits = known.proposal is not None and known.merged_into is None
            self.command(
                "claim", "reject", claim, "--because", "Not yet",
                actor=actor, expect=DONE if waits else CONFLICT,
            )  # fmt: skip
            if waits and known.proposal is not None:
                known.reject(known.proposal, actor)

        @rule(word=st.sampled_from(("on", "off")))
        def policy(self, word: str) -> None:
            self.command("policy", "second_reviewer", word, actor="Admin", expect=DONE)
            self.desk.second_reviewer = word == "on"

        # -- disagreeing, and being the same --------------------------------------------------

        @rule(claim=claims, actor=ACTORS)
        def object_to(self, claim: int, actor: str) -> None:
            known = self.desk.claims[claim]
            expect = self.unless_merged(claim, DONE if known.verdict else CONFLICT)
            self.command("claim", "object", claim, "--because", "No", actor=actor, expect=expect)
            if expect == DONE:
                known.objections.append(True)

        @rule(claim=claims, actor=ACTORS, number=st.integers(1, 2))
        def answer(self, claim: int, actor: str, number: int) -> None:
            known = self.desk.claims[claim].objections
            expect = MISSING
            if number <= len(known):
                expect = DONE if known[number - 1] else CONFLICT
            self.command(
                "claim", "answer", f"{claim}.{number}", "--because", "Yes",
                actor=actor, expect=expect,
            )  # fmt: skip
            if expect == DONE:
                known[number - 1] = False

        @rule(head=claims, other=claims, actor=ACTORS)
        def merge(self, head: int, other: int, actor: str) -> None:
            expect = self.desk.joining(head, other)
            self.command(
                "claim", "merge", head, other, "--because", "One well", actor=actor, expect=expect
            )
            if expect == DONE:
                self.desk.claims[other].merged_into = head
                pair = frozenset((head, other))
                if self.desk.judged.get(pair, ("",))[0] != "same":
                    self.desk.judged[pair] = "same", "One well"

        @rule(claim=claims, actor=ACTORS)
        def unmerge(self, claim: int, actor: str) -> None:
            known = self.desk.claims[claim]
            expect = self.desk.parting(claim)
            self.command("claim", "unmerge", claim, "--because", "Two", actor=actor, expect=expect)
            if expect == DONE and known.merged_into is not None:
                self.desk.judged[frozenset((claim, known.merged_into))] = "different", "Two"
                known.merged_into = None

        @rule(
            one=claims,
            other=claims,
            judgement=st.sampled_from(("same", "same", "different", "unsure")),
            because=st.sampled_from(("Read again", "Asked")),
            actor=ACTORS,
        )
        def judge(self, one: int, other: int, judgement: str, because: str, actor: str) -> None:
            expect = self.desk.judging(one, other, judgement, because)
            self.command(
                "claim", judgement, one, other, "--because", because, actor=actor, expect=expect
            )
            if expect == DONE:
                self.desk.judged[frozenset((one, other))] = judgement, because

        # -- what must hold -------------------------------------------------------------------

        def show(self, claim: int) -> Any:
            return run("claim", "show", claim, "--format", "json").json

        @invariant()
        def what_is_stored_is_what_the_model_says(self) -> None:
            merged = {one for one, known in self.desk.claims.items() if known.merged_into}
            for number, known in self.desk.claims.items():
                stored = self.show(number)
                assert stored["statement"] == known.statement
                assert (stored["status"], stored["verdict"]) == (known.status, known.verdict)
                assert stored["assigned_to"] == known.holder
                assert sorted(
                    (one["source"]["url"], one["withdrawn"] is not None)
                    for one in stored["appearances"]
                ) == sorted(
                    (source, place in claim.withdrawn)
                    for claim in self.desk.same(number)
                    for place, source in enumerate(claim.sources, start=1)
                )
                assert {
                    one["id"]: Piece(
                        one["stance"], one["source"]["url"], one["withdrawn"] is not None
                    )
                    for one in stored["evidence"]
                } == self.desk.pieces(number)
                assert [
                    (one["verdict"] or one["status"], one["recorded_by"])
                    for one in stored["reviews"]
                ] == known.reviews
                assert len(stored["notes"]) == known.notes
                assert stored["disputed"] == any(known.objections)
                if known.merged_into is None:
                    heads = {one for one in self.desk.group(number) if one not in merged}
                    assert {number, *(one["id"] for one in stored["same_as"])} == heads
            listed = {one["id"] for one in run("claim", "list", "--format", "json").json}
            for number, known in self.desk.claims.items():
                assert (number in listed) == (known.merged_into is None)

    return Desk


def test_a_desk_of_three_ends_where_the_model_ends(
    run: Run, ok: Run, pytestconfig: pytest.Config
) -> None:
    run_state_machine_as_test(
        machine(run),
        settings=settings(
            max_examples=pytestconfig.getoption("--sequences"),
            stateful_step_count=STEPS,
            suppress_health_check=list(HealthCheck),
            # A shorter sequence would be welcome, but takes minutes to find.
            phases=[Phase.generate],
            database=None,
        ),
    )

    ok("db", "check")
