// A mail server of the tests, which keeps what it is given.
import { createServer } from "node:net";

/** Starts it; `mail()` waits for the next mail and answers its text. */
export async function startMailServer() {
  const arrived = [];
  const waiting = [];
  const deliver = (text) => (waiting.length ? waiting.shift()(text) : arrived.push(text));
  const server = createServer((socket) => {
    let received = "";
    let isData = false;
    socket.write("220 mail.test ESMTP\r\n");
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
      for (;;) {
        const end = received.indexOf(isData ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const piece = received.slice(0, end);
        received = received.slice(end + (isData ? 5 : 2));
        if (isData) {
          isData = false;
          deliver(decoded(piece));
          socket.write("250 OK\r\n");
        } else if (/^DATA$/i.test(piece)) {
          isData = true;
          socket.write("354 Go on\r\n");
        } else if (/^QUIT$/i.test(piece)) {
          socket.end("221 Bye\r\n");
        } else {
          socket.write("250 OK\r\n");
        }
      }
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    port: server.address().port,
    mail: () => new Promise((found) => (arrived.length ? found(arrived.shift()) : waiting.push(found))),
    stop: () => new Promise((ended) => server.close(ended)),
  };
}

/** A mail without the marks of quoted-printable (RFC 2045, section 6.7). */
function decoded(mail) {
  return mail.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
