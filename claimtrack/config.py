"""The settings: for each of them flag > environment > TOML file > default, and which it was.

Every command loads them, so what only some need is imported where it is needed: ``tomllib`` when
there is a file, ``tomlkit`` to write one, ``zoneinfo`` to look a time zone up.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from claimtrack.database_url import hide_password
from claimtrack.errors import InvalidDataError, UsageError

if TYPE_CHECKING:
    import datetime as dt

_CONFIG_VARIABLE = "CLAIMTRACK_CONFIG"
_SCHEME = re.compile(r"(?:postgresql|postgres|postgresql\+psycopg)://")
#: How many characters the name of who acts may have.
ACTOR_LIMIT = 200
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class OriginKind(StrEnum):
    """Which of the four places a setting's value came from."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


class Origin(NamedTuple):
    """Where a value came from; ``str()`` gives it for people: ``environment CLAIMTRACK_ACTOR``."""

    kind: OriginKind
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.place}".rstrip()


class SettingLine(NamedTuple):
    """One setting as it may be shown: no password in it. ``value`` is None where none is set."""

    name: str
    value: str | None
    origin: Origin


@dataclass(frozen=True)
class Settings:
    """What this run goes by. ``database_url`` None means the embedded PostgreSQL."""

    # Not in the repr: it may hold a password, and reprs end up in tracebacks and test output.
    database_url: str | None = field(repr=False)
    data_dir: Path
    actor: str | None
    report_timezone: str
    review_days: int
    desk_name: str | None
    desk_url: str | None
    config_path: Path
    origins: Mapping[str, Origin]

    def origin(self, name: str) -> Origin:
        """Where the setting's value came from. Raises UsageError for an unknown name."""
        _known(name)
        return self.origins[name]

    @property
    def timezone(self) -> dt.tzinfo:
        """``report_timezone``, looked up. Raises InvalidDataError if there is no such zone."""
        return _zone(self.report_timezone, self.origins["report_timezone"])


class _Spec(NamedTuple):
    """How one setting is read: its default is made only when nothing else names a value."""

    check: Callable[[Any, Origin], Any]
    default: Callable[[], Any]
    in_file: bool = True


def load_settings(
    flags: Mapping[str, str | None] | None = None, env: Mapping[str, str] | None = None
) -> Settings:
    """The settings of this run.

    ``flags`` maps setting names to what was typed (None: not typed); ``env`` is ``os.environ``
    unless given, and an empty variable counts as unset. Raises InvalidDataError for a value that
    can't be used, for an unknown name in the file and for a file that can't be read. An unknown
    time zone is found when ``Settings.timezone`` is first asked for.
    """
    flags = flags or {}
    env = os.environ if env is None else env
    if unknown := set(flags) - set(_SPECS):
        raise ValueError(f"no such setting: {sorted(unknown)}")
    config_path = _config_path(env)
    stored = _read_file(config_path)
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for name, spec in _SPECS.items():
        raw: object
        if (typed := flags.get(name)) is not None:
            raw, origin = typed, Origin(OriginKind.FLAG, "--" + name.replace("_", "-"))
        elif (variable := env.get(variable_name(name), "").strip()) != "":
            raw, origin = variable, Origin(OriginKind.ENVIRONMENT, variable_name(name))
        elif name in stored:
            raw, origin = stored[name], Origin(OriginKind.FILE, str(config_path))
        else:
            values[name], origins[name] = spec.default(), Origin(OriginKind.DEFAULT)
            continue
        values[name], origins[name] = spec.check(raw, origin), origin
    return Settings(**values, config_path=config_path, origins=origins)


def describe(settings: Settings) -> list[SettingLine]:
    """Every setting with its value, fit to be printed, and where it came from."""
    lines = []
    for name in _SPECS:
        value = getattr(settings, name)
        text = None if value is None else str(value)
        if name == "database_url" and text is not None:
            text = hide_password(text)
        lines.append(SettingLine(name, text, settings.origin(name)))
    return lines


def save_setting(name: str, value: str | None, path: Path) -> None:
    """Write one setting into the TOML file ``path`` (None takes it out); comments stay.

    The file is replaced in one step and is private (0600), as are folders made for it: a database
    URL can hold a password. Raises UsageError for an unknown name, InvalidDataError for a bad
    value and for a file that can't be read or written.
    """
    spec = _known(name)
    if not spec.in_file:
        raise UsageError(f"{name} can't be saved in the file; set {variable_name(name)} instead.")
    _read_file(path)
    import tomlkit

    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
        if value is None:
            document.pop(name, None)
        else:
            checked = spec.check(value, Origin(OriginKind.FLAG, name))
            if name == "report_timezone":
                _zone(checked, Origin(OriginKind.FLAG, name))
            document[name] = checked
        _write_private(path, tomlkit.dumps(document))
    except OSError as error:
        raise InvalidDataError(f"{path} can't be written: {error.strerror}.") from error


def variable_name(name: str) -> str:
    """The environment variable of a setting: ``actor`` gives ``CLAIMTRACK_ACTOR``."""
    return "CLAIMTRACK_" + name.upper()


def _known(name: str) -> _Spec:
    try:
        return _SPECS[name]
    except KeyError:
        names = ", ".join(_SPECS)
        raise UsageError(f"There is no setting {name!r}. The settings are: {names}.") from None


def _config_path(env: Mapping[str, str]) -> Path:
    if named := env.get(_CONFIG_VARIABLE, "").strip():
        return _absolute(named)
    import platformdirs

    return platformdirs.user_config_path("claimtrack") / "config.toml"


