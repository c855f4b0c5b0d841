"""Kills, cuts and full disks against real servers: what was promised must still hold afterwards."""
