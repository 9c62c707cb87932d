import { join } from "node:path";
import { logPathOf, type LogOwner } from "../../../src/lib/logs/log-path";
import { failureOf } from "../../helpers/failure";
import { testId } from "../../helpers/store-tree";
import { testdir } from "../../helpers/testdir";

const [id, sandboxId] = [testId("container"), testId("pod")];
const kubelet = "/var/log/pods/shop_web_u1/run/0.log";
const owner = (logPath: string): LogOwner => ({ id, name: "k8s_run_web_shop_u1_0", sandboxId, logPath });

test("the log is where the spec says, whether it is there or not", () => {
  expect(logPathOf(owner(kubelet), "/logs")).toBe(kubelet);
});

test("a spec that says nothing leaves CRI-O's own place", async () => {
  expect(logPathOf(owner(""), "/logs")).toBe(`/logs/${sandboxId}/${id}.log`);
  expect(logPathOf(owner(""), "/logs", true)).toBe(`/logs/${sandboxId}/${id}.log`);
  const lost = { ...owner(""), sandboxId: "../.." };
  expect((await failureOf(() => logPathOf(lost, "/logs"))).code).toBe("CORRUPT");
});

test("a path that can be none is an error", async () => {
  for (const path of ["0.log", "/var/log/\0"]) {
    expect((await failureOf(() => logPathOf(owner(path), "/logs"))).code).toBe("CORRUPT");
  }
});

describe("logs that were moved", () => {
  test.each<[string, string, string[]]>([
    ["the whole tree of a node", kubelet, ["var/log/pods/shop_web_u1/run/0.log", "shop_web_u1/run/0.log"]],
    ["the tree of /var/log", kubelet, ["pods/shop_web_u1/run/0.log"]],
    ["the pods' directories alone", kubelet, ["shop_web_u1/run/0.log"]],
    ["CRI-O's own names", `/var/log/crio/pods/${sandboxId}/${id}.log`, [`${sandboxId}/${id}.log`]],
    ["one directory with all of them", `/var/log/crio/pods/${sandboxId}/${id}.log`, [`${id}.log`]],
  ])("%s", (_, persisted, files) => {
    const directory = testdir(Object.fromEntries(files.map((file) => [file, ""])));
    expect(logPathOf(owner(persisted), directory, true)).toBe(join(directory, files[0] ?? ""));
  });

  test.each([
    ["a name that any container could have", kubelet, { "0.log": "", "run/0.log": "" }],
    ["another pod's", kubelet, { "shop_api_u2/run/0.log": "" }],
    ["a link out of the directory", kubelet, { "shop_web_u1/run/0.log": { symlink: "/etc/hostname" } }],
    ["a path that climbs", "/var/log/../../../../../../etc/hostname", { "etc/": null }],
  ])("%s is not taken for it", async (_, persisted, tree) => {
    const directory = testdir(tree);
    const error = await failureOf(() => logPathOf(owner(persisted), directory, true));
    expect(error.code).toBe("NOT_FOUND");
    expect(error.message).toBe(`the log of container k8s_run_web_shop_u1_0 is not below ${directory}`);
    expect(error.hint).toContain(persisted);
  });
});
