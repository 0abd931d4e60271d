"""A mail server on loopback that does as the recipient's name says, and tells on standard output what it takes.

Arguments: plain, starttls or implicit; then, for TLS, files with the certificate and its key; then --user NAME:PASSWORD.
"""

import argparse
import asyncio
import json
import logging
import ssl
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

# By the part of an address before the @: what is answered to RCPT, or to the whole message.
AT_RCPT = {"refused": "550 5.1.1 no such user", "later": "451 4.7.1 try again later", "full": "552 5.2.2 mailbox full"}
AT_DATA = {"spam": "554 5.7.1 not wanted", "busy": "452 4.3.1 no space at present"}


class Handler:
    def __init__(self):
        self.later_once = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name in AT_RCPT:
            return AT_RCPT[name]
        # Refused for now the first time, and taken then.
        if name.startswith("once") and name not in self.later_once:
            self.later_once.add(name)
            return "451 4.7.1 try again later"
        if name == "hang":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name in AT_DATA:
            return AT_DATA[name]
        taken = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("latin-1"),
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "hello": session.host_name,
        }
        print(json.dumps(taken), flush=True)
        return "250 taken"

    async def handle_QUIT(self, server, session, envelope):
        return "221 bye"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["plain", "starttls", "implicit"])
    parser.add_argument("certificate", nargs="?")
    parser.add_argument("key", nargs="?")
    parser.add_argument("--user")
    arguments = parser.parse_args()

    context = None
    if arguments.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate, arguments.key)

    def authenticate(server, session, envelope, mechanism, data):
        known = f"{data.login.decode()}:{data.password.decode()}" == arguments.user
        return AuthResult(success=known, handled=False, auth_data=data.login.decode() if known else None)

    handler = Handler()

    def protocol():
        return SMTP(
            handler,
            hostname="localhost",
            enable_SMTPUTF8=True,
            tls_context=context if arguments.mode == "starttls" else None,
            require_starttls=arguments.mode == "starttls",
            authenticator=authenticate if arguments.user else None,
            auth_required=bool(arguments.user),
            auth_require_tls=arguments.mode == "starttls",
        )

    loop = asyncio.get_running_loop()
    implicit = context if arguments.mode == "implicit" else None
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=implicit)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


# Clients that hang up in the middle are what the tests are about: nothing to complain of.
logging.disable()
warnings.simplefilter("ignore")
asyncio.run(main())
