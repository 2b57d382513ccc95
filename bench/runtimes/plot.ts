/** A plot of the runtimes, a row each: rates on the left, times on the right, both logarithmic, as a self-contained SVG for light and dark pages. */
import type { Row, RuntimeResults } from "./index.ts";

const WIDTH = 760;
const ROW = 26;
const TOP = 64;
const BOTTOM = 30;
const PANELS: readonly Panel[] = [
  {
    left: 165,
    right: 415,
    unit: (power) => (10 ** power).toLocaleString("en"),
    series: [
      { name: "verdicts a second", colour: "#d1495b", of: (row) => row.decisionsPerSecond },
      { name: "with records", colour: "#e8871e", of: (row) => row.recordedPerSecond },
    ],
  },
  {
    left: 500,
    right: 735,
    unit: (power) => (power < 3 ? `${(10 ** power).toLocaleString("en")} ms` : `${10 ** (power - 3)} s`),
    series: [
      { name: "load", colour: "#3a86c8", of: (row) => row.loadMs },
      { name: "first verdict", colour: "#2a9d8f", of: (row) => row.firstMs },
    ],
  },
];

interface Panel {
  left: number;
  right: number;
  /** The label of a power of ten. */
  unit(power: number): string;
  series: readonly { name: string; colour: string; of(row: Row): number }[];
}

export function drawRuntimes({ rows }: Pick<RuntimeResults, "rows">): string {
  const height = TOP + rows.length * ROW + BOTTOM;
  const title = "One policy on each runtime";
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    "<style>text{fill:#333}.grid{stroke:#8884;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>",
    `<text x="12" y="20" font-size="14">${title} (medians of one run)</text>`,
    ...rows.map(({ runtime }, index) => `<text x="12" y="${middle(index)}" dy="4">${runtime}</text>`),
    ...PANELS.flatMap((panel) => drawPanel(panel, rows)),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

const middle = (index: number): number => TOP + (index + 0.5) * ROW;

function drawPanel(panel: Panel, rows: readonly Row[]): string[] {
  const { left, right, unit, series } = panel;
  const powers = rows.flatMap((row) => series.map(({ of }) => Math.log10(of(row))));
  const low = Math.floor(Math.min(...powers));
  const high = Math.max(low + 1, Math.ceil(Math.max(...powers)));
  const x = (power: number): string => (left + ((power - low) / (high - low)) * (right - left)).toFixed(1);
  const bottom = TOP + rows.length * ROW;
  const parts: string[] = [];
  for (let power = low; power <= high; power++) {
    parts.push(`<line class="grid" x1="${x(power)}" x2="${x(power)}" y1="${TOP}" y2="${bottom}"/>`);
    parts.push(`<text x="${x(power)}" y="${bottom + 18}" text-anchor="middle">${unit(power)}</text>`);
  }
  for (const [index, { name, colour, of }] of series.entries()) {
    const at = left + index * 140;
    parts.push(`<circle cx="${at}" cy="46" r="5" fill="${colour}"/>`);
    parts.push(`<text x="${at + 10}" y="46" dy="4" style="fill:${colour}">${name}</text>`);
    for (const [place, row] of rows.entries())
      parts.push(`<circle cx="${x(Math.log10(of(row)))}" cy="${middle(place)}" r="5" fill="${colour}"/>`);
  }
  return parts;
}
