/** A plot of durable decisions per second over the number of callers, one line for each agent at the longest log, as a self-contained SVG. */
import type { Durable } from "./index.ts";
import type { Load } from "./load.ts";

const WIDTH = 760;
const HEIGHT = 360;
const MARGIN = { left: 70, right: 240, top: 36, bottom: 48 };
const COLOURS = ["#d1495b", "#3a86c8", "#2a9d8f", "#8a5cc2", "#e8871e", "#6c757d", "#4f772d", "#b5179e"];

interface Line {
  name: string;
  points: { callers: number; perSecond: number }[];
}

const pointsOf = (loads: readonly Load[]): Line["points"] =>
  loads.map(({ callers, recordsPerSecond }) => ({ callers, perSecond: recordsPerSecond }));

function collect({ lengths, stores }: Durable): Line[] {
  const longest = lengths.loads.at(-1)!.length;
  const own = lengths.loads.filter(({ length }) => length === longest);
  const floor = lengths.floors.slice(-3);
  return [
    ...own.map(({ kind, loads }) => ({ name: `folder, ${kind}`, points: pointsOf(loads) })),
    ...stores
      .filter(({ kind, store }) => kind === "plain" && !store.startsWith("memory"))
      .map(({ store, loads }) => ({ name: `${store}, plain`, points: pointsOf(loads) })),
    {
      name: "append + fdatasync alone",
      points: floor.map(({ batch, recordsPerSecond }) => ({ callers: batch, perSecond: recordsPerSecond })),
    },
  ];
}

export function drawDurable(durable: Durable): string {
  const lines = collect(durable);
  const all = lines.flatMap(({ points }) => points.map(({ perSecond }) => perSecond));
  const low = Math.floor(Math.log10(Math.min(...all)));
  const high = Math.ceil(Math.log10(Math.max(...all)));
  const callers = [...new Set(lines.flatMap(({ points }) => points.map((point) => point.callers)))];
  const [left, right] = [Math.log2(Math.min(...callers)), Math.log2(Math.max(...callers))];
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  const x = (value: number): number => MARGIN.left + ((Math.log2(value) - left) / (right - left)) * width;
  const y = (value: number): number =>
    MARGIN.top + (1 - (Math.log10(value) - low) / (high - low || 1)) * height;
  const title = "Durable records per second over concurrent callers";
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    "<style>text{fill:#333}.grid{stroke:#8884;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
    `<text x="${MARGIN.left}" y="20" font-size="14">${title} (medians of one run)</text>`,
  ];
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power).toFixed(1);
    parts.push(`<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"/>`);
    const label = (10 ** power).toLocaleString("en");
    parts.push(`<text x="${MARGIN.left - 8}" y="${at}" dy="4" text-anchor="end">${label}</text>`);
  }
  for (const value of callers) {
    parts.push(
      `<text x="${x(value).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle">${value}</text>`,
    );
  }
  parts.push(`<text x="${MARGIN.left + width / 2}" y="${HEIGHT - 8}" text-anchor="middle">callers</text>`);
  return `${[...parts, ...drawLines(lines, x, y), "</svg>"].join("\n")}\n`;
}

/** Lines, and their names at the end, pushed apart so that none covers another. */
function drawLines(lines: readonly Line[], x: (n: number) => number, y: (n: number) => number): string[] {
  const parts: string[] = [];
  const ends = lines.map(({ name, points }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const places = points.map(
      ({ callers, perSecond }) => `${x(callers).toFixed(1)},${y(perSecond).toFixed(1)}`,
    );
    const thickness = name.startsWith("folder") ? 3 : 1.5;
    parts.push(
      `<polyline fill="none" stroke="${colour}" stroke-width="${thickness}" points="${places.join(" ")}"/>`,
    );
    const last = points.at(-1)!;
    return { name, colour, at: y(last.perSecond), from: x(last.callers) + 10 };
  });
  let floor = 0;
  for (const { name, colour, at, from } of ends.sort((a, b) => a.at - b.at)) {
    floor = Math.max(at, floor + 15);
    parts.push(
      `<text x="${from.toFixed(1)}" y="${floor.toFixed(1)}" dy="4" style="fill:${colour}">${name}</text>`,
    );
  }
  return parts;
}
