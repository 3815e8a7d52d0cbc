"""IVR webhooks from settings: dialect, secrets, voice, prompts."""

from __future__ import annotations

from gateway.settings import Settings
