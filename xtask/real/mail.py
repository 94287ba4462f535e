"""A real mail server (aiosmtpd): STARTTLS and TLS from the first byte, with authentication, and one that is away first.

    mail.py <the program keyfob>
"""
import json, os, queue, re, socket, ssl, subprocess, sys, tempfile, threading, urllib.request
from email import message_from_bytes, policy

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword, SMTP

USER, PASSWORD = b"keyfob", b"a mail password"
# Longer than any mail takes; only one that does not come gets here.
PATIENCE = 120


class Inbox:
    """Keeps what comes."""

    def __init__(self):
        self.mails = queue.Queue()

    async def handle_DATA(self, server, session, envelope):
        self.mails.put((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=right)


class MailServer(Controller):
    """Takes mails over TLS from who signs in: by STARTTLS, or from the first byte on."""

    def __init__(self, inbox, context, port, starttls):
        self.context, self.starttls = context, starttls
        super().__init__(inbox, hostname="127.0.0.1", port=port, ssl_context=None if starttls else context)

    def factory(self):
        rules = {"require_starttls": True, "tls_context": self.context} if self.starttls else {"auth_require_tls": False}
        return SMTP(self.handler, authenticator=authenticate, auth_required=True, **rules)

    def _trigger_server(self):
        """Makes a first connection: the server counts as started then."""
        if self.starttls:
            return super()._trigger_server()
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.hostname, self.port), 10) as plain, anybody.wrap_socket(plain) as encrypted:
            encrypted.recv(1024)


class Keyfob:
    """A server of ours."""

    def __init__(self, program, home, flags):
        command = [program, "server", "--http-address", "127.0.0.1:0", "--data-dir", os.path.join(home, "data"), *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"HOME": home})
        self.log, self.lines = [], queue.Queue()
        threading.Thread(target=self._read_log, daemon=True).start()
        self.url = next(line for line in self.process.stdout if "running at " in line).split("running at ")[1].strip()

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)
            self.lines.put(line)

    def logs(self, words):
        """Waits until it logs this."""
        while words not in self.lines.get(timeout=PATIENCE):
            pass

    def post(self, path, body, key=None):
        headers = {"Content-Type": "application/json"} | ({"Coder-Session-Token": key} if key else {})
        request = urllib.request.Request(self.url + "/api/v2" + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def set_up(self):
        person = {"email": "amy@example.com", "username": "amy", "password": "Sup3rSecret!pw"}
        self.post("/users/first", person)
        return self.post("/users/login", person)["session_token"]

    def end(self):
        self.process.terminate()
        assert self.process.wait(30) == 0


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def passcode(inbox):
    recipients, mail = inbox.mails.get(timeout=PATIENCE)
    assert recipients == ["amy@example.com"], recipients
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "text/html"], kinds
    found = [re.search("otp=([0-9a-f-]{36})", part.get_content())[1] for part in mail.iter_parts()]
    assert found[0] == found[1] and found[0] not in mail["Subject"]
    return found[0]


def over_tls(program, flags, starttls, context):
    """A passcode comes over TLS, from who signed in to the mail server, and works."""
    inbox, port = Inbox(), free_port()
    server = MailServer(inbox, context, port, starttls)
    server.start()
    with tempfile.TemporaryDirectory() as home:
        keyfob = Keyfob(program, home, [f"--email-smarthost=localhost:{port}", *flags])
        keyfob.set_up()
        keyfob.post("/users/otp/request", {"email": "amy@example.com"})
        code = passcode(inbox)
        change = {"email": "amy@example.com", "password": "An0ther!Secret-pw", "one_time_passcode": code}
        keyfob.post("/users/otp/change-password", change)
        keyfob.end()
    server.stop()


def away_first(program, flags, context):
    """The mail server is away, keyfob ends and starts again, the mail server comes back: each mail comes once."""
    inbox, port = Inbox(), free_port()
    with tempfile.TemporaryDirectory() as home:
        flags = [f"--email-smarthost=localhost:{port}", *flags]
        keyfob = Keyfob(program, home, flags)
        session = keyfob.set_up()
        amy = {"email": "bob@example.com", "username": "bob", "password": "Sup3rSecret!pw", "user_status": "active",
               "organization_ids": ["00000000-0000-0000-0000-000000000000"]}
        keyfob.post("/users", amy, session)
        keyfob.post("/users/bob/keys/tokens", {"token_name": "ci"}, session)
        keyfob.end()
        keyfob = Keyfob(program, home, flags)
        server = MailServer(inbox, context, port, True)
        server.start()
        recipients, mail = inbox.mails.get(timeout=PATIENCE)
        assert recipients == ["bob@example.com"] and mail["Subject"] == "A token was minted on your behalf", mail
        # Whatever else was to come would have come before this.
        keyfob.post("/users/otp/request", {"email": "amy@example.com"})
        passcode(inbox)
        assert inbox.mails.empty()
        keyfob.end()
        server.stop()


def away_then_back(program, flags, context):
    """The mail server is away when a mail is first tried to be sent; once it is back, the mail comes, once."""
    inbox, port = Inbox(), free_port()
    with tempfile.TemporaryDirectory() as home:
        keyfob = Keyfob(program, home, [f"--email-smarthost=localhost:{port}", *flags])
        keyfob.set_up()
        keyfob.post("/users/otp/request", {"email": "amy@example.com"})
        keyfob.logs("the mail server cannot be reached")
        server = MailServer(inbox, context, port, True)
        server.start()
        code = passcode(inbox)
        keyfob.logs("sent a mail")
        # Another one comes, and nothing before it.
        keyfob.post("/users/otp/request", {"email": "amy@example.com"})
        assert passcode(inbox) != code and inbox.mails.empty()
        keyfob.end()
        server.stop()
        log = "".join(keyfob.log)
        assert code not in log and PASSWORD.decode() not in log


def main(program):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with tempfile.TemporaryDirectory() as folder:
        certificate, password = os.path.join(folder, "ca.pem"), os.path.join(folder, "password")
        authority.cert_pem.write_to_path(certificate)
        with open(password, "wb") as file:
            file.write(PASSWORD + b"\n")
        flags = ["--email-from=Keyfob <keys@example.com>", f"--email-auth-username={USER.decode()}",
                 f"--email-auth-password-file={password}", f"--email-tls-ca-cert-file={certificate}"]
        for name, test in [
            ("a passcode over STARTTLS", lambda: over_tls(program, [*flags, "--email-tls-starttls"], True, context)),
            ("a passcode over TLS from the first byte on", lambda: over_tls(program, [*flags, "--email-force-tls"], False, context)),
            ("a mail whose first attempt finds nobody", lambda: away_then_back(program, flags, context)),
            ("mails while the mail server is away", lambda: away_first(program, flags, context)),
        ]:
            test()
            print("ok:", name, flush=True)


main(sys.argv[1])
