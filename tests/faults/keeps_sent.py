"""A mail server that itself keeps what an account sends, as Gmail and Microsoft 365 do."""

from __future__ import annotations

import subprocess

from tests.beds.mail import MailBed, MailUser
from tests.beds.needs import program


def let_server_keep_sent(bed: MailBed, user: MailUser) -> None:
    """From now on a copy of everything ``user`` submits lies in Sent a moment after it was accepted.

    Postfix copies by the sender's address, Dovecot files by the detail of the recipient's. Other accounts notice
    nothing.
    """
    local, _, domain = user.address.partition("@")
    directory = bed.postfix.directory / "etc"
    with (directory / "main.cf").open("a") as file:
        file.write(f"sender_bcc_maps = inline:{{ {{ {user.address} = {local}+Sent@{domain} }} }}\n")
    subprocess.run([program("postfix", "postfix"), "-c", directory, "reload"], check=True, capture_output=True)
    config = bed.dovecot.directory / "dovecot.conf"
    line = "protocol lmtp {\n  lmtp_save_to_detail_mailbox = yes\n}\n"
    if line not in config.read_text():
        with config.open("a") as file:
            file.write(line)
        bed.stop_dovecot()
        bed.start_dovecot()
