"""The base of the protocol's models."""

from pydantic import BaseModel, ConfigDict

__all__ = ["ON_FIRST_USE", "ProtocolModel"]

ON_FIRST_USE = ConfigDict(defer_build=True)
"""Validators are built when they are first needed: importing all of them costs as much as the rest."""


class ProtocolModel(BaseModel):
    """A part of the protocol. Unknown keys are ignored."""

    model_config = ON_FIRST_USE
