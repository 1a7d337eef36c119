// A new user opens what `hubgate demo` printed.

import assert from "node:assert/strict";
import { browse } from "./chromium.mjs";

/** Both the WebSocket and the events go on after their first message. */
async function isLive(page) {
  await page.locator("#ws", { hasText: /^echo of message ([2-9]|\d\d)/ }).waitFor();
  await page.locator("#sse", { hasText: /^tick ([2-9]|\d\d)/ }).waitFor();
}

await browse(async (browser, { url, user, password }) => {
  const newPage = async (password) => {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true, // the demo's certificate is self-signed
      httpCredentials: { username: user, password },
    });
    return context.newPage();
  };

  const stranger = await newPage("a guess");
  assert.equal((await stranger.goto(url)).status(), 401);

  const page = await newPage(password);
  assert.equal((await page.goto(url)).status(), 200);
  await isLive(page);
  await page.locator("#user", { hasText: "somebody from 127.0.0.1" }).waitFor();

  const refused = [];
  page.on("response", (answer) => answer.status() === 401 && refused.push(answer.url()));
  assert.equal((await page.reload()).status(), 200);
  await isLive(page);
  assert.deepEqual(refused, [], "after a reload nothing asks for the password again");
});
