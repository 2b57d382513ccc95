/** A plot of latency over the number of rules, both axes logarithmic, as a self-contained SVG for light and dark pages. */
import type { Timing } from "./measure.ts";

const WIDTH = 760;
const HEIGHT = 420;
const MARGIN = { left: 70, right: 190, top: 36, bottom: 48 };
const COLOURS = [
  "#d1495b",
  "#e8871e",
  "#8a5cc2",
  "#6c757d",
  "#2a9d8f",
  "#3a86c8",
  "#4f772d",
  "#b5179e",
  "#7f5539",
];

interface Line {
  name: string;
  points: { rules: number; ns: number }[];
}

export function drawLatency(results: { rules: number; timings: Timing[] }[]): string {
  const lines = collectLines(results);
  const all = lines.flatMap((line) => line.points);
  const rules = all.map((point) => point.rules);
  const low = Math.floor(Math.log10(Math.min(...all.map((point) => point.ns))));
  const high = Math.ceil(Math.log10(Math.max(...all.map((point) => point.ns))));
  const scale = makeScale(Math.min(...rules), Math.max(...rules), low, high);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    "<title>Time per decision over the number of rules</title>",
    "<style>text{fill:#333}.grid{stroke:#8884;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
    `<text x="${MARGIN.left}" y="20" font-size="14">Time per decision over the number of rules (medians of one run)</text>`,
    ...grid(scale, low, high, [...new Set(rules)]),
    ...lines.map((line, index) => drawLine(line, scale, COLOURS[index % COLOURS.length]!)),
    ...labels(lines, scale),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function collectLines(results: { rules: number; timings: Timing[] }[]): Line[] {
  const lines = new Map<string, Line>();
  for (const { rules, timings } of results) {
    for (const timing of timings) {
      const line = lines.get(timing.name) ?? { name: timing.name, points: [] };
      line.points.push({ rules, ns: timing.medianNs });
      lines.set(timing.name, line);
    }
  }
  return [...lines.values()];
}

interface Scale {
  x(rules: number): number;
  y(ns: number): number;
}

function makeScale(fewest: number, most: number, low: number, high: number): Scale {
  const left = Math.log10(fewest);
  const span = Math.log10(most) - left || 1;
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const height = HEIGHT - MARGIN.top - MARGIN.bottom;
  return {
    x: (rules) => MARGIN.left + ((Math.log10(rules) - left) / span) * width,
    y: (ns) => MARGIN.top + (1 - (Math.log10(ns) - low) / (high - low || 1)) * height,
  };
}

function grid(scale: Scale, low: number, high: number, rules: number[]): string[] {
  const units = [
    "1 ns",
    "10 ns",
    "100 ns",
    "1 us",
    "10 us",
    "100 us",
    "1 ms",
    "10 ms",
    "100 ms",
    "1 s",
    "10 s",
  ];
  const parts: string[] = [];
  for (let power = low; power <= high; power++) {
    const y = scale.y(10 ** power).toFixed(1);
    parts.push(`<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y}" y2="${y}"/>`);
    parts.push(
      `<text x="${MARGIN.left - 8}" y="${y}" dy="4" text-anchor="end">${units[power] ?? `1e${power} ns`}</text>`,
    );
  }
  for (const count of rules) {
    parts.push(
      `<text x="${scale.x(count).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle">${count}</text>`,
    );
  }
  parts.push(
    `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">rules</text>`,
  );
  return parts;
}

function drawLine(line: Line, scale: Scale, colour: string): string {
  const points = line.points.map(
    (point) => `${scale.x(point.rules).toFixed(1)},${scale.y(point.ns).toFixed(1)}`,
  );
  const width = line.name.startsWith("Faramesh") ? 3 : 1.5;
  const dots = points.map(
    (point) =>
      `<circle cx="${point.split(",")[0]}" cy="${point.split(",")[1]}" r="${width}" fill="${colour}"/>`,
  );
  return `<polyline fill="none" stroke="${colour}" stroke-width="${width}" points="${points.join(" ")}"/>${dots.join("")}`;
}

/** Labels stand at the line's end, pushed apart so that none covers another. */
function labels(lines: Line[], scale: Scale): string[] {
  const ends = lines
    .map((line, index) => ({ line, index, y: scale.y(line.points.at(-1)!.ns) }))
    .sort((a, b) => a.y - b.y);
  let floor = 0;
  return ends.map(({ line, index, y }) => {
    floor = Math.max(y, floor + 15);
    const x = scale.x(line.points.at(-1)!.rules) + 10;
    return `<text x="${x.toFixed(1)}" y="${floor.toFixed(1)}" dy="4" style="fill:${COLOURS[index % COLOURS.length]}">${line.name}</text>`;
  });
}
