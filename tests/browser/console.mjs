// People use the console in a real browser, with scripts and without. `node console.mjs PROGRAM`
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { openBrowser, THEMES, WIDTHS } from "./browser.mjs";
import { call, PASSWORD, startServer } from "./keyfob.mjs";
import { startMailServer } from "./mail.mjs";
import { CLIENT, startProvider } from "./provider.mjs";

const program = process.argv[2];
const OTHER = "An0ther!Secret-pw";
const MARKUP = `<img src=x onerror="document.title='owned'">{{ 7*7 }}{% if 1 %}"'&amp;`;

/** Sets a fresh server up on its pages, as the first visit leads to it. */
async function setUp(page, server) {
  await page.open(server.url);
  assert.equal(await page.path(), "/setup");
  await page.type("Email", "amy@example.com");
  await page.type("Password", PASSWORD);
  const again = await page.all("#confirmation");
  if (again.length) await again[0].sendKeys(PASSWORD);
  await page.press("Make the first user");
  await page.shows("Signed in as amy");
}

/** The session's key, which the browser keeps from scripts. */
async function session(page) {
  return (await page.driver.manage().getCookie("coder_session_token")).value;
}

async function register(server, key, name) {
  const organization = (await call(server, key, "GET", "/api/v2/organizations/default")).body.id;
  const resource = { resource_type: "workspace", name, organization_id: organization };
  const made = await call(server, key, "POST", "/api/v2/resources", resource);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.id;
}

