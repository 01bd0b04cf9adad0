"""Secrets are taken out of what is recorded, settings that look like them are not."""

from __future__ import annotations

import pytest

from celltrail.capture import known_secrets
from celltrail.capture.redact import MARK, is_secret_name, key_cleaner, redact_param, redact_text


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "OPENAI_API_KEY", "apiKey", "password", "db.password", "DB_PASSWORD", "token",
        "hf_token", "client_secret", "aws_secret_access_key", "passwd", "credentials",
    ],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens", "tokens", "pad_token", "eos_token", "n_tokens", "key", "sort_key", "keys",
        "monkey", "tokenizer", "secretary", "label_key", "rng_key", "learning_rate",
    ],
)  # fmt: skip
def test_names_of_settings_are_not_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        'api_key = "hunter2hunter2"',
        "config['password'] = 'hunter2hunter2'",
        '{"token": "hunter2hunter2"}',
        "f(password='hunter2hunter2')",
        "url = 'https://me:hunter2hunter2@example.org/x'",
        "%%track -p api_key=hunter2hunter2",
        'secret = """hunter2hunter2\nhunter2hunter2"""',
        'api_key: str = "hunter2hunter2"',
        "run('mysql', \"--password='hunter2'\")",
        "%env DB_PASSWORD=hunter2",
        "x = 1\n  %env DB_PASSWORD hunter2's",
        "%set_env DB_PASSWORD hunter2",
        "get_ipython().run_line_magic('env', 'DB_PASSWORD=hunter2')",
        "!export DB_PASSWORD=hunter2; run",
        "%%track -p 'api_key=hunter2'",
        "curl -H 'Authorization: Bearer hunter2'",
        "curl -H 'authorization: Basic hunter2=='",
        '{"Authorization": "Bearer hunter2"}',
        '{"Authorization": "hunter2"}',
        "see Bearer hunter2hunter2hunter2",
        "get('https://example.org/x?page=1&api_key=hunter2&size=2')",
        "https://example.org/x?token=hunter2",
        "https://example.org/x?a=b&X-Amz-Signature=hunter2",
    ],
)
def test_secrets_in_source_are_marked(text: str) -> None:
    clean, count = redact_text(text)
    assert "hunter2" not in clean
    assert MARK in clean
    assert count == 1


