import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { attachmentText, readAttachment, readCachedAttachments } from "../../../src/lib/network/cache";
import { parseNetworkList } from "../../../src/lib/network/network-list";
import { cachedResult, resultAs, viewOfResult } from "../../../src/lib/network/result";
import { captured, data } from "../../helpers/captured-stores";
import { testdir } from "../../helpers/testdir";

const id = "f".repeat(64);

(data === "" ? test.skip : test)("what CRI-O cached is read, and written again to the byte", () => {
  const pod = "2ed4b470527ebe377635f71f59ce385746410c585b3c50cc9118ba9183c1040e";
  const text = captured("v1.36.3", "cni-cache", `bnet-${pod}-eth0`);
  const { config = "", result, netns, args, capabilityArgs } = readAttachment(text);
  const network = parseNetworkList("", config);
  const attachment = { network, containerId: pod, netns, ifName: "eth0", args, capabilityArgs };
  expect(attachmentText(attachment, result)).toBe(text);
});

test("network, container and interface are told by the name of a file", () => {
  const directory = testdir({
    [`a-b-${id}-eth0`]: '{"kind":"cniCacheV1"}',
    [`a-b-${id}-eth1`]:
      '{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/8","gateway":"10.0.0.1","routes":[{"dst":"0.0.0.0/0"}]}}',
    [`c-${id}-net1`]: "{",
    [`c-${"e".repeat(64)}-eth0`]: "{}",
    other: "{}",
  });
  writeFileSync(join(directory, `-${id}-eth0`), "{}");
  const found = readCachedAttachments(id, directory);
  expect(found.map(({ networkName, ifName }) => [networkName, ifName])).toEqual([
    ["a-b", "eth0"],
    ["a-b", "eth1"],
    ["c", "net1"],
  ]);
  const [, old, broken] = found;
  expect(viewOfResult(old?.result ?? {})).toMatchObject({
    ips: [{ address: "10.0.0.2/8", gateway: "10.0.0.1" }],
    routes: [{ dst: "0.0.0.0/0", gw: "" }],
  });
  expect(broken).toMatchObject({ config: undefined, result: undefined });
});

test("a result in the versions of CRI-O's annotations", () => {
  const before = cachedResult({ cniVersion: "0.2.0", ip4: { ip: "10.0.0.2/8" }, ip6: { ip: "fd00::2/64" } });
  const ips = [{ address: "10.0.0.2/8" }, { address: "fd00::2/64" }];
  if (before === undefined) throw new Error("no result");
  expect(resultAs(before, "1.1.0")).toEqual({ cniVersion: "1.1.0", ips });
  const versions = ["4", "6"].map((version, at) => ({ ...ips[at], version }));
  expect(resultAs(before, "0.4.0")).toEqual({ cniVersion: "0.4.0", ips: versions });
  expect(resultAs(resultAs(before, "0.4.0"), "1.0.0")).toEqual({ cniVersion: "1.0.0", ips });
});
