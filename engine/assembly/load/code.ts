/** CODE and RULES: operands that exist, and for each rule a stack that never underflows, overflows or differs between ways. */
import {
  COMPUTED_COUNT,
  EFFECT_PERMIT,
  LOAD_BAD_CODE,
  LOAD_BAD_REFERENCE,
  LOAD_OK,
  LOAD_TOO_LARGE,
  MAX_RULES,
  MAX_STACK,
  MAX_TEXT_BYTES,
  METER_LAST,
  METER_SEQUENCE,
  METER_SLIDING,
  METER_TOTAL,
  NO_PHASE,
  NONE,
  OP_AND,
  OP_ANY_MATCHES,
  OP_CONSTANT,
  OP_EQ,
  OP_GE,
  OP_HAPPENED,
  OP_IN,
  OP_MATCHES,
  OP_NOT,
  OP_OR,
  OP_PRESENT,
  OP_SKIP_IF_FALSE,
  OP_SKIP_IF_TRUE,
  OP_TRUTH,
  OP_UNDER,
  OPERAND_BOOLEAN,
  OPERAND_COMPUTED,
  OPERAND_DFA,
  OPERAND_LENGTH,
  OPERAND_LIST,
  OPERAND_METER,
  OPERAND_NONE,
  OPERAND_NUMBER,
  OPERAND_PATH,
  OPERAND_STRING,
  OPERAND_TARGET,
} from "../../constants";
import {
  agentCount,
  CODE_BYTES,
  code,
  codeCount,
  dfaCount,
  ITEM_PHASES,
  itemCount,
  listCount,
  METER_KIND,
  meterAt,
  meterCount,
  numberCount,
  pathCount,
  RULE_AGENT,
  RULE_CODE_COUNT,
  RULE_CODE_FIRST,
  RULE_NOTIFY,
  RULE_PHASE,
  ruleAt,
  ruleCount,
  stringCount,
  stringLength,
  stringText,
} from "../bundle";
import { behindBundle, reservedBytes } from "../memory";

const SLASH: u8 = 0x2f;

function bit(operand: u32): u32 {
  return 1 << operand;
}

/** Whether the operand names something. Jump targets are checked with their rule. */
function isOperand(kind: u32, value: u32, allowed: u32): bool {
  if (kind > OPERAND_COMPUTED || (bit(kind) & allowed) == 0) return false;
  switch (kind) {
    case OPERAND_NONE:
      return value == 0;
    case OPERAND_PATH:
    case OPERAND_LENGTH:
      return value < pathCount;
    case OPERAND_STRING:
      return value < stringCount;
    case OPERAND_NUMBER:
      return value < numberCount;
    case OPERAND_BOOLEAN:
      return value <= 1;
    case OPERAND_LIST:
      return value < listCount;
    case OPERAND_DFA:
      return value < dfaCount;
    case OPERAND_METER:
      return value < meterCount;
    case OPERAND_COMPUTED:
      return value < COMPUTED_COUNT;
    default:
      return true;
  }
}

export function checkCode(): u32 {
  const none = bit(OPERAND_NONE);
  const path = bit(OPERAND_PATH);
  const scalar =
    path |
    bit(OPERAND_STRING) |
    bit(OPERAND_NUMBER) |
    bit(OPERAND_BOOLEAN) |
    bit(OPERAND_LENGTH) |
    bit(OPERAND_COMPUTED);
  const meter = bit(OPERAND_METER);
  for (let id: u32 = 0; id < codeCount; id++) {
    const at = code + <usize>id * CODE_BYTES;
    const op = <u32>load<u8>(at);
    let left = none;
    let right = none;
    if (op == OP_SKIP_IF_FALSE || op == OP_SKIP_IF_TRUE) left = bit(OPERAND_TARGET);
    else if (op == OP_CONSTANT) left = bit(OPERAND_BOOLEAN);
    else if (op == OP_TRUTH || op == OP_PRESENT) left = path;
    else if (op == OP_HAPPENED) left = meter;
    else if (op >= OP_EQ && op <= OP_GE) {
      left = scalar | meter;
      // An interval is compared with a value, never with another interval.
      right = load<u8>(at, 1) == OPERAND_METER ? scalar : scalar | meter;
    } else if (op == OP_ANY_MATCHES) {
      left = path;
      right = bit(OPERAND_DFA);
    } else if (op >= OP_IN && op <= OP_UNDER) {
      left = scalar;
      right =
        op == OP_IN
          ? bit(OPERAND_LIST)
          : op == OP_MATCHES
            ? bit(OPERAND_DFA)
            : op == OP_UNDER
              ? bit(OPERAND_STRING)
              : scalar;
    } else if (op < OP_AND || op > OP_NOT) return LOAD_BAD_CODE;
    if (!isOperand(load<u8>(at, 1), load<u32>(at, 4), left)) return LOAD_BAD_CODE;
    if (!isOperand(load<u8>(at, 2), load<u32>(at, 8), right)) return LOAD_BAD_CODE;
    if (load<u8>(at, 3) != 0 || !areReadable(at, op)) return LOAD_BAD_CODE;
    if (op == OP_UNDER && !isDirectory(load<u32>(at, 8))) return LOAD_BAD_CODE;
  }
  return LOAD_OK;
}

