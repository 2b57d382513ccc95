export { LogFailure } from "./failure.ts";
export { DEFAULT_SEGMENT_BYTES, SegmentedLog } from "./log.ts";
export { type LogOptions, type OpenedLog, openLog } from "./open.ts";
export { type ReadOptions, readRecords } from "./reader.ts";
