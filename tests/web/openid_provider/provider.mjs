// An OpenID provider on loopback that signs in whomever the test says, without asking.
//
// It prints one line of JSON when it listens: {"issuer": …}. POST /control changes what it does from then on:
//   account   subject and claims of who signs in next (null: the person presses "cancel")
//   tamper    claims that replace those of the next ID tokens; signed all the same (null: none)
//   algorithm "none" leaves ID tokens without a signature
//   key_of_client  public JWK of a second client, which proves itself with a signed assertion
//   page      address of the page whose people sign in, instead of http://127.0.0.1:8080
//   rotate    true makes new keys; those of before are gone
import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { importJWK, SignJWT, UnsecuredJWT } from "jose";
import Provider from "oidc-provider";

const client = {
  client_id: "posture-page",
  client_secret: "a secret of tests only",
  redirect_uris: ["http://127.0.0.1:8080/sign-in/callback"],
  post_logout_redirect_uris: ["http://127.0.0.1:8080/"],
};
const byKey = {
  client_id: "posture-page-with-a-certificate",
  redirect_uris: client.redirect_uris,
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "PS256",
};

const doing = { account: { sub: "nobody" }, tamper: null, algorithm: null };
const accounts = new Map();
let key;
let provider;

function rotate() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  key = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };
}

async function tampered(token) {
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  const changed = Object.fromEntries(
    Object.entries({ ...claims, ...doing.tamper }).filter(([, value]) => value !== null),
  );
  if (doing.algorithm === "none") return new UnsecuredJWT(changed).encode();
  if (doing.algorithm === "HS256") {
    const shared = new TextEncoder().encode(client.client_secret.padEnd(32, "."));
    return new SignJWT(changed).setProtectedHeader({ alg: "HS256" }).sign(shared);
  }
  return new SignJWT(changed).setProtectedHeader({ alg: "RS256", kid: key.kid }).sign(await importJWK(key, "RS256"));
}

function made(issuer) {
  const known = byKeyOf === null ? [client] : [client, { ...byKey, jwks: { keys: [byKeyOf] } }];
  const provider = new Provider(issuer, {
    clients: known,
    jwks: { keys: [key] },
    cookies: { keys: ["only for tests"] },
    claims: { openid: ["sub", "auth_time", "preferred_username", "roles", "groups", "oid", "email"], profile: ["name"] },
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => accounts.get(sub) ?? { sub } }),
  });
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route === "token" && ctx.body?.id_token && (doing.tamper || doing.algorithm)) {
      ctx.body = { ...ctx.body, id_token: await tampered(ctx.body.id_token) };
    }
  });
  return provider;
}

// Its own page would ask another host for letters.
function logoutSource(ctx, form) {
  const button = '<button type="submit" form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>';
  ctx.body = `<!doctype html><title>Sign out</title><link rel="icon" href="data:,">${form}${button}`;
}

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  if (doing.account === null) {
    await provider.interactionFinished(request, response, { error: "access_denied", error_description: "<b>no</b>" });
    return;
  }
  const accountId = doing.account.sub;
  accounts.set(accountId, doing.account);
  const grant = new provider.Grant({ accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  grant.addOIDCClaims(["auth_time"]);
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId }, consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true },
  );
}

let byKeyOf = null;

async function control(request, response, issuer) {
  let text = "";
  for await (const piece of request) text += piece;
  const { rotate: wanted, key_of_client: given, page, ...changes } = JSON.parse(text);
  Object.assign(doing, changes);
  if (given) byKeyOf = given;
  if (wanted) rotate();
  if (page) {
    client.redirect_uris = [`${page}/sign-in/callback`];
    client.post_logout_redirect_uris = [`${page}/`];
  }
  if (wanted || given || page) provider = made(issuer);
  response.writeHead(204).end();
}

rotate();
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, issuer);
  const answer =
    pathname === "/control" ? control(request, response, issuer)
    : pathname.startsWith("/interaction/") ? interact(request, response)
    : provider.callback()(request, response);
  Promise.resolve(answer).catch((error) => response.writeHead(500).end(String(error)));
});
let issuer;
server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  provider = made(issuer);
  console.log(JSON.stringify({ issuer }));
});
// Whoever began this has gone when its standard input ends.
process.stdin.on("end", () => process.exit(0)).resume();
