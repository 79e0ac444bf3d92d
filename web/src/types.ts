export type Me = {
  csrf: string; study: string; network: boolean; coder: string | null; role: string | null;
  coders: { name: string; role: string; has_password: boolean }[]; rule: string; version: string;
};
export type Code = {
  id: string; label: string; axial: string; primary: string; polarity: string; definition: string;
  include: string[]; exclude: string[]; element: string | null; look: string | null;
};
export type Turn = { who: string; start_ms: number; end_ms: number; text: string };
export type Coding = {
  unit: number | null; revision: number; coder: string; pass: string; turn: number | null;
  start_ms: number; end_ms: number; code: string; note: string; removed: boolean;
};
export type Curve = { group: string; name: string; who: string; rest: number | null; range: [number, number] };
export type Memo = { unit: number; coder: string; start_ms: number; end_ms: number; text: string };
export type Seen = { marker: string; who: string; start_ms: number; end_ms: number; words: string };
export type View = {
  id: string; start_ms: number; end_ms: number; stage: "new" | "blind" | "flags" | "done"; open: boolean;
  turns: Turn[]; speech: [string, number, number][];
  own: { codings: Coding[]; salience: [number, number][]; memos: Memo[]; others: Coding[]; waiting: number };
  media: { label: string; url: string; offset_ms: number; picture: boolean }[];
  measured?: { events: Seen[]; coverage: any[] };
  curves: { list: Curve[]; start_ms: number; levels: number; buckets: number; bucket_ms: number; tile: number; factor: number; problem?: string };
};
export type Measured = { sentence: string; who: string; start_ms: number; end_ms: number };
export type Clip = {
  id: string; start_ms: number; end_ms: number; watch: [number, number][]; asked: string;
  evidence_for: Measured[]; evidence_against: Measured[]; missing: string[]; codes: string[]; review_secs: number;
};
export type Decided = { clip: string; verdict: string; code: string | null; note: string };
