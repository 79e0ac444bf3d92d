// What a coder does, by keyboard.
import { check } from "./browser.mjs";

/** Comes in by name. The first person of a study adds themself and leads it. */
export async function enter(page, name) {
  await page.getByRole("heading", { name: "Who is coding?" }).waitFor();
  const known = page.getByRole("button", { name: new RegExp(`^${name} `) });
  if (await known.count()) await known.press("Enter");
  else {
    check((await page.locator(".names button").count()) === 0, `${name} is missing, and somebody else is there`);
    await page.getByLabel("Name or pseudonym").fill(name);
    await page.getByRole("button", { name: "Add yourself as lead" }).press("Enter");
  }
  await page.getByRole("dialog").waitFor();
}

/** A lead adds somebody; `sure`: answers the question whether finished sessions may open again. */
export async function admit(page, name, role, sure = false) {
  await page.evaluate(() => (location.hash = "/people"));
  await page.getByRole("heading", { name: "People" }).waitFor();
  await page.getByLabel("Name or pseudonym").fill(name);
  await page.locator(".add").getByLabel("Role").selectOption(role);
  await page.getByRole("button", { name: "Add somebody" }).press("Enter");
  if (sure) {
    await page.getByRole("dialog").getByText("would wait for").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Go on" }).press("Enter");
  }
  await page.getByRole("row", { name: new RegExp(`^${name} `) }).waitFor();
}

/** A lead takes somebody out. */
export async function takeOut(page, name, how) {
  await page.evaluate(() => (location.hash = "/people"));
  await page.getByRole("button", { name: `Take out ${name}` }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: how }).press("Enter");
  await page.getByRole("button", { name: `Let come back: ${name}` }).waitFor();
}

/** The tour, once. */
export async function tour(page) {
  for (const button of ["Next", "Next", "Begin"]) await page.getByRole("button", { name: button, exact: true }).press("Enter");
  await page.getByRole("heading", { name: "Sessions" }).waitFor();
}

export async function toSession(page, id) {
  await page.evaluate((id) => (location.hash = `/session/${id}`), id);
  await page.locator(".session-head h1", { hasText: id }).waitFor();
}

async function kept(page, path, act) {
  const [answer] = await Promise.all([page.waitForResponse((r) => r.url().includes(path) && r.request().method() === "POST"), act()]);
  check(answer.ok(), `${path}: ${answer.status()}`);
}

/** Gives a code to a turn, numbered from 1. */
export async function code(page, id, turn, search) {
  await page.keyboard.press("Escape");
  await page.locator(".turn-button").nth(turn - 1).press("Enter");
  await page.keyboard.press("/");
  await page.keyboard.type(search);
  await kept(page, "/codings", () => page.keyboard.press("Enter"));
  await page.locator(".turn").nth(turn - 1).locator(".chip", { hasText: search }).first().waitFor();
  await page.keyboard.press("Escape");
}

/** Rates the minutes by going there and pressing a number. */
export async function rate(page, ratings) {
  await page.locator(".turn-button").first().press("Enter");
  for (const [minute, rating] of ratings.entries()) {
    await page.locator(".cells i").nth(minute).click();
    await kept(page, "/salience", () => page.keyboard.press(String(rating)));
  }
}

export async function lock(page) {
  // Not by role: a thousand turns are buttons too, and each would be read out to find this one.
  await page.locator(".session-head button.primary").press("Enter");
  await kept(page, "/lock", () => page.getByRole("dialog").getByRole("button", { name: "Lock first pass" }).press("Enter"));
  await page.locator("aside.flags").waitFor();
}

/** Decides clip after clip, by one key each; gives how many there were. */
export async function decide(page, keys) {
  const dots = page.locator(".clip-dots button");
  await dots.first().waitFor();
  const count = await dots.count();
  for (let n = 0; n < count; n++) {
    check((await page.locator('.verdicts [aria-pressed="true"]').count()) === 0, "a clip comes with a decision made");
    await page.locator(".looks").first().waitFor();
    await page.evaluate(() => document.activeElement?.blur());
    await kept(page, "/decisions", () => page.keyboard.press(keys[n % keys.length]));
    await page.waitForFunction((n) => document.querySelectorAll(".clip-dots .set").length === n, n + 1);
  }
  return count;
}

export async function finish(page) {
  await page.getByRole("button", { name: "Finish session" }).press("Enter");
  await kept(page, "/finish", () => page.getByRole("dialog").getByRole("button", { name: "Finish session" }).press("Enter"));
}
