/** The core modules that stand in a component, in order. Throws Error for what is no component. */
export function modulesOf(component: Uint8Array): Uint8Array[];
/** Its sections, in order. */
export function sectionsOf(component: Uint8Array): { id: number; contents: Uint8Array }[];
