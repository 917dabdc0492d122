"""What taking in a large CSV file costs, against COPY of every row that it leaves.

The file is made here: claims of 40,000 speakers in 200,000 sources for each million, with dates,
quotes and topics. It is taken in by a process of its own, so that the memory is the client's
alone; then every table's rows are written down, and copied into the same tables of another
database, with the same indexes and no trigger. Both databases are on one server, in one run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from claimtrack import migrate
from claimtrack.db import make_engine
from tests.benchmarks.imports.generate import write_csv
from tests.benchmarks.server import fresh_database

SIZES = [100_000, 1_000_000]
BAR = 2.0
MEMORY_BAR = 200


def main(numbers: list[int]) -> None:
    """Print, for each size: the import's time, COPY's, their ratio, memory, and each stage."""
    peaks = {}
    for rows in numbers or SIZES:
        with tempfile.TemporaryDirectory(prefix="claimtrack-bench-") as folder:
            peaks[rows] = _measure(rows, Path(folder))
    if len(peaks) > 1:
        small, large = min(peaks), max(peaks)
        print(
            f"memory from {small:,} to {large:,} rows: {peaks[large] / peaks[small]:.2f} times"
            f" (bar: {MEMORY_BAR} MB)"
        )


def _measure(rows: int, folder: Path) -> float:
    path = folder / "claims.csv"
    write_csv(path, rows)
    print(f"\n{rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB of CSV", flush=True)
    with fresh_database() as url:
        url = url.replace("postgresql+psycopg://", "postgresql://")
        _checkpoint(url)
        began = time.perf_counter()
        done = _take_in(path, url)
        took = time.perf_counter() - began
        peak = done["peak_mb"]
        print(f"  import {took:8.1f} s   {rows / took:8,.0f} rows a second   {peak:,.0f} MB")
        for name, seconds in sorted(done["seconds"].items(), key=lambda pair: -pair[1]):
            print(f"    {name:20} {seconds:8.1f} s")
        copied, tables = _copy_all(url, folder)
        print(f"  COPY   {copied:8.1f} s   of {sum(each.rows for each in tables):,} rows")
        for each in tables:
            print(f"    {each.name:20} {each.seconds:8.1f} s {each.rows:12,} rows")
        print(f"  ratio  {took / copied:8.2f}     (bar: {BAR})", flush=True)
    return float(peak)


def _take_in(path: Path, url: str) -> dict[str, Any]:
    """Take in the file in a process of its own; what it says of itself."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.imports.worker", str(path), url],
        check=True,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _tables(connection: psycopg.Connection) -> list[tuple[str, list[str]]]:
    """Every table of the schema with the columns that aren't computed, those referred to first."""
    import claimtrack.models.rules  # noqa: F401 - completes the metadata
    from claimtrack.db import metadata

    return [
        (table.name, [column.name for column in table.columns if column.computed is None])
        for table in metadata.sorted_tables
        if table.name not in ("transition", "ledger")
    ]


class _Copied(NamedTuple):
    name: str
    seconds: float
    rows: int


def _copy_all(url: str, folder: Path) -> tuple[float, list[_Copied]]:
    """Copy every row of a database into an empty one; the seconds, in all and by table."""
    other = url.replace("/bench?", "/copied?")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE copied")
        tables = _tables(connection)
        for name, columns in tables:
            with (
                (folder / name).open("wb") as file,
                connection.cursor() as cursor,
                cursor.copy(_copy(name, columns, "TO STDOUT")) as copy,
            ):
                for block in copy:
                    file.write(block)
    migrate.upgrade(make_engine(other))
    _checkpoint(other)
    copied = []
    with psycopg.connect(other) as connection:
        connection.execute("SET session_replication_role = replica")
        for name, _ in tables:
            connection.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name))
            )
        began = time.perf_counter()
        for name, columns in tables:
            cursor = connection.cursor()
            table_began = time.perf_counter()
            with (
                (folder / name).open("rb") as file,
                cursor.copy(_copy(name, columns, "FROM STDIN")) as copy,
            ):
                while block := file.read(1 << 18):
                    copy.write(block)
            if cursor.rowcount:
                seconds = time.perf_counter() - table_began
                copied.append(_Copied(name, seconds, cursor.rowcount))
        connection.commit()
        took = time.perf_counter() - began
    return took, sorted(copied, key=lambda each: -each.seconds)


def _copy(name: str, columns: list[str], direction: str) -> sql.Composed:
    return sql.SQL("COPY {} ({}) " + direction).format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def _checkpoint(url: str) -> None:
    """Begin with nothing left to write of what came before."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
