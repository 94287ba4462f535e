// A real OpenID Connect provider (oidc-provider): sign-up, sign-in, a code that is used twice, and its user info.
//
//     node provider.mjs <the program keyfob>
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const SECRET = "a secret: with & and %";

/** A browser that keeps cookies, each for its host and path, and goes no further than it is told. */
class Browser {
  cookies = new Map();

  async open(address, form) {
    const { origin, pathname } = new URL(address);
    const here = [...this.cookies.values()].filter((one) => one.origin === origin && pathname.startsWith(one.path));
    const answer = await fetch(address, {
      method: form ? "POST" : "GET",
      body: form && new URLSearchParams(form),
      headers: { cookie: here.map((one) => `${one.name}=${one.value}`).join("; ") },
      redirect: "manual",
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(/; */);
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const path = attributes.find((one) => one.toLowerCase().startsWith("path="))?.slice(5) ?? "/";
      const isGone = attributes.some((one) => /^max-age=0$/i.test(one)) || value === "";
      if (isGone) this.cookies.delete(`${origin} ${path} ${name}`);
      else this.cookies.set(`${origin} ${path} ${name}`, { origin, path, name, value });
    }
    const location = answer.headers.get("location");
    return { status: answer.status, location: location && new URL(location, address).href, text: await answer.text() };
  }

  value(name) {
    return [...this.cookies.values()].find((one) => one.name === name)?.value;
  }
}

/** Goes from page to page of the provider, signs in and agrees, until it is sent back to where it came from. */
async function throughTheProvider(browser, address, issuer, who) {
  for (let step = 0; step < 20; step++) {
    if (!address.startsWith(issuer)) return address;
    const page = await browser.open(address);
    if (page.location) {
      address = page.location;
      continue;
    }
    const action = page.text.match(/<form[^>]* action="([^"]+)"/)[1];
    const prompt = page.text.match(/name="prompt" value="([^"]+)"/)[1];
    const form = prompt === "login" ? { prompt, login: who, password: "anything" } : { prompt };
    address = (await browser.open(new URL(action, address).href, form)).location;
  }
  throw new Error("the provider sends nobody back");
}

function startProvider(redirectUri) {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const issuer = `http://127.0.0.1:${server.address().port}`;
      const provider = new Provider(issuer, {
        clients: [{ client_id: "keyfob", client_secret: SECRET, redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"] }],
        pkce: { required: () => true },
        claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
        findAccount: (_, id) => ({
          accountId: id,
          claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: "Amy Adams", preferred_username: id }),
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
  const child = spawn(program, ["server", ...flags, ...oidc], { env: { HOME: home }, stdio: ["ignore", "pipe", "ignore"] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes("running at ")) return child;
  }
  throw new Error("the server did not say where it is");
}

async function freePort() {
  const one = createServer();
  await new Promise((resolve) => one.listen(0, "127.0.0.1", resolve));
  const { port } = one.address();
  await new Promise((resolve) => one.close(resolve));
  return port;
}

const home = mkdtempSync(join(tmpdir(), "keyfob-"));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const callback = `${url}/api/v2/users/oidc/callback`;
const { issuer, server } = await startProvider(callback);
const keyfob = await startKeyfob(process.argv[2], home, port, issuer);
const me = async (key) => (await fetch(`${url}/api/v2/users/me`, { headers: { "Coder-Session-Token": key } })).json();
try {
  const browser = new Browser();
  const signIn = async () => {
    const away = await browser.open(`${callback}?redirect=/cli-auth`);
    assert.equal(away.status, 307, away.text);
    const back = await throughTheProvider(browser, away.location, issuer, "amy");
    const kept = new Map(browser.cookies);
    const home = await browser.open(back);
    assert.deepEqual([home.status, home.location], [307, `${url}/cli-auth`], home.text);
    return { back, kept };
  };
  const { back, kept } = await signIn();
  const first = await me(browser.value("coder_session_token"));
  assert.deepEqual([first.username, first.email, first.login_type, first.name], ["amy", "amy@example.com", "oidc", "Amy Adams"]);
  assert.deepEqual(first.roles.map((role) => role.name), ["owner"], "the first user is an owner");
  console.log("ok: somebody new signs up");

  const key = browser.value("coder_session_token");
  await signIn();
  const second = await me(browser.value("coder_session_token"));
  assert.equal(second.id, first.id);
  assert.notEqual(browser.value("coder_session_token"), key);
  console.log("ok: and is the same the next time, in another session");

  const thief = new Browser();
  thief.cookies = kept;
  const replayed = await thief.open(back);
  assert.equal(replayed.status, 500);
  assert.equal(JSON.parse(replayed.text).message, "Failed exchanging Oauth code.");
  assert.equal(thief.value("coder_session_token"), undefined);
  console.log("ok: a code works once");
} finally {
  keyfob.kill();
  server.close();
  rmSync(home, { recursive: true, force: true });
}
process.exit(0);
