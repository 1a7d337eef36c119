// hubgate's own pages as people see them: wide and narrow, light and dark, in two languages.

import assert from "node:assert/strict";
import { join } from "node:path";
import { browse } from "./chromium.mjs";
import { faults } from "./legibility.mjs";

await browse(async (browser, { pages, shots }) => {
  for (const locale of ["de-DE", "en-US"]) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [390, 1280]) {
        const viewport = { width, height: 844 };
        // Chromium shows the body of a 401 only after it has tried a password.
        const httpCredentials = { username: "stranger", password: "a guess" };
        const context = await browser.newContext({ locale, colorScheme, viewport, httpCredentials });
        for (const { name, url, status, site, retry, only } of pages) {
          if (only && only !== locale) continue;
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
