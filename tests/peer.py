"""The published SDK, which tests compare with. Importing it warns, so it is imported here once, quietly."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from chatkit import actions, agents, errors, icons, server, store, types, widgets

__all__ = ["actions", "agents", "errors", "icons", "server", "store", "types", "widgets"]
