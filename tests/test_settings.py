"""The settings, as the environment gives them, and the README's table of them."""

import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.settings import Settings
from tests.settings_table import in_readme, settings_table

KEY = "a secret of thirty-two bytes, at least"
JWKS = {"CHATKIT_JWT_JWKS_URL": "https://issuer.example/keys"}


def test_readme_lists_every_setting() -> None:
    assert in_readme() == settings_table(), "run: python -m tests.settings_table"


def test_database_and_files_default_to_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/chatkit.sqlite3"
    assert settings.files == (tmp_path / "files").as_uri()


def test_streams_are_never_silent_for_as_long_as_clients_wait() -> None:
    """Some give up after 45 seconds."""
    assert 0 < Settings().heartbeat <= 20


def test_lists_and_sizes_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATKIT_CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("CHATKIT_MAX_UPLOAD_BYTES", "5M")
    settings = Settings()
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.max_upload_bytes == 5 * 1024 * 1024


def test_models_key_is_read_under_the_fields_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    settings = Settings()
    assert settings.has_model
    assert "sk-test" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"CHATKIT_HOSTED_TOOLS": "time_travel"}, "write code_interpreter, file_search"),
        ({"CHATKIT_HOSTED_TOOLS": "web_search", "CHATKIT_MODEL_API": "chat_completions"}, "=responses"),
        ({"CHATKIT_HOSTED_TOOLS": "file_search"}, "CHATKIT_VECTOR_STORES"),
        ({"CHATKIT_AUTH": "token"}, "needs CHATKIT_AUTH_TOKENS"),
        ({"CHATKIT_AUTH": "token", "CHATKIT_AUTH_TOKENS": "me:sha256:abc"}, "64 hexadecimal digits"),
        ({"CHATKIT_AUTH_TOKENS": "me:token"}, "needs CHATKIT_AUTH=token"),
        ({"CHATKIT_SESSION_KEY": "sha256:abc"}, "64 hexadecimal digits"),
        ({"CHATKIT_AUTH": "jwt"}, "one of them"),
        ({"CHATKIT_AUTH": "jwt", "CHATKIT_JWT_SECRET": KEY, **JWKS}, "one of them"),
        ({"CHATKIT_AUTH": "jwt", "CHATKIT_JWT_SECRET": "short"}, "needs 32 bytes"),
        ({"CHATKIT_JWT_SECRET": KEY}, "need CHATKIT_AUTH=jwt"),
        ({"CHATKIT_AUTH": "jwt", **JWKS}, "needs CHATKIT_JWT_ISSUER and CHATKIT_JWT_AUDIENCE"),
        ({"CHATKIT_AUTH": "jwt", "CHATKIT_JWT_JWKS_URL": "http://issuer.example/keys"}, "write https://"),
        ({"CHATKIT_AUTH": "jwt", "CHATKIT_JWT_JWKS_URL": "file:///etc/passwd"}, "write https://"),
        ({"CHATKIT_AUTH": "header"}, "needs CHATKIT_TRUSTED_PROXIES"),
        ({"CHATKIT_TRUSTED_PROXIES": "proxy.example"}, "addresses or networks"),
        ({"CHATKIT_AUTH": "anonymous", "CHATKIT_CORS_ORIGINS": "*"}, "a list of pages"),
        ({"CHATKIT_AUTH": "anonymous", "CHATKIT_COOKIE_SAME_SITE": "none"}, "the other sites' pages"),
        ({"CHATKIT_AUTH": "anonymous", "CHATKIT_ALLOW_UNAUTHENTICATED": "1"}, "CHATKIT_AUTH=none alone"),
        ({"CHATKIT_FRAME_ANCESTORS": "https://a.example; script-src *"}, "write origins"),
        ({"CHATKIT_AGENT": "a:b", "CHATKIT_SERVER": "a:b"}, "not both"),
        ({"CHATKIT_AGENT": "a.b"}, "module:attribute"),
        ({"CHATKIT_FILES_URL": "s3://b", "AWS_ACCESS_KEY_ID": "key"}, "need each other"),
        ({"CHATKIT_UPLOAD_THROUGH": "store"}, "needs CHATKIT_FILES_URL=s3://"),
        ({"CHATKIT_UPLOAD_THROUGH": "store", "CHATKIT_FILES_URL": "s3://b"}, "a pair of keys"),
    ],
)
def test_wrong_combinations_fail_with_a_sentence(
    environment: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=sentence):
        Settings()


def test_keys_of_the_object_store_are_read_under_its_own_names_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden-secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    monkeypatch.setenv("CHATKIT_FILES_ACCESS_KEY", "mine")
    settings = Settings.model_validate({"upload_through": "store", "files_url": "s3://bucket"})
    assert settings.files_access_key.get_secret_value() == "mine"
    assert settings.files_secret_key.get_secret_value() == "hidden-secret"
    assert settings.files_region == "eu-north-1"
    assert "hidden-secret" not in repr(settings)


def test_tokens_name_their_users() -> None:
    settings = Settings.model_validate({"auth": "token", "auth_tokens": "alice:a1, bob:b:2"})
    assert settings.tokens() == {"a1": "alice", "b:2": "bob"}


def test_signing_key_is_made_once_and_kept_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHATKIT_SECRET_KEY")
    first = Settings(data_dir=tmp_path).signing_keys()
    assert Settings(data_dir=tmp_path).signing_keys() == first
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


@pytest.mark.parametrize("kept", [True, False])
def test_with_postgresql_no_machine_makes_a_signing_key_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Unless there is one already: a database has moved, or the folder is shared."""
    monkeypatch.delenv("CHATKIT_SECRET_KEY")
    settings = Settings.model_validate({"data_dir": tmp_path, "database_url": "postgresql+asyncpg://h/d"})
    if kept:
        (tmp_path / "secret-key").write_text("a key that was there before\n")
        assert settings.signing_keys() == ["a key that was there before"]
    else:
        with pytest.raises(InvalidRequestError, match="Set CHATKIT_SECRET_KEY"):
            settings.signing_keys()
        assert [*tmp_path.iterdir()] == []


def test_empty_file_is_no_signing_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHATKIT_SECRET_KEY")
    (tmp_path / "secret-key").touch()
    with pytest.raises(InvalidRequestError, match="is empty"):
        Settings(data_dir=tmp_path).signing_keys()


def test_several_signing_keys_rotate() -> None:
    assert Settings.model_validate({"secret_key": "new,old"}).signing_keys() == ["new", "old"]


@pytest.mark.parametrize(
    ("settings", "takes"),
    [
        ({}, {"images", "files"}),
        ({"model_api": "chat_completions"}, {"images", "files"}),
        ({"model_api": "chat_completions", "openai_base_url": "http://127.0.0.1:1/v1"}, {"images"}),
        ({"model_takes": "text"}, {"text"}),
        ({"model_takes": "images, text"}, {"images", "text"}),
    ],
)
def test_model_is_given_what_it_understands(settings: dict[str, Any], takes: set[str]) -> None:
    assert Settings(**settings).model_input == takes


def test_model_cannot_take_what_we_cannot_give() -> None:
    with pytest.raises(ValidationError, match="text, images, files"):
        Settings(model_takes=("films",))
