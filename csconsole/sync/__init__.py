"""The way in (``ingest``), the way out (``outbox``), and the worker process that runs them."""
