/** The first import of an entry, so that everything else is evaluated within the time. Milliseconds of `performance.now`. */
export const startedMs: number = performance.now();