@pytest.mark.parametrize(
    "token",
    [
        "sk-" + "a1B2" * 10,
        "sk-proj-" + "a1B2" * 10,
        "ghp_" + "a1B2" * 9,
        "hf_" + "a1B2" * 9,
        "AKIA" + "A1B2" * 4,
        "xoxb-" + "1234567890-abc",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
    ids=["openai", "openai-project", "github", "hugging-face", "aws", "slack", "pem"],
)
def test_tokens_of_a_known_shape_are_marked_wherever_they_stand(token: str) -> None:
    assert redact_text(f"call('{token}')") == (f"call('{MARK}')", 1)


@pytest.mark.parametrize(
    "text",
    [
        "lr = 0.1",
        "x = key == 'abc'",
        "token = get_token()",
        "d['sort_key'] = 'name'",
        "a: 'b'",
        "%env OMP_NUM_THREADS=4",
        "https://example.org/?page=2&sort=name",
        "bearer of bad news",
        'h = {"Authorization": f"Bearer {token}"}',
        "password = f'{word}'",
        "a & password == b",
        "url = f'https://example.org/?token={token}'",
        "export HOME=/home/me",
    ],
)
def test_other_source_is_left_as_it_is(text: str) -> None:
    assert redact_text(text) == (text, 0)


PIECES = (
    "A", "a.", "'", '"', "1", "://", "-", "=", ":", " ", "\\", "?a=", "&", "a: ", "-p ", "-p a",
    "x='", 'x="""', "password=", "password='", "password: a", "eyJ-", ".eyJ-",
    "eyJaaaaaaaaaa.", "sk-", "bearer ", "authorization:", "\n%env ", "export ", "-----BEGIN ",
    "PRIVATE KEY", "-----BEGIN PRIVATE KEY-----",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_a_long_text_of_anything_is_read_in_one_pass(piece: str) -> None:
    # where time grew with the square of the length, one of these would take hours
    text = f"f('{piece * (300_000 // len(piece))}')"
    clean, _ = redact_text(text)
    assert clean.startswith("f('")
    assert not is_secret_name(text)


def test_secrets_are_found_within_texts_that_are_no_secrets() -> None:
    assert redact_text("""code = "token = 'hunter2'" """) == (f"""code = "token = '{MARK}'" """, 1)


def test_params_below_or_of_a_secret_name_are_redacted_whatever_they_are() -> None:
    assert redact_param("pin.password", 1234) == (MARK, 1)
    assert redact_param("credentials.user", "me") == (MARK, 1)
    value, count = redact_param("credentials", {"user": "me", "more": {"pin": 1, "on": True}})
    assert value == {"user": MARK, "more": {"pin": MARK, "on": True}}
    assert count == 2
    for plain in (True, False, None, ""):
        assert redact_param("password", plain) == (plain, 0)


def test_params_are_redacted_by_name_within_mappings_too() -> None:
    value, count = redact_param("cfg", {"password": "x", "lr": 0.1, "more": [{"token": "y"}]})
    assert value == {"password": MARK, "lr": 0.1, "more": [{"token": MARK}]}
    assert count == 2
    assert redact_param("max_tokens", 512) == (512, 0)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("(password := 'Walrus11x')", f"(password := '{MARK}')"),
        ("password = (\n  'Paren22xyz'\n)", f"password = (\n  '{MARK}'\n)"),
        ("password = 'a1' 'Conc77b'", f"password = '{MARK}' '{MARK}'"),
        ("user, password = 'me', 'Tup33'", f"user, password = '{MARK}', '{MARK}'"),
        ("password, user = 'Tup33', 'me'", f"password, user = '{MARK}', 'me'"),
        ("os.environ.setdefault('API_KEY', 'x4')", f"os.environ.setdefault('API_KEY', '{MARK}')"),
        ("setattr(s, 'password', 'x4')", f"setattr(s, 'password', '{MARK}')"),
        ("passwords=['aa1', 'bb2']", f"passwords=['{MARK}', '{MARK}']"),
        ("os.environ['PGPASSWORD']='Xyz1'", f"os.environ['PGPASSWORD']='{MARK}'"),
        ("DB_PASS='Dbb1'", f"DB_PASS='{MARK}'"),
        ("postgres://me:Pa@Url00xyz@h/db", f"postgres://me:{MARK}@h/db"),
        ("LANG=C\nAPI_KEY=Dotenv99xyz\n", f"LANG=C\nAPI_KEY={MARK}\n"),
        ("!echo --password=Shell88xyz", f"!echo --password={MARK}"),
        (r'{"a": "{\"password\": \"Inn1\"}"}', rf'{{"a": "{{\"password\": \"{MARK}\"}}"}}'),
    ],
)
def test_everyday_spellings_of_secrets_are_marked(text: str, clean: str) -> None:
    assert redact_text(text)[0] == clean


@pytest.mark.parametrize(
    "text",
    [
        "API_KEY=get_key(1)",
        "api_key = os.environ['X']",
        "columns = ['token', 'label1']",
        "lr, wd = 0.1, 'x1'",
        "if token == 'abc1': pass",
        "low_pass, high_pass = 'x1', 'y2'",
        "first_pass = 'x1'",
        "setattr(model, 'name', 'tree12')",
        "BATCH=64\nNAME=model12b\n",
        "!python train.py --optimizer=adam42",
    ],
)
def test_what_is_spelt_like_them_and_is_none_is_kept(text: str) -> None:
    assert redact_text(text) == (text, 0)


def test_a_value_is_known_after_it_left_the_environment_and_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kept in ("_of_variables", "_of_code", "_looked_through"):
        monkeypatch.setattr(known_secrets, kept, {})
    monkeypatch.setenv("SVC_API_KEY", "Zx9Qsecretsecret")
    redact_text("x = 1")
    monkeypatch.delenv("SVC_API_KEY")
    assert redact_text("used Zx9Qsecretsecret") == (f"used {MARK}", 1)
    redact_text("other_password = 'Mixed77xyz'; the_password = 'onlyletters'")
    assert redact_text("Mixed77xyz onlyletters") == (f"{MARK} onlyletters", 1)


def test_names_are_no_place_for_tokens() -> None:
    token = "sk-abcdefghijklmnopqrstuvwxyz12345"
    assert key_cleaner()(f"{token}.txt") == (f"{MARK}.txt", 1)
    assert key_cleaner()("validation_accuracy") == ("validation_accuracy", 0)
