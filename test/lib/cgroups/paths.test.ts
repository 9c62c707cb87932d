import { processCgroupPath } from "../../../src/lib/cgroups/process-cgroups";
import { checkCgroupParent, specCgroupPath } from "../../../src/lib/cgroups/spec-path";
import { failureOf } from "../../helpers/failure";
import { testId } from "../../helpers/store-tree";

const id = testId("ctr");

test.each<[string, string]>([
  ["/pods/crio-x", "/pods/crio-x"],
  ["crio-x", "crio-x"],
  ["", ""],
  ["system.slice:crio:x", "/system.slice/crio-x.scope"],
  [
    "kubepods-burstable-pod1_2.slice:crio:x",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/crio-x.scope",
  ],
  ["-.slice:crio:x", "/crio-x.scope"],
  ["/odd:path:x", "/odd:path:x"],
])("the cgroup of a spec with %j is %j", (cgroupsPath, path) => {
  expect(specCgroupPath(cgroupsPath)).toBe(path);
});

test.each<[string, string[], string | undefined]>([
  ["version 1", ["12:pids:/pods/crio-ID", "1:name=systemd:/pods/crio-ID", "0::/"], "/pods/crio-ID"],
  ["version 2", ["0::/system.slice/crio-ID.scope"], "/system.slice/crio-ID.scope"],
  ["version 2 below itself", ["0::/system.slice/crio-ID.scope/init.scope"], "/system.slice/crio-ID.scope"],
  ["crun's own group", ["0::/a.slice/crio-ID.scope/container"], "/a.slice/crio-ID.scope"],
  ["a path with colons", ["3:cpu,cpuacct:/a:b/crio-ID"], "/a:b/crio-ID"],
  ["groups of others", ["5:memory:/user.slice", "0::/user.slice"], undefined],
  ["a cgroup namespace", ["5:memory:/../crio-ID", "0::/.."], undefined],
  ["nothing", [], undefined],
])("the cgroup of a process in %s", (_, lines, path) => {
  const text = lines.map((line) => `${line.replace("ID", id)}\n`).join("");
  expect(processCgroupPath(text, id)).toBe(path?.replace("ID", id));
});

test.each<["systemd" | "cgroupfs", string, string]>([
  ["systemd", "", ""],
  ["systemd", "kubepods-pod1.slice", "kubepods-pod1.slice"],
  ["systemd", "/kubepods.slice/kubepods-pod1.slice", "kubepods-pod1.slice"],
  ["cgroupfs", "", ""],
  ["cgroupfs", "/kubepods/pod1", "/kubepods/pod1"],
])("the manager %s takes the parent %j as %j", (cgroupManager, parent, taken) => {
  expect(checkCgroupParent({ cgroupManager }, parent)).toBe(taken);
});

test.each<["systemd" | "cgroupfs", string, RegExp]>([
  ["systemd", "/pods", /^the cgroup manager is systemd, and \/pods is no slice$/],
  ["cgroupfs", "a-b.slice", /^the cgroup manager is cgroupfs, and a-b\.slice is a slice of systemd$/],
])("the manager %s refuses the parent %j", async (cgroupManager, parent, message) => {
  const failure = await failureOf(() => checkCgroupParent({ cgroupManager }, parent));
  expect(failure.code).toBe("BAD_ARGUMENT");
  expect(failure.message).toMatch(message);
});
