// A server of the tests, and a mail-less deployment on it.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const PASSWORD = "Sup3rSecret!pw";

/** Starts the program as a server in a new folder, and waits for its address. */
export async function startServer(program, flags = []) {
  const folder = await mkdtemp(join(tmpdir(), "keyfob-browser-"));
  const port = process.env.KEYFOB_PORT || "0";
  const args = ["server", "--http-address", `127.0.0.1:${port}`, "--dangerous-disable-rate-limits", "--data-dir", join(folder, "data"), ...flags];
  const server = spawn(program, args, { env: { HOME: folder }, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout });
  const greeting = [];
  const url = await new Promise((found, failed) => {
    server.once("exit", (code) => failed(new Error(`the server ended with ${code}`)));
    lines.on("line", (line) => {
      greeting.push(line);
      const place = line.split("running at ")[1];
      if (place) found(place.trim());
    });
  });
  const stop = async () => {
    server.kill();
    await new Promise((ended) => server.once("exit", ended));
    await rm(folder, { recursive: true, force: true });
  };
  return { url, greeting, stop };
}

/** A call of the API with a key; the body of its answer. */
export async function call(server, key, method, path, body) {
  const headers = { Accept: "application/json", ...(key && { "Coder-Session-Token": key }) };
  const answer = await fetch(server.url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
}
