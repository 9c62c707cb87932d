import { killWords, oomKillsIn } from "../../../src/lib/doctor/facts/oom-kills";
import { testId } from "../../helpers/store-tree";

const [id, other] = [testId("killed"), testId("other")];
const cgroup = `/kubepods.slice/kubepods-podabc.slice/crio-${id}.scope`;

function line(memcg: string, task: string): { at: number; text: string } {
  const text = `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=${cgroup},task_memcg=${memcg},task=${task},pid=12,uid=0`;
  return { at: Date.UTC(2026, 0, 2, 3, 4, 5), text };
}

test("which process was killed is told by the cgroup that it was in, whatever it is called", () => {
  const kills = oomKillsIn([
    line(`${cgroup}/container`, "sh"),
    line("/system.slice/cron.service", "cron"),
    line(cgroup, `a,pid=9,uid=0,task_memcg=/crio-${other}`),
    { at: 0, text: "Memory cgroup out of memory: Killed process 12 (sh) total-vm:26852kB" },
  ]);
  expect([...kills.keys()]).toEqual([id]);
  expect((kills.get(id) ?? []).map(killWords)).toEqual([
    "sh (12) was killed at 2026-01-02T03:04:05Z",
    `a,pid=9,uid=0,task_memcg=/crio-${other} (12) was killed at 2026-01-02T03:04:05Z`,
  ]);
});
