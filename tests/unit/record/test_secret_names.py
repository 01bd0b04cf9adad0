"""A token that somebody made a name is stored nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import celltrail as ct

TOKEN = "sk-abcdefghijklmnopqrstuvwxyz12345"


def test_tokens_as_names_are_redacted_in_every_place(tmp_path: Path) -> None:
    error = type(TOKEN, (ValueError,), {})
    with pytest.raises(error), ct.track("run", params={TOKEN: 1}) as run:
        run.log({TOKEN: 0.5})
        run.log({TOKEN: 1}, step=2)
        run.log_params({TOKEN: "x", "nested": {TOKEN: 2}})
        run.log_artifact("a text that is long", name=f"{TOKEN}.txt")
        run.log_artifact({"rows": 1}, name=TOKEN)
        raise error("failed")
    stored = ct.run(run)
    assert stored.status == "failed"
    assert any("[redacted]" in key for key in stored.metrics)
    assert any("[redacted]" in key for key in stored.params)
    for name in ct.sql("SHOW TABLES").iloc[:, 0]:
        assert TOKEN not in ct.sql(f'FROM "{name}"').to_string()
    ct.vacuum()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert TOKEN.encode() not in file.read_bytes()
