import { useNode, usePod } from "../helpers/node";

const node = useNode();
const shop = usePod(node, "shop");
const other = usePod(node, "other");

/** What a command has printed of several containers, in any order. */
async function lines(...args: string[]): Promise<string[]> {
  return (await node.ok(...args)).split("\n").slice(0, -1).sort();
}

test("flags choose the containers that a command can act on", async () => {
  const sleep = "exec sleep 1000";
  const web = await node.start(shop, "web", sleep, { labels: { app: "web" } });
  const db = await node.start(shop, "db", sleep, { labels: { app: "db" } });
  const job = await node.start(shop, "job", "exit 3");
  expect(await node.ok("wait", job.id)).toBe("3\n");
  // The last one that was made, and not the last that still runs.
  expect(await node.ok("wait", "-l")).toBe("3\n");
  const created = await node.create(shop, "later", sleep);
  const side = await node.start(other, "side", sleep, { labels: { app: "web" } });
  // One container, as if it were named: with an input, and without a heading.
  expect(await node.ok("exec", "-il", "sh", "-c", "cat; hostname")).toBe("other\n");
  const ids = (...containers: { id: string }[]): string[] => containers.map(({ id }) => id).sort();

  expect(await lines("pause", "--label", "app=web", "--pod", "shop")).toEqual(ids(web));
  expect(await lines("kill", "-s", "CONT", "--all")).toEqual(ids(web, db, side));
  expect(await lines("pause", "-f", "name=k8s_db_")).toEqual(ids(db));
  expect(await lines("unpause", "--latest")).toEqual(ids(db));
  expect(await lines("unpause", "-a")).toEqual(ids(web));
  expect(await lines("unpause", "-a")).toEqual([]);
  expect(await node.refusal("unpause", "-l")).toBe(
    "no container that is paused fits what was asked for: kpod ps -a shows all of them",
  );
  expect(await lines("wait", "--pod", "other", "--condition", "running")).toEqual(["0"]);
  expect(await lines("stop", "-t", "0", "--pod", "shop")).toEqual(ids(web, db));
  expect(await lines("stop", "-t", "0", "--pod", "shop", "--all")).toEqual([]);
  expect(await node.refusal("stop", "--pod", "nope")).toMatch(/^pod with ID starting with nope not found/);
  expect(await lines("rm", "--filter", "exited=3")).toEqual(ids(job));
  // Asked for by its state, what cannot be removed is told.
  expect(await node.refusal("rm", "--filter", "status=running")).toMatch(
    /^cannot remove running container \w+: stop/,
  );
  expect(await lines("rm", "--all")).toEqual(ids(web, db, created));
  expect(await lines("rm", "-fl")).toEqual(ids(side));
  expect(await lines("rm", "-fa")).toEqual([]);
}, 120_000);

test.each([
  [["stop"], "too few arguments, stop takes CONTAINER..., or flags that choose them"],
  [
    ["kill", "web", "--all"],
    "containers are named, or chosen by --all, --latest, --pod, --label and --filter, but not both",
  ],
  [["pause", "--label", "=x"], 'option --label: "=x" has no key'],
])("%p is wrong usage", async (args, message) => {
  const { exitCode, stderr } = await node.kpod(...args);
  expect({ exitCode, line: stderr.split("\n")[0] }).toEqual({ exitCode: 2, line: `Error: ${message}` });
});