/** Whether the meters among the operands are of kinds that the operation reads. */
function areReadable(at: usize, op: u32): bool {
  const kinds = op == OP_HAPPENED ? bit(METER_LAST) | bit(METER_SEQUENCE) : bit(METER_TOTAL) | bit(METER_SLIDING);
  return isReadable(load<u8>(at, 1), load<u32>(at, 4), kinds) && isReadable(load<u8>(at, 2), load<u32>(at, 8), kinds);
}

function isReadable(operand: u32, value: u32, kinds: u32): bool {
  return operand != OPERAND_METER || (bit(load<u32>(meterAt(value), METER_KIND)) & kinds) != 0;
}

/** Absolute, without a slash at the end but for the root itself. */
function isDirectory(id: u32): bool {
  const text = stringText(id);
  const length = stringLength(id);
  if (length == 0 || load<u8>(text) != SLASH) return false;
  return length == 1 || load<u8>(text + length - 1) != SLASH;
}

/** Whether `count` instructions from `at` leave one truth value, by every way. `depths` has room for count + 1 bytes. */
function isBalanced(at: usize, count: u32, depths: usize): bool {
  memory.fill(depths, 0, <usize>count + 1);
  let depth: u32 = 0;
  for (let i: u32 = 0; i < count; i++, at += CODE_BYTES) {
    // A jump leads here: both ways must agree. Depths at targets are at least 1, so 0 means no jump.
    const expected = <u32>load<u8>(depths + i);
    if (expected != 0 && expected != depth) return false;
    const op = <u32>load<u8>(at);
    if (op == OP_AND || op == OP_OR) {
      if (depth < 2) return false;
      depth--;
    } else if (op == OP_NOT) {
      if (depth < 1) return false;
    } else if (op == OP_SKIP_IF_FALSE || op == OP_SKIP_IF_TRUE) {
      const target = load<u32>(at, 4);
      if (depth < 1 || target <= i || target > count) return false;
      const known = <u32>load<u8>(depths + target);
      if (known != 0 && known != depth) return false;
      store<u8>(depths + target, <u8>depth);
    } else if (++depth > MAX_STACK) {
      return false;
    }
  }
  const expected = <u32>load<u8>(depths + count);
  return depth == 1 && (expected == 0 || expected == 1);
}

export function checkRules(): u32 {
  if (ruleCount > MAX_RULES) return LOAD_TOO_LARGE;
  const depths = behindBundle(reservedBytes());
  let taken: u32 = 0;
  for (let id: u32 = 0; id < ruleCount; id++) {
    const rule = ruleAt(id);
    const phase = load<u16>(rule, RULE_PHASE);
    const notify = load<u32>(rule, RULE_NOTIFY);
    const agent = load<u32>(rule, RULE_AGENT);
    if (load<u8>(rule) > EFFECT_PERMIT || load<u8>(rule, 1) != 0 || load<u32>(rule, 20) != 0)
      return LOAD_BAD_REFERENCE;
    if (phase != NO_PHASE && phase >= itemCount(ITEM_PHASES)) return LOAD_BAD_REFERENCE;
    if (notify != NONE) {
      if (notify >= stringCount) return LOAD_BAD_REFERENCE;
      if (stringLength(notify) > MAX_TEXT_BYTES) return LOAD_TOO_LARGE;
    }
    if (agent != NONE && agent >= agentCount) return LOAD_BAD_REFERENCE;
    const first = load<u32>(rule, RULE_CODE_FIRST);
    const count = load<u32>(rule, RULE_CODE_COUNT);
    // Rules own their code in order, so no instruction is walked twice.
    if (first != taken || count > codeCount - taken) return LOAD_BAD_CODE;
    taken += count;
    if (count != 0 && !isBalanced(code + <usize>first * CODE_BYTES, count, depths)) return LOAD_BAD_CODE;
  }
  return taken == codeCount ? LOAD_OK : LOAD_BAD_CODE;
}
