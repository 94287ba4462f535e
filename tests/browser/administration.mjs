// People look after organizations, roles and shared objects in a real browser, read the guides, and lose their way.
// `node administration.mjs PROGRAM`
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openBrowser, THEMES, WIDTHS } from "./browser.mjs";
import { call, PASSWORD, startServer } from "./keyfob.mjs";

const program = process.argv[2];
const MARKUP = `<img src=x onerror="document.title='owned'">{{ 7*7 }}{% if 1 %}"'&amp;`;

/** A deployment with an owner, a user, a group and two workspaces; the owner's key. */
async function deployment(server) {
  const amy = { email: "amy@example.com", username: "amy", password: PASSWORD };
  const done = async (key, method, path, body) => {
    const answer = await call(server, key, method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await done("", "POST", "/api/v2/users/first", amy);
  const key = (await done("", "POST", "/api/v2/users/login", amy)).session_token;
  const organization = (await done(key, "GET", "/api/v2/organizations/default")).id;
  const ben = { username: "ben", name: MARKUP, email: "ben@example.com", password: PASSWORD, organization_ids: [organization] };
  await done(key, "POST", "/api/v2/users", ben);
  await done(key, "POST", "/api/v2/organizations/default/groups", { name: "ops", display_name: "Night <b>shift</b>" });
  const register = (name) => done(key, "POST", "/api/v2/resources", { resource_type: "workspace", name, organization_id: organization, attributes: { note: MARKUP } });
  const web = (await register("web")).id;
  await register(MARKUP);
  return { key, organization, web };
}

async function signIn(page, server, username = "amy") {
  await page.open(`${server.url}/login`);
  await page.type("Email or username", username);
  await page.type("Password", PASSWORD);
  await page.press("Sign In");
  await page.shows(`Signed in as ${username}`);
}

for (const scripts of [true, false]) {
  describe(scripts ? "with scripts" : "without scripts", () => {
    let server, page, made;
    before(async () => {
      server = await startServer(program);
      page = await openBrowser({ scripts });
      made = await deployment(server);
      await signIn(page, server);
    });
    after(async () => {
      await page?.close();
      await server?.stop();
    });

    test("an administrator makes a role, changes it, and deletes it", async () => {
      await page.press("Organizations");
      await page.open(`${server.url}/organizations/${made.organization}`);
      await page.press("Roles");
      await page.shows("There are no roles but the built-in ones.");
      await page.press("Add role");
      await page.type("Name", "deployer");
      await page.unfold("Workspaces");
      await page.tick("workspace:read");
      await page.press("Create role");
      await page.shows("Role deployer of");
      assert.ok(await page.isTicked("workspace:read"));
      await page.tick("workspace:start");
      await page.press("Save role");
      await page.shows("Role deployer saved.");
      const roles = (await call(server, made.key, "GET", "/api/v2/organizations/default/members/roles")).body;
      const permissions = roles.find((role) => role.name === "deployer").organization_permissions;
      assert.deepEqual(permissions.map(({ action }) => action).sort(), ["read", "start"]);
      await page.press("Delete");
      await page.shows("All members who have the role lose it");
      await page.press("Delete");
      await page.shows("There are no roles but the built-in ones.");
    });

    test("an owner asks why, shares a workspace by name, and takes it back", async () => {
      await page.press("Resources");
      await page.press("web");
      await page.shows("Nobody: only roles give access to it.");
      await page.open(`${server.url}/explain?other=ben&permission=workspace:read&object=web`);
      await page.shows("May ben see workspace web? refused");
      await page.press("Share web");
      await page.type("Name", "ben");
      await page.press("Share");
      await page.shows("Workspace web saved.");
      const { body } = await call(server, made.key, "GET", `/api/v2/resources/workspace/${made.web}/acl`);
      assert.equal(Object.keys(body.user_roles).length, 1);
      await page.open(`${server.url}/explain?other=ben&permission=workspace:read&object=web`);
      await page.shows("May ben see workspace web? allowed");
      await page.open(`${server.url}/resources/workspace/${made.web}`);
      await page.press("Remove");
      await page.shows("Nobody: only roles give access to it.");
    });

    test("the menu of a narrow window is opened and closed", async () => {
      await page.open(server.url);
      await page.look("light", 360);
      const menu = await page.find("#places");
      assert.ok(!(await menu.isDisplayed()));
      await (await page.find("button.menu")).click();
      assert.ok(await menu.isDisplayed());
      await (await page.find("#places button.close")).click();
      assert.ok(!(await menu.isDisplayed()));
      await page.look("light", 1280);
    });

    test("a page that does not exist has the navigation, too", async () => {
      await page.open(`${server.url}/nothing/at/all`);
      await page.shows("Page not found");
      await page.press("Tokens");
      await page.shows("No tokens found.");
    });
  });
}

describe("every page", () => {
  let server, page, made;
  /** All that is wrong with any page. */
  const wrong = [];
  before(async () => {
    server = await startServer(program);
    page = await openBrowser();
    made = await deployment(server);
    const permissions = ["read", "start"].map((action) => ({ resource_type: "workspace", action }));
    const role = { name: "deployer", display_name: MARKUP, organization_permissions: permissions };
    assert.equal((await call(server, made.key, "POST", "/api/v2/organizations/default/members/roles", role)).status, 200);
  });
  after(async () => {
    await page?.close();
    await server?.stop();
  });

  /** Looks at the page that is open in every theme and width. */
  async function check(name, { axe = true, picture = true } = {}) {
    assert.notEqual(await page.driver.getTitle(), "owned", name);
    for (const theme of THEMES) {
      for (const width of WIDTHS) {
        await page.look(theme, width);
        if (axe) wrong.push(...(await page.violations()).map((violation) => `${name}, ${theme}, ${width}: ${violation}`));
        if ((await page.overflow()) > 0) wrong.push(`${name} is wider than ${width}`);
        if (picture) await page.picture(name, theme, width);
      }
    }
    await page.look("light", 1280);
  }

  test("for everybody has no violation of axe and fits a narrow window", async () => {
    for (const [name, path] of [
      ["guides", "/docs/guides"],
      ["guide-roles", "/docs/guides/roles"],
      ["guide-compatibility", "/docs/guides/compatibility"],
      ["guide-ci", "/docs/guides/ci"],
    ]) {
      await page.open(server.url + path);
      await check(name);
    }
    await page.open(`${server.url}/docs`);
    await check("api", { axe: false, picture: false });
    assert.deepEqual(wrong.splice(0), []);
  });

  test("with names as long as they may be fits every window", async () => {
    const long = "L".repeat(255);
    const done = async (method, path, body) => {
      const answer = await call(server, made.key, method, path, body);
      assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
    const organization_id = made.organization;
    const resource = { resource_type: "workspace", name: long, organization_id, attributes: { ["k".repeat(200)]: "v" } };
    const { id } = await done("POST", "/api/v2/resources", resource);
    const token = { token_name: long, scopes: ["workspace:read"], lifetime: 86_400_000_000_000, allow_list: [`workspace:${id}`] };
    const [key] = (await done("POST", "/api/v2/users/me/keys/tokens", token)).key.split("-");
    await done("POST", "/api/v2/organizations", { name: "empty", description: long });
    const role = { name: "viewer", display_name: long, organization_permissions: [{ resource_type: "workspace", action: "read" }] };
    await done("POST", "/api/v2/organizations/default/members/roles", role);
    await signIn(page, server);
    for (const [name, path] of [
      ["long-tokens", "/settings/tokens"],
      ["long-token-new", `/settings/tokens/new?name=x&scope=workspace:read&allow=workspace:${id}`],
      ["long-token", `/settings/tokens/${key}`],
      ["long-all-tokens", "/deployment/tokens"],
      ["long-explain", `/explain?subject=${key}&permission=workspace:delete&object=workspace:${id}`],
      ["long-organizations", "/organizations"],
      ["long-roles", `/organizations/${organization_id}/roles`],
      ["long-resources", "/resources"],
      ["long-resource", `/resources/workspace/${id}`],
      ["long-audit", "/audit"],
    ]) {
      await page.open(server.url + path);
      await check(name, { axe: false });
    }
    assert.deepEqual(wrong.splice(0), []);
    await page.open(`${server.url}/resources/workspace/${id}`);
    const shown = await page.find("dl dd");
    await page.look("light", 360);
    assert.ok((await shown.getRect()).width > 100, "what an attribute holds has no room");
    await page.look("light", 1280);
    await page.press("Sign out");
  });

  test("of administration has none either, nor have errors", async () => {
    await signIn(page, server);
    const organization = `/organizations/${made.organization}`;
    for (const [name, path] of [
      ["roles", `${organization}/roles`],
      ["role-new", `${organization}/new-role`],
      ["role", `${organization}/roles/deployer`],
      ["role-delete", `${organization}/roles/deployer/delete`],
      ["resources", "/resources"],
      ["resources-wrong", "/resources?owner=nobody"],
      ["resources-none", "/resources?q=nothing"],
      ["resource", `/resources/workspace/${made.web}`],
      ["settings", "/deployment/settings"],
      ["session-used", `/settings/tokens/${made.key.split("-")[0]}`],
      ["explain-other", `/explain?other=ben&permission=workspace:delete&object=workspace:${made.web}`],
      ["explain-other-wrong", "/explain?other=nobody&permission=workspace:delete"],
      ["error-not-found", "/nothing"],
      ["error-bad", "/groups/x"],
      ["guide-signed-in", "/docs/guides/roles"],
    ]) {
      await page.open(server.url + path);
      await check(name);
      if (name === "role-new") {
        await page.unfold("Workspaces");
        await check("role-new-unfolded");
        await page.type("Name", "owner");
        await page.press("Create role");
        await check("role-wrong");
      }
      if (name === "resource") {
        await page.type("Name", "nobody");
        await page.press("Share");
        await check("resource-wrong");
      }
    }
    assert.deepEqual(wrong.splice(0), []);
  });
});
