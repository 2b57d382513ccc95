export { appendCheckpoint, readCheckpoints } from "./checkpoints.ts";
export { LogFailure } from "./failure.ts";
export { DEFAULT_SEGMENT_BYTES, SegmentedLog } from "./log.ts";
export { Notary, type NotaryOptions, openNotary } from "./notary.ts";
export { type LogOptions, type OpenedLog, openLog } from "./open.ts";
export { type ReadOptions, readRecords } from "./reader.ts";
export { type CheckpointTimes, startCheckpoints } from "./timer.ts";
