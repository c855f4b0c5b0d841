"""Certificates of a bed: an own authority that signs one server certificate, so that clients verify for real."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.beds.needs import program


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files: ``ca`` is what a client trusts, ``cert`` and ``key`` are the server's."""

    ca: Path
    cert: Path
    key: Path


def make_certificates(directory: Path, names: tuple[str, ...] = ("localhost",)) -> Certificates:
    """Makes the authority and a certificate for ``names`` and 127.0.0.1 in ``directory``, valid for two days."""
    openssl = program("openssl", "openssl")
    directory.mkdir(parents=True, exist_ok=True)
    ca, ca_key = directory / "ca.pem", directory / "ca.key"
    cert, key, request = directory / "cert.pem", directory / "key.pem", directory / "server.csr"
    extensions = directory / "server.ext"
    alternatives = ",".join([*(f"DNS:{name}" for name in names), "IP:127.0.0.1"])
    extensions.write_text(
        f"basicConstraints=CA:FALSE\nsubjectAltName={alternatives}\nextendedKeyUsage=serverAuth\n"
        "keyUsage=digitalSignature\n"
    )
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    def run(*arguments: str | Path) -> None:
        subprocess.run([openssl, *map(str, arguments)], check=True, capture_output=True, timeout=60)

    run("req", "-x509", *curve, "-days", "2", "-subj", "/CN=test authority", "-keyout", ca_key, "-out", ca,
        "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    run("req", "-new", *curve, "-subj", f"/CN={names[0]}", "-keyout", key, "-out", request)
    run("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2",
        "-extfile", extensions, "-out", cert)  # fmt: skip
    return Certificates(ca, cert, key)
