/** Step 6: the agent's `spawn` block, which governs the tool `agent/spawn`. */
import {
  CODE_SPAWN_LIMIT,
  CODE_SPAWN_LIMIT_DEFER,
  CODE_SPAWN_NOT_ALLOWED,
  EFFECT_DEFER,
  NONE,
  REMEMBERS_SPAWN,
  STATE_SLOT_CHILDREN,
} from "../../constants";
import {
  MEMORY_FLAGS,
  MEMORY_MAX_CHILDREN,
  MEMORY_MAX_DEPTH,
  MEMORY_SPAWN_ALLOW,
  MEMORY_SPAWN_DENY,
  MEMORY_SPAWN_EFFECT,
  memoryAt,
} from "../bundle";
import { matches } from "../evaluate/automaton";
import { firstOf, KIND_STRING, kindOf, lengthOf, nextOf, textOf, valueOf } from "../json/tape";
import { is } from "../literal";
import { agentBlob, partyCount } from "../state/party";
import { slotOf } from "../state/slots";
import { actionArgs, actionTool } from "./action";
import { agent } from "./verdict";

/** Whether the call is one that the agent's block governs. */
export function isSpawn(): bool {
  if ((load<u32>(memoryAt(agent), MEMORY_FLAGS) & REMEMBERS_SPAWN) == 0) return false;
  return is(textOf(actionTool), lengthOf(actionTool), "agent/spawn");
}

/** The code with which the block is against the call, or 0. */
export function spawnFault(): u32 {
  if (!isSpawn()) return 0;
  const memory = memoryAt(agent);
  const type = typeNode();
  const isAllowed =
    type != 0 &&
    isListed(load<u32>(memory, MEMORY_SPAWN_ALLOW), type) &&
    !isListed(load<u32>(memory, MEMORY_SPAWN_DENY), type);
  if (!isAllowed) return CODE_SPAWN_NOT_ALLOWED;
  const most = load<u32>(memory, MEMORY_MAX_CHILDREN);
  const deepest = load<u32>(memory, MEMORY_MAX_DEPTH);
  const isFull = most != NONE && slotOf(agentBlob, STATE_SLOT_CHILDREN) >= <u64>most;
  // The child is one deeper than the agent.
  const isDeep = deepest != NONE && partyCount - 1 >= deepest;
  if (!isFull && !isDeep) return 0;
  return load<u32>(memory, MEMORY_SPAWN_EFFECT) == EFFECT_DEFER ? CODE_SPAWN_LIMIT_DEFER : CODE_SPAWN_LIMIT;
}

/** `args.type`, a string, or 0. */
function typeNode(): usize {
  const end = nextOf(actionArgs);
  for (let key = firstOf(actionArgs); key < end; key = nextOf(valueOf(key))) {
    if (is(textOf(key), lengthOf(key), "type")) return kindOf(valueOf(key)) == KIND_STRING ? valueOf(key) : 0;
  }
  return 0;
}

function isListed(automaton: u32, type: usize): bool {
  return automaton != NONE && matches(automaton, textOf(type), lengthOf(type));
}
