// A real browser at the coders' page, with what every step must hold: nothing loaded from elsewhere, no error in the
// console, no barrier that axe knows of.
import fs from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function check(holds, what) {
  if (!holds) throw new Error(what);
}

export async function open(address, shots) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
  const base = new URL(address).origin;
  const troubles = [];
  /** A browser of its own for one coder, as on their own machine. */
  async function visitor(options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, colorScheme: "light", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    page.on("request", (r) => /^(blob|data):/.test(r.url()) || new URL(r.url()).origin === base || troubles.push(`asked elsewhere: ${r.url()}`));
    page.on("pageerror", (e) => troubles.push(`error: ${e.message}`));
    page.on("console", (m) => m.type() === "error" && !/status of 40[139]/.test(m.text()) && troubles.push(`console: ${m.text()}`));
    await page.goto(address);
    check(!page.url().includes("token"), "the token stays in the address");
    return page;
  }
  async function axe(page, name) {
    await page.evaluate(axeSource);
    const found = await page.evaluate(() =>
      window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
    for (const v of found.violations)
      troubles.push(`axe, ${name}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} (${n.failureSummary?.split("\n")[1]?.trim()})`).join("; ")}`);
  }
  async function shot(page, name, full = false) {
    if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: full });
  }
  return { browser, base, visitor, axe, shot, troubles };
}
