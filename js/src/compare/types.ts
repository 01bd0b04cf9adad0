// What Python sends of compared runs; the twin of the classes in views/comparison.py.
import type { Output } from "../chrome/shown";

export interface Head {
  id: string;
  label: string;
  status: string;
  started: string;
  duration: string;
  error: string;
}

export interface ComparedRow {
  group: string;
  name: string;
  texts: (string | null)[];
  differs: boolean;
  best: number[];
  change: string[];
  /** How far runs lie apart that differ in their seeds only; empty when nobody knows. */
  seeds: string;
  /** Whether the runs differ by no more than that. */
  is_unsure: boolean;
  unit: string;
}

export interface Compared {
  heads: Head[];
  rows: ComparedRow[];
  sources: string[];
  notes: string[];
  /** Whether there are so many runs that a table of its own shows params and metrics. */
  wide: boolean;
  /** Under how many names something was logged to them. */
  artifacts: number;
}

/** What a run shows of a name at a step. */
export interface ArtifactAt {
  /** What has the same key looks the same; empty before the run's first step. */
  key: string;
  /** A text: a step may be larger than numbers are exact. */
  step: string | null;
}

/** A stored artifact: in any of the forms of an output, or in one of these. */
export interface ArtifactView extends Output {
  told?: string;
  /** A picture on no background. */
  drawn?: string;
  sound?: string;
  table?: { heads: string[]; rows: string[][]; note: string };
  /** Whether it is drawn only when asked for. */
  can_draw?: boolean;
}
