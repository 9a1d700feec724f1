from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recommender.table import Table

EXAMPLES = Path(__file__).parents[2] / "examples"
TABLES = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in (".csv", ".xlsx", ".parquet"))


def test_every_table_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-W", "error", EXAMPLES / "make_examples.py", tmp_path], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == TABLES
    assert [name for name in TABLES if (tmp_path / name).read_bytes() != (EXAMPLES / name).read_bytes()] == []


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_described_and_can_be_read(name: str) -> None:
    words = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    line = next(line for line in words.splitlines() if line.startswith(f"| `{name}`"))
    target = line.split(" --target ")[1].split(" ")[0]
    table = Table.read(EXAMPLES / name)
    assert table.find(target).name == target
    assert len(table) >= 10
