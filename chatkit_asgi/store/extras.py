"""What a newer release has put into a document: we do not understand it, and hand it back when we save.

Models that were read with `extra="allow"` hold it in `model_extra`; no client sees it there.
"""

from typing import Any

from pydantic import BaseModel

__all__ = ["has_extras", "mark_extras", "restore_extras"]


def mark_extras(value: object) -> bool:
    """Leave `model_extra` to those models that have unknown fields, or a part that has. Whether any has.

    All others become what they would be if nobody had asked.
    """
    if isinstance(value, list):
        return any([*map(mark_extras, value)])
    if not isinstance(value, BaseModel) or _keeps_all(value):
        return False
    within = [*map(mark_extras, value.__dict__.values())]  # each part, whatever the others have
    if value.model_extra or any(within):
        return True
    object.__setattr__(value, "__pydantic_extra__", None)
    return False


def has_extras(value: BaseModel) -> bool:
    """Whether the value, or a part of it, has kept unknown fields."""
    return value.model_extra is not None


def restore_extras(form: Any, value: object) -> None:  # Any: JSON
    """Put what the value has kept back into its dump."""
    if isinstance(value, list):
        for part, kept in zip(form, value, strict=True):
            restore_extras(part, kept)
    elif isinstance(value, BaseModel) and has_extras(value) and not _keeps_all(value):
        for name, kept in value.__dict__.items():
            restore_extras(form.get(name), kept)
        form.update({name: extra for name, extra in (value.model_extra or {}).items() if name not in form})


def _keeps_all(value: BaseModel) -> bool:
    """Widgets take any property and write it themselves."""
    return value.model_config.get("extra") == "allow"
