"""Settings: which place wins, what is refused, and that no password is ever shown."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import platformdirs
import pytest

from claimtrack.config import (
    OriginKind,
    Settings,
    describe,
    load_settings,
    save_setting,
)
from claimtrack.errors import InvalidDataError, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "nested" / "config.toml"


def load(
    file: Path, env: Mapping[str, str] | None = None, flags: Mapping[str, str | None] | None = None
) -> Settings:
    return load_settings(flags, {"CLAIMTRACK_CONFIG": str(file), **(env or {})})


def write(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_with_nothing_said_every_setting_has_its_default() -> None:
    settings = load_settings(env={})
    assert settings.database_url is None
    assert settings.data_dir == platformdirs.user_data_path("claimtrack")
    assert settings.config_path == platformdirs.user_config_path("claimtrack") / "config.toml"
    assert (settings.actor, settings.report_timezone, settings.review_days) == (None, "UTC", 14)
    assert str(settings.origin("actor")) == "default"


def test_a_flag_beats_the_environment_which_beats_the_file(file: Path) -> None:
    write(file, 'actor = "file"\n')
    variable = {"CLAIMTRACK_ACTOR": "variable"}
    by_file = load(file)
    by_variable = load(file, variable)
    by_flag = load(file, variable, {"actor": "flag", "database_url": None})
    assert [s.actor for s in (by_file, by_variable, by_flag)] == ["file", "variable", "flag"]
    assert str(by_file.origin("actor")) == f"file {file}"
    assert str(by_variable.origin("actor")) == "environment CLAIMTRACK_ACTOR"
    assert str(by_flag.origin("actor")) == "flag --actor"
    assert by_flag.origin("review_days").kind is OriginKind.DEFAULT


def test_an_empty_variable_counts_as_unset(file: Path) -> None:
    settings = load(file, {"CLAIMTRACK_ACTOR": "", "CLAIMTRACK_REVIEW_DAYS": " "})
    assert (settings.actor, settings.review_days) == (None, 14)


def test_an_empty_flag_is_refused_rather_than_meaning_another_database(file: Path) -> None:
    with pytest.raises(InvalidDataError, match="--database-url: empty"):
        load(file, flags={"database_url": ""})


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_url_is_taken_as_it_was_given(file: Path, scheme: str) -> None:
    url = f"{scheme}://u:p@h/db"
    assert load(file, {"CLAIMTRACK_DATABASE_URL": url}).database_url == url


def test_other_databases_are_refused_without_showing_the_password(file: Path) -> None:
    with pytest.raises(InvalidDataError, match="not a database URL") as caught:
        load(file, {"CLAIMTRACK_DATABASE_URL": "mysql://u:geheim@h/db"})
    assert "geheim" not in caught.value.message


def test_the_data_folder_becomes_absolute(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(file, {"CLAIMTRACK_DATA_DIR": "data"}).data_dir == tmp_path / "data"
    assert load(file, {"CLAIMTRACK_DATA_DIR": "~/x"}).data_dir == Path("~/x").expanduser()


@pytest.mark.parametrize("days", ["0", "-1", "two", "1.5", "99999999"])
def test_review_days_is_a_whole_number_from_one(file: Path, days: str) -> None:
    with pytest.raises(InvalidDataError, match="CLAIMTRACK_REVIEW_DAYS"):
        load(file, {"CLAIMTRACK_REVIEW_DAYS": days})


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc", "America", "/etc/passwd"])
def test_an_unknown_time_zone_is_found_when_it_is_asked_for(file: Path, zone: str) -> None:
    settings = load(file, {"CLAIMTRACK_REPORT_TIMEZONE": zone})
    with pytest.raises(InvalidDataError, match="no time zone"):
        assert settings.timezone


def test_a_time_zone_is_looked_up(file: Path) -> None:
    zone = load(file, {"CLAIMTRACK_REPORT_TIMEZONE": "Europe/Berlin"}).timezone
    assert str(zone) == "Europe/Berlin"


def test_utc_needs_no_database_of_time_zones(file: Path) -> None:
    code = """
