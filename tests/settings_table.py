"""The README's table of settings, made from the class. `python -m tests.settings_table` writes it."""

from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from chatkit_asgi.settings import Settings, variable_of

__all__ = ["README", "in_readme", "settings_table"]

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->"


def settings_table() -> str:
    """Markdown: one line a setting."""
    rows = [_row(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(["| variable | default | what |", "|---|---|---|", *rows]) + "\n"


def in_readme() -> str:
    """The table as the README has it."""
    return README.read_text().partition(BEGIN)[2].partition(END)[0]


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{variable_of(name)}` | {_default(field.default)} | {field.description} |"


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value in ("", (), None):
        return ""
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{int(value) if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    text = README.read_text()
    README.write_text(text.replace(f"{BEGIN}{in_readme()}{END}", f"{BEGIN}{settings_table()}{END}"))
