/** What the adapter calls of the core: engine/ABI.md. The file's name is the name that the imports have. */
export declare function reserve(bytes: u32): usize;
export declare function load(bytes: u32, signed: u32): u32;
export declare function decide(actionBytes: u32, factsBytes: u32, stateBytes: u32, trace: u32): u32;
export declare function decideRecorded(
  actionBytes: u32,
  factsBytes: u32,
  stateBytes: u32,
  sequenceLow: u32,
  sequenceHigh: u32,
): u32;
export declare function applyEvent(
  eventBytes: u32,
  factsBytes: u32,
  stateBytes: u32,
  sequenceLow: u32,
  sequenceHigh: u32,
): u32;
export declare function refuse(
  code: u32,
  actionBytes: u32,
  factsBytes: u32,
  sequenceLow: u32,
  sequenceHigh: u32,
): u32;
export declare function describe(): u32;
export declare function canonicalize(bytes: u32): i32;
export declare function errorOffset(): u32;
export declare function actionPointer(): usize;
export declare function factsPointer(): usize;
export declare function previousPointer(): usize;
export declare function enginePointer(): usize;
export declare function statePointer(): usize;
export declare function stateAfterPointer(): usize;
export declare function stateAfterBytes(): u32;
export declare function outputPointer(): usize;
export declare function recordPointer(): usize;
export declare function recordBytes(): u32;
export declare function hashPointer(): usize;
export declare function bundleDigestPointer(): usize;
