/**
 * A typed client of Keyfob's API: paths, parameters, bodies and answers are those of the server's own document.
 */
import createFetchClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

/** The shapes of bodies and answers by name, such as `Schemas["User"]`. */
export type Schemas = components["schemas"];

/** What a server is asked with. */
export interface Options {
  /** Where the server is, such as `https://keyfob.example.com`. */
  url: string;
  /** A key: a token or a session. Left out for the calls that take none. */
  token?: string;
  /** In place of the global `fetch`. */
  fetch?: typeof fetch;
}

/** A call that the server refused. The key is in none of its fields. */
export class KeyfobError extends Error {
  override readonly name = "KeyfobError";

  constructor(
    /** The status of the answer. */
    readonly status: number,
    /** What the server said. */
    readonly body: Schemas["ErrorBody"],
    /** The permissions that the call asked for, `type:action`. */
    readonly required: readonly string[],
  ) {
    super(body.detail ? `${body.message} ${body.detail}` : body.message);
  }
}

/** The permissions that a call asked for, allowed or not. */
export function required(response: Response): string[] {
  const header = response.headers.get("X-Keyfob-Required") ?? "";
  return header.split(", ").filter((permission) => permission !== "");
}

/**
 * A client. Every call of the document is there by its method and path; an answer that is no success is thrown as a
 * {@link KeyfobError}.
 *
 * ```ts
 * const keyfob = createClient({ url, token });
 * const { data } = await keyfob.GET("/api/v2/users/{user}", { params: { path: { user: "me" } } });
 * ```
 */
export function createClient(options: Options): Client<paths> {
  const client = createFetchClient<paths>({
    baseUrl: options.url.replace(/\/+$/, ""),
    // A key goes to the server that it is for, and nowhere else.
    redirect: "error",
    ...(options.token === undefined ? {} : { headers: { "Coder-Session-Token": options.token } }),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  client.use(refusals);
  return client;
}

const refusals: Middleware = {
  async onResponse({ response }) {
    if (response.ok) {
      return;
    }
    throw new KeyfobError(response.status, await errorBody(response), required(response));
  },
};

/** What is said in an error body, also where something between here and the server answered otherwise. */
async function errorBody(response: Response): Promise<Schemas["ErrorBody"]> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && "message" in body) {
      return body as Schemas["ErrorBody"];
    }
  } catch {
    // It is no JSON.
  }
  return { message: `The server answered ${response.status}.`, detail: text.slice(0, 200) };
}
