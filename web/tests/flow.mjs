// Three coders from a blank study to consensus and the paradigm picture.
// node web/tests/flow.mjs ADDRESS [FOLDER FOR PICTURES]
import { check, open } from "./browser.mjs";
import { admit, code, decide, enter, finish, lock, rate, takeOut, toSession, tour } from "./coder.mjs";

const [address, shots] = process.argv.slice(2);
const { browser, visitor, axe, shot, troubles } = await open(address, shots);
const begun = Date.now();
const say = (text) => console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${text}`);

// What each gives to the first session: turn, code. All three agree on most of it.
const SAME = [[2, "cx05"], [4, "rf03"], [6, "rs03"], [8, "rs02"], [10, "rs03"], [12, "en03"], [14, "co03"]];
const OWN = { ann: [[3, "rf12"]], ben: [[5, "cx01"], [16, "co03"]], cy: [[16, "co03"]] };
const EVIL = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

const pages = {};
for (const name of ["ann", "ben", "cy"]) {
  const page = (pages[name] = await visitor());
  if (name === "ann") {
    await page.getByRole("heading", { name: "Who is coding?" }).waitFor();
    await axe(page, "enter, nobody there");
    await shot(page, "enter-first");
  } else {
    // Nobody adds themselves: a lead does.
    await page.locator(".names button").first().waitFor();
    check((await page.locator("form.add").count()) === 0, "anybody can add people on the page of names");
    if (name === "ben") await axe(page, "enter"), await shot(page, "enter");
  }
  await enter(page, name);
  if (name === "ann") await axe(page, "tour"), await shot(page, "tour");
  await tour(page);
  if (name === "ann") {
    // Everybody is there before anybody locks.
    await admit(page, "ben", "coder");
    await admit(page, "cy", "coder");
    await axe(page, "people");
    await shot(page, "people");
  } else check((await page.getByRole("link", { name: "People" }).count()) === 0, "a coder is shown the page of people");
  await page.evaluate(() => (location.hash = "/"));
}
await axe(pages.ann, "sessions");
say("three coders are in");

/** What a clip of the second pass shows and plays. */
async function secondPass(page) {
  await page.locator(".screen.close video").waitFor();
  const { clips } = await page.evaluate(() => fetch("/api/sessions/S001/clips").then((r) => r.json()));
  const [from, to] = clips[0].watch[0];
  check(from <= clips[0].start_ms && to >= clips[0].end_ms, "a clip has no padding");
  const film = await page.locator("video").evaluate((v) => ({ at: v.currentTime * 1000, muted: v.muted, moved: v.style.transform }));
  check(film.muted && film.at >= from - 50 && film.at < to, `the clip begins without sound at its padding: ${JSON.stringify(film)}`);
  check(/scale\((1\.[2-9]|[2-9])/.test(film.moved), `the face is not enlarged: ${film.moved}`);
  // The face is in the middle: its box is at 60, 90 and 90 by 110 of 640 by 480 pixels.
  const middle = await page.locator("video").evaluate((v) => {
    const [shown, box] = [v.getBoundingClientRect(), v.parentElement.getBoundingClientRect()];
    const fit = Math.min(box.width / 640, box.height / 480) * (shown.width / box.width);
    const edge = (size, pixels, all) => (size - pixels * fit) / 2;
    const x = shown.left + edge(shown.width, 640) + (60 + 45) * fit;
    const y = shown.top + edge(shown.height, 480) + (90 + 55) * fit;
    return [(x - box.left) / box.width, (y - box.top) / box.height];
  });
  check(middle.every((at) => at > 0.35 && at < 0.65), `the face is at ${middle.map((at) => at.toFixed(2))} of the screen`);
  await axe(page, "second pass");
  await shot(page, "second-pass");
  await page.keyboard.press("f");
  await page.waitForFunction(() => !document.querySelector(".screen.close") && document.querySelector("video").style.transform === "");
  await page.keyboard.press("f");
  await page.locator(".screen.close").waitFor();
  await page.keyboard.press("s");
  await page.waitForFunction(() => !document.querySelector("video").muted && !document.querySelector(".screen.close"));
  await page.locator("video").evaluate((v, to) => (v.currentTime = to / 1000 - 0.5), to);
  await page.waitForFunction(() => document.querySelector("video").paused);
  const end = await page.locator("video").evaluate((v) => v.currentTime * 1000);
  check(end >= to - 60 && end < to + 500, `the clip ends at ${end} instead of ${to}`);
  // Codes with their element, where a clip has any.
  const coded = clips.findIndex((clip) => clip.codes.length);
  await page.locator(".clip-dots button").nth(coded).click();
  await page.locator(".codes .element").first().waitFor();
  const label = await page.evaluate((n) => window.attuneTimeline.clips[n].label, coded);
  check(label.includes(clips[coded].codes[0]), `the timeline names no code: ${label}`);
  // Times are rounded down, as in the report.
  const text = await page.locator(".asked").innerText();
  const at = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
  check(text.includes(`${at(clips[coded].start_ms)} – ${at(clips[coded].end_ms)}`), `${text}: not ${at(clips[coded].start_ms)}`);
  await page.waitForTimeout(300);
  await shot(page, "second-pass-codes");
  await page.locator(".clip-dots button").first().click();
}

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
    await secondPass(page);
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
const [plain, named] = await ann.evaluate(() => Promise.all(["", "&named=true"].map((more) => fetch(`/api/paradigm.svg?session=S001${more}`).then((r) => r.text()))));
const bare = named.replace(/ data-(box|arrow|at)="[^"]*"/g, "").replace(/<g>|<\/g>/g, "");
check(!plain.includes("data-") && named.includes("data-box") && bare === plain, "the saved picture is not the one on the page");
await ann.getByLabel("Paradigm picture", { exact: true }).selectOption("S001");
const scrub = ann.getByRole("slider");
await scrub.waitFor();
const lit = () => ann.evaluate(() => [...document.querySelectorAll("[data-box]")].filter((g) => !g.hasAttribute("opacity")).length);
check((await lit()) === 5, "at the end the whole picture is lit");
await scrub.fill("0");
await ann.waitForFunction(() => document.querySelectorAll("[data-box][opacity]").length === 5);
await scrub.fill("60");
await ann.waitForFunction(() => { const pale = document.querySelectorAll("[data-box][opacity]").length; return pale > 0 && pale < 5; });
await ann.locator("text", { hasText: / of \d+ codes so far/ }).first().waitFor();
await axe(ann, "theory, scrubbed");
await shot(ann, "theory-scrubbed", true);
await scrub.fill("240");
await ann.waitForFunction(() => document.querySelectorAll("[data-box]").length === 5 && !document.querySelector("[data-box][opacity]"));
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
await shot(ann, "log");
await ann.getByLabel("Whose lines").selectOption("ben");
await ann.getByLabel("What was done").selectOption("coded");
await ann.waitForFunction(() => [...document.querySelectorAll("table.log tbody tr")].every((row) => /ben\s+gave a code/.test(row.innerText.replace(/\t/g, " "))));
await ben.evaluate(() => (location.hash = "/log"));
await ben.locator("table.log tbody tr").first().waitFor();
check(!/\bann\b|\bcy\b/.test(await ben.locator("table.log tbody").innerText()), "a coder sees others' lines of the log");
await axe(ben, "log of a coder");
await shot(ben, "log-coder");

// Somebody more after the lock: asked first, the meeting closes; taken out, it opens again.
await admit(ann, "dora", "coder", true);
await ann.evaluate(() => (location.hash = "/session/S001/consensus"));
await ann.getByText("Still waiting for 1").waitFor();
await takeOut(ann, "dora", "Was here by mistake");
await shot(ann, "people-gone");
await axe(ann, "people, somebody gone");
await ann.getByRole("button", { name: "Let come back: dora" }).press("Enter");
await ann.getByRole("dialog").getByText("would wait for dora").waitFor();
await axe(ann, "people, asked");
await shot(ann, "people-asked");
await ann.getByRole("dialog").getByRole("button", { name: "Cancel" }).press("Enter");
await ann.evaluate(() => (location.hash = "/session/S001/consensus"));
await disputes.first().waitFor();
say("people come and go");
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
  return { usable, seek: seeks.sort((a, b) => a - b)[2], turns: document.querySelectorAll(".turn").length };
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
say(`two hours, ${quick.turns} turns: usable after ${quick.usable.toFixed(0)} ms, picture ${quick.seek.toFixed(0)} ms after a jump, ${quick.first.toFixed(0)} pictures a second while zooming, ${quick.second.toFixed(0)} with curves`);
check(quick.usable < 5000 && quick.seek < 1000 && quick.first > 10 && quick.second > 10, "the page is slow");
await shot(ben, "two-hours-second-pass");

// Every page in both themes and on small windows: nothing lies over the recording, nothing is wider than the window.
async function fits(page, name) {
  const wrong = await page.evaluate(() => {
    const box = (selector) => document.querySelector(selector)?.getBoundingClientRect();
    const [screen, strip, panel, words] = [".screen", ".strip", ".panel", ".transcript"].map(box);
    const over = (a, b) => a && b && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    return [
      [...document.querySelectorAll(".upper > *, .strip, .strip canvas, .panel > *, .transcript .said")].slice(0, 60).some((part) => part.getBoundingClientRect().right > part.closest(".transcript, .editor, .panel").getBoundingClientRect().right + 1) && "something is cut off on the right",
      document.querySelector(".editor")?.getBoundingClientRect().right > innerWidth + 1 && "the editor is wider than the window",
      document.documentElement.scrollWidth > innerWidth && "wider than the window",
      screen && screen.height < 140 && `the recording is ${screen.height} high`,
      (over(screen, strip) || over(screen, panel) || over(strip, panel) || over(words, strip)) && "parts lie over each other",
      panel && (panel.bottom > innerHeight + 1 || panel.height < 180) && `the panel ends at ${panel.bottom} of ${innerHeight}, ${panel.height} high`,
    ].filter(Boolean);
  });
  if (wrong.length) troubles.push(`${name}: ${wrong.join("; ")}`);
}
const SIZES = [[1280, 720], [1024, 768], [768, 1024], [1280, 640], [820, 1180]];
for (const scheme of ["light", "dark"]) {
  const page = await visitor({ colorScheme: scheme });
  await page.getByRole("heading", { name: "Who is coding?" }).waitFor();
  await axe(page, `enter, ${scheme}`);
  await enter(page, "ann");
  await tour(page);
  for (const [id, what] of [["S001", "done"], ["S002", "first pass"]]) {
    await toSession(page, id);
    await page.locator("video").waitFor();
    if (id === "S001") await page.getByText("Your decision: confirmed").waitFor();
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(350);
      await fits(page, `${what}, ${scheme}, ${width} by ${height}`);
      // A thousand turns take axe seconds: once in each theme.
      if (height === 720 || (width === 768 && id === "S001")) await axe(page, `${what}, ${scheme}, ${width}`);
      await shot(page, `${what.replace(" ", "-")}-${scheme}-${width}x${height}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 720 });
  for (const hash of ["/", "/agreement", "/theory", "/people", "/log", "/session/S001/consensus", "/session/S001/summary"]) {
    await page.evaluate((hash) => (location.hash = hash), hash);
    await page.waitForTimeout(900);
    await axe(page, `${hash}, ${scheme}`);
    await fits(page, `${hash}, ${scheme}`);
    await page.setViewportSize({ width: 768, height: 1024 });
    await page.waitForTimeout(200);
    await fits(page, `${hash}, ${scheme}, tablet`);
    await shot(page, `page${hash.replaceAll("/", "-")}-${scheme}-tablet`);
    await page.setViewportSize({ width: 1280, height: 720 });
  }
  if (scheme === "dark") {
    await page.evaluate(() => (location.hash = "/"));
    await page.getByRole("button", { name: "Keys" }).click();
    await axe(page, "keys, dark");
    await shot(page, "keys-dark");
    await page.keyboard.press("Escape");
  }
}
// The second pass where it is open, small and dark.
await ben.emulateMedia({ colorScheme: "dark" });
await ben.locator(".bar button", { hasText: "Dark" }).click();
for (const [width, height] of SIZES) {
  await ben.setViewportSize({ width, height });
  await ben.waitForTimeout(400);
  await fits(ben, `second pass, dark, ${width} by ${height}`);
  if (width === 768) await axe(ben, `second pass, dark, ${width}`);
  await shot(ben, `second-pass-dark-${width}x${height}`);
}

await browser.close();
if (troubles.length) {
  console.log(troubles.join("\n"));
  process.exit(1);
}
say("done");
