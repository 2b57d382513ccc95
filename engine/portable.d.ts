/** AssemblyScript's integer names for `tsc`, so that the shared constants page compiles under both. */
declare type u32 = number;
