// An OpenID Connect provider of the tests: one person, and a page on which they say that they are it.
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";

export const CLIENT = { id: "keyfob", secret: "a secret" };

const text = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** Starts it for the person of this name. */
export async function startProvider(name) {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" };
  const person = { sub: name, email: `${name}@example.com`, email_verified: true, preferred_username: name, name };
  const codes = new Map();
  let issuer;

  function idToken(nonce) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: CLIENT.id, iat: now, exp: now + 600, ...(nonce && { nonce }), ...person };
    const signed = `${text({ alg: "RS256", kid: "one", typ: "JWT" })}.${text(claims)}`;
    return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, issuer);
    const json = (body) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
    const asked = url.searchParams;
    switch (`${request.method} ${url.pathname}`) {
      case "GET /.well-known/openid-configuration":
        return json({
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/userinfo`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
          code_challenge_methods_supported: ["S256"],
        });
      case "GET /keys":
        return json({ keys: [key] });
      case "GET /userinfo":
        return json(person);
      case "GET /authorize":
        response.setHeader("Content-Type", "text/html");
        return response.end(`<!doctype html><title>Provider</title><form method="post"><button>Continue as ${name}</button></form>`);
      case "POST /authorize": {
        const code = randomUUID();
        codes.set(code, asked.get("nonce"));
        const back = new URL(asked.get("redirect_uri"));
        back.searchParams.set("code", code);
        back.searchParams.set("state", asked.get("state"));
        return response.writeHead(303, { Location: back.href }).end();
      }
      case "POST /token": {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        const code = new URLSearchParams(Buffer.concat(pieces).toString()).get("code");
        if (!codes.has(code)) return response.writeHead(400).end();
        const nonce = codes.get(code);
        codes.delete(code);
        return json({ access_token: randomUUID(), token_type: "Bearer", expires_in: 600, id_token: idToken(nonce) });
      }
      default:
        return response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  issuer = `http://127.0.0.1:${server.address().port}`;
  const stop = () => new Promise((ended) => (server.closeAllConnections(), server.close(ended)));
  return { issuer, stop };
}
