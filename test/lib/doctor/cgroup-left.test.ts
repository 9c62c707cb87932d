import { findCrowd } from "../../../src/lib/doctor/checks/cgroup-left";

const counts = (memory: number) =>
  `#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t64000\t1\nmemory\t4\t${memory}\t1\npids\t8\t3\t1\n`;

test("memory cgroups are told when nearly all are used up, whatever other controllers have", () => {
  expect(findCrowd(counts(58_000))).toEqual([]);
  expect(findCrowd("")).toEqual([]);
  expect(findCrowd(counts(61_234))).toMatchObject([
    {
      severity: "leaks",
      evidence: [{ file: "/proc/cgroups", says: "memory has 61234 cgroups, of 65535" }],
    },
  ]);
});
