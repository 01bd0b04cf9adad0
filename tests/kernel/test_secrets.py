"""Secrets of many kinds, in every place that is recorded, are nowhere in the store."""

from __future__ import annotations

from pathlib import Path

import duckdb
from kernel_session import KernelSession

A = "aZ3dK9mQ7xW2vB8nL5pR1tY6uC4eS0gH"  # put together, so that no scanner takes this file for one
HEX = "3f9c1a7be2d45068" * 4
SECRETS = [
    f"sk-proj-{A}{A}", f"sk-ant-api03-{A}{A}", f"ghp_{A}abcd", f"gho_{A}abcd", f"ghs_{A}abcd",
    f"github_pat_{A}_{A}{A[:20]}", f"glpat-{A[:20]}x9", f"hf_{A}ab", f"pypi-AgEIcHlwaS5vcmc{A}{A}",
    f"npm_{A}abcd", "AKIA" + "IOSFODNN7EXAMPLQ", "ASIA" + "IOSFODNN7EXAMPLQ", f"AIza{A}abc",
    f"xoxb-1234567890-{A}", f"xoxp-1234567890-{A}", f"sk_live_{A[:24]}", f"rk_test_{A[:24]}",
    f"whsec_{A}", f"SG.{A[:22]}.{A}abcdefghijk", f"AC{HEX[:32]}", f"SK{HEX[:32]}",
    f"key-{HEX[:32]}", f"dapi{HEX[:32]}", f"dop_v1_{HEX}", f"dckr_pat_{A[:27]}",
    f"shpat_{HEX[:32]}",
    f"sq0atp-{A[:22]}", f"123456789:AA{A}a", f"NRAK-{A.upper()[:27]}", f"glsa_{A}_{HEX[:8]}",
    f"lin_api_{A}{A[:8]}", f"secret_{A}{A[:11]}", f"figd_{A}{A[:10]}", f"pat{A[:14]}.{HEX}",
    f"PMAK-{HEX[:24]}-{HEX[:34]}", f"dp.pt.{A}{A[:12]}", f"hvs.{A}", f"{A[:14]}.atlasv1.{A}{A}",
    f"pul-{HEX[:40]}", f"gsk_{A}{A[:20]}", f"xai-{A}{A}", f"pplx-{A}{A[:16]}", f"ya29.{A}",
    f"eyJ{A}.eyJ{A}.{A}", f"https://hooks.slack.com/services/T0/B0/{A}",
]  # fmt: skip
NAMED = {
    "key_prod": A,
    "password": "hunter2hunter",
    "db_password": "correct-horse",
    "auth_token": "plain-words-7",
}


def test_no_planted_secret_is_in_the_store(kernel: KernelSession, tmp_path: Path) -> None:
    assert len(SECRETS) >= 40
    of_environment = "value-of-the-environment-91"
    kernel.run(f"import os\nos.environ['CASE_API_KEY'] = {of_environment!r}")
    for number, secret in enumerate(SECRETS):
        kernel.run(
            f"%%track --quiet -m 'note {secret}' -t 'tag-{secret}'\n"
            f"# {secret}\nvalue{number} = {secret!r}\nprint('printed', value{number})\n"
            f"from IPython.display import HTML\ndisplay(HTML('<b>' + value{number} + '</b>'))\n"
            f"raise ValueError(value{number})"
        )
    for name, secret in NAMED.items():
        kernel.run(f"%%track --quiet\n{name} = {secret!r}\nused = len({name}) / 2")
    kernel.run("%%track --quiet\nprint(os.environ['CASE_API_KEY'])")
    kernel.run(
        "import celltrail as ct\nkey = os.environ['CASE_API_KEY']\n"
        "with ct.track('block', params={'x': key}) as r:\n"
        "    r.log_artifact({'deep': {'token': 'plain-words-7'}}, 'settings.json')"
    )
    kernel.close()
    store = tmp_path / "celltrail.duckdb"
    planted = [*SECRETS, *NAMED.values(), of_environment]
    texts = [path.read_bytes() for path in tmp_path.glob("celltrail.duckdb*") if path.is_file()]
    texts += [p.read_bytes() for p in tmp_path.glob("celltrail.duckdb.*/**/*") if p.is_file()]
    with duckdb.connect(store, read_only=True) as con:
        for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            for row in con.execute(f"SELECT * FROM {table}").fetchall():
                texts += [v if isinstance(v, bytes) else str(v).encode() for v in row]
        (marks,) = con.execute("SELECT sum(redactions) FROM runs").fetchall()[0]
    whole = b"\n".join(texts)
    assert [secret for secret in planted if secret.encode() in whole] == []
    assert marks > 3 * len(SECRETS)
