// Node-RED's editor behind hubgate: it loads, listens, and deploys.

import assert from "node:assert/strict";
import { browse, browserWith } from "./chromium.mjs";

/** A flow that answers `GET /NAME` with the name. */
const flow = (name) => ({
  label: name,
  nodes: [
    { id: `${name}-in`, type: "http in", url: `/${name}`, method: "get", wires: [[`${name}-say`]] },
    { id: `${name}-say`, type: "template", template: name, wires: [[`${name}-out`]] },
    { id: `${name}-out`, type: "http response", wires: [] },
  ],
});

/** Asks from within the page, so that the request is the editor's own. */
const ask = (page, ...request) =>
  page.evaluate(async ([path, options]) => {
    const answer = await fetch(path, options);
    return { status: answer.status, text: await answer.text() };
  }, request);

/** Asks until it is there: Node-RED tells of a flow a moment before its nodes answer. */
async function answer(page, path) {
  const end = Date.now() + 10_000;
  for (;;) {
    const answer = await ask(page, path);
    if (answer.status !== 404 || Date.now() > end) return answer;
  }
}

/** Opens the editor, waits until it listens, and deploys a flow that answers. */
async function edit(browser, url, name, visitor) {
  const page = await (await browser.newContext(visitor)).newPage();
  const [comms] = await Promise.all([
    page.waitForEvent("websocket", (socket) => socket.url().endsWith("/comms")),
    page.goto(url),
  ]);
  await page.locator("#red-ui-header-button-deploy").waitFor();

  const heard = comms.waitForEvent("framereceived", ({ payload }) => payload.includes("runtime-deploy"));
  const deployed = await ask(page, "/flow", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(flow(name)),
  });
  assert.equal(deployed.status, 200, deployed.text);
  await heard;
  assert.deepEqual(await answer(page, `/${name}`), { status: 200, text: name });
  await page.context().close();
}

await browse(async (browser, { home, away, login, certificate }, flags) => {
  await edit(browser, home, "at-home", {});

  const guess = { ...login, password: "a guess" };
  const stranger = await (await browser.newContext({ httpCredentials: guess })).newPage();
  assert.equal((await stranger.goto(away)).status(), 401);

  await edit(browser, away, "by-password", { httpCredentials: login });

  const device = await browserWith(certificate.file, certificate.password, [away], flags);
  try {
    await edit(device, away, "by-certificate", {});
  } finally {
    await device.close();
  }
});
