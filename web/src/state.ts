/** What all pages share. */
import { signal } from "@preact/signals";
import { get, Refused, setCsrf } from "./api";
import type { Code, Me } from "./types";

export const me = signal<Me | null>(null);
export const need = signal<"token" | "password" | null>(null);
export const codes = signal<Code[]>([]);
export const route = signal(location.hash.slice(1) || "/");
export const notice = signal<{ text: string; bad: boolean } | null>(null);
export const showKeys = signal(false);
export const theme = signal<string>(remembered("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));

/** Settings of this browser only; nothing of a session is kept here. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`attune.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string) {
  try {
    localStorage.setItem(`attune.${key}`, value);
  } catch {
    // Private windows keep nothing.
  }
}

let timer = 0;
export function say(text: string, bad = false) {
  notice.value = { text, bad };
  clearTimeout(timer);
  timer = window.setTimeout(() => (notice.value = null), bad ? 8000 : 2500);
}

export function complain(error: unknown) {
  say(error instanceof Error ? error.message : String(error), true);
}

export async function loadMe() {
  try {
    const found = (await get("me")) as Me;
    setCsrf(found.csrf);
    need.value = null;
    me.value = found;
    if (found.coder && codes.value.length === 0) codes.value = await get("codebook");
  } catch (error) {
    if (error instanceof Refused && error.status === 401) need.value = error.body?.need ?? "token";
    else complain(error);
  }
}

export const code = (id: string) => codes.value.find((one) => one.id === id);

/** `m:ss`, from an hour on `h:mm:ss`. Rounded down as in the report (`export::draw::clock`): a moment never shows before it can
 *  be seen, and both say the same time of it. */
export const clock = (ms: number) => {
  const s = Math.floor(Math.abs(ms) / 1000 + (ms < 0 ? 0.999 : 0));
  const two = (n: number) => String(n).padStart(2, "0");
  const text = s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
  return ms < 0 && s > 0 ? `−${text}` : text;
};

export const minutes = (secs: number) => (secs < 90 ? `${Math.round(secs)} s` : `${Math.round(secs / 60)} min`);

addEventListener("hashchange", () => (route.value = location.hash.slice(1) || "/"));
