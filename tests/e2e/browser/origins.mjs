// What pages of a stranger's site and of a listed panel can do with a hub at home.

import assert from "node:assert/strict";
import { browse } from "./chromium.mjs";

/** Loads a picture or a frame into the page, and waits for its end. */
const embed = (page, tag, url) =>
  page.evaluate(
    ([tag, url]) =>
      new Promise((done) => {
        const element = document.createElement(tag);
        element.onload = element.onerror = () => done();
        element.src = url;
        document.body.append(element);
      }),
    [tag, url],
  );

/** Fetches with credentials; `refused` where the browser shows the page no answer. */
const ask = (page, url, options = {}) =>
  page.evaluate(
    async ([url, options]) => {
      try {
        const answer = await fetch(url, { credentials: "include", ...options });
        return { status: answer.status, text: await answer.text() };
      } catch {
        return "refused";
      }
    },
    [url, options],
  );

/** Opens a WebSocket, and says whether it opened. */
const connect = (page, url) =>
  page.evaluate(
    (url) =>
      new Promise((done) => {
        const socket = new WebSocket(url.replace("https:", "wss:"));
        socket.onopen = () => done(true);
        socket.onerror = () => done(false);
      }),
    url,
  );

await browse(async (browser, { home, panel, stranger }) => {
  const open = async (url) => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(url);
    return page;
  };
  const put = { method: "PUT", headers: { "Content-Type": "application/json" }, body: "{}" };

  const evil = await open(stranger);
  await embed(evil, "img", `${home}/basicui/CMD?Door=ON`);
  await embed(evil, "iframe", `${home}/stranger-frame`);
  await embed(evil, "img", `${home}/stranger-picture`);
  assert.equal(await ask(evil, `${home}/stranger-read`), "refused");
  assert.equal(await ask(evil, `${home}/stranger-write`, put), "refused");
  assert.equal(await connect(evil, `${home}/ws`), false);
  const follow = async (url) => {
    const [answer] = await Promise.all([
      evil.waitForNavigation(),
      evil.evaluate((url) => location.assign(url), url),
    ]);
    return answer.status();
  };
  assert.equal(await follow(`${home}/basicui/CMD?Door=OFF`), 403);
  await evil.goto(stranger);
  assert.equal(await follow(`${home}/`), 200);

  const listed = await open(panel);
  assert.deepEqual(await ask(listed, `${home}/plain`), { status: 200, text: "plain" });
  assert.equal((await ask(listed, `${home}/written`, put)).status, 200);
  assert.equal(await connect(listed, `${home}/ws`), true);

  const own = await open(home);
  assert.equal((await ask(own, `${home}/basicui/CMD?own`)).status, 200);
  assert.equal(await connect(own, `${home}/ws`), true);
});
