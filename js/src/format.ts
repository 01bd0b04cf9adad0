// How values are written for people: the twin of views/format.py, tested on one list.

const MINUS = "\u2212";

function grouped(text: string): string {
  const [whole = "", ...rest] = text.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
}

function group(text: string): string {
  return /^\d{5}/.test(text) ? grouped(text) : text;
}

function strip(text: string): string {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

function general(size: number, digits: number): string {
  if (size === 0) return "0";
  const [mantissa = "", power = "0"] = size.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 7) return `${strip(mantissa)}e${exponent}`;
  return group(strip(size.toFixed(Math.min(100, Math.max(0, digits - 1 - exponent)))));
}

/** Writes a float compactly, with a real minus sign and commas from five digits up. */
export function formatNumber(value: number, decimals: number | null = null, digits = 5): string {
  if (Number.isNaN(value)) return "NaN";
  const prefix = value < 0 ? MINUS : "";
  const size = Math.abs(value);
  if (size === Infinity) return `${prefix}\u221e`;
  // toFixed gives up at 1e21 and falls back to the shortest form
  if (decimals !== null && size < 1e21) return prefix + group(size.toFixed(decimals));
  return prefix + general(size, digits);
}

/** Writes a number as somebody asked for it: `.3f`, `.1%`, `.2e`, `.4g`, `,d`. */
export function formatAs(value: number | bigint, spec: string): string {
  const [size, kind] = [Math.abs(Number(value)) * (spec.endsWith("%") ? 100 : 1), spec.slice(-1)];
  if (!spec || !(size < 1e21)) {
    return typeof value === "bigint" ? formatInteger(value) : formatNumber(value);
  }
  const [asked = "", precision] = spec.slice(0, -1).split(".");
  const digits = precision ? Number(precision) : 6;
  let body: string;
  if (kind === "g") body = general(size, Math.max(1, digits));
  else if (kind === "e") body = size.toExponential(digits).replace("+", "");
  else if (kind !== "d") body = size.toFixed(digits);
  else body = typeof value === "bigint" ? String(value).replace("-", "") : size.toFixed(0);
  if (asked && kind !== "g" && kind !== "e") body = grouped(body);
  const sign = value < 0 && /[1-9]/.test(body) ? MINUS : "";
  return sign + body + (kind === "%" ? "%" : "");
}

/** Writes an exact integer. */
export function formatInteger(value: bigint): string {
  return value < 0n ? MINUS + group((-value).toString()) : group(value.toString());
}

const two = (n: number) => String(n).padStart(2, "0");

/** Writes a span of time with about two significant units. */
export function formatDuration(span: number): string {
  if (Number.isNaN(span)) return "";
  const seconds = Math.max(0, span);
  if (seconds < 0.9995) return `${Math.floor(seconds * 1000 + 0.5)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const total = Math.floor(seconds + 0.5);
  if (total < 3600) return `${Math.floor(total / 60)} min ${two(total % 60)} s`;
  const minutes = Math.floor(seconds / 60 + 0.5);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.floor(seconds / 3600 + 0.5);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Writes microseconds since 1970 in UTC as a moment in the browser's zone. */
export function formatTime(micros: bigint, full = false): string {
  const moment = new Date(Number(micros / 1000n));
  const clock = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  if (!full) return `${moment.getDate()} ${MONTHS[moment.getMonth()]} ${clock}`;
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" })
    .formatToParts(moment)
    .find((part) => part.type === "timeZoneName")?.value;
  return `${day} ${clock}:${two(moment.getSeconds())} ${zone ?? ""}`.trimEnd();
}

/** Writes a count with its noun: 1 run, 5,000 runs. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
