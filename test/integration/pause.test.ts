import { logOf, persistedState, useNode, usePod } from "../helpers/node";
import { until } from "../helpers/until";

const node = useNode();
const pod = usePod(node, "shop");

async function shownStatus(id: string): Promise<string> {
  return (await node.ok("ps", "-a", "--format", "{{.Status}}", "--filter", `id=${id}`)).trim();
}

test("a paused container stands still and goes on", async () => {
  const container = await node.start(pod, "counts", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done");
  await until("what the test waits for", () => logOf(container).includes("2\n"));
  expect(await node.ok("pause", "counts")).toBe(`${container.id}\n`);
  const still = logOf(container);
  expect(await shownStatus(container.id)).toMatch(/^Up .* \(Paused\)$/);
  expect(persistedState(container)).toMatchObject({ status: "paused" });
  expect(logOf(container)).toBe(still);
  expect(await node.refusal("pause", container.id)).toBe(`container ${container.id} is already paused`);
  expect(await node.refusal("stop", container.id)).toBe(
    `cannot stop paused container ${container.id}: unpause it first or use kill`,
  );
  expect(await node.refusal("rm", "-f", container.id)).toBe(
    `cannot remove paused container ${container.id}: unpause or kill it first`,
  );
  expect(await node.ok("unpause", "counts")).toBe(`${container.id}\n`);
  await until("what the test waits for", () => logOf(container).length > still.length);
  expect(await node.refusal("unpause", container.id)).toBe(`the container ${container.id} is not paused`);
});

test("a created container can be paused, and is created again", async () => {
  const container = await node.create(pod, "later", "sleep 100");
  await node.ok("pause", container.id);
  expect(await shownStatus(container.id)).toContain("Paused");
  await node.ok("unpause", container.id);
  expect(await shownStatus(container.id)).toBe("Created");
});

test("a stopped one cannot", async () => {
  const container = await node.start(pod, "done", "exit 0");
  await node.ok("wait", container.id);
  expect(await node.refusal("pause", container.id)).toBe(
    `cannot pause container ${container.id}: it is not running`,
  );
});

test("what fails does not keep the others from their turn", async () => {
  const container = await node.start(pod, "good", "sleep 100");
  const { exitCode, stdout, stderr } = await node.kpod("pause", "nobody", container.id);
  expect([exitCode, stdout]).toEqual([1, `${container.id}\n`]);
  expect(stderr).toBe("Error: container with ID starting with nobody not found: ID does not exist\n");
  await node.ok("unpause", container.id);
  await node.agree();
});
