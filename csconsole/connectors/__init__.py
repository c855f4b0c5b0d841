"""Connectors bring the world in and take answers out: one package per system, one contract."""
