import { describe, expect, it, test } from "vitest";
import { parseClientHello } from "../../../gateway/egress/client-hello.ts";
import { extension, helloFor, message, records, serverName } from "./hello.ts";

describe("a ClientHello", () => {
  it("names its server", () => {
    expect(parseClientHello(helloFor("A.example"))).toMatchObject({
      value: { serverName: { text: "a.example" }, encrypted: false },
    });
  });

  it("in many records is the same, and not there before it is whole", () => {
    const bytes = records(message(serverName("a.example")), 3);
    for (let end = 0; end < bytes.length; end++) expect(parseClientHello(bytes.subarray(0, end))).toBeNull();
    expect(parseClientHello(bytes)).toMatchObject({ value: { serverName: { text: "a.example" } } });
  });

  it("may name none, and may hide one", () => {
    expect(parseClientHello(records(message(null)))).toMatchObject({ value: { serverName: null } });
    const hiding = records(message([...serverName("a.example"), ...extension(0xfe0d, [0])]));
    expect(parseClientHello(hiding)).toMatchObject({ value: { encrypted: true } });
  });

  const twoNames = extension(0, [0, 8, 0, 0, 1, 97, 0, 0, 1, 98]);
  test.each<[string, Uint8Array]>([
    ["two server names", records(message([...serverName("a.example"), ...serverName("b.example")]))],
    ["two names in one list", records(message(twoNames))],
    ["a name with a zero byte", helloFor("a.example\x00.b.example")],
    ["an empty name", helloFor("")],
    ["another message behind it", records([...message(null), 1, 0, 0, 0])],
    ["another message", Uint8Array.of(22, 3, 1, 0, 4, 2, 0, 0, 0)],
    ["another record within", Uint8Array.of(22, 3, 1, 0, 1, 1, 23, 3, 1)],
    ["an empty record", Uint8Array.of(22, 3, 1, 0, 0)],
    ["too long a record", Uint8Array.of(22, 3, 1, 0x40, 1)],
    ["too long a message", Uint8Array.of(22, 3, 1, 0, 4, 1, 2, 0, 0)],
    ["a length that does not fit", records(message([0, 0, 0, 9, 1]))],
  ])("with %s is refused", (_, bytes) => {
    expect(parseClientHello(bytes)).toMatchObject({ ok: false });
  });
});
