// Tests the client against a running server: the variable `KEYFOB` has the path of the program.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { createClient, KeyfobError, required } from "../dist/index.js";

const PASSWORD = "Sup3rSecret!pw";
let server;
let home;
let url;

before(async () => {
  home = mkdtempSync(join(tmpdir(), "keyfob-"));
  const program = process.env.KEYFOB;
  assert.ok(program, "set KEYFOB to the path of the program");
  server = spawn(program, ["server", "--http-address", "127.0.0.1:0", "--data-dir", join(home, "data")], {
    env: { HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  url = await new Promise((resolve, reject) => {
    let output = "";
    const findUrl = (chunk) => {
      output += chunk;
      const match = /http:\/\/[0-9.]+:[0-9]+/.exec(output);
      if (match) resolve(match[0]);
    };
    server.stdout.on("data", findUrl);
    server.stderr.on("data", findUrl);
    server.on("exit", () => reject(new Error(`the server stopped: ${output}`)));
  });
});

after(() => {
  server.kill();
  rmSync(home, { recursive: true, force: true });
});

/** A client with a session of the owner, who is created by the first call. */
async function signInAsOwner() {
  const anonymous = createClient({ url });
  try {
    await anonymous.POST("/api/v2/users/first", {
      body: { email: "owner@example.com", username: "owner", password: PASSWORD },
    });
  } catch (error) {
    // An earlier test created the owner.
    assert.equal(error.status, 409);
  }
  const { data } = await anonymous.POST("/api/v2/users/login", {
    body: { email: "owner@example.com", password: PASSWORD },
  });
  return createClient({ url: `${url}/`, token: data.session_token });
}

test("a token is created, listed, and can do only what its scopes allow", async () => {
  const keyfob = await signInAsOwner();
  const created = await keyfob.POST("/api/v2/users/{user}/keys/tokens", {
    params: { path: { user: "me" } },
    body: { token_name: "ci", scopes: ["workspace:read"], allow_list: ["workspace:*"] },
  });
  const { data: tokens } = await keyfob.GET("/api/v2/users/{user}/keys/tokens", { params: { path: { user: "me" } } });
  assert.deepEqual(tokens.map((token) => [token.token_name, token.scopes]), [["ci", ["workspace:read"]]]);

  const narrow = createClient({ url, token: created.data.key });
  const { response } = await narrow.GET("/api/v2/workspaces");
  assert.deepEqual(required(response), ["workspace:read"]);
  const refused = narrow.POST("/api/v2/organizations", { body: { name: "acme" } });
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof KeyfobError);
    assert.equal(error.status, 403);
    assert.equal(error.body.message, "Forbidden.");
    assert.match(error.message, /the key's scopes lack organization:create/);
    assert.deepEqual(error.required, ["organization:create"]);
    assert.ok(!JSON.stringify(error).includes(created.data.key));
    return true;
  });
});

test("decisions have the names of their checks", async () => {
  const keyfob = await signInAsOwner();
  const { data } = await keyfob.POST("/api/v2/authcheck", {
    body: { checks: { mine: { action: "create", object: { resource_type: "template", any_org: true } } } },
  });
  assert.deepEqual(data, { mine: true });
});

test("a call without a token is refused where one is needed", async () => {
  const anonymous = createClient({ url });
  await assert.rejects(anonymous.GET("/api/v2/users"), { name: "KeyfobError", status: 401 });
  const { data } = await anonymous.GET("/api/v2/buildinfo");
  assert.match(data.version, /keyfob/);
});

test("a path parameter that is no name is not sent", async () => {
  const sent = [];
  const keyfob = createClient({
    url,
    fetch: async (request) => {
      sent.push(request.url);
      return new Response(null, { status: 204 });
    },
  });
  for (const id of ["", ".", ".."]) {
    const path = { user: "amy", id };
    await assert.rejects(keyfob.DELETE("/api/v2/users/{user}/sessions/{id}", { params: { path } }), {
      name: "TypeError",
      message: /^The path parameter id cannot be /,
    });
  }
  assert.deepEqual(sent, []);
  await keyfob.DELETE("/api/v2/users/{user}/sessions/{id}", { params: { path: { user: "a/b", id: "..." } } });
  assert.deepEqual(sent, [`${url}/api/v2/users/a%2Fb/sessions/...`]);
});
