"""The only place that imports an SQL driver: the database, its schema, and one module per aggregate."""
