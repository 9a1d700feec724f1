"""LiteLLM, loaded when it is first needed (it takes seconds) and told to keep to itself."""

from __future__ import annotations

import os
from functools import cache
from typing import Any


@cache
def library() -> Any:
    """LiteLLM without telemetry, price download, retries of its own, or advice on the terminal."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # read while it is imported
    import litellm
    import litellm.main  # loaded at the first call otherwise, within that call's time

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.num_retries = 0
    return litellm
