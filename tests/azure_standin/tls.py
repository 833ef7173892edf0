"""TLS in front of the stand-in, for callers that speak to nothing else: a certificate of the moment, and a server that passes everything on."""

from __future__ import annotations

import http.client
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CERTIFICATE = """
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
now = datetime.datetime.now(datetime.timezone.utc)
named = [x509.DNSName(name) for name in sys.argv[2:]]
address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), *named])
made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=5))
made = made.add_extension(address, False).add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
with open(sys.argv[1], "wb") as out:
    out.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem))
"""


def certificate(python: Path, file: Path, *names: str) -> None:
    """Write a key and a certificate for 127.0.0.1 and more names, with a Python that has `cryptography`."""
    subprocess.run([str(python), "-c", CERTIFICATE, str(file), *names], check=True, timeout=60)


class Tls:
    """https on a free port of loopback, before http on another."""

    def __init__(self, target: str, file: Path) -> None:
        handler = type("Handler", (_Handler,), {"target": target})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True, name="tls").start()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: str

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        behind = http.client.HTTPConnection(self.target, timeout=30)
        try:
            behind.request(self.command, self.path, body or None, {**dict(self.headers.items()), "X-Forwarded-Proto": "https"})
            answer = behind.getresponse()
            told = answer.read()
        finally:
            behind.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = _any  # noqa: N815  # the base's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Say nothing."""
