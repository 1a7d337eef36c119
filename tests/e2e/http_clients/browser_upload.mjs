// Uploads over HTTP/2 by Chromium, whose answers come before the uploads have ended.

import assert from "node:assert/strict";
import { browse } from "../browser/chromium.mjs";

const upload = (page, path, bytes) =>
  page.evaluate(
    async ([path, bytes]) => {
      try {
        const body = "x".repeat(bytes);
        const answer = await fetch(path, { method: "POST", body, credentials: "omit" });
        await answer.arrayBuffer();
        return answer.status;
      } catch (error) {
        return String(error);
      }
    },
    [path, bytes],
  );

await browse(async (browser, { url, uploads }) => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url);
  for (const [path, bytes, status] of uploads) {
    assert.equal(await upload(page, path, bytes), status, path);
  }
});
