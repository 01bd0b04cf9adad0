// One small curve: its lines, its picture, and what is said of it.
import { formatNumber, plural } from "../format";

/** What Python says of one curve. */
export interface CurveHead {
  metric: string;
  id: string;
  count: number;
  /** How many of the points are not finite. */
  gaps: number;
  min: number | null;
  max: number | null;
  color: string;
  /** How many are drawn. */
  points: number;
}

const GAP = 255;
const HEIGHT = 20;
const EDGE = 3; // so that the line and its end are whole

/** Says in words what a curve shows. */
export function describe({ min, max, count, gaps }: CurveHead): string {
  const parts = [plural(count, "point")];
  if (min !== null && max !== null) {
    parts.unshift(`min ${formatNumber(min)}`, `max ${formatNumber(max)}`);
  }
  if (gaps) parts.push(`${gaps.toLocaleString("en-US")} not finite`);
  return parts.join(", ");
}

/** Gives the lines of a curve, which gaps part, as shares of the width and the height. */
export function linesOf(drawn: Uint8Array): [number, number][][] {
  const count = drawn.length / 2;
  const lines: [number, number][][] = [];
  let line: [number, number][] = [];
  for (let i = 0; i < count; i++) {
    const up = drawn[count + i] ?? GAP;
    if (up !== GAP) {
      if (!line.length) lines.push(line);
      line.push([(drawn[i] ?? 0) / 255, up / (GAP - 1)]);
    } else line = [];
  }
  return lines;
}

/** Draws a curve into a canvas of so many pixels. */
export function drawCurve(
  canvas: HTMLCanvasElement,
  drawn: Uint8Array,
  color: string,
  width: number,
): void {
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(HEIGHT * ratio)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  canvas.style.width = `${width}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, HEIGHT);
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = 1.25;
  context.lineJoin = context.lineCap = "round";
  const place = ([x, y]: [number, number]): [number, number] => [
    EDGE + x * (width - 2 * EDGE),
    HEIGHT - EDGE - y * (HEIGHT - 2 * EDGE),
  ];
  const dot = (point: [number, number], radius: number) => {
    context.beginPath();
    context.arc(...place(point), radius, 0, 2 * Math.PI);
    context.fill();
  };
  const lines = linesOf(drawn);
  context.beginPath();
  for (const line of lines) {
    line.forEach((point, index) => {
      if (index) context.lineTo(...place(point));
      else context.moveTo(...place(point));
    });
  }
  context.stroke();
  for (const [only, ...more] of lines) if (only && !more.length) dot(only, 1);
  // where it stands now, which is the number beside it
  const last = lines.at(-1)?.at(-1);
  if (last && drawn[drawn.length - 1] !== GAP) dot(last, 1.75);
}
