import { persistedAddresses } from "../../../src/lib/sandbox/addresses";

const cri = (name: string): string => `io.kubernetes.cri-o.${name}`;
const result = (value: unknown): Record<string, string> => ({ [cri("CNIResult")]: JSON.stringify(value) });

test.each<[string, Record<string, string>, string[]]>([
  ["nothing", {}, []],
  [
    "the result of a plugin",
    result({ ips: [{ address: "10.99.0.16/16", gateway: "10.99.0.1" }] }),
    ["10.99.0.16"],
  ],
  [
    "a result with both families",
    result({ ips: [{ address: "10.1.1.2/24" }, { address: "fd00::2/64" }] }),
    ["10.1.1.2", "fd00::2"],
  ],
  [
    "a result of CNI 0.2",
    result({ ip4: { ip: "10.1.1.3/24" }, ip6: { ip: "fd00::3/64" } }),
    ["10.1.1.3", "fd00::3"],
  ],
  ["numbered addresses", { [cri("IP.0")]: "10.1.1.4", [cri("IP.1")]: "fd00::4" }, ["10.1.1.4", "fd00::4"]],
  [
    "more than ten",
    Object.fromEntries(Array.from({ length: 12 }, (_, n) => [cri(`IP.${n}`), `10.0.0.${n}`])),
    Array.from({ length: 12 }, (_, n) => `10.0.0.${n}`),
  ],
  ["the address of CRI-O 1.0", { [cri("IP")]: "10.1.1.5" }, ["10.1.1.5"]],
  ["empty ones, with the host's network", { [cri("IP")]: "", [cri("IP.0")]: "" }, []],
  ["a result without addresses", { ...result({ interfaces: [] }), [cri("IP.0")]: "10.1.1.6" }, ["10.1.1.6"]],
  ["a broken result", { [cri("CNIResult")]: "{", [cri("IP.0")]: "10.1.1.7" }, ["10.1.1.7"]],
  [
    "a result of nonsense",
    { ...result({ ips: [7, { address: 8 }, null] }), [cri("IP")]: "10.1.1.8" },
    ["10.1.1.8"],
  ],
])("%s", (_, persisted, addresses) => {
  expect(persistedAddresses(persisted)).toEqual(addresses);
});
