/** Where a permitted name may lead, who may connect, and how it ends. */
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serveEgress } from "../../../hosts/node/egress/index.ts";
import { temporaryFolder } from "../records.ts";
import {
  AGENT,
  asked,
  bridge,
  connected,
  headerOf,
  httpOrigin,
  openPlace,
  PROXY_PORT,
  policyFor,
  ran,
  tcpOrigin,
} from "./place.ts";

function get(host: string): string {
  return `GET http://${host}/ HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
}

describe("a name that leads to this machine", () => {
  const leadsTo = (...addresses: string[]) => ({ resolve: async () => addresses, privateAddresses: [] });

  test("is refused, although the name is permitted, and the record says where it led", async () => {
    const place = await openPlace(policyFor("permit net/*", 'allow ["*.example"]'), leadsTo("127.0.0.1"));
    let count = 0;
    const port = await httpOrigin(() => {
      count += 1;
    });
    const text = await asked(await place.bridged(), get(`rebinding.example:${port}`), "permit it\n");
    expect(text).toContain("x-faramesh-code: egress_not_allowed");
    expect(count).toBe(0);
    const hosts = (await place.records()).map(({ action, effect }) => [
      (action as { http: { host: string } }).http.host,
      effect,
    ]);
    expect(hosts).toEqual([
      ["rebinding.example", "permit"],
      ["127.0.0.1", "deny"],
    ]);
  });

  test("passes when the address is permitted too: two records", async () => {
    const place = await openPlace(policyFor("permit net/*", 'allow ["localhost", "127.0.0.1"]'), leadsTo());
    const port = await httpOrigin((_, response) => response.end("fine;"));
    const socket = await place.bridged();
    for (let count = 1; count <= 2; count++) {
      expect(await asked(socket, get(`localhost:${port}`), ";")).toContain("fine;");
      expect((await place.records()).length).toBe(2 * count);
    }
  });

  test.each([
    ["169.254.169.254"],
    ["10.0.0.1"],
    ["::1"],
    ["fd00::1"],
    ["fe80::1"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["2002:7f00:1::"],
    ["0.0.0.0"],
    ["198.18.0.1"],
    ["224.0.0.1"],
    ["::"],
  ])("or to %s", async (address) => {
    const place = await openPlace(policyFor("permit net/*", 'allow ["*.example"]'), leadsTo(address));
    expect(await asked(await place.bridged(), get("a.example"), /\n$/)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test("only at a second look: what was checked is what is dialled", async () => {
    let asks = 0;
    const resolve = async () => (asks++ === 0 ? ["127.0.0.1"] : ["127.0.0.2"]);
    const place = await openPlace(policyFor("permit net/*", 'allow ["*.example"]'), {
      resolve,
      privateAddresses: ["127.0.0.1"],
    });
    const port = await httpOrigin((request, response) => response.end(`${request.socket.localAddress};`));
    expect(await asked(await place.bridged(), get(`a.example:${port}`), ";")).toContain("127.0.0.1;");
    expect(asks).toBe(1);
    expect(await asked(await place.bridged(), get(`a.example:${port}`), /\n$/)).toContain("403 ");
  });

  test("or nowhere", async () => {
    const place = await openPlace(undefined, { resolve: () => Promise.reject(new Error("ENOTFOUND")) });
    expect(await asked(await place.bridged(), get("a.example"), /\n$/)).toContain("name_unresolved");
  });
});

describe("who may connect", () => {
  test("the socket is its owner's alone, and so must its folder be", async () => {
    const place = await openPlace();
    expect(statSync(place.path).mode & 0o777).toBe(0o600);
    const folder = join(temporaryFolder(), "open");
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const options = { control: place.control, agent: AGENT, proxyPort: PROXY_PORT };
    const opening = serveEgress({ ...options, listen: { path: join(folder, "proxy.sock") } });
    await expect(opening).rejects.toThrow(/mode 0700/);
  });

  test("no PROXY header, no connection", async () => {
    const place = await openPlace();
    const socket = await connected({ path: place.path });
    expect(await asked(socket, get("a.example"))).toBe("");
    expect(place.events).toMatchObject([{ code: "proxy_header_invalid" }]);
  });

  test("on a port, only behind the token", async () => {
    const token = "0123456789abcdef".repeat(2);
    const place = await openPlace(undefined, { listen: { port: 0, token }, proxyPort: undefined });
    const origin = await httpOrigin((_, response) => response.end("fine;"));
    const port = place.server.port!;
    const begin = headerOf("127.0.0.1", port) + get(`a.example:${origin}`);
    const right = await connected({ port, host: "127.0.0.1" });
    expect(await asked(right, `${token}\r\n${begin}`, ";")).toContain("fine;");
    for (const wrong of [`${token.replace("0", "1")}\r\n${begin}`, begin]) {
      expect(await asked(await connected({ port, host: "127.0.0.1" }), wrong)).toBe("");
    }
    expect(place.server.proxyUrl).toBeNull();
  });

  test("without the launcher, only with the password", async () => {
    const place = await openPlace(undefined, { listen: { port: 0 } });
    const port = await httpOrigin((_, response) => response.end("fine;"));
    const url = place.server.proxyUrl!;
    const target = `http://a.example:${port}/`;
    expect((await ran("curl", ["-sS", target], { http_proxy: url })).output).toBe("fine;");
    expect(
      (await ran("curl", ["-sS", target], { http_proxy: `${url.replace(/:[^:]*@/, ":wrong@")}` })).output,
    ).toContain("credentials_missing");
    expect(
      (await ran("curl", ["-sS", target], { http_proxy: url.replace(/\/\/.*@/, "//") })).output,
    ).toContain("credentials_missing");
    const socks = url.replace("http:", "socks5h:");
    expect((await ran("curl", ["-sS", target], { ALL_PROXY: socks })).output).toBe("fine;");
    expect(
      (await ran("curl", ["-sS", target], { ALL_PROXY: socks.replace(/:[^:]*@/, ":wrong@") })).status,
    ).not.toBe(0);
  });

  test("options that say nothing are refused", async () => {
    const control = { decide: () => Promise.reject(new Error()) };
    const options = { control, agent: AGENT };
    await expect(serveEgress({ ...options, listen: { path: "x" } })).rejects.toThrow(TypeError);
    await expect(serveEgress({ ...options, listen: { port: 0, token: "short" } })).rejects.toThrow(
      RangeError,
    );
    await expect(
      serveEgress({ ...options, listen: { port: 0 }, privateAddresses: ["local"] }),
    ).rejects.toThrow(RangeError);
  });
});

