// Chromium for one test: nothing of this machine's user, nothing of the world.

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
    await visit(browser, argument);
  } finally {
    await browser.close();
  }
}
