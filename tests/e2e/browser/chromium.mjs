// Chromium for one test: nothing of this machine's user, nothing of the world.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { chromium } = await import(process.env.PLAYWRIGHT);

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** Calls `visit` with a browser and the script's argument, and closes the browser. */
export async function browse(visit) {
  const { flags, ...argument } = JSON.parse(process.argv[2]);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [...FLAGS, ...flags],
  });
  try {
    await visit(browser, argument, flags);
  } finally {
    await browser.close();
  }
}

/**
 * A browser of somebody who imported a PKCS#12 file and shows its certificate to these addresses.
 * Chromium's dialog to choose one is out of a script's reach; its policy chooses without.
 */
export async function browserWith(file, password, addresses, flags) {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  importInto(home, file, password);
  const policies = join(home, "policies");
  mkdirSync(join(policies, "managed"), { recursive: true });
  const choices = addresses.map((pattern) => JSON.stringify({ pattern, filter: {} }));
  const policy = JSON.stringify({ AutoSelectCertificateForUrls: choices });
  writeFileSync(join(policies, "managed", "certificate.json"), policy);
  return chromium.launch({
    executablePath: join(import.meta.dirname, "chromium-with-policies"),
    args: [...FLAGS, ...flags],
    env: { ...process.env, HOME: home, POLICIES: policies },
  });
}

/** Where Chromium on Linux has its user's certificates. */
function importInto(home, file, password) {
  const folder = join(home, ".pki", "nssdb");
  mkdirSync(folder, { recursive: true });
  const database = ["-d", `sql:${folder}`];
  execFileSync("certutil", ["-N", "--empty-password", ...database]);
  execFileSync("pk12util", ["-i", file, ...database, "-W", password, "-K", ""]);
}
