"""How the lists people look at all day grow with the number of claims.

Claims are generated straight into the tables at each size; then the rows of `report unverified
--limit 50` and of `claim list` are timed in the database, by the server's own planning and
execution times, and apart from them what must look at every open claim: the totals with the
histogram of ages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from statistics import median
from typing import Any

from sqlalchemy import Connection, event, text

from claimtrack.db import make_engine
from claimtrack.matching.terms import stem, term
from claimtrack.services.listing import ClaimFilter, claim_lines
from claimtrack.services.search.asking import ask
from claimtrack.services.search.ranking import search
from claimtrack.services.unverified import open_rows, open_totals, present_moment
from tests.benchmarks.server import fresh_database

SIZES = [10_000, 100_000, 1_000_000]
ROUNDS = 15

#: Claims from a given number on: one in three checked, one in nine in review, a few set aside.
GENERATE = """
SET LOCAL session_replication_role = replica;
INSERT INTO publisher (name, name_key)
    SELECT 'Publisher ' || n, 'publisher' || n FROM generate_series(1, 500) AS n
    WHERE :first = 1;
INSERT INTO speaker (name) SELECT 'Speaker ' || n FROM generate_series(1, 2000) AS n
    WHERE :first = 1;
INSERT INTO source (kind, url, host, source_key, title, publisher_id, published_on,
        published_precision)
    SELECT 'article', 'https://s' || n || '.example/' || n, 's' || n || '.example',
        sha256(n::text::bytea), 'Article ' || n, n % 500 + 1, date '2020-01-01' + n % 2000, 'day'
    FROM generate_series((:first - 1) / 5 + 1, :last / 5) AS n;
INSERT INTO claim (statement, statement_key, kind, topics, priority, status, verdict, review_no,
        assigned_to, reach, recorded_at, recorded_by)
    SELECT 'Statement ' || n || ' about ' || md5(n::text), sha256(('c' || n)::bytea),
        (ARRAY['fact','fact','fact','figure','media','opinion','prediction'])[n % 7 + 1],
        ARRAY['topic ' || n % 50], (ARRAY[1,1,1,1,1,2,0,3])[n % 8 + 1],
        (ARRAY['unverified','unverified','unverified','checked','checked','checked','in_review',
            'unverified','set_aside'])[n % 9 + 1],
        CASE WHEN n % 9 BETWEEN 3 AND 5 THEN 'false' END,
        CASE WHEN n % 9 BETWEEN 3 AND 6 OR n % 9 = 8 THEN 1 ELSE 0 END,
        CASE WHEN n % 9 = 6 THEN 'Person ' || n % 20 END,
        n % 4 + 1, timestamptz '2024-01-01' + n * interval '1 minute', 'Person ' || n % 20
    FROM generate_series(:first, :last) AS n;
INSERT INTO appearance (claim_id, no, speaker_id, source_id, said_on, said_precision)
    SELECT n, no, (n * 7 + no) % 2000 + 1, (n + no) % (:last / 5) + 1,
        date '2020-01-01' + n % 2000, 'day'
    FROM generate_series(:first, :last) AS n, generate_series(1, n % 4 + 1) AS no;
INSERT INTO posting (claim_id, term, weight)
    SELECT n, :everywhere, 1 FROM generate_series(:first, :last) AS n
    UNION ALL SELECT n, :somewhere, 1 FROM generate_series(:first, :last) AS n WHERE n % 100 = 0;
INSERT INTO review (claim_id, no, from_status, status, verdict, reason, because, recorded_by)
    SELECT id, 1, 'unverified', status, verdict,
        CASE WHEN status = 'set_aside' THEN 'out_of_scope' END, 'generated', recorded_by
    FROM claim WHERE id BETWEEN :first AND :last AND review_no = 1;
"""


def main(numbers: list[int]) -> None:
    """Print a line for each list: its time at each size, and the ratio of the last to the first."""
    sizes = numbers or SIZES
    timed: dict[str, list[float]] = {}
    with fresh_database() as url:
        engine = make_engine(url)
        first = 1
        for size in sizes:
            _generate(url, first, size)
            first = size + 1
            with engine.connect() as connection:
                for name, work in _lists(connection).items():
                    timed.setdefault(name, []).append(_milliseconds(connection, work))
    print(f"{'milliseconds at claims':34}" + "".join(f"{size:>12,}" for size in sizes) + "   ratio")
    for name, times in timed.items():
        shown = "".join(f"{time:12.2f}" for time in times)
        print(f"{name:34}{shown} {times[-1] / times[0]:7.2f}")


def _generate(url: str, first: int, last: int) -> None:
    with make_engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN")
        for statement in GENERATE.split(";\n"):
            if statement.strip():
                # Bound as integers: generate_series is there for every type of number.
                statement = re.sub(":(first|last)", r"CAST(:\1 AS integer)", statement)
                values = {"first": first, "last": last, "everywhere": _term("statement")}
                connection.execute(text(statement), {**values, "somewhere": _term("hundredth")})
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("VACUUM ANALYZE")


def _term(word: str) -> int:
    return term(stem(word, "en"))


def _lists(connection: Connection) -> dict[str, Callable[[], object]]:
    moment = present_moment(connection)

    def listed(asked: ClaimFilter) -> Callable[[], object]:
        return lambda: claim_lines(connection, asked, 50)

    def searched(words: str) -> Callable[[], object]:
        return lambda: list(search(connection, ClaimFilter(text=ask(connection, words)), 50))

    return {
        "report unverified, 50 rows": lambda: open_rows(connection, (), 50),
        "claim list, 50 rows": listed(ClaimFilter()),
        "claim list --status in-review": listed(ClaimFilter(words=("in_review",))),
        "claim list --speaker": listed(ClaimFilter(speaker="7")),
        "claim list --topic": listed(ClaimFilter(topics=("topic 7",))),
        "claim list --assignee": listed(ClaimFilter(assignee="Person 7")),
        "claim list --text, in all claims": listed(ClaimFilter(text="statement")),
        "claim list --text, in one of 100": listed(ClaimFilter(text="hundredth")),
        "claim search, in all claims": searched("statement"),
        "claim search, in one of 100": searched("hundredth"),
        "claim search, both": searched("hundredth statement"),
        "totals and histogram": lambda: open_totals(connection, (), moment),
    }


def _milliseconds(connection: Connection, work: Callable[[], object]) -> float:
    """The median time that the server takes to plan and run what ``work`` sends it."""
    sent: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", keep)
    work()
    event.remove(connection, "before_cursor_execute", keep)
    return median(sum(_explained(connection, *one) for one in sent) for _ in range(ROUNDS))


def _explained(connection: Connection, statement: str, parameters: Any) -> float:
    explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
    plan = connection.exec_driver_sql(explain, parameters).scalar_one()[0]
    return float(plan["Planning Time"]) + float(plan["Execution Time"])
