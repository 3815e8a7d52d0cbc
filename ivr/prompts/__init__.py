"""Recordings: clips of a studio, or of espeak-ng in their place, joined and served."""

from ivr.prompts.pages import make_prompt_pages
from ivr.prompts.serving import Prompt, Prompts
from ivr.prompts.speaker import PromptsBusyError

__all__ = ["Prompt", "Prompts", "PromptsBusyError", "make_prompt_pages"]