import sys
sys.modules["tzdata"] = None
from claimtrack.config import load_settings
print(load_settings().timezone)
load_settings({"report_timezone": "Europe/Madrid"}).timezone
"""
    env = {**os.environ, "PYTHONTZPATH": "", "CLAIMTRACK_CONFIG": str(file)}
    env.pop("CLAIMTRACK_REPORT_TIMEZONE", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "UTC\n"
    assert "there is no time zone 'Europe/Madrid'" in done.stderr


@pytest.mark.parametrize("name", ["actor", "database_url", "report_timezone"])
def test_bytes_that_are_no_text_are_refused(file: Path, name: str) -> None:
    value = "postgresql://ana\udcff@localhost/claims"
    with pytest.raises(InvalidDataError, match="not UTF-8"):
        save_setting(name, value, file)
    with pytest.raises(InvalidDataError, match="not UTF-8"):
        load_settings({name: value}, {"CLAIMTRACK_CONFIG": str(file)})
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('actor = "a"\nactors = "b"\n', 2, "no setting 'actors'"),
        ("# settings\n\n[database]\nurl = 'x'\n", 3, "no setting 'database'"),
        ('actor = "a"\nreview_days = \n', 2, "not valid TOML"),
        ('actor = "a', 1, "not valid TOML"),
        ("\nreview_days = '14'\n", 2, "whole number"),
        ("\nreview_days = true\n", 2, "whole number"),
        ("\nreview_days = 0\n", 2, "from 1"),
        ("actor = 7\n", 1, "text in quotation marks"),
        ('data_dir = "/x"\n', 1, "no setting 'data_dir'"),
    ],
)
def test_a_bad_file_is_one_sentence_with_its_name_and_line(
    file: Path, text: str, line: int, says: str
) -> None:
    write(file, text)
    # Also where a variable would win: what is wrong in the file should not wait to be found.
    with pytest.raises(InvalidDataError) as caught:
        load(file, {"CLAIMTRACK_ACTOR": "x", "CLAIMTRACK_REVIEW_DAYS": "3"})
    assert f"{file}, line {line}: " in caught.value.message
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_is_a_folder_or_not_text_is_a_sentence(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(InvalidDataError, match="can't be read"):
        load(file)
    file.rmdir()
    file.write_bytes(b'actor = "a"\n\xff\n')
    with pytest.raises(InvalidDataError, match="line 2: this is not UTF-8"):
        load(file)


def test_saving_keeps_comments_and_is_private(file: Path) -> None:
    save_setting("review_days", "7", file)
    file.write_text("# ours\n" + file.read_text() + "# the end\n")
    file.chmod(0o644)
    save_setting("database_url", "postgresql://u:p@h/db", file)
    save_setting("review_days", "21", file)
    text = file.read_text()
    assert "# ours" in text
    assert "# the end" in text
    settings = load(file)
    assert (settings.review_days, settings.database_url) == (21, "postgresql://u:p@h/db")
    assert [p.name for p in file.parent.iterdir()] == ["config.toml"]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_saving_nothing_takes_the_setting_out(file: Path) -> None:
    save_setting("actor", "Amal", file)
    save_setting("actor", None, file)
    save_setting("actor", None, file)
    assert load(file).actor is None


def test_saving_goes_through_a_symbolic_link(file: Path, tmp_path: Path) -> None:
    write(file, 'actor = "a"\n')
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    save_setting("actor", "b", link)
    assert link.is_symlink()
    assert load(file).actor == "b"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_url", "sqlite://"),
        ("review_days", "0"),
        ("report_timezone", "Mars/Base"),
        ("actor", " "),
        ("actor", "two\nlines"),
    ],
)
def test_bad_values_are_not_saved(file: Path, name: str, value: str) -> None:
    with pytest.raises(InvalidDataError, match=name):
        save_setting(name, value, file)
    assert not file.exists()


def test_unknown_names_are_refused_with_the_known_ones(file: Path) -> None:
    with pytest.raises(UsageError, match=r"database_url.*review_days"):
        save_setting("colour", "red", file)
    with pytest.raises(UsageError, match="CLAIMTRACK_DATA_DIR"):
        save_setting("data_dir", "/x", file)
    with pytest.raises(UsageError, match="database_url"):
        load(file).origin("colour")


def test_a_broken_file_is_not_overwritten(file: Path) -> None:
    write(file, "actor = \n")
    with pytest.raises(InvalidDataError, match="line 1"):
        save_setting("actor", "x", file)
    assert file.read_text() == "actor = \n"


def test_describe_and_repr_show_no_password(file: Path) -> None:
    settings = load(file, {"CLAIMTRACK_DATABASE_URL": "postgresql://u:geheim@h/db"})
    lines = {line.name: line for line in describe(settings)}
    assert lines["database_url"].value == "postgresql://u:***@h/db"
    assert str(lines["database_url"].origin) == "environment CLAIMTRACK_DATABASE_URL"
    assert lines["actor"].value is None
    assert "geheim" not in repr(settings) + repr(describe(settings))


def test_reading_settings_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    code = (
        "import sys; from claimtrack.config import load_settings;"
        f"load_settings(env={{'CLAIMTRACK_CONFIG': {str(tmp_path / 'none')!r},"
        f" 'CLAIMTRACK_DATA_DIR': {str(tmp_path)!r}}});"
        "print([m for m in ('tomllib', 'tomlkit', 'zoneinfo', 'platformdirs') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
