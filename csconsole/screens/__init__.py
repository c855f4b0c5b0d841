"""The screens: what is shown where, and which service a command calls. Text and rows are drawn by widgets."""
