"""The real hub under SIGKILL, faulty vendors and a clock that steps; `__main__.py` says how."""
