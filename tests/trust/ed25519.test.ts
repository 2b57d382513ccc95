import { existsSync, readFileSync } from "node:fs";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { isUsablePublicKey, publicKeyOf, signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";

// RFC 8032 section 7.1: seed, public key, message, signature.
const RFC8032 = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
  [
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  ],
] as const;

describe("RFC 8032 section 7.1", () => {
  test.each(RFC8032)("seed %s", (seed, publicKey, message, signature) => {
    expect(bytesToHex(publicKeyOf(hexToBytes(seed)))).toBe(publicKey);
    expect(bytesToHex(signBytes(hexToBytes(message), hexToBytes(seed)))).toBe(signature);
    expect(verifyBytes(hexToBytes(signature), hexToBytes(message), hexToBytes(publicKey))).toBe(true);
    expect(verifyBytes(hexToBytes(signature), hexToBytes(`${message}00`), hexToBytes(publicKey))).toBe(false);
  });
});

interface WycheproofGroup {
  publicKey: { pk: string };
  tests: { tcId: number; comment: string; msg: string; sig: string; result: "valid" | "invalid" }[];
}

const wycheproof = new URL("../../../shared/data/ed25519/ed25519_test.json", import.meta.url);
const absent = !existsSync(wycheproof);

test.skipIf(absent)(`Wycheproof vectors${absent ? " (skipped: the data folder is absent)" : ""}`, () => {
  const file: { numberOfTests: number; testGroups: WycheproofGroup[] } = JSON.parse(
    readFileSync(wycheproof, "utf8"),
  );
  const wrong: string[] = [];
  let count = 0;
  for (const group of file.testGroups) {
    for (const vector of group.tests) {
      const key = hexToBytes(group.publicKey.pk);
      const verified = verifyBytes(hexToBytes(vector.sig), hexToBytes(vector.msg), key);
      if (verified !== (vector.result === "valid")) wrong.push(`${vector.tcId} ${vector.comment}`);
      count++;
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBe(file.numberOfTests);
});

describe("keys that could sign anything", () => {
  // Small-order points, an encoding of y >= p, x = 0 with the sign bit set, y that is on no point (RFC 8032 section 5.1.3).
  test.each([
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "0200000000000000000000000000000000000000000000000000000000000000",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751",
  ])("%s is not usable", (key) => {
    expect(isUsablePublicKey(hexToBytes(key))).toBe(false);
  });

  test("S plus the group order is not a second signature", () => {
    const [, publicKey, message, signature] = RFC8032[2];
    const order = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;
    const bytes = hexToBytes(signature);
    let scalar = 0n;
    for (let index = 63; index >= 32; index--) scalar = (scalar << 8n) | BigInt(bytes[index]!);
    scalar += order;
    for (let index = 32; index < 64; index++) {
      bytes[index] = Number(scalar & 255n);
      scalar >>= 8n;
    }
    expect(verifyBytes(bytes, hexToBytes(message), hexToBytes(publicKey))).toBe(false);
  });

  test("a signature or key of another length is false, not a fault", () => {
    const [, publicKey, message, signature] = RFC8032[2];
    expect(verifyBytes(hexToBytes(signature).slice(1), hexToBytes(message), hexToBytes(publicKey))).toBe(
      false,
    );
    expect(verifyBytes(hexToBytes(signature), hexToBytes(message), hexToBytes(publicKey).slice(1))).toBe(
      false,
    );
  });
});
