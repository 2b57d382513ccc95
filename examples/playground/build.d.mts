export const DIST: string;
export function build(folder?: string): Promise<{ name: string; bytes: number; gzipped: number }[]>;
