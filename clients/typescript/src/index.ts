/**
 * A typed client of Keyfob's API: paths, parameters, bodies and responses are those of the server's OpenAPI document.
 */
import createFetchClient, { type Client, type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

/** The types of request and response bodies by name, such as `Schemas["User"]`. */
export type Schemas = components["schemas"];

/** How a client calls a server. */
export interface Options {
  /** The address of the server, such as `https://keyfob.example.com`. */
  url: string;
  /** A token or the key of a session. Not needed for calls without authentication. */
  token?: string;
  /** Replaces the global `fetch`. */
  fetch?: typeof fetch;
}

/** An error response. None of the fields contains the token. */
export class KeyfobError extends Error {
  override readonly name = "KeyfobError";

  constructor(
    /** The status of the response. */
    readonly status: number,
    /** The body of the response. */
    readonly body: Schemas["ErrorBody"],
    /** The permissions that the call required, each as `type:action`. */
    readonly required: readonly string[],
  ) {
    super(body.detail ? `${body.message} ${body.detail}` : body.message);
  }
}

/** The permissions that a call required, whether it was allowed or not. */
export function required(response: Response): string[] {
  const header = response.headers.get("X-Keyfob-Required") ?? "";
  return header.split(", ").filter((permission) => permission !== "");
}

/**
 * Creates a client. It has every operation of the document by method and path, and throws error responses as
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
    // A redirect could send the token to another server.
    redirect: "error",
    ...(options.token === undefined ? {} : { headers: { "Coder-Session-Token": options.token } }),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
  client.use(refuseNoNames, throwErrors);
  return client;
}

/**
 * Throws a `TypeError` for a path parameter that is empty, `.` or `..`, before anything is sent. `fetch` takes the last
 * two as steps in the path, escaped or not: a request about a session would reach its user.
 */
const refuseNoNames: Middleware = {
  onRequest({ params }) {
    for (const [name, value] of Object.entries(params.path ?? {})) {
      if (["", ".", ".."].includes(String(value))) {
        throw new TypeError(`The path parameter ${name} cannot be ${JSON.stringify(value)}.`);
      }
    }
    return undefined;
  },
};

const throwErrors: Middleware = {
  async onResponse({ response }) {
    if (response.ok) {
      return;
    }
    throw new KeyfobError(response.status, await errorBody(response), required(response));
  },
};

/** The error body of a response, or one with its text when something else than Keyfob responded. */
async function errorBody(response: Response): Promise<Schemas["ErrorBody"]> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && "message" in body) {
      return body as Schemas["ErrorBody"];
    }
  } catch {
    // The text is not JSON.
  }
  return { message: `The server responded with status ${response.status}.`, detail: text.slice(0, 200) };
}
