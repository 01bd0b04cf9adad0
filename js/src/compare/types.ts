// What Python sends of compared runs; the twin of the classes in views/comparison.py.

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
}
