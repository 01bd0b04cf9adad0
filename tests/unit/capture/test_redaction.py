"""Secrets are taken out of what is recorded, settings that look like them are not."""

from __future__ import annotations

import pytest

from celltrail.capture.redact import MARK, is_secret_name, redact_param, redact_text


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
    ["lr = 0.1", "x = key == 'abc'", "token = get_token()", "d['sort_key'] = 'name'", "a: 'b'"],
)
def test_other_source_is_left_as_it_is(text: str) -> None:
    assert redact_text(text) == (text, 0)


def test_params_are_redacted_by_name_within_mappings_too() -> None:
    value, count = redact_param("cfg", {"password": "x", "lr": 0.1, "more": [{"token": "y"}]})
    assert value == {"password": MARK, "lr": 0.1, "more": [{"token": MARK}]}
    assert count == 2
    assert redact_param("max_tokens", 512) == (512, 0)
