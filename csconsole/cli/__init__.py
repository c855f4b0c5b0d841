"""The command line: every command as a small function over the services.

Names of commands, JSON fields and exit codes are a public interface (design section 8).
"""

from csconsole.cli.program import app, run

__all__ = ["app", "run"]
