"""Test beds: real servers and broken networks that tests start, drive and read back."""