def _default_data_dir() -> Path:
    import platformdirs

    return platformdirs.user_data_path("claimtrack")


def _absolute(path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:  # "~nobody-of-that-name"
        raise InvalidDataError(f"{path!r} is not a folder or file: {error}") from error


def _read_file(path: Path) -> dict[str, object]:
    """The file's settings; {} where there is no file. Every sentence names file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InvalidDataError(f"The settings in {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidDataError(f"{path}, line {line}: this is not UTF-8 text.") from None
    import tomllib

    try:
        stored = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\s*\(at (?:line (\d+).*|end of document)\)", str(error))
        line_no = found[1] if found and found[1] else text.count("\n") + 1
        reason = str(error)[: found.start()] if found else str(error)
        # `from None`: the library's own error carries the whole text, passwords and all.
        raise InvalidDataError(f"{path}, line {line_no}: not valid TOML ({reason}).") from None
    names = [name for name, spec in _SPECS.items() if spec.in_file]
    for key in stored:
        if key not in names:
            raise InvalidDataError(
                f"{path}, line {_line_of(key, text)}: there is no setting {key!r}; "
                f"the file may hold {', '.join(names)}."
            )
    for name, value in stored.items():
        origin = Origin(OriginKind.FILE, f"{path}, line {_line_of(name, text)}")
        wanted = int if name == "review_days" else str
        if type(value) is not wanted:
            kind = "a whole number" if wanted is int else "text in quotation marks"
            raise InvalidDataError(f"{origin.place}: {name} must be {kind}.")
        _SPECS[name].check(value, origin)
    return stored


def _line_of(key: str, text: str) -> int:
    pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    lines = text.splitlines()
    return next((no for no, line in enumerate(lines, 1) if pattern.match(line)), 1)


def _write_private(path: Path, text: str) -> None:
    import tempfile

    path = path.resolve()  # through a symbolic link, which people keep their settings behind
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _bad(origin: Origin, sentence: str) -> InvalidDataError:
    place = f"{origin.place}: " if origin.place else ""
    return InvalidDataError(place + sentence)


def _refuse_undecodable(value: str, origin: Origin) -> None:
    """Refuse bytes of a command line or a variable that Python could not read as text."""
    if _SURROGATE.search(value):
        raise _bad(origin, "this is not UTF-8 text.")


def _check_url(value: str, origin: Origin) -> str:
    _refuse_undecodable(value, origin)
    value = value.strip()
    if not _SCHEME.match(value):
        shown = f"{hide_password(value)!r} is not" if value else "empty, but it must be"
        raise _bad(origin, f"{shown} a database URL like postgresql://user@host/database.")
    if _CONTROL.search(value):
        raise _bad(origin, "a database URL has no control characters in it.")
    return value


def _check_actor(value: str, origin: Origin) -> str:
    _refuse_undecodable(value, origin)
    value = value.strip()
    if not value or len(value) > ACTOR_LIMIT or _CONTROL.search(value):
        raise _bad(origin, f"an actor is a name of 1 to {ACTOR_LIMIT} characters on one line.")
    return value


def _check_timezone(value: str, origin: Origin) -> str:
    _refuse_undecodable(value, origin)
    value = value.strip()
    if not value or _CONTROL.search(value):
        raise _bad(origin, "a time zone has a name like UTC or Europe/Berlin.")
    return value


def _check_days(value: str | int, origin: Origin) -> int:
    try:
        days = int(value)
    except ValueError:
        days = 0
    if not 1 <= days <= 36500:
        raise _bad(origin, f"{value!r} is not a whole number of days from 1 to 36500.")
    return days


def _check_desk_name(value: str, origin: Origin) -> str:
    _refuse_undecodable(value, origin)
    value = value.strip()
    if not value or len(value) > 300 or _CONTROL.search(value):
        raise _bad(origin, "the desk's name has 1 to 300 characters on one line.")
    return value


def _check_desk_url(value: str, origin: Origin) -> str:
    _refuse_undecodable(value, origin)
    value = value.strip()
    if len(value) > 2000 or not re.fullmatch(r"https?://[^\s/?#@\"<>\\]+(/[^\s\"<>\\?#]*)?", value):
        raise _bad(origin, "the desk's address is like https://desk.example.org.")
    return value.rstrip("/")


def _check_folder(value: str, origin: Origin) -> Path:
    if _CONTROL.search(value):
        raise _bad(origin, "the data folder's name has control characters in it.")
    return _absolute(value)


def _zone(name: str, origin: Origin) -> dt.tzinfo:
    if name == "UTC":  # known without a database of zones, which not every system has
        import datetime

        return datetime.UTC
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError and OSError: names like "../x", or of a folder such as "America".
        sentence = f"there is no time zone {name!r}; names are like UTC or Europe/Berlin."
        raise _bad(origin, sentence) from None


_SPECS: dict[str, _Spec] = {
    "database_url": _Spec(_check_url, lambda: None),
    "data_dir": _Spec(_check_folder, _default_data_dir, in_file=False),
    "actor": _Spec(_check_actor, lambda: None),
    "report_timezone": _Spec(_check_timezone, lambda: "UTC"),
    "review_days": _Spec(_check_days, lambda: 14),
    "desk_name": _Spec(_check_desk_name, lambda: None),
    "desk_url": _Spec(_check_desk_url, lambda: None),
}
