// What can be chosen of a chart, in the groups that people look for it in.

export interface Choice {
  name: string;
  label: string;
  options: string[];
  /** Whether the options are names of columns, such as `params.lr`. */
  grouped: boolean;
}

export interface Group {
  /** Empty for options that stand in none. */
  group: string;
  options: { value: string; label: string }[];
}

const COLUMN = /^(params|metrics)\.(.+)$/s;

/** Gives the options in groups, each in the order of its first. */
export function groupsOf({ options, grouped }: Choice): Group[] {
  const groups = new Map<string, Group>();
  for (const value of options) {
    const parts = grouped ? COLUMN.exec(value) : null;
    const group = parts?.[1] ?? (grouped ? "run" : "");
    const found = groups.get(group) ?? { group, options: [] };
    found.options.push({ value, label: parts?.[2] ?? value });
    groups.set(group, found);
  }
  return [...groups.values()];
}
