"""Machine code for loops that are no matrix products, kept on disk, so that a process compiles at most once per machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}


def compiled(function: _Function) -> _Function:
    """Machine code, made at the first call and kept beside the source or in the user's cache folder."""
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError as error:  # neither folder can be written
        logging.getLogger(__name__).warning("%s is compiled anew in every process: %s", function.__name__, error)
        return cast(_Function, numba.njit(**_OPTIONS)(function))
