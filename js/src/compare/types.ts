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
}

export interface Compared {
  heads: Head[];
  rows: ComparedRow[];
  sources: string[];
  notes: string[];
  /** Whether there are so many runs that a table of its own shows params and metrics. */
  wide: boolean;
}
