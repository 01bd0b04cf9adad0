"""Ordinary params are recorded as they are: what looks a little like a secret is none."""

from __future__ import annotations

import base64
import hashlib
import inspect
import uuid
from typing import Any

import pytest

from celltrail.capture.random_texts import is_random
from celltrail.capture.redact import MARK, redact_param, redact_text

# Settings of language models, tokenizers, training loops, tables and services.
NAMES: list[str] = """
max_tokens min_tokens n_tokens num_tokens max_new_tokens total_tokens prompt_tokens tokens
completion_tokens tokens_per_batch tokens_per_second pad_token eos_token bos_token unk_token
mask_token sep_token cls_token pad_token_id eos_token_id bos_token_id decoder_start_token_id
additional_special_tokens tokenizer tokenizer_name token_type token_dropout use_token_type_ids
add_special_tokens skip_special_tokens stop_token image_token stride tokenization tokenize
token_pattern token_embedding_dim first_token per_token_loss tokenizer.model_max_length
key keys key_column sort_key group_key join_key primary_key foreign_key partition_key cache_key
hash_key label_key target_key data_key row_key random_key rng_key prng_key index_key dict_key
key_dim num_key_value_heads key_padding_mask value_dim query_key_norm key_size monitor_key
author authors authority authentic_samples author_id passes n_passes num_passes pass_through
passenger_count passengers bypass compass n_bypass pass_rate password_length_range credit credits
credit_score credit_limit secretary n_secretaries keyboard keyword keywords keypoints n_keypoints
monkey turkey donkey hockey signal signature_dim signal_length n_signals signals session sessions
session_length n_sessions session_id_column login_count n_logins cookies_accepted n_cookies
patience patch_size pattern path paths data_path model_path checkpoint_path patch patches
license_column licence_type saskatchewan sas_format webhook_count bearer_of_news
accessibility access_count n_accesses public_key_size private_rooms private_dataset privacy_epsilon
encryption_level connection_count n_connections connections dsn_columns jwt_count digest_size
learning_rate lr min_lr max_lr warmup_steps warmup_ratio weight_decay adam_beta1 adam_beta2
adam_epsilon max_grad_norm num_train_epochs per_device_train_batch_size gradient_accumulation_steps
lr_scheduler_type logging_steps save_steps eval_steps save_total_limit seed data_seed bf16 fp16
hidden_size num_hidden_layers num_attention_heads intermediate_size hidden_act rope_theta
attention_dropout max_position_embeddings initializer_range layer_norm_eps vocab_size tie_weights
temperature top_p top_k typical_p repetition_penalty length_penalty num_beams do_sample
lora_alpha lora_dropout lora_r target_modules load_in_4bit bnb_4bit_quant_type model_name_or_path
dataset_name dataset_config_name train_file validation_file test_size train_size random_state
n_estimators max_depth min_child_weight subsample colsample_bytree reg_alpha reg_lambda gamma
objective eval_metric early_stopping_rounds booster tree_method grow_policy num_leaves
boosting_type feature_fraction bagging_fraction bagging_freq min_data_in_leaf verbosity
batch_size epochs optimizer momentum nesterov dropout hidden_dim embedding_dim kernel_size stride
padding dilation groups bias activation loss metrics callbacks validation_split shuffle workers
period frequency window horizon lag lags seasonality order seasonal_order trend country region
currency price_column date_column start_date end_date threshold alpha beta gamma_ delta epsilon
crop_size image_size mean std flip_probability color_jitter rotation n_classes class_weight
""".split()  # noqa: SIM905  # a list of 300 names in quotes is harder to read

