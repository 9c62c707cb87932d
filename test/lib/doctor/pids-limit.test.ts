import { join } from "node:path";
import { metLimit } from "../../../src/lib/doctor/checks/pids-limit";
import { testdir } from "../../helpers/testdir";

test("a limit that was met is counted in the container, or since Linux 6.11 where it stands", () => {
  const levelsOf = (files: Readonly<Record<string, string>>): Parameters<typeof metLimit> => {
    const pod = testdir({ "container/": null, ...files });
    const own = join(pod, "container");
    return [{ own: [own], limiting: [own, pod] }];
  };
  const met = (files: Readonly<Record<string, string>>): unknown => {
    const [levels] = levelsOf(files);
    const { file, count, isOfPod } = metLimit(levels) ?? {};
    return [file?.slice((levels.limiting.at(-1) ?? "").length + 1), count, isOfPod];
  };
  const nothing = { "container/pids.events": "max 0\n", "pids.events": "max 0\n" };
  expect(metLimit(...levelsOf(nothing))).toBeUndefined();
  // What other containers of the pod have met is none of this one.
  expect(metLimit(...levelsOf({ ...nothing, "pids.events": "max 7\n" }))).toBeUndefined();
  expect(met({ ...nothing, "container/pids.events": "max 3\n" })).toEqual([
    "container/pids.events",
    3,
    false,
  ]);
  const ofPod = { "pids.events": "max 7\n", "pids.events.local": "max 5\n" };
  expect(met({ ...nothing, ...ofPod })).toEqual(["pids.events.local", 5, true]);
});
