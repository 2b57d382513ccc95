/** The Chromium of this machine, and how it is started. */
import { existsSync } from "node:fs";

const PLACES = [process.env.CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser"];

/** Null: what needs it is skipped, which in the tests is a failure in CI. */
export const CHROMIUM = PLACES.find((place) => place !== "" && existsSync(place)) ?? null;

export const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
