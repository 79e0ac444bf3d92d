/** Talks to the server. Every change carries the header that only this page knows. */
import { S } from "./strings";

let csrf = "";
export const setCsrf = (value: string) => (csrf = value);

export class Refused extends Error {
  constructor(public status: number, message: string, public body: any) {
    super(message);
  }
}

async function call(path: string, init?: RequestInit): Promise<any> {
  let answer: Response;
  try {
    answer = await fetch(`/api/${path}`, { credentials: "same-origin", cache: "no-store", ...init });
  } catch {
    throw new Refused(0, S.gone, null);
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, body?.error || S.failed, body);
  return body;
}

export const get = (path: string) => call(path);
export const post = (path: string, body: unknown = {}) =>
  call(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-attune": csrf },
    body: JSON.stringify(body),
  });

export async function getTile(session: string, level: number, index: number): Promise<Float32Array> {
  const answer = await fetch(`/api/sessions/${encodeURIComponent(session)}/tiles/${level}/${index}`);
  if (!answer.ok) throw new Refused(answer.status, S.failed, null);
  return new Float32Array(await answer.arrayBuffer());
}
