/**
 * Puts a component together: the frame, a component around one core module with the types and lifted functions of a WIT world, gets two
 * modules in the place of that one: the core as it is, and the adapter, which imports the core's memory and functions.
 *
 * Binary format: WebAssembly/component-model, design/mvp/Binary.md. A component is a preamble of 8 bytes, then sections { id u8, size
 * LEB128, contents }.
 */
const PREAMBLE_BYTES = 8;
const CORE_MODULE = 1;
const CORE_INSTANCE = 2;
const ALIAS = 6;

const CORE_SORT = 0x00;
const OF_CORE_EXPORT = 0x01;
const SORT_MEMORY = 0x02;
const SORT_INSTANCE = 0x12;
const INSTANTIATE = 0x00;

/** Instances in the finished component. */
const CORE = 0;
const ADAPTER = 1;

const utf8 = new TextEncoder();

function leb128(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Reads bytes from the start on; throws at their end. */
class Reader {
  #bytes;
  at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get isDone() {
    return this.at === this.#bytes.length;
  }

  byte() {
    if (this.isDone) throw new Error("the component ends within a section");
    return this.#bytes[this.at++];
  }

  integer() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  take(count) {
    if (count > this.#bytes.length - this.at) throw new Error("the component ends within a section");
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }
}

/** Sections of a component, in order. Throws Error for what is none. */
export function sectionsOf(component) {
  const reader = new Reader(component);
  reader.take(PREAMBLE_BYTES);
  const sections = [];
  while (!reader.isDone) {
    const id = reader.byte();
    sections.push({ id, contents: reader.take(reader.integer()) });
  }
  return sections;
}

/** The core modules that stand in a component, in order. */
export function modulesOf(component) {
  return sectionsOf(component)
    .filter(({ id }) => id === CORE_MODULE)
    .map(({ contents }) => contents);
}

function instances() {
  const name = (text) => [...leb128(text.length), ...utf8.encode(text)];
  const argument = (text) => [...name(text), SORT_INSTANCE, CORE];
  return [2, INSTANTIATE, CORE, 0, INSTANTIATE, ADAPTER, 2, ...argument("core"), ...argument("env")];
}

/** Aliases of the frame's one instance are of the adapter now, under the adapter's names; that of its memory is of the core. */
function aliases(contents, nameOf) {
  const reader = new Reader(contents);
  const count = reader.integer();
  const out = leb128(count);
  for (let index = 0; index < count; index++) {
    const [sort, coreSort, target, instance] = [
      reader.byte(),
      reader.byte(),
      reader.byte(),
      reader.integer(),
    ];
    if (sort !== CORE_SORT || target !== OF_CORE_EXPORT || instance !== 0) {
      throw new Error("the frame has an alias that is not of its module's exports");
    }
    const name = new TextDecoder().decode(reader.take(reader.integer()));
    const isMemory = coreSort === SORT_MEMORY;
    const now = utf8.encode(isMemory ? name : nameOf(name));
    out.push(sort, coreSort, target, isMemory ? CORE : ADAPTER, ...leb128(now.length), ...now);
  }
  return out;
}

/**
 * @param frame component whose only core module has no imports.
 * @param core module with an export `memory`.
 * @param adapter module that imports from `core` and `env` what the core exports.
 * @param nameOf the adapter's export for one of the frame's module.
 */
export function compose(frame, core, adapter, nameOf) {
  const parts = [frame.subarray(0, PREAMBLE_BYTES)];
  const put = (id, contents) => parts.push(Uint8Array.from([id, ...leb128(contents.length)]), contents);
  const seen = { modules: 0, instances: 0 };
  for (const { id, contents } of sectionsOf(frame)) {
    if (id === CORE_MODULE) {
      seen.modules++;
      put(CORE_MODULE, core);
      put(CORE_MODULE, adapter);
    } else if (id === CORE_INSTANCE) {
      seen.instances++;
      put(CORE_INSTANCE, Uint8Array.from(instances()));
    } else if (id === ALIAS && isOfCore(contents)) {
      put(ALIAS, Uint8Array.from(aliases(contents, nameOf)));
    } else {
      put(id, contents);
    }
  }
  if (seen.modules !== 1 || seen.instances !== 1) {
    throw new Error(`the frame has ${seen.modules} core modules and ${seen.instances} sections of instances`);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Whether the first alias is of something of a core module; those of one section are alike. */
function isOfCore(contents) {
  return contents[1] === CORE_SORT;
}
