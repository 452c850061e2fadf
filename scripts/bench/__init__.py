"""Figures of the real hub on this machine; `__main__.py` says which and how."""
