// Signs in through a real OpenID Connect provider, oidc-provider: as a new user, as a known one, and by a replayed code.
//
//     node provider.mjs <path of the keyfob program>
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const SECRET = "a secret: with & and %";

/** Keeps cookies for each origin and path, and follows no redirects by itself. */
class Browser {
  cookies = new Map();

  async open(address, form) {
    const { origin, pathname } = new URL(address);
    const matching = [...this.cookies.values()].filter(
      (cookie) => cookie.origin === origin && pathname.startsWith(cookie.path),
    );
    const response = await fetch(address, {
      method: form ? "POST" : "GET",
      body: form && new URLSearchParams(form),
      headers: { cookie: matching.map((cookie) => `${cookie.name}=${cookie.value}`).join("; ") },
      redirect: "manual",
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(/; */);
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const path = attributes.find((attribute) => attribute.toLowerCase().startsWith("path="))?.slice(5) ?? "/";
      const isDeleted = attributes.some((attribute) => /^max-age=0$/i.test(attribute)) || value === "";
      if (isDeleted) this.cookies.delete(`${origin} ${path} ${name}`);
      else this.cookies.set(`${origin} ${path} ${name}`, { origin, path, name, value });
    }
    const header = response.headers.get("location");
    const location = header && new URL(header, address).href;
    return { status: response.status, location, text: await response.text() };
  }

  value(name) {
    return [...this.cookies.values()].find((cookie) => cookie.name === name)?.value;
  }
}

/** Signs in at the provider and consents; returns the address that the provider redirects back to. */
async function signInAtProvider(browser, address, issuer, login) {
  for (let step = 0; step < 20; step++) {
    if (!address.startsWith(issuer)) return address;
    const page = await browser.open(address);
    if (page.location) {
      address = page.location;
      continue;
    }
    const action = page.text.match(/<form[^>]* action="([^"]+)"/)[1];
    const prompt = page.text.match(/name="prompt" value="([^"]+)"/)[1];
    const form = prompt === "login" ? { prompt, login, password: "anything" } : { prompt };
    address = (await browser.open(new URL(action, address).href, form)).location;
  }
  throw new Error("the provider does not redirect back");
}

function startProvider(redirectUri) {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const issuer = `http://127.0.0.1:${server.address().port}`;
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: "keyfob",
            client_secret: SECRET,
            redirect_uris: [redirectUri],
            grant_types: ["authorization_code", "refresh_token"],
          },
        ],
        pkce: { required: () => true },
        claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
        findAccount: (_, id) => ({
          accountId: id,
          claims: () => ({
            sub: id,
            email: `${id}@example.com`,
            email_verified: true,
            name: "Amy Adams",
            preferred_username: id,
          }),
        }),
        cookies: { keys: ["for these tests alone"] },
      });
      server.on("request", provider.callback());
      resolve({ issuer, server });
    });
  });
}

async function startKeyfob(program, home, port, issuer) {
  const flags = ["--http-address", `127.0.0.1:${port}`, "--data-dir", join(home, "data")];
  const oidc = [`--oidc-issuer-url=${issuer}`, "--oidc-client-id=keyfob", `--oidc-client-secret=${SECRET}`];
  const options = { env: { HOME: home }, stdio: ["ignore", "pipe", "ignore"] };
  const child = spawn(program, ["server", ...flags, ...oidc], options);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes("running at ")) return child;
  }
  throw new Error("the server did not print its address");
}

async function freePort() {
  const listener = createServer();
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

const home = mkdtempSync(join(tmpdir(), "keyfob-"));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const callback = `${url}/api/v2/users/oidc/callback`;
const { issuer, server } = await startProvider(callback);
const keyfob = await startKeyfob(process.argv[2], home, port, issuer);
const getUser = async (key) => {
  const response = await fetch(`${url}/api/v2/users/me`, { headers: { "Coder-Session-Token": key } });
  return response.json();
};
try {
  const browser = new Browser();
  const signIn = async () => {
    const start = await browser.open(`${callback}?redirect=/cli-auth`);
    assert.equal(start.status, 307, start.text);
    const callbackWithCode = await signInAtProvider(browser, start.location, issuer, "amy");
    const cookies = new Map(browser.cookies);
    const end = await browser.open(callbackWithCode);
    assert.deepEqual([end.status, end.location], [307, `${url}/cli-auth`], end.text);
    return { callbackWithCode, cookies };
  };
  const { callbackWithCode, cookies } = await signIn();
  const first = await getUser(browser.value("coder_session_token"));
  const { username, email, login_type, name } = first;
  assert.deepEqual([username, email, login_type, name], ["amy", "amy@example.com", "oidc", "Amy Adams"]);
  assert.deepEqual(first.roles.map((role) => role.name), ["owner"], "the first user is an owner");
  console.log("ok: a new user signs up");

  const key = browser.value("coder_session_token");
  await signIn();
  const second = await getUser(browser.value("coder_session_token"));
  assert.equal(second.id, first.id);
  assert.notEqual(browser.value("coder_session_token"), key);
  console.log("ok: the same user signs in again, in another session");

  const attacker = new Browser();
  attacker.cookies = cookies;
  const replayed = await attacker.open(callbackWithCode);
  assert.equal(replayed.status, 500);
  assert.equal(JSON.parse(replayed.text).message, "Failed exchanging Oauth code.");
  assert.equal(attacker.value("coder_session_token"), undefined);
  console.log("ok: a code works once");
} finally {
  keyfob.kill();
  server.close();
  rmSync(home, { recursive: true, force: true });
}
process.exit(0);
