from __future__ import annotations

from host_kernels import library

__all__ = ["library"]
