/** Thompson's construction, over bytes. */

import { type Assertion, type Node, PatternError } from "./syntax.ts";
import { type ByteNode, utf8Graph } from "./utf8.ts";

export const MAX_NFA_STATES = 100_000;

export type NfaState =
  | { kind: "bytes"; edges: { low: number; high: number; to: number }[] }
  | { kind: "split"; to: number[] }
  | { kind: "assert"; assertion: Assertion; to: number }
  | { kind: "match" };

export interface Nfa {
  states: NfaState[];
  start: number;
}

/** A search: the pattern may begin at any byte. Throws PatternError over the limit. */
export function buildNfa(node: Node): Nfa {
  const builder = new Builder();
  const pattern = builder.build(node, builder.add({ kind: "match" }));
  const skip: NfaState = { kind: "bytes", edges: [] };
  const skipId = builder.add(skip);
  const start = builder.add({ kind: "split", to: [pattern, skipId] });
  skip.edges.push({ low: 0, high: 0xff, to: start });
  return { states: builder.states, start };
}

class Builder {
  readonly states: NfaState[] = [];
  private readonly graphs = new Map<string, ByteNode>();

  add(state: NfaState): number {
    if (this.states.length >= MAX_NFA_STATES) {
      throw new PatternError(
        "tooLarge",
        `its repetitions unfold to more than ${MAX_NFA_STATES} steps`,
        "use smaller bounds",
      );
    }
    return this.states.push(state) - 1;
  }

  /** The state from which `node` and then `next` is matched. */
  build(node: Node, next: number): number {
    switch (node.kind) {
      case "set":
        return this.set(node.set, next);
      case "concat": {
        let at = next;
        for (let index = node.terms.length - 1; index >= 0; index--) at = this.build(node.terms[index]!, at);
        return at;
      }
      case "alternate":
        return this.add({ kind: "split", to: node.terms.map((term) => this.build(term, next)) });
      case "assert":
        return this.add({ kind: "assert", assertion: node.assertion, to: next });
      case "repeat":
        return this.repeat(node, next);
    }
  }

  private repeat({ term, min, max }: Node & { kind: "repeat" }, next: number): number {
    let at = next;
    if (max === null) {
      const loop: NfaState = { kind: "split", to: [] };
      at = this.add(loop);
      loop.to.push(this.build(term, at), next);
    } else {
      for (let count = min; count < max; count++) {
        at = this.add({ kind: "split", to: [this.build(term, at), next] });
      }
    }
    for (let count = 0; count < min; count++) at = this.build(term, at);
    return at;
  }

  private set(set: readonly number[], next: number): number {
    const key = set.join(",");
    let graph = this.graphs.get(key);
    if (graph === undefined) {
      graph = utf8Graph(set);
      this.graphs.set(key, graph);
    }
    return this.bytes(graph, next, new Map());
  }

  private bytes(node: ByteNode, next: number, made: Map<ByteNode, number>): number {
    const known = made.get(node);
    if (known !== undefined) return known;
    const edges = node.edges.map(({ low, high, to }) => ({
      low,
      high,
      to: to === null ? next : this.bytes(to, next, made),
    }));
    const id = this.add({ kind: "bytes", edges });
    made.set(node, id);
    return id;
  }
}
