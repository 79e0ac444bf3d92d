// Three coders from a blank study to consensus and the paradigm picture.
// node web/tests/flow.mjs ADDRESS [FOLDER FOR PICTURES]
import { check, open } from "./browser.mjs";
import { code, decide, enter, finish, lock, rate, toSession, tour } from "./coder.mjs";

const [address, shots] = process.argv.slice(2);
const { browser, visitor, axe, shot, troubles } = await open(address, shots);
const begun = Date.now();
const say = (text) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${text}`);

// What each gives to the first session: turn, code. All three agree on most of it.
const SAME = [[2, "cx05"], [4, "rf03"], [6, "rs03"], [8, "rs02"], [10, "rs03"], [12, "en03"], [14, "co03"]];
const OWN = { ann: [[3, "rf12"]], ben: [[5, "cx01"], [16, "co03"]], cy: [[16, "co03"]] };
const EVIL = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

const pages = {};
for (const [name, role] of [["ann", "lead"], ["ben", "coder"], ["cy", "coder"]]) {
  const page = (pages[name] = await visitor());
  if (name === "ann") {
    await page.getByRole("heading", { name: "Who is coding?" }).waitFor();
    await axe(page, "enter");
  }
  await enter(page, name, role);
  if (name === "ann") await axe(page, "tour"), await shot(page, "tour");
  await tour(page);
  // Everybody is there before anybody locks.
  await page.evaluate(() => (location.hash = "/"));
}
await axe(pages.ann, "sessions");
say("three coders are in");

for (const [name, page] of Object.entries(pages)) {
  await toSession(page, "S001");
  check(!/What was measured|Second pass|Silence, overlap/.test(await page.locator("body").innerText()), "the first pass shows candidates");
  for (const [turn, id] of [...SAME, ...OWN[name]]) await code(page, "S001", turn, id);
  if (name === "ann") {
    await page.keyboard.press("z");
    await page.waitForFunction(() => !document.querySelectorAll(".turn")[2].innerText.includes("rf12"));
    await page.keyboard.press("z");
    await page.waitForFunction(() => document.querySelectorAll(".turn")[2].innerText.includes("rf12"));
    await page.keyboard.press("m");
    await page.locator("#memo").fill(EVIL);
    await page.getByRole("button", { name: "Keep", exact: true }).press("Enter");
    await page.locator(".memos li").waitFor();
    await page.keyboard.press("Escape");
    await axe(page, "first pass");
    await shot(page, "first-pass");
  }
  await rate(page, name === "ben" ? [1, 4, 2, 2] : [1, 4, 2, 3]);
  await lock(page);
  check(!(await page.evaluate(() => window.hacked)), "a memo ran as script");
  if (name === "ann") {
    await page.waitForTimeout(600);
    await axe(page, "second pass");
    await shot(page, "second-pass");
    await page.evaluate(() => (location.hash = "/session/S001/consensus"));
    await page.getByText("Still waiting for 2").waitFor();
    await toSession(page, "S001");
  }
  const clips = await decide(page, name === "ann" ? ["y", "n", "u"] : ["y", "y", "n"]);
  check(clips >= 3, `only ${clips} clips`);
  if (name === "ben") {
    await page.keyboard.press("z");
    await page.waitForFunction((n) => document.querySelectorAll(".clip-dots .set").length === n, clips - 1);
    await page.keyboard.press("r");
    await page.getByRole("combobox", { name: "Search the codebook" }).waitFor();
    await page.keyboard.type("cx21");
    await page.getByRole("group", { name: "Where to look for cx21" }).waitFor();
    await axe(page, "where to look");
    await shot(page, "where-to-look");
    await page.getByRole("combobox", { name: "Search the codebook" }).fill("rs02");
    await page.keyboard.press("Enter");
    await page.waitForFunction((n) => document.querySelectorAll(".clip-dots .set").length === n, clips);
  }
  await finish(page);
  await page.getByText("Done").first().waitFor();
  say(`${name} has coded, locked, decided ${clips} clips and finished`);
}

const { ann, ben } = pages;
await ann.evaluate(() => (location.hash = "/session/S001/consensus"));
const disputes = ann.locator(".dispute");
await disputes.first().waitFor();
check((await disputes.count()) === 3, `${await disputes.count()} disputes`);
await axe(ann, "consensus");
await shot(ann, "consensus", true);
const shared = ann.locator(".dispute", { hasText: "co03" });
await shared.getByLabel(/ann/).getByRole("checkbox").or(shared.locator(".side", { hasText: "ann" }).getByRole("checkbox")).first().check();
await shared.getByLabel("What was said").fill(EVIL);
await shared.getByRole("button", { name: "Keep", exact: true }).press("Enter");
await shared.getByText("agreed").waitFor();
say("the meeting has settled one");

await ann.evaluate(() => (location.hash = "/agreement"));
await ann.getByRole("rowheader", { name: /rs03/ }).waitFor();
check((await ann.getByRole("row", { name: /rs03/ }).first().innerText()).includes("1.00"), "rs03 is agreed on fully");
const habits = await ann.getByRole("row", { name: /^ann/ }).last().innerText();
check(/ann\s+\d+\s+\d+ %\s+1\s+(0|100) %\s+1\s+(0|100) %/.test(habits), `one clip below the mark and one random one were decided: ${habits}`);
await axe(ann, "agreement");
await shot(ann, "agreement", true);

await ann.evaluate(() => (location.hash = "/theory"));
const picture = ann.locator("img.paradigm");
await picture.waitFor();
await ann.waitForFunction(() => document.querySelector("img.paradigm")?.naturalWidth > 0);
await ann.getByRole("button", { name: /rs03/ }).press("Enter");
await ann.locator(".compare .quotes li").first().waitFor();
check((await ann.locator(".compare .quotes li").count()) === 2, "two quotes of rs03");
await axe(ann, "theory");
await shot(ann, "theory", true);
const svg = await ann.evaluate(() => fetch("/api/paradigm.svg?session=S001").then((r) => r.text()));
check(svg.includes("Intervening conditions") && !svg.includes("<script"), "the picture of one session");
say("agreement and theory");

await ann.evaluate(() => (location.hash = "/session/S001/summary"));
await ann.locator(".moment").first().waitFor();
await axe(ann, "summary");
const paper = await ann.pdf({ format: "A4" });
check(paper.length > 20000 && paper.subarray(0, 5).toString() === "%PDF-", "the summary prints");
await shot(ann, "summary", true);
await ann.evaluate(() => (location.hash = "/log"));
await ann.getByText("The log is whole").waitFor();
await axe(ann, "log");
check(!(await ann.evaluate(() => window.hacked)), "a note ran as script");

// Two hours: how quick it is.
await ben.evaluate(() => (location.hash = "/"));
await ben.getByRole("link", { name: /S002/ }).first().waitFor();
const quick = await ben.evaluate(async () => {
  const start = performance.now();
  location.hash = "/session/S002";
  const until = async (test) => { while (!test()) await new Promise(requestAnimationFrame); };
  await until(() => document.querySelectorAll(".turn").length > 700 && window.attuneTimeline?.view.id === "S002" && window.attuneTimeline.drawn > 0);
  const usable = performance.now() - start;
  const video = document.querySelector("video") ?? (await until(() => document.querySelector("video")), document.querySelector("video"));
  await until(() => video.readyState >= 2);
  const seeks = [];
  for (const at of [30, 150, 60, 200, 90]) {
    const from = performance.now();
    await new Promise((done) => (video.addEventListener("seeked", done, { once: true }), (video.currentTime = at)));
    seeks.push(performance.now() - from);
  }
  return { usable, seek: seeks.sort((a, b) => a - b)[2] };
});
/** Pictures a second while the timeline zooms in and out, each drawn anew. */
const zooming = () => ben.evaluate(async () => {
  const line = window.attuneTimeline;
  const first = line.drawn;
  const from = performance.now();
  for (let n = 0; performance.now() - from < 2000; n++) {
    line.zoom(n % 60 < 30 ? 0.93 : 1 / 0.93, 3600000);
    await new Promise(requestAnimationFrame);
  }
  return (line.drawn - first) / 2;
});
quick.first = await zooming();
await shot(ben, "two-hours");
await lock(ben);
await ben.waitForFunction(() => window.attuneTimeline.rows.some((row) => row.kind === "curve"));
await ben.waitForTimeout(800);
quick.second = await zooming();
say(`two hours: usable after ${quick.usable.toFixed(0)} ms, picture ${quick.seek.toFixed(0)} ms after a jump, ${quick.first.toFixed(0)} pictures a second while zooming, ${quick.second.toFixed(0)} with curves`);
check(quick.usable < 5000 && quick.seek < 1000 && quick.first > 10 && quick.second > 10, "the page is slow");
await shot(ben, "two-hours-second-pass");

// Dark, and on a tablet.
const dark = await visitor({ colorScheme: "dark", viewport: { width: 820, height: 1180 } });
await enter(dark, "cy", "coder");
await tour(dark);
await axe(dark, "sessions, dark");
await toSession(dark, "S001");
await dark.waitForTimeout(500);
await axe(dark, "second pass, dark, tablet");
await shot(dark, "tablet");
check(await dark.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is wider than a tablet");
for (const [hash, name] of [["/agreement", "agreement, dark"], ["/theory", "theory, dark"], ["/session/S001/consensus", "consensus, dark"]]) {
  await dark.evaluate((hash) => (location.hash = hash), hash);
  await dark.waitForTimeout(900);
  await axe(dark, name);
}
await dark.setViewportSize({ width: 1280, height: 720 });
await toSession(dark, "S002");
await dark.waitForTimeout(700);
await axe(dark, "first pass, dark");
await shot(dark, "dark");

await browser.close();
if (troubles.length) {
  console.log(troubles.join("\n"));
  process.exit(1);
}
say("done");
