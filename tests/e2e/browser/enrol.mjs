// Phones are enrolled by the link of `hubgate client add`, used away from home, and locked out.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { browse, browserWith } from "./chromium.mjs";
import { faults } from "./legibility.mjs";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
  "Version/18.5 Mobile/15E148 Safari/604.1";
const ANDROID =
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) " +
  "Chrome/137.0.0.0 Mobile Safari/537.36";

/** For docs/phones.md, where it is made: `HUBGATE_SCREENSHOTS` names the folder. */
async function picture(page, name, height = PHONE.viewport.height) {
  const folder = process.env.HUBGATE_SCREENSHOTS;
  const clip = { x: 0, y: 0, width: PHONE.viewport.width, height };
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), clip });
}

/** What `hubgate client add` shows, and how it ends. */
async function invite(hubgate, folder, name) {
  const terminal = spawn(hubgate, ["client", "add", name], { cwd: folder });
  let shown = "";
  terminal.stderr.on("data", (text) => (shown += text));
  const invited = new Promise((resolve, reject) => {
    terminal.stdout.on("data", (text) => {
      shown += text;
      const link = /https:\S+/.exec(shown)?.[0];
      const code = /enter the code {2}(\d{3}) (\d{3})\n/.exec(shown);
      if (link && code) resolve({ link, code: code[1] + code[2] });
    });
    terminal.on("exit", () => reject(new Error(`nobody was invited:\n${shown}`)));
  });
  const ended = once(terminal, "exit").then(([status]) => ({ status, shown }));
  return { ...(await invited), ended };
}

/** Opens the link, enters a wrong code and the right one. */
async function open(page, { link, code }, name) {
  await page.goto(link);
  await picture(page, "code", 330);
  const enter = async (code) => {
    await page.locator("#code").fill(code);
    await page.getByRole("button", { name: "Continue" }).click();
  };
  await enter(code.replace(/\d/g, (digit) => 9 - digit));
  await page.getByText("2 tries are left").waitFor();
  await enter(code);
  await page.getByRole("heading", { name: `Set up ${name}` }).waitFor();
  assert.notEqual(page.url(), link);
}

/** Downloads the files that the page offers this device first. */
async function take(page, endings) {
  const offered = page.locator("#own a.button");
  assert.equal(await offered.count(), endings.length);
  const files = {};
  for (const [index, ending] of endings.entries()) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      offered.nth(index).click(),
    ]);
    assert.ok(download.suggestedFilename().endsWith(ending), download.suggestedFilename());
    files[ending] = await download.path();
  }
  return files;
}

/** At home a device is asked only when it wants to be. */
async function tryNow(phone, url, name) {
  const page = await phone.newPage();
  await page.goto(url);
  await page.getByRole("button", { name: "Try it now" }).click();
  await page.getByText(`${name} is in`).waitFor();
  await page.close();
}

/** Opens Node-RED's editor and waits until it hears of Node-RED. */
async function use(phone, url) {
  const page = await phone.newPage();
  const comms = page.waitForEvent("websocket", (socket) => socket.url().endsWith("/comms"));
  const answer = await page.goto(url);
  const seconds = (Date.now() - started) / 1000;
  assert.equal(answer.status(), 200);
  await page.locator("#red-ui-header-button-deploy").waitFor();
  const socket = await comms;
  await socket.waitForEvent("framereceived");
  return { page, socket, seconds };
}

/** Revokes the device: what it has open ends within a second, and it is told why. */
async function lockOut({ page, socket }, url, name, revoke) {
  const closed = socket.isClosed() || socket.waitForEvent("close");
  revoke(name);
  const revoked = Date.now();
  await closed;
  const milliseconds = Date.now() - revoked;
  assert.ok(milliseconds < 1000, `its WebSocket was open for ${milliseconds} ms`);
  const answer = await page.goto(url);
  assert.equal(answer.status(), 495);
  const text = await page.locator("main").innerText();
  assert.ok(text.includes(name) && text.includes("revoked"), text);
  assert.deepEqual(await page.evaluate(faults), []);
  await picture(page, "revoked", 250);
  return milliseconds;
}

let started;

await browse(async (browser, { hubgate, folder, home, away }, flags) => {
  const revoke = (name) => execFileSync(hubgate, ["client", "revoke", name], { cwd: folder });

  const enrol = async ({ name, userAgent, kind, endings, triesAtHome }) => {
    started = Date.now();
    const invitation = await invite(hubgate, folder, name);
    const page = await (await browser.newContext({ ...PHONE, userAgent })).newPage();
    await open(page, invitation, name);
    await picture(page, kind);
    const files = await take(page, endings);
    const password = await page.locator("#password").innerText();
    const phone = await browserWith(files[endings[0]], password, [home, away], flags);
    try {
      const context = await phone.newContext({ ...PHONE, userAgent });
      if (triesAtHome) await tryNow(context, page.url(), name);
      const used = await use(context, away);
      await page.getByText(`${name} is in`).waitFor();
      await picture(page, "in");
      const { status, shown } = await invitation.ended;
      assert.equal(status, 0);
      assert.equal(shown.trimEnd().split("\n").at(-1), `${name} is enrolled`);
      assert.ok(used.seconds < 60, `in after ${used.seconds} s`);
      const milliseconds = await lockOut(used, away, name, revoke);
      console.log(`${kind}: in after ${used.seconds} s; WebSocket gone after ${milliseconds} ms`);
    } finally {
      await phone.close();
    }
  };

  await enrol({
    name: "Anna's phone", userAgent: IPHONE, kind: "iphone", endings: [".ohp12", ".mobileconfig"],
  });
  await enrol({
    name: "Ben's phone", userAgent: ANDROID, kind: "android", endings: [".p12"], triesAtHome: true,
  });
});
