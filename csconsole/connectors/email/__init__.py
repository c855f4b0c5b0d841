"""E-mail: IMAP in, SMTP out (RFC 3501, 5321, 5322)."""
