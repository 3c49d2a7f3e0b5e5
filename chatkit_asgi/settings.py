"""Every option of the app: its type, its default, one sentence. Read from ``CHATKIT_…`` variables."""

import ipaddress
import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from chatkit_asgi.errors import InvalidRequestError
from chatkit_asgi.mcp_config import secrets_of_mcp

__all__ = ["Settings", "variable_of"]

CommaSeparated = Annotated[tuple[str, ...], NoDecode]
"""In the environment: values with commas between them."""

SECRET_BYTES = 32
"""What HS256 wants at least (RFC 7518, 3.2)."""
NO_KEY = (
    "Set CHATKIT_SECRET_KEY, on all machines to the same, for example to what `openssl rand -hex 32` prints: "
    "those that share a PostgreSQL database have to know each other's links."
)

RATES = {
    "rate_limit": "1200/minute",
    "rate_limit_messages": "60/minute",
    "rate_limit_address": "6000/minute",
    "rate_limit_failures": "60/minute",
}
"""Far more than people do, and far less than programs can."""
TURNS_PER_USER = 20
_RATE = r"[1-9]\d*\s*/\s*([1-9]\d*\s*)?(second|minute|hour|day)"
HOSTED_TOOLS = frozenset({"web_search", "file_search", "code_interpreter", "image_generation"})
NOT_LISTS = ("database_url", "mcp")
"""What has secrets in it, and is not one, nor several with commas between them."""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Settings(BaseSettings):
    """What the operator may set. The defaults make a laptop work."""

    model_config = SettingsConfigDict(
        env_prefix="CHATKIT_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Path("chatkit-data")
    """Folder for everything that is kept on local disk: the SQLite database, uploads, the signing key."""
    database_url: SecretStr = SecretStr("")
    """`sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`; empty: SQLite in `CHATKIT_DATA_DIR`."""
    auto_migrate: bool | None = None
    """Bring the database up to date at start; unset: yes for SQLite, no for PostgreSQL."""
    files_url: str = ""
    """Where uploads are kept: `file:///…`, `s3://bucket/prefix`, `gs://…`, `az://…`; empty: on local disk."""
    files_endpoint: str = Field(
        default="", validation_alias=AliasChoices("CHATKIT_FILES_ENDPOINT", "AWS_ENDPOINT_URL")
    )
    """For `s3://`: the address of a compatible service, also as `AWS_ENDPOINT_URL`; empty: Amazon's."""
    files_public_endpoint: str = ""
    """What browsers call that service, if that is something else."""
    files_path_style: bool | None = None
    """The bucket in the path and not in the host's name; unset: wherever an endpoint is set."""
    files_region: str = Field(
        default="",
        validation_alias=AliasChoices("CHATKIT_FILES_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
    )
    """For `s3://`: the region, also as `AWS_REGION`."""
    files_access_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("CHATKIT_FILES_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    )
    """For `s3://`, also as `AWS_ACCESS_KEY_ID`; without keys the machine's own identity is used."""
    files_secret_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("CHATKIT_FILES_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
    )
    """The secret that belongs to it, also as `AWS_SECRET_ACCESS_KEY`."""
    files_session_token: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("CHATKIT_FILES_SESSION_TOKEN", "AWS_SESSION_TOKEN"),
    )
    """The token that keys of limited life come with, also as `AWS_SESSION_TOKEN`."""
    upload_through: Literal["", "app", "store"] = ""
    """How bytes go to and fro: by links to the object `store`, or through the `app`; empty: as can be."""
    public_url: str = ""
    """The address browsers reach the app under, mount path included; empty: taken from each request."""
    secret_key: SecretStr = SecretStr("")
    """Signs links, of several with commas the first; empty: kept in `CHATKIT_DATA_DIR`, with SQLite only."""
    link_seconds: int = Field(default=3600, gt=0)
    """How long signed upload and download links live, in seconds."""

    server: str = ""
    """`module:attribute` of a `ChatKitServer` subclass or instance that replaces the built-in one."""
    agent: str = ""
    """`module:attribute` of an Agents SDK `Agent` that answers, or of a function (see below)."""
    model: str = "gpt-4.1-mini"
    """The model that answers when no agent is set."""
    models: CommaSeparated = ()
    """Models that users may choose beside that one, as `id` or `id=Label`, with commas between them."""
    model_remembers: bool = False
    """Let the Responses API keep conversations (`previous_response_id`) and tell it only what is new."""
    tracing: bool = False
    """Send traces of runs, without what was said, to OpenAI; only with OpenAI's own models."""
    title_model: str = ""
    """The model that gives conversations their titles, beside the answer; empty: they are the first words."""
    history_items: int = Field(default=100, gt=0, le=1_000)
    """How many items of a conversation the model sees, the newest."""
    history_tokens: int = Field(default=100_000, ge=0)
    """How many tokens of them, by estimate; what is older is left out; 0: any number."""
    model_timeout: float = Field(default=120.0, gt=0)
    """Seconds of silence after which the model's server has failed, before its first word and between two."""
    model_retries: int = Field(default=2, ge=0)
    """How often a call of the model that failed before its first word is tried again."""
    tools: CommaSeparated = ()
    """Tools and agents that a message may choose: `module:attribute=Label`, or a tool's name, with commas."""
    resolve_tag: str = ""
    """`module:attribute` of an async function (tag, context) that says what an @-mention stands for."""
    transcribe_model: str = ""
    """The model that dictation goes to, at the same server and with the same key; empty: no dictation."""
    hosted_tools: CommaSeparated = ()
    """Of `web_search,file_search,code_interpreter,image_generation` what the model's own server runs."""
    vector_stores: CommaSeparated = ()
    """Ids of the vector stores that `file_search` looks into, with commas between them."""
    mcp: SecretStr = SecretStr("")
    """MCP servers whose tools the model may use: `{"mcpServers": {name: {…}}}`, or a file of that."""
    model_api: Literal["responses", "chat_completions"] = "responses"
    """Which API the model's server speaks: `responses` or `chat_completions`."""
    model_takes: CommaSeparated = ()
    """Of `text,images,files` (PDF) what the model takes; empty: all, in foreign Chat Completions no files."""
    model_max_text: int = Field(default=100_000, ge=0)
    """Characters of attached files that go to the model with one message; of a thread's twice as many."""
    instructions: str = "You are a helpful assistant."
    """The system prompt of the built-in agent."""
    openai_api_key: SecretStr = Field(
        default=SecretStr(""), validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY")
    )
    """The model's key, `OPENAI_API_KEY`; without it and without `OPENAI_BASE_URL` the demo model answers."""
    openai_base_url: str = Field(
        default="", validation_alias=AliasChoices("openai_base_url", "OPENAI_BASE_URL")
    )
    """Address of an OpenAI-compatible server, `OPENAI_BASE_URL`."""
    demo_delay: float = Field(default=0.015, ge=0)
    """Pause of the demo model between two words, in seconds."""

    auth: Literal["none", "anonymous", "token", "jwt", "header"] = "none"
    """Who may call: `none` this machine, `anonymous` each browser, `token`, `jwt`, `header` of a proxy."""
    auth_tokens: SecretStr = SecretStr("")
    """For `token`: pairs `user:token` or `user:sha256:HEX` with commas between them."""
    session_key: SecretStr = SecretStr("")
    """What a server sends to `POST /session`, or `sha256:HEX` of it; several with commas; empty: no route."""
    session_seconds: int = Field(default=600, gt=0, le=86_400)
    """How long a client secret lives at most, in seconds."""
    jwt_secret: SecretStr = SecretStr("")
    """For `jwt`: the secret of HS256 tokens, of at least 32 bytes; of several with commas any will do."""
    jwt_jwks_url: str = ""
    """For `jwt`: where the issuer's public keys are, instead of a secret."""
    jwt_issuer: CommaSeparated = ()
    """Who may have issued a token, its `iss`; needed with `CHATKIT_JWT_JWKS_URL`; `*`: anybody."""
    jwt_audience: CommaSeparated = ()
    """Whom a token has to be for, its `aud`; needed with `CHATKIT_JWT_JWKS_URL`; `*`: anybody."""
    jwt_leeway: float = Field(default=30, ge=0, le=600)
    """Seconds by which the issuer's clock may differ."""
    jwt_user_claim: str = Field(default="sub", min_length=1)
    """The claim that names the user."""
    jwt_tenant_claim: str = ""
    """The claim that names the user's tenant, which tokens then have to have; empty: there are no tenants."""
    auth_header: str = Field(default="X-Forwarded-User", pattern=r"^[A-Za-z0-9-]+$")
    """For `header`: the header in which the proxy names the user."""
    auth_tenant_header: str = Field(default="", pattern=r"^[A-Za-z0-9-]*$")
    """The one in which it names the user's tenant; empty: there are no tenants."""
    trusted_proxies: CommaSeparated = ()
    """Addresses or networks of proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and user header count."""
    cookie_same_site: Literal["lax", "strict", "none"] = "lax"
    """For `anonymous`: `none` serves pages of other sites, over HTTPS, that `CHATKIT_CORS_ORIGINS` names."""
    allow_unauthenticated: bool = False
    """With `none`: serve callers from other machines too, all of them as one user."""
    cors_origins: CommaSeparated = ()
    """Origins of the pages that may call, or `*`; empty: pages served from this machine."""

    max_body_bytes: Annotated[int, Field(gt=0)] = 10 << 20
    """Largest body of `POST /chatkit`, in bytes (`10M` is understood)."""
    max_json_depth: int = Field(default=64, gt=0, le=128)
    """How deep objects and arrays may be within each other in a request."""
    max_json_values: int = Field(default=50_000, gt=0)
    """How many values a request may have in all: reading them holds up everybody else."""
    max_text: int = Field(default=1_000_000, gt=0)
    """Longest message, with what it quotes, in characters; the answers to a form as well."""
    max_parts: int = Field(default=1_000, gt=0)
    """How many texts and mentions make a message, answers a form, and items a piece of feedback."""
    max_attachments: int = Field(default=100, gt=0, le=100)
    """How many files one message may name."""
    max_title: int = Field(default=2_000, gt=0, le=2_000)
    """Longest title of a thread, in characters."""
    max_metadata_bytes: Annotated[int, Field(gt=0)] = 64 << 10
    """Largest metadata of a request, in bytes (`64K` is understood)."""
    max_payload_bytes: Annotated[int, Field(gt=0)] = 1 << 20
    """Largest payload of an action, result of a client tool and data of mentions, in bytes (`1M` as well)."""
    max_audio_bytes: Annotated[int, Field(gt=0, le=25_000_000)] = 25_000_000
    """Largest recording that is dictated, in bytes; its base64 is a third longer, and part of the body."""
    max_page: int = Field(default=1_000, gt=0, le=1_000)
    """How many items a page has at most; whoever asks for more is told that there are more."""
    max_upload_bytes: Annotated[int, Field(gt=0)] = 50 << 20
    """Largest uploaded file, in bytes (`50M` is understood)."""
    max_image_pixels: int = Field(default=100_000_000, gt=0)
    """Largest image, in pixels: a small file may unfold into a huge picture."""
    max_user_bytes: Annotated[int, Field(ge=0)] = 10 << 30
    """What all files of one user may take, in bytes (`10G` is understood); 0: any number."""
    max_user_files: int = Field(default=10_000, ge=0)
    """How many files one user may have; 0: any number."""
    unsent_seconds: int = Field(default=24 * 3600, gt=0)
    """How long an upload is kept that no message names, in seconds."""
    on_upload: str = ""
    """`module:attribute` of an async function that is given each `Upload` and may refuse it by raising."""
    upload_types: CommaSeparated = ()
    """Media types that may be uploaded, `image/*` is understood; empty: all."""

    daily_tokens: int = Field(default=0, ge=0)
    """Tokens that one user's answers may use in a day (UTC), input and output; 0: any number."""
    idle_timeout: float = Field(default=60, gt=0)
    """Seconds that a body or an upload may take to bring its next byte."""
    head_timeout: float = Field(default=10, ge=0)
    """Seconds that `chatkit-asgi serve` waits for the head of a request; 0: for ever."""
    rate_limit: str = ""
    """Requests of one user, as `9/second;600/minute`, or `off`; empty: `1200/minute` of those who sign in."""
    rate_limit_messages: str = ""
    """What one user asks a model, as above; empty: `60/minute` of those who sign in."""
    rate_limit_address: str = ""
    """Requests from one address, as above; empty: `6000/minute` where callers sign in."""
    rate_limit_failures: str = ""
    """Refused proofs of identity from one address, as above; empty: `60/minute` where callers sign in."""
    rate_limit_url: SecretStr = SecretStr("")
    """`redis://…`, where processes count together (extra `redis`); empty: each counts in its memory."""
    on_disconnect: str = "cancel"
    """When the last reader of an answer leaves: `cancel`, `continue`, or `cancel_after:SECONDS`."""
    turn_timeout: float = Field(default=600.0, ge=0)
    """Seconds an answer may take; 0: any number."""
    durability: Literal["relaxed", "strict"] = "relaxed"
    """`strict` sends nothing that is not stored; `relaxed` may forget the last 0.25 seconds in a crash."""
    max_turns: int = Field(default=1000, ge=0)
    """How many answers a process gives at once; 0: any number."""
    max_turns_per_user: int | None = Field(default=None, ge=0)
    """How many answers one user gets at once; 0: any number; empty: 20 where callers sign in."""
    lease: float = Field(default=15.0, gt=0)
    """Seconds of silence after which a process is taken for dead; the same for all of a database."""
    shutdown_grace: float = Field(default=8.0, ge=0)
    """Seconds that answers may take to their end when the process is told to stop."""
    heartbeat: float = Field(default=15.0, ge=0)
    """Seconds of silence after which a stream carries a comment; 0: never."""
    metrics: bool = False
    """Serve `/metrics`, for Prometheus, to anybody who can reach it."""
    page: bool = True
    """Serve the chat page at `/`, and `/chatkit.js` for pages of other sites."""
    frame_ancestors: CommaSeparated = ("'self'",)
    """Origins that may show the page in a frame, or `'self'`, or `'none'`."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`."""

    @field_validator(
        "models",
        "tools",
        "hosted_tools",
        "vector_stores",
        "model_takes",
        "cors_origins",
        "upload_types",
        "jwt_issuer",
        "jwt_audience",
        "trusted_proxies",
        "frame_ancestors",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("model_takes")
    @classmethod
    def _kinds_of_input(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not {"text", "images", "files"}.issuperset(value):
            raise ValueError("write text, images, files, with commas between them")
        return value

    @field_validator(
        "max_body_bytes",
        "max_metadata_bytes",
        "max_payload_bytes",
        "max_audio_bytes",
        "max_upload_bytes",
        "max_user_bytes",
        mode="before",
    )
    @classmethod
    def _count_bytes(cls, value: object) -> object:
        found = (
            re.fullmatch(r"(\d+)\s*([kmg]?)i?b?", value.strip().lower()) if isinstance(value, str) else None
        )
        return int(found[1]) * _UNITS[found[2]] if found else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("on_disconnect")
    @classmethod
    def _disconnect_policy(cls, value: str) -> str:
        if not re.fullmatch(r"cancel|continue|cancel_after:\d+(\.\d+)?", value):
            raise ValueError("write cancel, continue, or cancel_after:SECONDS")
        return value

    @field_validator("auth_tokens", "session_key")
    @classmethod
    def _hashes(cls, value: SecretStr) -> SecretStr:
        for hashed in re.findall(r"(?:^|[,:])\s*sha256:([^,]*)", value.get_secret_value()):
            if not re.fullmatch(r"[0-9a-fA-F]{64}", hashed.strip()):
                raise ValueError("behind sha256: stand 64 hexadecimal digits")
        return value

    @field_validator("jwt_jwks_url")
    @classmethod
    def _safe_address(cls, value: str) -> str:
        url = urlsplit(value)
        is_here = url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1", "::1")
        if value and not (url.hostname and (url.scheme == "https" or is_here)):
            raise ValueError("write https://…, or http:// and an address of this machine")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ipaddress.ip_network(network, strict=False)) for network in value)
        except ValueError:
            raise ValueError("write addresses or networks, for example 10.0.0.0/8") from None

    @field_validator("frame_ancestors")
    @classmethod
    def _frames(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for ancestor in value:
            if not re.fullmatch(r"'self'|'none'|https?://[\w.*:\[\]-]+", ancestor):
                raise ValueError("write origins, for example https://intranet.example, or 'self' or 'none'")
        return value

    @field_validator("hosted_tools")
    @classmethod
    def _hosted_tool_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not HOSTED_TOOLS.issuperset(value):
            raise ValueError(f"write {', '.join(sorted(HOSTED_TOOLS))}, with commas between them")
        return value

    @model_validator(mode="after")
    def _hosted(self) -> Self:
        if self.hosted_tools and self.model_api != "responses":
            raise ValueError("CHATKIT_HOSTED_TOOLS needs CHATKIT_MODEL_API=responses: no other API has them")
        if ("file_search" in self.hosted_tools) != bool(self.vector_stores):
            raise ValueError("CHATKIT_HOSTED_TOOLS=file_search and CHATKIT_VECTOR_STORES need each other")
        return self

    @field_validator("tools")
    @classmethod
    def _tool_entries(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if not re.fullmatch(r"([\w.]+:[\w.]+|[\w-]+)\s*(=.+)?", entry):
                raise ValueError("write module:attribute=Label, or the name of a tool, with commas between")
        return value

    @field_validator("rate_limit", "rate_limit_messages", "rate_limit_address", "rate_limit_failures")
    @classmethod
    def _rates(cls, value: str) -> str:
        if value not in ("", "off") and not re.fullmatch(rf"{_RATE}(\s*[;,]\s*{_RATE})*", value):
            raise ValueError("write off, or for example 60/minute, or 5/second;100/hour")
        return value

    @field_validator("rate_limit_url")
    @classmethod
    def _counters(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.match(r"rediss?://.", value.get_secret_value()):
            raise ValueError("write redis://HOST:PORT/NUMBER, or rediss:// with TLS")
        return value

    @field_validator("agent", "server", "on_upload", "resolve_tag")
    @classmethod
    def _import_path(cls, value: str) -> str:
        if value and not re.fullmatch(r"[\w.]+:[\w.]+", value):
            raise ValueError("write it as module:attribute, for example my_app.agents:assistant")
        return value

    @model_validator(mode="after")
    def _combinations(self) -> Self:
        if self.agent and self.server:
            raise ValueError("set CHATKIT_AGENT or CHATKIT_SERVER, not both")
        if self.model_remembers and self.model_api != "responses":
            raise ValueError("CHATKIT_MODEL_REMEMBERS=1 needs CHATKIT_MODEL_API=responses")
        if self.tracing and self.openai_base_url:
            raise ValueError("CHATKIT_TRACING=1 goes with OpenAI's own models: unset OPENAI_BASE_URL")
        keys = [bool(key.get_secret_value()) for key in (self.files_access_key, self.files_secret_key)]
        on_s3 = self.files_url.startswith("s3:")
        if on_s3 and any(keys) and not all(keys):
            raise ValueError(
                "CHATKIT_FILES_ACCESS_KEY and CHATKIT_FILES_SECRET_KEY need each other: set both"
            )
        if self.upload_through == "store" and not (on_s3 and all(keys)):
            raise ValueError("CHATKIT_UPLOAD_THROUGH=store needs CHATKIT_FILES_URL=s3://… and a pair of keys")
        return self

    @model_validator(mode="after")
    def _proofs(self) -> Self:
        """What is set for one kind of authentication and not used would only seem to protect."""
        if self.auth == "token" and not (self.tokens() or self.session_key_list()):
            raise ValueError(
                "CHATKIT_AUTH=token needs CHATKIT_AUTH_TOKENS=user:token,… or CHATKIT_SESSION_KEY"
            )
        if self.auth != "token" and self.auth_tokens.get_secret_value():
            raise ValueError("CHATKIT_AUTH_TOKENS needs CHATKIT_AUTH=token")
        if self.auth != "none" and self.allow_unauthenticated:
            raise ValueError("CHATKIT_ALLOW_UNAUTHENTICATED=1 goes with CHATKIT_AUTH=none alone")
        if self.auth == "header" and not self.trusted_proxies:
            raise ValueError("CHATKIT_AUTH=header needs CHATKIT_TRUSTED_PROXIES: others could name any user")
        self._check_web_tokens()
        self._check_cookies()
        return self

    def _check_web_tokens(self) -> None:
        ways = bool(self.jwt_secrets()), bool(self.jwt_jwks_url)
        if self.auth == "jwt" and sum(ways) != 1:
            raise ValueError("CHATKIT_AUTH=jwt needs CHATKIT_JWT_SECRET or CHATKIT_JWT_JWKS_URL, one of them")
        if self.auth != "jwt" and any(ways):
            raise ValueError("CHATKIT_JWT_SECRET and CHATKIT_JWT_JWKS_URL need CHATKIT_AUTH=jwt")
        if any(len(secret.encode()) < SECRET_BYTES for secret in self.jwt_secrets()):
            raise ValueError(f"CHATKIT_JWT_SECRET is too short: it needs {SECRET_BYTES} bytes")
        if self.jwt_jwks_url and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError(
                "CHATKIT_JWT_JWKS_URL needs CHATKIT_JWT_ISSUER and CHATKIT_JWT_AUDIENCE: else tokens for "
                "other applications count here, too. Write * where that is meant"
            )

    def _check_cookies(self) -> None:
        if self.auth in ("anonymous", "header") and "*" in self.cors_origins:
            raise ValueError(f"CHATKIT_AUTH={self.auth} needs a list of pages in CHATKIT_CORS_ORIGINS, not *")
        if self.cookie_same_site == "none" and not self.cors_origins:
            raise ValueError(
                "CHATKIT_COOKIE_SAME_SITE=none needs the other sites' pages in CHATKIT_CORS_ORIGINS"
            )

    def make_data_dir(self) -> None:
        """Make the folder unless it is there. Raises InvalidRequestError when that cannot be."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise self._unusable(exc) from exc

    def _unusable(self, exc: OSError) -> InvalidRequestError:
        return InvalidRequestError(
            f"The folder {self.data_dir} cannot be used ({exc.strerror}): set CHATKIT_DATA_DIR to another."
        )

    @property
    def database(self) -> str:
        """The database URL with its default filled in."""
        given = self.database_url.get_secret_value()
        return given or f"sqlite+aiosqlite:///{(self.data_dir / 'chatkit.sqlite3').absolute()}"

    @property
    def files(self) -> str:
        """The URL of the upload folder with its default filled in."""
        return self.files_url or (self.data_dir / "files").absolute().as_uri()

    @property
    def migrates_at_start(self) -> bool:
        """Whether the app brings its database up to date by itself."""
        return self.database.startswith("sqlite") if self.auto_migrate is None else self.auto_migrate

    @property
    def unread_seconds(self) -> float | None:
        """How long an answer goes on that nobody reads; None: to its end."""
        policy, _, seconds = self.on_disconnect.partition(":")
        return None if policy == "continue" else float(seconds or 0)

    @property
    def has_model(self) -> bool:
        """Whether a real model is configured."""
        return bool(self.openai_api_key.get_secret_value() or self.openai_base_url)

    @property
    def model_input(self) -> frozenset[str]:
        """What the model understands, with its default filled in."""
        if self.model_takes:
            return frozenset(self.model_takes)
        # few servers besides OpenAI's take files in this API, and those that don't refuse the whole request
        is_foreign = self.model_api == "chat_completions" and self.openai_base_url
        return frozenset({"images"} if is_foreign else {"images", "files"})

    def tokens(self) -> dict[str, str]:
        """The configured bearer tokens: token to user."""
        pairs = (pair.strip().partition(":") for pair in self.auth_tokens.get_secret_value().split(","))
        return {token.strip(): user.strip() for user, _, token in pairs if user.strip() and token.strip()}

    @property
    def model_labels(self) -> dict[str, str]:
        """What users may choose, by id; the default first. Empty: there is nothing to choose."""
        pairs = [(each.partition("=")[0].strip(), each.partition("=")[2].strip()) for each in self.models]
        labels = {model: label or model for model, label in pairs}
        default = labels.pop(self.model, self.model)
        return {self.model: default, **labels} if self.models else {}

    def rate(self, name: str) -> str:
        """What `rate_limit…` allows, in the notation of `limits`; empty: anything."""
        given = str(getattr(self, name))
        return "" if given == "off" else given or (RATES[name] if self.signs_in else "")

    @property
    def signs_in(self) -> bool:
        """Whether callers are told apart by what is set here; an application's own way is its own affair."""
        return self.auth != "none"

    @property
    def most_turns_per_user(self) -> int:
        if self.max_turns_per_user is not None:
            return self.max_turns_per_user
        return TURNS_PER_USER if self.signs_in else 0

    def secrets(self) -> set[str]:
        """All that must not be shown: the secrets that are set, each of several by itself."""
        given = {
            part
            for value in (getattr(self, name) for name in type(self).model_fields if name not in NOT_LISTS)
            if isinstance(value, SecretStr)
            for part in _several(value)
        }
        tokens = {part.removeprefix("sha256:") for part in self.tokens()}
        password = urlsplit(self.database).password
        given |= tokens | secrets_of_mcp(self.mcp.get_secret_value())
        return given | {unquote(password), password} if password else given

    def session_key_list(self) -> list[str]:
        """The keys that `POST /session` takes, or hashes of them."""
        return _several(self.session_key)

    def jwt_secrets(self) -> list[str]:
        """The secrets that tokens may be signed with."""
        return _several(self.jwt_secret)

    def signing_keys(self) -> list[str]:
        """The keys that sign what goes out and comes back, the first one first.

        One is made and kept with mode 0600 where none is set. Raises InvalidRequestError where other
        machines, which share the database, would each make one of their own.
        """
        given = _several(self.secret_key)
        if given:
            return given
        path = self.data_dir / "secret-key"
        if not self.database.startswith("sqlite") and not path.exists():
            raise InvalidRequestError(NO_KEY)
        self.make_data_dir()
        try:
            key = _kept_key(path)
        except OSError as exc:
            raise self._unusable(exc) from exc
        if not key:
            raise InvalidRequestError(f"The file {path} is empty: remove it, or set CHATKIT_SECRET_KEY.")
        return [key]


def _several(secret: SecretStr) -> list[str]:
    return [part.strip() for part in secret.get_secret_value().split(",") if part.strip()]


def variable_of(field: str) -> str:
    """The environment variable that sets a field."""
    return field.upper() if field.startswith("openai_") else f"CHATKIT_{field.upper()}"


def _kept_key(path: Path) -> str:
    """The key in the file, which the first of several processes to come here makes."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # unlike a rename it never replaces another process' key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
