import { join } from "node:path";
import { readFileSync } from "node:fs";
import { addressText, isSameAddress, parseAddress, parseSubnet } from "../../../src/lib/network/address";
import { addressesOf, readLeases, readSettledLeases } from "../../../src/lib/network/leases";
import { parseNetworkList } from "../../../src/lib/network/network-list";
import { isInRange, localAddresses, rangeSize } from "../../../src/lib/network/ranges";
import { lockFileAtOnce } from "../../../src/lib/system/file-lock";
import { data } from "../../helpers/captured-stores";
import { testdir } from "../../helpers/testdir";

test.each([
  ["10.85.0.1", 0x0a550001n, undefined],
  ["fd00::", 0xfd00n << 112n, undefined],
  ["::1", 1n, undefined],
  ["::ffff:10.0.0.1", 0xffff0a000001n, "::ffff:a00:1"],
  ["FD00:0:0:0:0:0:0:1", (0xfd00n << 112n) | 1n, "fd00::1"],
  ["1:2:3:4:5:6:7:8", 0x00010002000300040005000600070008n, undefined],
])("the address %s", (text, value, canonical = text) => {
  const address = parseAddress(text);
  expect(address?.value).toBe(value);
  expect(address && addressText(address)).toBe(canonical);
});

test("what is no address, no subnet; two texts of one address", () => {
  for (const text of ["", "10.0.0", "10.0.0.1/8", "fe80::1%eth0", "lock"])
    expect(parseAddress(text)).toBeUndefined();
  for (const text of ["", "10.0.0.0", "10.0.0.0/33", "fd00::/129", "x/8"])
    expect(parseSubnet(text)).toBeUndefined();
  expect(isSameAddress("fd00::1", "FD00:0::0001")).toBe(true);
  expect(isSameAddress("10.0.0.1", "::ffff:10.0.0.1")).toBe(false);
});

const network = (...ipams: unknown[]) =>
  parseNetworkList(
    "",
    JSON.stringify({ name: "net", plugins: ipams.map((ipam) => ({ type: "bridge", ipam })) }),
  );

/** The ranges of a network as `first-last size`, sets apart. */
function rangesOf(...ipams: unknown[]): string[] | undefined {
  return localAddresses(network(...ipams))?.sets.map((set) =>
    set
      .map((range) => {
        const end = (value: bigint) => addressText({ family: range.family, value });
        return `${end(range.first)}-${end(range.last)} ${rangeSize(range)}`;
      })
      .join(","),
  );
}

test.each([
  [{ type: "dhcp" }, undefined],
  [{ type: "host-local" }, []],
  // The network, the gateway and the broadcast are nobody's.
  [{ type: "host-local", subnet: "10.1.0.0/24" }, ["10.1.0.1-10.1.0.254 253"]],
  [{ type: "host-local", subnet: "10.1.0.0/30" }, ["10.1.0.1-10.1.0.2 1"]],
  [{ type: "host-local", subnet: "10.1.0.0/31" }, []],
  [{ type: "host-local", ranges: [[{ subnet: "fd00::/120" }]] }, ["fd00::1-fd00::ff 254"]],
  [
    {
      ...{ type: "host-local", subnet: "10.1.0.0/24", rangeStart: "10.1.0.10", rangeEnd: "10.1.0.19" },
      ranges: [
        [
          { subnet: "10.2.0.0/24", gateway: "10.2.0.254" },
          { subnet: "10.3.0.0/24", rangeEnd: "10.3.0.1" },
        ],
        [{ subnet: "fd00::/64" }, { subnet: "what" }],
      ],
    },
    [
      "10.1.0.10-10.1.0.19 10",
      "10.2.0.1-10.2.0.254 253,10.3.0.1-10.3.0.1 0",
      `fd00::1-fd00::ffff:ffff:ffff:ffff ${2n ** 64n - 2n}`,
    ],
  ],
])("host-local with %j gives out %j", (ipam, expected) => {
  expect(rangesOf(ipam)).toEqual(expected);
});

test("leases are in the directory of the network's name, below dataDir", () => {
  const of = (ipam: object) => localAddresses(network({ type: "host-local", ...ipam }))?.directory;
  expect([of({}), of({ dataDir: "/run/x/" }), of({ dataDir: "x" })]).toEqual([
    "/var/lib/cni/networks/net",
    "/run/x/net",
    "/var/lib/cni/networks/net",
  ]);
  const [set] = localAddresses(network({ type: "host-local", subnet: "10.1.0.0/24" }))?.sets ?? [];
  const isIn = ["10.1.0.2", "10.1.0.1", "10.1.0.255", "10.2.0.2", "fd00::2"].map((text) => {
    const address = parseAddress(text);
    return address !== undefined && set?.some((range) => isInRange(range, address));
  });
  expect(isIn).toEqual([true, false, false, false, false]);
});

/** A network whose leases are in the directory `net` below another. */
const inDirectory = (dataDir: string) => network({ type: "host-local", subnet: "10.1.0.0/24", dataDir });

test("leases as host-local writes them, those of old versions, and what is none", async () => {
  const directory = testdir({
    "net/10.1.0.10": `${"a".repeat(64)}\r\neth0`,
    "net/10.1.0.9": "b",
    "net/fd00::2": "c\neth1\n",
    "net/last_reserved_ip.0": "10.1.0.10",
    "net/10.1.0.11/": null,
    "net/lock": "",
  });
  const { leases, settled } = await readSettledLeases(inDirectory(directory), 0);
  expect(settled).toBe(true);
  expect(leases.map(({ address, containerId, ifName }) => [address, containerId, ifName])).toEqual([
    ["10.1.0.9", "b", ""],
    ["10.1.0.10", "a".repeat(64), "eth0"],
    ["10.1.0.11", "", ""],
    ["fd00::2", "c", "eth1"],
  ]);
  expect(addressesOf(inDirectory(directory))).toBe(253);
  const nowhere = inDirectory(join(directory, "nowhere"));
  expect(await readSettledLeases(nowhere, 0)).toEqual({ leases: [], settled: true });
  expect([readLeases(network({ type: "dhcp" })), addressesOf(network({ type: "dhcp" }))]).toEqual([
    [],
    undefined,
  ]);
});

test("who holds the lock keeps others from nothing but a settled look", async () => {
  const directory = testdir({ "net/10.1.0.9": "b", "net/lock": "" });
  const release = lockFileAtOnce(join(directory, "net/lock"), "write");
  const look = () => readSettledLeases(inDirectory(directory), 50);
  expect(await look()).toMatchObject({ settled: false, leases: [{ address: "10.1.0.9" }] });
  if (typeof release === "function") release();
  expect(await look()).toMatchObject({ settled: true });
});

(data === "" ? test.skip : test)("the leases of a node of CRI-O", () => {
  const ipam = { type: "host-local", subnet: "10.99.0.0/16", dataDir: join(data, "v1.36.3/cni-data") };
  const list = { ...network(ipam), name: "bnet" };
  const [first, ...others] = readLeases(list);
  expect([first, ...others].map((lease) => `${lease?.address ?? ""} ${lease?.ifName ?? ""}`)).toEqual([
    "10.99.0.2 eth0",
    "10.99.0.3 eth0",
  ]);
  const text = readFileSync(join(data, "v1.36.3/cni-data/bnet/10.99.0.2"), "utf8");
  expect(first?.containerId).toBe(text.split("\r\n")[0]);
});
