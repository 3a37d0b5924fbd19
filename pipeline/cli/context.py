"""Settings for a command: the sources, overridden by the command's own options."""

from typing import Any

from pipeline.settings import Settings, load_settings


def settings_for(**overrides: Any) -> Settings:
    """The settings in force. An override of None leaves a setting to its sources; a group's override is a dict that
    names only what it changes."""
    return load_settings(**{name: value for name, value in overrides.items() if value is not None})
