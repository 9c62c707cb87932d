import { cachedResult } from "../../../src/lib/network/result";
import {
  addressAnnotations,
  networkAnnotations,
  replaceNetworkAnnotations,
} from "../../../src/lib/operations/network-annotations";

const name = (key: string): string => `io.kubernetes.cri-o.${key}`;
const ips = [{ address: "10.0.0.2/8" }, { address: "fd00::2/64" }];
const result = cachedResult({ cniVersion: "1.0.0", ips });

test("what is persisted of a pod's addresses takes the place of what was, in the form that was", () => {
  if (result === undefined) throw new Error("no result");
  const ofPod = networkAnnotations({ crio: undefined }, [result]);
  const ofContainer = addressAnnotations(["10.0.0.2", "fd00::2"]);
  const cni = JSON.stringify({ cniVersion: "1.1.0", ips });
  expect(ofPod).toEqual({ [name("CNIResult")]: cni, [name("IP")]: "10.0.0.2" });
  // CRI-O of today has no IP without a number.
  const today = { other: "x", [name("IP.0")]: "10.9.9.9", [name("IP.1")]: "fd99::1" };
  expect(replaceNetworkAnnotations(today, ofContainer)).toEqual({
    ...{ other: "x", [name("IP.0")]: "10.0.0.2", [name("IP.1")]: "fd00::2" },
  });
  expect(replaceNetworkAnnotations(today, addressAnnotations(["10.0.0.3"]))).toEqual({
    ...{ other: "x", [name("IP.0")]: "10.0.0.3" },
  });
  // That of 1.0 has nothing else.
  expect(replaceNetworkAnnotations({ [name("IP")]: "10.9.9.9" }, ofPod)).toEqual({
    [name("IP")]: "10.0.0.2",
  });
  expect(replaceNetworkAnnotations({ [name("CNIResult")]: "{}" }, ofPod)).toEqual({
    [name("CNIResult")]: cni,
  });
  // A pod that never got one.
  expect(replaceNetworkAnnotations({ other: "x" }, ofPod)).toEqual({ other: "x", ...ofPod });
  expect(replaceNetworkAnnotations({ [name("IPx")]: "y" }, {})).toEqual({ [name("IPx")]: "y" });
});