describe("programs through the bridge", () => {
  test.each([
    ["curl", (url: string) => ["-sS", url]],
    [
      "python3",
      (url: string) => [
        "-c",
        `import urllib.request; print(urllib.request.urlopen("${url}").read().decode())`,
      ],
    ],
  ])("%s", async (command, args) => {
    const place = await openPlace();
    const port = await httpOrigin((_, response) => response.end("fine;"));
    const proxy = `http://127.0.0.1:${await bridge(place.path)}`;
    const result = await ran(command, args(`http://a.example:${port}/`), { http_proxy: proxy });
    expect(result).toMatchObject({ status: 0, output: expect.stringContaining("fine;") });
  });

  test("curl through SOCKS5 and CONNECT", async () => {
    const place = await openPlace();
    const port = await httpOrigin((_, response) => response.end("fine;"));
    const at = `127.0.0.1:${await bridge(place.path)}`;
    for (const how of [
      ["--socks5-hostname", at],
      ["--proxytunnel", "-x", `http://${at}`],
    ]) {
      const result = await ran("curl", ["-sS", ...how, `http://a.example:${port}/`]);
      expect(result).toMatchObject({ status: 0, output: "fine;" });
    }
    const tools = (await place.records()).map(({ action }) => (action as { tool: string }).tool);
    expect(tools).toEqual(["net/connect", "net/request", "net/connect", "net/request"]);
  });
});

describe("its end", () => {
  test("under load: every connection ends, and nothing is decided afterwards", async () => {
    const place = await openPlace();
    const port = await tcpOrigin((socket) => {
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nabc"));
    });
    const clients = await Promise.all(Array.from({ length: 40 }, () => place.bridged()));
    const ends = clients.map((client) => asked(client, get(`a.example:${port}`)));
    await Promise.all(clients.map((client) => new Promise((resolve) => client.once("data", resolve))));
    await place.server.close();
    await Promise.all(ends);
    const count = (await place.records()).length;
    await expect(connected({ path: place.path })).rejects.toThrow();
    expect((await place.records()).length).toBe(count);
  });

  test("a slow reader holds its server back, and memory with it", async () => {
    const place = await openPlace();
    let sent = 0;
    const port = await tcpOrigin((socket) => {
      const block = Buffer.alloc(65_536, "z");
      const pour = (): void => {
        while (sent < 200_000_000 && socket.write(block)) sent += block.length;
      };
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.on("drain", pour);
        pour();
      });
    });
    const socket = await place.bridged();
    socket.pause();
    socket.write(get(`a.example:${port}`));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(40_000_000);
  });

  test("a listener that throws changes nothing", async () => {
    const place = await openPlace(undefined, {
      onEvent: () => {
        throw new Error("broken terminal");
      },
    });
    const port = await httpOrigin((_, response) => response.end("fine;"));
    expect(await asked(await place.bridged(), get(`a.example:${port}`), ";")).toContain("fine;");
  });

  test("a program that goes away takes its server's connection with it", async () => {
    const place = await openPlace();
    const ended = new Promise<void>((resolve) => {
      void tcpOrigin((server) => {
        server.resume();
        server.on("close", resolve);
        server.on("end", () => server.end());
      }).then(async (port) => {
        const client = await place.bridged();
        await asked(
          client,
          `CONNECT a.example:${port} HTTP/1.1\r\nhost: a.example:${port}\r\n\r\n`,
          "\r\n\r\n",
        );
        client.write("\x00");
        client.destroy();
      });
    });
    await ended;
  });
});
