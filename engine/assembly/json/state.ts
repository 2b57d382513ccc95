/** What the reader of one text shares with the readers of its strings and numbers. */
import { CODE_INVALID_JSON, CODE_INVALID_UTF8 } from "../../constants";
import { sequenceEnd } from "./utf8";

/** CODE_* of the first fault, and its address in the text. */
export let faultCode: u32 = 0;
export let faultAt: usize = 0;
/** First free byte of the scratch. */
export let room: usize = 0;

export function setRoom(address: usize): void {
  room = address;
}

/** Notes a fault; the null address tells the caller to stop. */
export function refuse(code: u32, at: usize): usize {
  faultCode = code;
  faultAt = at;
  return 0;
}

/** Refuses the byte at `at`: nothing that JSON allows here begins with it. */
export function unexpected(at: usize): usize {
  const malformed = load<u8>(at) >= 0x80 && sequenceEnd(at) == 0;
  return refuse(malformed ? CODE_INVALID_UTF8 : CODE_INVALID_JSON, at);
}
