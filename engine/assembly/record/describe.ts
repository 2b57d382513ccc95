/** The last verdict as canonical JSON. engine/ABI.md "The verdict as JSON". */
import { OUTPUT } from "../memory";
import { putAgent, putCode, putDetail, putEffect, putReason, putRule } from "./fields";
import { putObligations } from "./obligations";
import { beginWriting, put, written } from "./writer";

/** Bytes written at OUTPUT. */
export function describeVerdict(): u32 {
  beginWriting(OUTPUT);
  put('{"agent":');
  putAgent();
  put(',"code":');
  putCode();
  put(',"detail":');
  putDetail();
  put(',"effect":');
  putEffect();
  put(',"obligations":');
  putObligations();
  put(',"reason":');
  putReason();
  put(',"rule":');
  putRule();
  put("}");
  return <u32>(written() - OUTPUT);
}
