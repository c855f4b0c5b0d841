"""Frozen types and pure rules: what a conversation, a message, a customer and a send are.

Nothing here does input or output, knows SQL, a channel or the screen.
"""