for (const scripts of [true, false]) {
  describe(scripts ? "with scripts" : "without scripts", () => {
    let server, page, mails, provider;
    before(async () => {
      mails = await startMailServer();
      provider = await startProvider("dora");
      server = await startServer(program, [
        `--email-smarthost=127.0.0.1:${mails.port}`,
        "--email-from=keys@example.com",
        `--oidc-issuer-url=${provider.issuer}`,
        `--oidc-client-id=${CLIENT.id}`,
        `--oidc-client-secret=${CLIENT.secret}`,
      ]);
      page = await openBrowser({ scripts });
    });
    after(async () => {
      await page?.close();
      await server?.stop();
      await mails?.stop();
      await provider?.stop();
    });

    test("a person sets up, mints a scoped token, uses it, is refused, reads why, and expires it", async () => {
      await setUp(page, server);
      const web = await register(server, await session(page), "web");
      await page.press("Tokens");
      await page.shows("No tokens found.");
      await page.press("Add token");
      await page.type("Name", "ci");
      await page.tick("workspace:read");
      await page.tick(`workspace:${web}`);
      if (!scripts) await page.press("Preview");
      await page.shows("See 1 workspace");
      await page.shows("web (workspace)");
      await page.press("Create token");
      await page.shows("it is not shown again");
      const token = (await (await page.find("#token")).getText()).trim();

      const seen = await call(server, token, "GET", `/api/v2/resources/workspace/${web}`);
      assert.equal(seen.status, 200);
      const refused = await call(server, token, "DELETE", `/api/v2/resources/workspace/${web}`);
      assert.equal(refused.status, 403);
      assert.match(refused.body.detail, /the key's scopes lack workspace:delete/);

      await page.press("What it can do, and when it is used");
      await page.shows("from 127.0.0.1, with node");
      await page.shows("See workspaces.");
      await page.press("Expire");
      await page.shows("no request is accepted with it");
      await page.press("Expire");
      await page.shows("expired. It is accepted for no request any more.");
      const expired = await call(server, token, "GET", "/api/v2/users/me");
      assert.equal(expired.status, 401);
      await page.press("Back to your tokens");
      await page.shows("No tokens found.");
      await page.press("Show expired tokens");
      await page.shows("revoked");
    });

    test("a link fills the form in, and a set of scopes adds to what is ticked", async () => {
      await page.open(`${server.url}/settings/tokens/new?name=deploy&scope=workspace:delete&lifetime=2d`);
      assert.ok(await page.isTicked("workspace:delete"));
      if (scripts) await (await page.find("button[value=CI]")).click();
      else await page.press("CI");
      await page.shows("workspace:create writes");
      for (const scope of ["workspace:delete", "workspace:create", "template:use"]) assert.ok(await page.isTicked(scope), scope);
      assert.ok(!(await page.isTicked("coder:all")));
      assert.equal(await (await page.field("Name")).getAttribute("value"), "deploy");
    });

    test("a machine without a browser is signed in by its code", async () => {
      const asked = await fetch(`${server.url}/api/v2/device/code`, { method: "POST", body: JSON.stringify({ scope: "workspace:read" }) });
      const { user_code: code, device_code } = await asked.json();
      await page.open(`${server.url}/device`);
      await page.type("The code that the machine shows", code);
      await page.press("Go on");
      await page.shows("workspace:read reads See workspaces.");
      await page.press("Approve");
      await page.shows("The machine goes on by itself");
      const grant = { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code };
      const given = await fetch(`${server.url}/api/v2/device/token`, { method: "POST", body: JSON.stringify(grant) });
      const { access_token: key } = await given.json();
      assert.equal((await call(server, key, "GET", "/api/v2/users/me")).body.username, "amy");
    });

    test("a person chooses dark, changes their password, and signs out and in by their username", async () => {
      await page.open(`${server.url}/settings/account`);
      await (await page.find("input[name=theme][value=dark]")).click();
      await page.press("Save look");
      await page.shows("saved.");
      assert.equal(await (await page.find("html")).getAttribute("data-theme"), "dark");
      assert.match(await (await page.find("body")).getCssValue("background-color"), /^rgba?\(22, 21, 19/);
      await page.press("Security");
      await page.type("Current password", PASSWORD);
      await page.type("New password", "weak");
      if (scripts) await page.shows("Try including");
      await page.type("New password", OTHER);
      if (scripts) await page.shows("Strong enough.");
      await page.type("Once more", OTHER);
      await page.press("Change password");
      await page.shows("Password changed.");
      await page.press("Sign out");
      await page.shows("Signed out.");
      await page.type("Email or username", "amy");
      await page.type("Password", OTHER);
      await page.press("Sign In");
      await page.shows("Signed in as amy");
    });

    test("an administrator creates a person, suspends and activates them, and deletes them by name", async () => {
      await page.press("Users");
      await page.press("Add user");
      await page.type("Username", "ben");
      await page.type("E-mail", "ben@example.com");
      await page.type("Password", PASSWORD);
      await page.press("Create user");
      await page.shows("User ben created.");
      const minted = await call(server, await session(page), "POST", "/api/v2/users/ben/keys/tokens", { token_name: "ci" });
      assert.equal(minted.status, 201, JSON.stringify(minted.body));
      const asBen = async () => (await call(server, minted.body.key, "GET", "/api/v2/users/me")).status;
      assert.equal(await asBen(), 200);
      await page.press("Suspend");
      await page.shows("From then on every session and token of the user is refused");
      assert.equal(await asBen(), 200);
      await page.press("Suspend");
      await page.shows("User ben suspended.");
      assert.equal(await asBen(), 401);
      await page.press("All tokens");
      await page.press("1 Owner suspended");
      await page.shows("ci live");
      await page.press("ben");
      await page.press("Activate");
      await page.shows("User ben activated.");
      assert.equal(await asBen(), 200);
      await page.press("Delete");
      await page.type("Type the name to confirm", "bert");
      await page.press("Delete");
      await page.shows("This is not the name ben.");
      await page.type("Type the name to confirm", "ben");
      await page.press("Delete");
      await page.shows("User deleted.");
      assert.equal(await asBen(), 401);
    });

    test("a person who forgot their password sets another one with the link of a mail", async () => {
      await page.press("Sign out");
      await page.press("Forgot password?");
      await page.type("Email", "amy@example.com");
      await page.press("Mail me a link");
      await page.shows("a mail with a link is on its way");
      let link;
      while (!link) [link] = (await mails.mail()).match(/http:\/\/[^\s"<]*\/reset-password\/change\?[^\s"<]*/) ?? [];
      await page.open(link.replaceAll("&amp;", "&"));
      await page.type("New password", PASSWORD);
      await page.type("Once more", OTHER);
      await page.press("Set the password");
      await page.shows("The two passwords differ.");
      await page.type("New password", PASSWORD);
      await page.type("Once more", PASSWORD);
      await page.press("Set the password");
      await page.shows("Password reset successfully.");
      await page.type("Email or username", "amy@example.com");
      await page.type("Password", PASSWORD);
      await page.press("Sign In");
      await page.shows("Signed in as amy");
      await page.open(link.replaceAll("&amp;", "&"));
      await page.type("New password", OTHER);
      await page.type("Once more", OTHER);
      await page.press("Set the password");
      await page.shows("This link does not work any more.");
    });

    test("a person signs in with the provider", async () => {
      await page.open(server.url);
      await page.press("Sign out");
      await page.press("OpenID Connect");
      await page.press("Continue as dora");
      await page.shows("Signed in as dora");
      await page.press("Security");
      await page.shows("You sign in with OpenID Connect, so there is no password to change here.");
    });
  });
}

describe("every page", () => {
  let server, page, key;
  const paths = [];
  /** Forms that are filled in wrongly: name, path, the fields by their labels, and the button. */
  const forms = [];
  /** All that is wrong with any page. */
  const wrong = [];
  before(async () => {
    server = await startServer(program);
    page = await openBrowser();
    await page.open(server.url);
    await check("setup");
    await page.type("Email", "amy@example.com");
    await page.type("Password", PASSWORD);
    await page.type("Once more", OTHER);
    await page.press("Make the first user");
    await page.shows("The two passwords differ.");
    await check("setup-wrong");
    await setUp(page, server);
    key = await session(page);
    await register(server, key, MARKUP);
    await register(server, key, "web");
    const profile = { username: "amy", name: MARKUP };
    assert.equal((await call(server, key, "PUT", "/api/v2/users/me/profile", profile)).status, 200);
    const mint = async (name, scopes, lifetime) => {
      const made = await call(server, key, "POST", "/api/v2/users/me/keys/tokens", { token_name: name, scopes, lifetime });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      return made.body.key;
    };
    const day = 86_400_000_000_000;
    await mint("nightly", ["workspace:read", "template:read", "template:use", "file:create", "file:read"], 6 * day);
    await mint("all", ["coder:all"], 5 * day);
    const token = await mint(MARKUP, ["workspace:read", "workspace:delete"], 7 * day);
    const id = token.split("-")[0];
    await fetch(`${server.url}/api/v2/users/me`, { headers: { "Coder-Session-Token": token, "User-Agent": MARKUP } });
    const organization = (await call(server, key, "GET", "/api/v2/organizations/default")).body.id;
    const ben = { username: "ben", email: "ben@example.com", name: MARKUP, password: PASSWORD, organization_ids: [organization] };
    const create = async (path, body) => {
      const made = await call(server, key, "POST", path, body);
      assert.equal(made.status, 201, `${path}: ${JSON.stringify(made.body)}`);
      return made.body.id;
    };
    const user = await create("/api/v2/users", ben);
    const group = await create("/api/v2/organizations/default/groups", { name: "ops", display_name: "Operators" });
    assert.equal((await call(server, key, "PATCH", `/api/v2/groups/${group}`, { add_users: [user] })).status, 200);
    const empty = await create("/api/v2/organizations", { name: "empty", description: MARKUP });
    const asked = { scope: "workspace:read coder:templates.build", allow_list: "template:*" };
    const { user_code: code } = (await call(server, "", "POST", "/api/v2/device/code", asked)).body;
    paths.push(
      ["home", "/"],
      ["tokens", "/settings/tokens"],
      ["tokens-none", "/settings/tokens?q=nothing"],
      ["token-new", `/settings/tokens/new?name=${encodeURIComponent(`${MARKUP} 2`)}&scope=workspace:read&scope=workspace:delete`],
      ["token-new-full", "/settings/tokens/new?name=all&scope=coder:all"],
      ["token", `/settings/tokens/${id}`],
      ["token-expire", `/settings/tokens/${id}/expire`],
      ["token-delete", `/settings/tokens/${id}/delete`],
      ["account", "/settings/account"],
      ["security", "/settings/security"],
      ["sessions", "/settings/sessions"],
      ["notices", "/settings/notifications"],
      ["cli-auth", "/cli-auth"],
      ["device", "/device"],
      ["device-confirm", `/device?code=${code}`],
      ["not-found", "/settings/tokens/abcdefghij"],
      ["explain", "/explain"],
      ["explain-allowed", "/explain?permission=workspace:read&object=web"],
      ["explain-refused", `/explain?subject=${id}&permission=workspace:ssh&object=web`],
      ["explain-wrong", "/explain?permission=workspace:read&object=nothing"],
      ["audit", "/audit"],
      ["audit-none", "/audit?username=nobody"],
      ["audit-wrong", "/audit?date_from=9999-12-31&request_id=x"],
      ["users", "/deployment/users"],
      ["users-none", "/deployment/users?q=nobody"],
      ["user-create", "/deployment/users/create"],
      ["service-account-create", "/deployment/users/create?kind=service"],
      ["user", `/deployment/users/${user}`],
      ["user-suspend", `/deployment/users/${user}/suspend`],
      ["user-password", `/deployment/users/${user}/password`],
      ["user-delete", `/deployment/users/${user}/delete`],
      ["token-new-other", `/settings/tokens/new?user=${user}&scope=coder:all`],
      ["all-tokens", "/deployment/tokens"],
      ["all-tokens-finding", "/deployment/tokens?finding=full"],
      ["organizations", "/organizations"],
      ["organization-create", "/organizations/create"],
      ["organization", `/organizations/${organization}`],
      ["organization-delete", `/organizations/${empty}/delete`],
      ["members", `/organizations/${organization}/members`],
      ["member", `/organizations/${organization}/members/${user}`],
      ["member-remove", `/organizations/${organization}/members/${user}/remove`],
      ["group", `/groups/${group}`],
      ["group-delete", `/groups/${group}/delete`],
    );
    forms.push(
      ["user-create-wrong", "/deployment/users/create", { Username: "a--b", "E-mail": "x@example.com", Password: "weak" }, "Create user"],
      ["user-password-wrong", `/deployment/users/${user}/password`, { "New password": PASSWORD, "Once more": OTHER }, "Reset password"],
      ["user-delete-wrong", `/deployment/users/${user}/delete`, { "Type the name to confirm": "bert" }, "Delete"],
      ["find-wrong", "/deployment/tokens", { "Find by token or id": `${id}-wrong` }, "Find"],
      ["organization-create-wrong", "/organizations/create", { Name: "default" }, "Create organization"],
      ["organization-wrong", `/organizations/${organization}`, { Name: "a b" }, "Save organization"],
      ["group-create-wrong", `/organizations/${organization}`, { "New group": "a b" }, "Add group"],
      ["members-wrong", `/organizations/${organization}/members`, { "New member": "nobody" }, "Add member"],
      ["group-wrong", `/groups/${group}`, { "New member": "nobody" }, "Add member"],
      ["account-wrong", "/settings/account", { Username: "a--b" }, "Save profile"],
      ["security-wrong", "/settings/security", { "Current password": OTHER, "New password": "weak", "Once more": "weak" }, "Change password"],
      ["device-wrong", "/device", { "The code that the machine shows": "BCDF-GHJK" }, "Go on"],
    );
  });
  after(async () => {
    await page?.close();
    await server?.stop();
  });

  /** Looks at the page that is open in every theme and width. */
  async function check(name) {
    for (const theme of THEMES) {
      for (const width of WIDTHS) {
        await page.look(theme, width);
        wrong.push(...(await page.violations()).map((violation) => `${name}, ${theme}, ${width}: ${violation}`));
        if ((await page.overflow()) > 0) wrong.push(`${name} is wider than ${width}`);
        await page.picture(name, theme, width);
      }
    }
    await page.look("light", 1280);
  }

  test("of the console has no violation of axe, fits a narrow window, and shows what people typed as text", async () => {
    for (const [name, path] of paths) {
      await page.open(server.url + path);
      assert.notEqual(await page.driver.getTitle(), "owned", name);
      assert.equal((await page.all("img[src=x]")).length, 0, name);
      await check(name);
      if (name === "token-new") {
        await page.press("Create token");
        await page.shows("it is not shown again");
        await check("token-minted");
      }
      if (["tokens", "token"].includes(name)) {
        const shown = (await page.text()) + (await (await page.find("main")).getAttribute("innerHTML"));
        assert.ok(shown.includes("{{ 7*7 }}{% if 1 %}"), `${name} does not show the markup as text`);
      }
    }
    assert.deepEqual(wrong.splice(0), []);
  });

  test("with what is wrong with its form has none either", async () => {
    for (const [name, path, fields, button] of forms) {
      await page.open(server.url + path);
      for (const [label, value] of Object.entries(fields)) await page.type(label, value);
      await page.press(button);
      assert.ok((await page.all(".wrong, .error")).length > 0, `${name}: ${await page.text()}`);
      await check(name);
    }
    assert.deepEqual(wrong.splice(0), []);
  });

  test("of signing in has none either", async () => {
    await page.open(server.url);
    await page.press("Sign out");
    await page.open(`${server.url}/login`);
    await page.type("Email or username", "amy");
    await page.type("Password", OTHER);
    await page.press("Sign In");
    await page.shows("Incorrect email or password.");
    await check("login-wrong");
    for (const [name, path] of [["login", "/login"], ["reset", "/reset-password"], ["reset-change", "/reset-password/change?email=amy@example.com&otp=x"]]) {
      await page.open(server.url + path);
      await check(name);
    }
    assert.deepEqual(wrong.splice(0), []);
  });
});
