"""csconsole: a keyboard-driven terminal console for customer-service agents."""

__version__ = "0.1.0"
