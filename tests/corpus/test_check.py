"""The checker names file, line and rule for every broken entry, and survives every file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from corpus.check import check_items, main
from corpus.entry import Entry, violations
from corpus.load import seed_entries
from corpus.sources import FolderSource
from corpus.sources._files import MAX_TEXT_BYTES

GOOD: dict[str, Any] = {
    "id": "test.spring",
    "name": {"en": "Spring", "ja": "ばね"},
    "description": {"en": "Force of a spring.", "ja": "ばねの力。"},
    "domain": "test",
    "formula": "k*x + c*F0",
    "target": {"symbol": "F", "quantity": {"en": "force", "ja": "力"}, "unit": "N"},
    "variables": [{"symbol": "x", "quantity": {"en": "extension", "ja": "伸び"}, "unit": "mm", "range": [0, 10]}],
    "parameters": [
        {"symbol": "k", "meaning": {"en": "stiffness", "ja": "ばね定数"}, "unit": "N/mm", "range": [0.1, 10], "sign": "positive"},
        {"symbol": "c", "meaning": {"en": "number", "ja": "数"}, "unit": "1"},
        {"symbol": "F0", "meaning": {"en": "preload", "ja": "初荷重"}, "unit": "N"},
    ],
    "source": "own",
    "check": [{"inputs": {"x": 2, "k": 3, "c": 1, "F0": 4}, "output": 10}],
}


def entry(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def lines(folder: Path) -> list[str]:
    return list(check_items(FolderSource(folder).collect()))


def written(folder: Path, *entries: dict[str, Any], name: str = "a.yaml") -> Path:
    apart = json.loads(json.dumps(entries))  # objects used twice would be written as aliases
    (folder / name).write_text(yaml.safe_dump(apart, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return folder


def test_a_good_entry_passes(tmp_path: Path) -> None:
    assert lines(written(tmp_path, GOOD)) == []


QUANTITY = GOOD["variables"][0]
BROKEN = {
    "formula: not readable": (entry(formula="k*x +"), "cannot be read as a formula"),
    "formula: code": (entry(formula="__import__('os')"), "not allowed in a formula"),
    "formula: unknown symbol": (entry(formula="k*x + c*F0 + zz"), "zz is neither a column nor a coefficient"),
    "formula: 9**9**9": (entry(formula="k*x + c*F0*9**9**9"), "too large or too small"),
    "symbol unused": (entry(formula="k*x", check=[]), "symbol F0 is declared but not in the formula"),
    "symbol twice": (entry(variables=[QUANTITY, QUANTITY]), "symbol x is declared twice"),
    "target inside": (entry(target={**GOOD["target"], "symbol": "x"}), "target x is also on the right-hand side"),
    "unit unknown": (entry(target={**GOOD["target"], "unit": "furlongs per fortnightt"}), "is not known"),
    "dimension": (entry(target={**GOOD["target"], "unit": "W"}, check=[]), "dimensions disagree (target)"),
    "dimension in a sum": (entry(formula="k*x + c + 0*F0 + F0"), "dimensions disagree (sum)"),
    "check wrong": (entry(check=[{"inputs": {"x": 2, "k": 3, "c": 1, "F0": 4}, "output": 11}]), "check 1 gives 10, not 11"),
    "check unknown input": (entry(check=[{"inputs": {"x": 2, "k": 3, "c": 1, "F0": 4, "zz": 1}, "output": 10}]), "no symbol zz"),
    "check missing input": (entry(check=[{"inputs": {"x": 2}, "output": 10}]), "no value for k, c, F0"),
    "range": (entry(variables=[{**QUANTITY, "range": [3, 3]}]), "range of x is not low < high"),
    "no Japanese": (entry(name={"en": "a", "ja": "a"}, description={"en": "a", "ja": "b"}), "hold no Japanese"),
    "constant unknown": (entry(formula="k*x + c*F0 + q*F0", constants={"q": "no such constant"}), "not a CODATA name"),
    "equivalent form": (entry(equivalent_forms=["k*x + c*F0", "k*x +* 2"]), "equivalent form 'k*x +* 2'"),
    "other values": (entry(equivalent_forms=["c*F0 + x*k", "c*F0 - x*k"]), "'c*F0 - x*k' has other values"),
    "relation": (entry(relations=[{"kind": "limit_of", "id": "test.nowhere"}]), "related entry test.nowhere does not exist"),
    "extra key": (entry(colour="blue"), "colour: Extra inputs are not permitted"),
    "missing key": ({k: v for k, v in GOOD.items() if k != "source"}, "source: Field required"),
    "bad id": (entry(id="Test Spring"), "id: String should match"),
    "bad symbol": (entry(parameters=[{**GOOD["parameters"][0], "symbol": "k;import os"}]), "symbol: String should match"),
    "wrong type": (entry(variables="x"), "variables"),
    "no variables": (entry(variables=[]), "variables: Tuple should have at least 1 item"),
    "not an entry": (["just a list"], "no set of named fields"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_violation_is_said_with_file_and_line(tmp_path: Path, name: str) -> None:
    broken, sentence = BROKEN[name]
    found = lines(written(tmp_path, {**GOOD, "id": "test.first"}, broken))  # type: ignore[arg-type]
    own = [line for line in found if "same formula and quantities" not in line]
    start = (tmp_path / "a.yaml").read_text(encoding="utf-8").splitlines().index("- id: test.first")
    second = next(i for i, line in enumerate((tmp_path / "a.yaml").read_text("utf-8").splitlines()) if i > start and line.startswith("- "))
    assert any(line.startswith(f"a.yaml:{second + 1}: ") and sentence in line for line in own), own
    assert not any(line.startswith("a.yaml:1:") for line in own)


def test_ids_and_formulas_used_twice_are_said_across_files(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, GOOD, name="b.yaml")
    written(tmp_path, entry(id="test.other", formula="F0*c + x*k"), name="c.yaml")
    found = lines(tmp_path)
    assert "b.yaml:1: test.spring: id already used at a.yaml:1" in found
    assert "c.yaml:1: test.other: same formula and quantities as test.spring" in found


BAD_FILES = {
    "alias.yaml": (b"- a: &x [1]\n- b: *x\n", "On line 2 stands an alias"),
    "bomb.yaml": (b"- &a [x,x]\n- &b [*a,*a]\n- &c [*b,*b]\n", "aliases are not allowed"),
    "merge.yaml": (b"- {<<: {id: 1}}\n", "merge.yaml:1: "),
    "twice.yaml": (b"- id: a\n  id: b\n", "twice.yaml:1: On line 1 the key id stands twice"),
    "deep.yaml": (b"[" * 100_000, "nested more than 20 levels deep"),
    "deep_map.yaml": (b"{a: " * 100_000, "nested more than 20 levels deep"),
    "utf16.yaml": ("- id: あ\n".encode("utf-16"), "is not UTF-8 text"),
    "sjis.yaml": ("- id: 式\n".encode("shift_jis"), "is not UTF-8 text"),
    "nul.yaml": (b"- a\x00b\n", "is not UTF-8 text"),
    "python.yaml": (b"- !!python/object/apply:os.system [touch canary]\n", "tags are not allowed"),
    "set.yaml": (b"- !!set {a}\n", "tags are not allowed"),
    "quote.yaml": (b'- "a\n', "unexpected end of stream"),
    "tab.yaml": (b"- \ta: b\n\t- c\n", "cannot be read as YAML"),
    "two.yaml": (b"- a\n---\n- b\n", "but found another document"),
    "map.yaml": (b"a: b\n", "It holds no list of entries"),
    "empty.yaml": (b"", "It holds no list of entries"),
    "date.yaml": (b"- 2024-13-45\n", "month must be in 1..12"),
    "number.yaml": (b"- {id: " + b"9" * 5000 + b"}\n", "Exceeds the limit"),
    "key.yaml": (b"- {? [a] : b}\n", "key.yaml:1: On line 1 a key is not a plain word"),
    "large.yaml": (b"# " + b"x" * MAX_TEXT_BYTES, "It is larger than 2 MB"),
    "binary.yaml": (bytes(range(256)), "is not UTF-8 text"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_said_and_does_not_stop_the_others(tmp_path: Path, name: str) -> None:
    content, sentence = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    found = lines(written(tmp_path, GOOD, name="zz_good.yaml"))
    assert found
    assert all(line.startswith(name) for line in found)
    assert any(sentence in line for line in found), found
    assert sum(item.entry is not None for item in FolderSource(tmp_path).collect()) == 1
    assert not Path("canary").exists()


def test_links_and_folders_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    written(outside, GOOD)
    inside = tmp_path / "inside"
    (inside / "folder.yaml").mkdir(parents=True)
    (inside / "link.yaml").symlink_to(outside / "a.yaml")
    (inside / "dangling.yaml").symlink_to(inside / "nowhere")
    found = lines(inside)
    assert [line.split(":")[0] for line in found] == ["dangling.yaml", "link.yaml"]


def test_the_command_ends_with_a_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(written(tmp_path, GOOD))]) == 0
    assert capsys.readouterr().out.strip() == "1 entries, 0 violations"
    assert main([str(written(tmp_path, entry(formula="k*x")))]) == 1
    assert "symbol F0" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "There is no folder" in capsys.readouterr().out


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    text = yaml.safe_dump([GOOD], allow_unicode=True)
    (tmp_path / "bom.yaml").write_text(text, encoding="utf-8-sig")
    assert lines(tmp_path) == []


def test_an_entry_evaluates_in_its_own_units() -> None:
    spring = Entry.model_validate(GOOD)
    assert spring.evaluate({"x": 2, "k": 3, "c": 1, "F0": 4}) == pytest.approx(10)
    assert list(violations(spring)) == []


@pytest.mark.slow
def test_the_real_corpus_is_green() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "corpus.check"], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert re.fullmatch(r"\d+ entries, 0 violations\n", answer.stdout), answer.stdout + answer.stderr
    assert answer.returncode == 0


def test_the_seed_corpus_is_broad() -> None:
    entries = seed_entries()
    assert len(entries) >= 150
    assert len({entry.domain.split("/")[0] for entry in entries}) >= 12
