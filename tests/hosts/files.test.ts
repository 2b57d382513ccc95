import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeAtomic } from "../../hosts/node/files.ts";
import { temporaryFolder } from "./records.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("a file is replaced whole, with the mode asked for, and nothing is left beside it", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  writeFileSync(path, "a long old text");
  await writeAtomic(path, bytes("new"), { mode: 0o600 });
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a file that must not be replaced stays as it is", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "key");
  await writeAtomic(path, bytes("first"), { overwrite: false });
  await expect(writeAtomic(path, bytes("second"), { overwrite: false })).rejects.toMatchObject({
    code: "EEXIST",
  });
  expect(readFileSync(path, "utf8")).toBe("first");
  expect(readdirSync(folder)).toEqual(["key"]);
});

test("a failed write leaves neither half a file nor a temporary one", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "taken");
  mkdirSync(join(path, "inner"), { recursive: true });
  await expect(writeAtomic(path, bytes("text"))).rejects.toThrow();
  await expect(writeAtomic(join(folder, "absent", "file"), bytes("text"))).rejects.toMatchObject({
    code: "ENOENT",
  });
  expect(readdirSync(folder)).toEqual(["taken"]);
});

test("of many writers at once one whole text remains", async () => {
  const path = join(temporaryFolder(), "file");
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
  await Promise.all(texts.map((text) => writeAtomic(path, bytes(text))));
  expect(texts).toContain(readFileSync(path, "utf8"));
});

test("what is no regular file is not replaced", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "socket");
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  await expect(writeAtomic(path, bytes("text"))).rejects.toMatchObject({ code: "EINVAL" });
  expect(statSync(path).isSocket()).toBe(true);
  expect(readdirSync(folder)).toEqual(["socket"]);
});
