// hubgate's own pages as people see them: wide and narrow, light and dark, in two languages.

import assert from "node:assert/strict";
import { join } from "node:path";
import { browse } from "./chromium.mjs";

/** What is wrong with the page that is shown; runs in the page. */
function faults() {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = numbers(color).map((it) => {
      const part = it / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (element) => {
    const pair = [getComputedStyle(element).color, ground(element)].map(luminance);
    const [dark, light] = pair.sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`scrolls: ${root.scrollWidth} px`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!hasText(element) || element.closest("script,style")) continue;
    const box = element.getBoundingClientRect();
    const name = `${element.tagName} "${element.textContent.trim()}"`;
    if (!element.checkVisibility() || box.width < 1 || box.height < 1) found.push(`unseen: ${name}`);
    if (box.left < 0 || box.right > root.clientWidth + 0.5) found.push(`cut: ${name}`);
    if (contrast(element) < 4.5) found.push(`contrast ${contrast(element).toFixed(1)}: ${name}`);
    if (parseFloat(getComputedStyle(element).fontSize) < 13) found.push(`tiny: ${name}`);
  }
  for (const button of document.querySelectorAll("a.button, button")) {
    if (button.getBoundingClientRect().height < 44) found.push(`low: ${button.textContent}`);
  }
  return found;
}

await browse(async (browser, { pages, shots }) => {
  for (const locale of ["de-DE", "en-US"]) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [390, 1280]) {
        const viewport = { width, height: 844 };
        const context = await browser.newContext({ locale, colorScheme, viewport });
        for (const { name, url, status, site, retry } of pages) {
          const page = await context.newPage();
          const answer = await page.goto(url);
          const seen = `${name} ${locale} ${colorScheme} ${width}`;
          assert.equal(answer.status(), status, seen);
          assert.deepEqual(await page.evaluate(faults), [], seen);
          const text = await page.evaluate(() => document.body.innerText);
          if (site) assert.ok(text.includes(site) && text.includes(String(status)), `${seen}: ${text}`);
          assert.equal(await page.getAttribute("html", "lang"), locale.slice(0, 2), seen);
          const again = page.getByRole("link", { name: /Try again|Noch einmal/ });
          assert.equal(await again.count(), retry ? 1 : 0, seen);
          if (shots) await page.screenshot({ path: join(shots, `${seen.replaceAll(" ", "-")}.png`) });
          await page.close();
        }
        await context.close();
      }
    }
  }
});
