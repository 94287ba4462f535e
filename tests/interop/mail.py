"""Sends mails through a real mail server, aiosmtpd: STARTTLS, implicit TLS, authentication, and a server that is down.

    mail.py <path of the keyfob program>
"""
import json, os, queue, re, socket, ssl, subprocess, sys, tempfile, threading, urllib.request
from email import message_from_bytes, policy

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword, SMTP

USER, PASSWORD = b"keyfob", b"a mail password"
# In seconds: longer than any mail takes, so that only a missing mail runs into it.
TIMEOUT = 120


class Inbox:
    """Keeps the mails that arrive."""

    def __init__(self):
        self.mails = queue.Queue()

    async def handle_DATA(self, server, session, envelope):
        self.mails.put((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    is_correct = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=is_correct)


class MailServer(Controller):
    """Accepts mails over TLS from authenticated clients: by STARTTLS, or with implicit TLS."""

    def __init__(self, inbox, context, port, starttls):
        self.context, self.starttls = context, starttls
        super().__init__(inbox, hostname="127.0.0.1", port=port, ssl_context=None if starttls else context)

    def factory(self):
        if self.starttls:
            options = {"require_starttls": True, "tls_context": self.context}
        else:
            options = {"auth_require_tls": False}
        return SMTP(self.handler, authenticator=authenticate, auth_required=True, **options)

    def _trigger_server(self):
        """Makes the first connection, after which aiosmtpd considers the server started."""
        if self.starttls:
            return super()._trigger_server()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.hostname, self.port), 10) as plain, context.wrap_socket(plain) as encrypted:
            encrypted.recv(1024)


class Keyfob:
    """A running Keyfob server."""

    def __init__(self, program, home, flags):
        command = [program, "server", "--http-address", "127.0.0.1:0", "--data-dir", os.path.join(home, "data"), *flags]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, env={"HOME": home}, **pipes)
        self.log, self.lines = [], queue.Queue()
        threading.Thread(target=self._read_log, daemon=True).start()
        self.url = next(line for line in self.process.stdout if "running at " in line).split("running at ")[1].strip()

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)
            self.lines.put(line)

    def wait_for_log(self, text):
        """Waits until a line of the log contains this text."""
        while text not in self.lines.get(timeout=TIMEOUT):
            pass

    def post(self, path, body, key=None):
        headers = {"Content-Type": "application/json"} | ({"Coder-Session-Token": key} if key else {})
        request = urllib.request.Request(self.url + "/api/v2" + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as response:
            text = response.read()
            return json.loads(text) if text else None

    def set_up(self):
        """Creates the first user; returns the token of a session."""
        user = {"email": "amy@example.com", "username": "amy", "password": "Sup3rSecret!pw"}
        self.post("/users/first", user)
        return self.post("/users/login", user)["session_token"]

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) == 0


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def receive_passcode(inbox):
    """Waits for a mail; returns the passcode that both its parts have."""
    recipients, mail = inbox.mails.get(timeout=TIMEOUT)
    assert recipients == ["amy@example.com"], recipients
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "text/html"], kinds
    codes = [re.search("otp=([0-9a-f-]{36})", part.get_content())[1] for part in mail.iter_parts()]
    assert codes[0] == codes[1] and codes[0] not in mail["Subject"]
    return codes[0]


def test_tls(program, flags, starttls, context):
    """Keyfob authenticates and sends a passcode over TLS, and the passcode works."""
    inbox, port = Inbox(), free_port()
    server = MailServer(inbox, context, port, starttls)
    server.start()
    with tempfile.TemporaryDirectory() as home:
        keyfob = Keyfob(program, home, [f"--email-smarthost=localhost:{port}", *flags])
        keyfob.set_up()
        keyfob.post("/users/otp/request", {"email": "amy@example.com"})
        code = receive_passcode(inbox)
        change = {"email": "amy@example.com", "password": "An0ther!Secret-pw", "one_time_passcode": code}
        keyfob.post("/users/otp/change-password", change)
        keyfob.stop()
    server.stop()


def test_restart(program, flags, context):
    """The mail server is down while Keyfob restarts; once the mail server is up, each queued mail arrives once."""
    inbox, port = Inbox(), free_port()
    with tempfile.TemporaryDirectory() as home:
        flags = [f"--email-smarthost=localhost:{port}", *flags]
        keyfob = Keyfob(program, home, flags)
        session = keyfob.set_up()
        bob = {"email": "bob@example.com", "username": "bob", "password": "Sup3rSecret!pw", "user_status": "active",
               "organization_ids": ["00000000-0000-0000-0000-000000000000"]}
        keyfob.post("/users", bob, session)
        keyfob.post("/users/bob/keys/tokens", {"token_name": "ci"}, session)
        keyfob.stop()
        keyfob = Keyfob(program, home, flags)
        server = MailServer(inbox, context, port, True)
        server.start()
        recipients, mail = inbox.mails.get(timeout=TIMEOUT)
        assert recipients == ["bob@example.com"] and mail["Subject"] == "A token was minted on your behalf", mail
        # A duplicate would arrive before this mail.
        keyfob.post("/users/otp/request", {"email": "amy@example.com"})
        receive_passcode(inbox)
        assert inbox.mails.empty()
        keyfob.stop()
        server.stop()


def test_retry(program, flags, context):
    """The mail server is down at the first attempt to send a mail; once it is up, the mail arrives once."""
    inbox, port = Inbox(), free_port()
    with tempfile.TemporaryDirectory() as home:
        keyfob = Keyfob(program, home, [f"--email-smarthost=localhost:{port}", *flags])
        keyfob.set_up()
        keyfob.post("/users/otp/request", {"email": "amy@example.com"})
        keyfob.wait_for_log("the mail server cannot be reached")
        server = MailServer(inbox, context, port, True)
        server.start()
        code = receive_passcode(inbox)
        keyfob.wait_for_log("sent a mail")
        # The next mail has another passcode: the first was sent only once.
        keyfob.post("/users/otp/request", {"email": "amy@example.com"})
        assert receive_passcode(inbox) != code and inbox.mails.empty()
        keyfob.stop()
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
            ("a passcode over STARTTLS", lambda: test_tls(program, [*flags, "--email-tls-starttls"], True, context)),
            ("a passcode over implicit TLS", lambda: test_tls(program, [*flags, "--email-force-tls"], False, context)),
            ("a mail whose first attempt fails", lambda: test_retry(program, flags, context)),
            ("mails that wait while Keyfob restarts", lambda: test_restart(program, flags, context)),
        ]:
            test()
            print("ok:", name, flush=True)


main(sys.argv[1])
