"""Measurements against the budgets: every figure is a ratio to a floor or a peer run in the same rounds."""
