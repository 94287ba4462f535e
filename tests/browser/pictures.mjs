// Pictures of the main pages, light and dark, for the README and the documentation. `node pictures.mjs PROGRAM [FOLDER]`
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { openBrowser, THEMES } from "./browser.mjs";
import { call, PASSWORD, startServer } from "./keyfob.mjs";

const [program, folder = "../../docs/pictures"] = process.argv.slice(2);
const MOST_BYTES = 60_000;
const DAY = 86_400_000_000_000;

const server = await startServer(program);
const page = await openBrowser();
try {
  const paths = await fill();
  await page.open(`${server.url}/login`);
  await page.type("Email or username", "amy");
  await page.type("Password", PASSWORD);
  await page.press("Sign In");
  await page.shows("Signed in as amy");
  await mkdir(folder, { recursive: true });
  for (const [name, path] of paths) {
    await page.open(server.url + path);
    for (const theme of THEMES) await picture(name, theme);
  }
} finally {
  await page.close();
  await server.stop();
}

/** What is seen of a page in a window, as small as it must be. */
async function picture(name, theme) {
  await page.look(theme, 1280);
  for (let quality = 85; quality > 20; quality -= 10) {
    const { data } = await page.driver.sendAndGetDevToolsCommand("Page.captureScreenshot", { format: "webp", quality });
    const bytes = Buffer.from(data, "base64");
    if (bytes.length > MOST_BYTES) continue;
    await writeFile(join(folder, `${name}-${theme}.webp`), bytes);
    return;
  }
  throw new Error(`${name} takes more than ${MOST_BYTES} bytes`);
}

/** A deployment as people have one; the pages to take pictures of. */
async function fill() {
  const done = async (key, method, path, body) => {
    const answer = await call(server, key, method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const amy = { email: "amy@example.com", username: "amy", name: "Amy Adams", password: PASSWORD };
  await done("", "POST", "/api/v2/users/first", amy);
  const key = (await done("", "POST", "/api/v2/users/login", amy)).session_token;
  const organization = (await done(key, "GET", "/api/v2/organizations/default")).id;
  for (const [username, name] of [["ben", "Ben Brown"], ["cleo", "Cleo Clark"]]) {
    const user = { username, name, email: `${username}@example.com`, password: PASSWORD, organization_ids: [organization] };
    await done(key, "POST", "/api/v2/users", user);
  }
  await done(key, "POST", "/api/v2/organizations/default/groups", { name: "ops", display_name: "Operations" });
  const made = {};
  for (const name of ["staging", "production", "reports"]) {
    const resource = { resource_type: "workspace", name, organization_id: organization };
    made[name] = (await done(key, "POST", "/api/v2/resources", resource)).id;
  }
  const mint = async (token_name, scopes, lifetime, allow_list) => {
    const request = { token_name, scopes, lifetime: lifetime * DAY, ...(allow_list && { allow_list }) };
    return (await done(key, "POST", "/api/v2/users/me/keys/tokens", request)).key;
  };
  const ci = await mint("ci", ["workspace:read", "workspace:start", "workspace:stop"], 6, [`workspace:${made.staging}`]);
  await mint("backup", ["workspace:read", "file:read"], 5);
  await mint("dashboard", ["workspace:read", "template:read"], 2);
  await call(server, ci, "GET", `/api/v2/resources/workspace/${made.staging}`);
  await call(server, ci, "DELETE", `/api/v2/resources/workspace/${made.staging}`);
  const acl = { user_roles: {}, group_roles: { [organization]: "use" } };
  await done(key, "PATCH", `/api/v2/resources/workspace/${made.reports}/acl`, acl);
  const form = new URLSearchParams([["name", "deploy"], ["scope", "workspace:read"], ["scope", "workspace:delete"], ["allow", `workspace:${made.staging}`]]);
  const question = new URLSearchParams({ subject: ci.split("-")[0], permission: "workspace:delete", object: `workspace:${made.staging}` });
  return [
    ["tokens", "/settings/tokens"],
    ["new-token", `/settings/tokens/new?${form}`],
    ["explain", `/explain?${question}`],
    ["all-tokens", "/deployment/tokens"],
    ["role", `/organizations/${organization}/new-role`],
    ["audit", "/audit"],
  ];
}
