"""Logins of a desk: given a role, refused what it does not hold, and taken back."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest

from claimtrack import embedded
from claimtrack.db import make_engine
from claimtrack.services import people
from claimtrack.services.roles import group_name
from claimtrack.vocab import Role
from tests import records

if TYPE_CHECKING:
    from tests.conftest import Desk, Outcome, OwnServer, Run

#: What every login that has a role may read.
READING = [
    ("claim", "list"),
    ("claim", "list", "--format", "json"),
    ("claim", "list", "--assignee", "me"),
    ("claim", "list", "--text", "bridge"),
    ("claim", "show", 1),
    ("evidence", "list", 1),
    ("speaker", "list"),
    ("speaker", "show", 1),
    ("source", "list"),
    ("source", "show", 1),
    ("report", "unverified"),
    ("report", "unverified", "--by", "speaker"),
    ("policy", "list"),
    ("report", "summary"),
    ("report", "period", "--last-week"),
    ("report", "overdue"),
    ("report", "corrections"),
    ("report", "figures"),
    ("db", "status"),
    ("db", "upgrade"),
]

#: What a recorder does, in this order on a fresh claim.
RECORDING = [
    ("claim", "add", "The south bridge was open", "--speaker", "Omar Said", "--source",
     "https://example.net/south", "--publisher", "Post", "--figure", "900", "--unit", "cars"),
    ("claim", "edit", 1, "--priority", "high", "--add-topic", "bridge"),
    ("claim", "edit", 1, "--figure", ">12", "--because", "read again"),
    ("claim", "note", 1, "Seen by two others"),
    ("claim", "assign", 1, "me", "--due", "2999-01-01"),
    ("claim", "supersede", 2, "The south bridge was open twice", "--figure", "1000",
     "--source", "https://example.net/later", "--speaker", "Omar Said"),
    ("appearance", "add", 1, "--speaker", "Omar Said", "--source", "https://example.net/live"),
    ("appearance", "edit", "1.2", "--at", "minute 4", "--because", "heard again"),
    ("appearance", "withdraw", "1.2", "--because", "another bridge"),
    ("evidence", "add", 1, "https://archive.example/log", "--refutes"),
    ("evidence", "withdraw", 1, "--because", "forged"),
    ("speaker", "add", "Greta Holm"),
    ("speaker", "alias", "Greta Holm", "G. Holm"),
    ("speaker", "edit", 3, "--kind", "person"),
    ("speaker", "merge", "Omar Said", "Greta Holm", "--because", "one person"),
    ("speaker", "unmerge", 3, "--because", "two after all"),
    ("source", "add", "https://example.com/more", "--title", "More"),
    ("source", "edit", 1, "--title", "The bridge"),
]  # fmt: skip

#: What only a reviewer does.
REVIEWING = [
    ("claim", "mark", 1, "in-review", "--because", "asking"),
    ("claim", "mark", 1, "false", "--because", "the log", "--refutes",
     "https://archive.example/log"),
    ("claim", "edit", 1, "--statement", "The north bridge was closed for the whole of may",
     "--typo", "--because", "a slip"),
    ("appearance", "attribution", "1.1", "confirmed", "--because", "heard it"),
    ("claim", "object", 1, "--because", "the log is of another day"),
    ("claim", "answer", 1, "--because", "it is of that day"),
    ("claim", "challenge", 1, "--from", "Press office", "--because", "it was open",
     "--due", "2999-01-01"),
    ("claim", "challenge", 1, "rejected", "--because", "the log says otherwise"),
    ("claim", "merge", 1, 2, "--because", "one claim"),
    ("claim", "unmerge", 2, "--because", "two after all"),
]  # fmt: skip


def record(desk: Desk) -> None:
    with make_engine(desk.owner_url).begin() as connection:
        records.claim(connection)


def refusal(outcome: Outcome) -> tuple[str, str]:
    """The sentence and the command of a refusal, which must be one for lack of a role."""
    assert (outcome.code, outcome.out) == (6, ""), outcome.err
    sentence, command = outcome.err.strip().splitlines()
    return sentence, command.strip()


# --- What a role lets through --------------------------------------------------------------------


def test_a_reader_reads_everything_and_writes_nothing(staff: Desk) -> None:
    record(staff)
    login = staff.login("reader")

    for words in READING:
        outcome = staff("reader", *words)
        assert outcome.code == 0, f"{words}: {outcome.err}"
    for words in (RECORDING[0], ("claim", "note", 1, "x"), ("claim", "assign", 1, "me")):
        sentence, command = refusal(staff("reader", *words))
        assert f"{login} may not record anything: that takes the role recorder" in sentence
        assert command == f"claimtrack db grant {login} recorder"


def test_a_recorder_records_and_does_not_mark(staff: Desk) -> None:
    record(staff)
    login = staff.login("recorder")

    for words in (*RECORDING, *READING):
        outcome = staff("recorder", *words)
        assert outcome.code == 0, f"{words}: {outcome.err}"
    for words in (REVIEWING[0], REVIEWING[3]):
        sentence, command = refusal(staff("recorder", *words))
        assert f"{login} may not mark claims: that takes the role reviewer" in sentence
        assert command == f"claimtrack db grant {login} reviewer"


def test_a_reader_who_marks_is_told_of_the_role_that_marks(staff: Desk) -> None:
    record(staff)

    sentence, command = refusal(staff("reader", *REVIEWING[0]))

    assert "that takes the role reviewer" in sentence
    assert command.endswith(" reviewer")


def test_a_reviewer_marks_and_mends_a_slip(staff: Desk) -> None:
    record(staff)

    for words in (*RECORDING, *REVIEWING, *READING):
        outcome = staff("reviewer", *words)
        assert outcome.code == 0, f"{words}: {outcome.err}"


def test_a_slip_under_a_verdict_is_not_for_a_recorder(staff: Desk) -> None:
    record(staff)
    for words in REVIEWING[:2]:
        assert staff("reviewer", *words).code == 0

    outcome = staff("recorder", *REVIEWING[2])

    assert outcome.code == 4
    assert "stand under its verdict" in outcome.err


def test_policies_are_an_admins_and_bind_everybody(staff: Desk) -> None:
    record(staff)
    setting = ("policy", "second_reviewer", "on")
    for role in ("reader", "recorder", "reviewer"):
        sentence, command = refusal(staff(role, *setting))
        assert "that takes the role admin" in sentence
        assert command == f"claimtrack db grant {staff.login(role)} admin"
    assert staff("admin", *setting).code == 0

    assert staff("reviewer", *REVIEWING[1]).code == 0
    refused = staff("reviewer", "claim", "approve", 1, actor="Somebody Else")
    assert refused.code == 4
    assert "reviewer" in refusal(staff("recorder", "claim", "approve", 1))[0]
    assert staff("admin", "claim", "approve", 1).code == 0


@pytest.mark.parametrize("words", [("claim", "history", 1), ("db", "check")])
def test_the_trail_is_for_admins(staff: Desk, words: tuple[object, ...]) -> None:
    record(staff)

    for role in ("reader", "recorder", "reviewer"):
        assert "may not read the trail of events" in refusal(staff(role, *words))[0]
    assert staff("admin", *words).code == 0


def test_what_is_filed_is_for_those_who_check_it(staff: Desk, tmp_path: object) -> None:
    file = f"{tmp_path}/log.txt"
    with open(file, "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("Traffic until Wednesday")
    filing = ("source", "add", "--file", file, "--title", "The log")
    assert staff("recorder", *filing).code == 0
    assert staff("recorder", *filing).code == 0

    reader = staff("reader", "source", "show", 1)
    assert reader.code == 0
    assert "not for this login to see" in reader.out
    assert staff("reader", "source", "show", 1, "--format", "json").json["captures"] is None
    assert "log.txt" in staff("recorder", "source", "show", 1).out
    for role in ("reader", "recorder"):
        outcome = staff(role, "source", "show", 1, "--save", f"{file}.copy")
        assert "may not read what is filed" in refusal(outcome)[0]
    assert staff("reviewer", "source", "show", 1, "--save", f"{file}.copy").code == 0


def test_who_has_no_role_is_told_so(desk: Desk) -> None:
    desk.grant("guest", "reader")
    assert desk.run("db", "revoke", desk.login("guest")).code == 0

    sentence, command = refusal(desk("guest", "claim", "list"))

    assert "may not read this database" in sentence
    assert command == f"claimtrack db grant {desk.login('guest')} reader"


# --- Who acts ------------------------------------------------------------------------------------


def test_the_login_is_the_actor_whatever_was_configured(staff: Desk) -> None:
    outcome = staff("recorder", *RECORDING[0], actor="Somebody Else")

    assert outcome.code == 0
    shown = staff("reader", "claim", "show", 1, "--format", "json").json
    assert shown["recorded_by"] == staff.login("recorder")


def test_another_actor_is_refused_where_it_was_typed(staff: Desk) -> None:
    outcome = staff("recorder", *RECORDING[0], "--actor", "Somebody Else")

    assert outcome.code == 2
    assert f"On this login you act as {staff.login('recorder')}" in outcome.err
    assert staff("reader", "claim", "list").out == ""
    assert staff("reader", "claim", "list", "--assignee", "me", "--actor", "Boss").code == 2
    own = ("--actor", staff.login("recorder"))
    assert staff("recorder", *RECORDING[0], *own, actor=None).code == 0


def test_status_says_how_strong_an_actor_is(staff: Desk, ok: Run) -> None:
    login = staff.login("reviewer")
    told = staff("reviewer", "db", "status").out
    assert f"{login}, reviewer (the database vouches for the name" in told
    as_json = staff("reviewer", "db", "status", "--format", "json").json
    assert (as_json["actor"], as_json["actor_vouched"]) == (login, True)
    assert as_json["role"] == "reviewer"

    assert "only as strong as what was typed" in ok("db", "status").out
    assert ok("db", "status", "--format", "json").json["actor_vouched"] is False


# --- Give and take -------------------------------------------------------------------------------


def test_another_role_takes_the_place_of_the_earlier(staff: Desk, ok: Run) -> None:
    record(staff)
    login = staff.login("reviewer")
    assert f"{login} is a reader now" in ok("db", "grant", login, "reader").err

    assert "reviewer" in refusal(staff("reviewer", *REVIEWING[0]))[0]
    listed = ok("db", "grants", "--format", "json").json
    assert {one["login"]: one["role"] for one in listed}[login] == "reader"
    assert all(one["in_force"] for one in listed)
    assert len(listed) == 4


def test_what_is_granted_again_is_recorded_once(desk: Desk, ok: Run) -> None:
    login = desk.login("ana")
    for _ in range(2):
        ok("db", "grant", login, "recorder")

    with psycopg.connect(desk.owner_url) as connection:
        rows = connection.execute("SELECT login, role, recorded_by FROM granted").fetchall()
        events = connection.execute("SELECT after ->> 'login' FROM event").fetchall()
    assert rows == [(login, "recorder", "Ana Ruiz")]
    assert events == [(login,)]


def test_a_new_login_has_no_password_and_its_owner_is_told(desk: Desk, ok: Run) -> None:
    login = desk.login("ana")

    told = ok("db", "grant", login, "recorder").err

    assert f"claimtrack db grant {login} recorder --password" in told
    assert "no password" not in ok("db", "grant", login, "recorder").err


def test_a_password_is_never_sent_in_clear(desk: Desk) -> None:
    script = desk.run(
        "db", "grant", desk.login("ana"), "reader", "--password", "--sql", input="correct horse\n"
    )

    assert script.code == 0
    assert "PASSWORD 'SCRAM-SHA-256$" in script.out
    assert "correct" not in script.out + script.err


@pytest.mark.parametrize("typed", ["\n", "", "bell\x07\n"])
def test_no_password_is_no_password(desk: Desk, typed: str) -> None:
    outcome = desk.run("db", "grant", desk.login("ana"), "reader", "--password", input=typed)

    assert outcome.code == 2
    assert "at least one character" in outcome.err


def test_revoke_takes_everything_and_leaves_the_login(staff: Desk, ok: Run, run: Run) -> None:
    login = staff.login("recorder")

    ok("db", "revoke", login)

    refusal(staff("recorder", "claim", "list"))
    assert login not in ok("db", "grants").out
    again = run("db", "revoke", login)
    assert again.code == 3
    assert f"{login} has no role in this database" in again.err


@pytest.mark.parametrize(
    ("name", "code"), [("", 5), ("pg_reader", 5), ("public", 5), ("x" * 64, 5), ("ä" * 40, 5)]
)
def test_names_that_no_login_can_have(run: Run, name: str, code: int) -> None:
    assert run("db", "grant", name, "reader").code == code


def test_the_owner_is_granted_nothing(desk: Desk, run: Run) -> None:
    with psycopg.connect(desk.owner_url) as connection:
        owner = connection.info.user

    outcome = run("db", "grant", owner, "reader")

    assert outcome.code == 4
    assert "no role would limit it" in outcome.err


def test_odd_names_are_quoted(desk: Desk, ok: Run) -> None:
    login = desk.login('a "b" %s; --')

    ok("db", "grant", login, "recorder")

    assert ok("db", "grants", "--format", "json").json[0]["login"] == login


def test_our_own_server_has_nobody_to_grant_anything(own: OwnServer) -> None:
    for words in (("grant", "ana", "reader"), ("revoke", "ana")):
        outcome = own("db", *words)
        assert outcome.code == 2
        assert "lets in nobody but you" in outcome.err


def test_long_database_names_have_roles_of_their_own() -> None:
    names = {group_name("d" * 60 + end, role) for end in "abc" for role in Role}

    assert len(names) == 12
    assert max(len(name.encode()) for name in names) <= 63
    assert group_name("claims", Role.READER) == "claimtrack_claims_reader"


# --- Where the caller may not, and afterwards ----------------------------------------------------


def as_owner(desk: Desk, *rights: str) -> str:
    """A login that owns the tables and is no superuser, and its URL; ``rights`` are of a role."""
    name = desk.login("keeper")
    with psycopg.connect(desk.owner_url, autocommit=True) as connection:
        connection.execute(
            f"CREATE ROLE {name} LOGIN PASSWORD 'correct horse' {' '.join(rights)}".encode()
        )
        connection.execute(f'ALTER DATABASE "{desk.database}" OWNER TO {name}'.encode())
        for kind, names in (
            ("TABLE", "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"),
            ("VIEW", "SELECT 'past.' || viewname FROM pg_views WHERE schemaname = 'past'"),
            (
                "FUNCTION",
                "SELECT oid::regprocedure::text FROM pg_proc"
                " WHERE pronamespace = 'public'::regnamespace",
            ),
        ):
            for (one,) in connection.execute(names.encode()).fetchall():
                connection.execute(f"ALTER {kind} {one} OWNER TO {name}".encode())
        connection.execute(f"ALTER SCHEMA past OWNER TO {name}".encode())
    return desk.url("keeper")


def psql(url: str, script: str) -> None:
    done = subprocess.run(
        [str(embedded.binaries() / "psql"), "--no-psqlrc", "--quiet", url],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_where_the_caller_may_not_make_roles_the_sql_is_printed(desk: Desk, run: Run) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": as_owner(desk)}
    login = desk.login("ana")

    outcome = run("db", "grant", login, "recorder", "--password", input="correct horse\n", env=env)

    assert outcome.code == 6
    assert "may not make or give roles" in outcome.err
    assert run("db", "grants", "--format", "json", env=env).json == []
    psql(desk.owner_url, outcome.out)
    assert desk("ana", *RECORDING[0]).code == 0
    listed = run("db", "grants", "--format", "json", env=env).json
    assert [(one["login"], one["role"], one["in_force"]) for one in listed] == [
        (login, "recorder", True)
    ]

    taken = run("db", "revoke", login, env=env)
    assert taken.code == 6
    psql(desk.owner_url, taken.out)
    refusal(desk("ana", "claim", "list"))


def test_an_owner_who_may_make_roles_needs_no_administrator(desk: Desk, ok: Run) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": as_owner(desk, "CREATEROLE")}
    login = desk.login("ana")
    ok("db", "grant", login, "recorder", "--password", input="correct horse\n", env=env)
    assert desk("ana", *RECORDING[0]).code == 0

    ok("db", "grant", login, "reader", env=env)

    refusal(desk("ana", "claim", "note", 1, "x"))
    ok("db", "grants", "--apply", env=env)
    assert len(ok("db", "grants", "--format", "json", env=env).json) == 1
    ok("db", "revoke", login, env=env)
    refusal(desk("ana", "claim", "list"))


def test_the_sql_is_for_its_own_database(desk: Desk, run: Run) -> None:
    script = run("db", "grant", desk.login("ana"), "reader", "--sql").out
    elsewhere = desk.owner_url.replace(f"/{desk.database}?", "/postgres?")

    done = subprocess.run(
        [str(embedded.binaries() / "psql"), "--no-psqlrc", "--quiet", elsewhere],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert f"This is for the database {desk.database}." in done.stderr


def test_a_recorder_can_not_grant_itself_more(staff: Desk) -> None:
    outcome = staff("recorder", "db", "grant", staff.login("recorder"), "admin")

    assert outcome.code == 6
    assert "may not make or give roles" in outcome.err
    refusal(staff("recorder", "db", "check"))


def test_what_the_server_lost_is_granted_again(staff: Desk, ok: Run) -> None:
    staff.drop_roles()
    listed = ok("db", "grants", "--format", "json").json
    assert [one["in_force"] for one in listed] == [False] * 4

    told = ok("db", "grants", "--apply").err

    assert told.count("it was made, and has no password yet") == 4
    listed = ok("db", "grants", "--format", "json").json
    assert [one["in_force"] for one in listed] == [True] * 4
    assert ok("db", "grants", "--apply").err == ""


def test_everybody_is_kept_from_our_triggers_again_after_a_restore(desk: Desk, run: Run) -> None:
    # A dump without privileges leaves every function open to everybody.
    engine = make_engine(desk.owner_url)
    opened = (
        "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND prosecdef AND prorettype = 'trigger'::regtype"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    )
    with engine.begin() as connection:
        connection.exec_driver_sql("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC")
        assert connection.exec_driver_sql(opened).scalar_one() > 5
    checked = run("db", "check")
    assert checked.code == 1
    assert "guard_approval()" in checked.out
    with engine.begin() as connection:
        people.apply_grants(connection)
        assert connection.exec_driver_sql(opened).scalar_one() == 0


def test_a_role_given_behind_our_back_is_shown_and_put_right(staff: Desk, ok: Run) -> None:
    login = staff.login("reader")
    with psycopg.connect(staff.owner_url, autocommit=True) as connection:
        connection.execute(f'GRANT "{group_name(staff.database, Role.ADMIN)}" TO {login}'.encode())
    shown = {one["login"]: one for one in ok("db", "grants", "--format", "json").json}
    assert (shown[login]["holds"], shown[login]["in_force"]) == ("admin", False)
    assert "claimtrack db grants --apply" in ok("db", "grants").out

    ok("db", "grants", "--apply")

    refusal(staff("reader", "db", "check"))


def test_an_upgrade_grants_what_its_tables_need(staff: Desk, ok: Run) -> None:
    record(staff)
    database = ("--drop-data", staff.database)
    ok("db", "downgrade", "0002", *database)
    ok("db", "upgrade")

    for words in REVIEWING[:2]:
        outcome = staff("reviewer", *words)
        assert outcome.code == 0, outcome.err
