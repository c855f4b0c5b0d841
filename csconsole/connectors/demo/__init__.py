"""The demo shop: a simulated shop with 24 accounts, the same for everyone who starts it with the same seed."""