VALUES: list[Any] = [
    0.1, 3, "adam", "bert-base-uncased", "distilbert-base-uncased-finetuned-sst-2-english",
    "meta-llama/Llama-3.1-8B-Instruct", "sentence-transformers/all-MiniLM-L6-v2", "resnet50",
    "facebook/wav2vec2-large-960h-lv60-self", "google/vit-base-patch16-224-in21k", "cl100k_base",
    "data/raw/2024-01-31/winequality-red.csv", "s3://bucket/path/to/train-00001-of-00128.parquet",
    "https://archive.ics.uci.edu/ml/machine-learning-databases/wine-quality/winequality-red.csv",
    "https://example.org/data?id=42&sort=name&page=3#top", "postgresql://localhost:5432/warehouse",
    "SELECT key, token FROM t WHERE key = 'a' ORDER BY token", "2024-01-31T12:00:00+00:00",
    "3f9c1a7be2d45068", str(uuid.UUID(int=12345)), "run-20240131_120000-a1b2c3d4",
    "f1_score(average='macro')", "[<pad>]", "</s>", "<|endoftext|>", "[MASK]", "\\w+|[^\\w\\s]",
    "RandomForestClassifier(max_depth=3, n_estimators=100)", "lambda row: row['key']",
    "ViT-B-32__laion2b_s34b_b79k", "EfficientNetV2B0", "XGBClassifier_2024_v3_final_FINAL",
    "checkpoint-12500", "epoch=12-val_loss=0.0345.ckpt", "events.out.tfevents.1706700000.host.123",
    "C:\\data\\wine\\train.csv", "column_1,column_2,column_3", "a b c", "", "None", "true",
    "sk-learn pipeline of two steps", "AC/DC", "hf_transfer", "key-value store", "pat.csv",
]  # fmt: skip


def _names_of_libraries() -> set[str]:
    """Give the names of the settings of scikit-learn, LightGBM and matplotlib."""
    import lightgbm
    import matplotlib as mpl
    from sklearn.utils import all_estimators

    classes = [cls for _, cls in all_estimators()] + [lightgbm.LGBMModel]
    found = {name for cls in classes for name in inspect.signature(cls).parameters}
    return found | set(mpl.rcParams)


def test_names_of_settings_hide_nothing() -> None:
    names = {*NAMES, *_names_of_libraries()}
    assert len(names) > 800
    for value in (0.1, "adam", "some text of a setting"):
        assert [name for name in sorted(names) if redact_param(name, value)[1]] == []


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_ordinary_values_stay_under_every_ordinary_name(value: Any) -> None:
    marked = [name for name in NAMES if redact_param(name, value) != (value, 0)]
    assert marked == []
    if isinstance(value, str):
        assert redact_text(f"x = {value!r}")[1] == 0


def test_what_looks_random_is_a_secret_only_where_secrets_stand() -> None:
    drawn = "aZ3dK9mQ7xW2vB8nL5pR1tY6"
    checksum = hashlib.sha1(b"a").hexdigest()
    assert is_random(drawn)
    assert is_random(checksum)
    bits = [hashlib.sha512(str(i).encode()).digest() for i in range(200)]
    assert all(is_random(each[:20].hex()) for each in bits)
    # of random texts a few have no digit, or many marks
    assert sum(is_random(base64.urlsafe_b64encode(each[:30]).decode()) for each in bits) > 190
    for name in ("key_prod", "auth", "myToken2", "db.cred", "COOKIE", "api_key_2"):
        assert redact_param(name, drawn) == (MARK, 1)
        assert redact_param(name, checksum) == (MARK, 1)
        assert redact_text(f"{name} = '{drawn}'") == (f"{name} = '{MARK}'", 1)
    for name in ("commit", "sha256", "run_id", "cache_key", "etag", "revision", "data_hash", "x"):
        assert redact_param(name, drawn) == (drawn, 0)
        assert redact_text(f"{name} = '{checksum}'")[1] == 0


@pytest.mark.parametrize(
    ("call", "count"),
    [
        ("wandb.login('3f9c1a7be2d450683f9c1a7be2d4506812ab34cd')", 1),
        ('client = Client("aZ3dK9mQ7xW2vB8nL5pR1tY6")', 1),
        ("Client('https://example.org/2024')", 0),
        ("connect('warehouse_of_2024_production')", 0),
        ("load('3f9c1a7be2d450683f9c1a7be2d4506812ab34cd')", 0),
    ],
)
def test_what_lets_one_in(call: str, count: int) -> None:
    assert redact_text(call)[1] == count
