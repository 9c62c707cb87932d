import { imageEvent } from "../../../src/lib/events/changes";
import type { NodeEvent } from "../../../src/lib/events/event";
import { eventFilter, parseEventFilters } from "../../../src/lib/operations/filter-events";
import { failureOf } from "../../helpers/failure";
import { testId } from "../../helpers/store-tree";

const lists = { getSandbox: () => undefined };
const event: NodeEvent = {
  ...{ time: 1, type: "container", status: "died", id: testId("web"), name: "k8s_web_shop_default_uid_0" },
  ...{ image: "docker.io/library/busybox:1.36", podId: testId("shop") },
  labels: { app: "web", "io.kubernetes.pod.name": "shop", "io.kubernetes.container.name": "web" },
  attributes: {},
};

function fits(told: NodeEvent, ...filters: string[]): boolean {
  return eventFilter(parseEventFilters(filters), lists)(told);
}

test.each([
  [["container=web"], true],
  [["container=k8s_web_shop_default_uid_0"], true],
  [[`container=${testId("web").slice(0, 8)}`], true],
  [["container=we"], false],
  [["container=db", "container=web"], true],
  [["pod=shop"], true],
  [[`pod=${testId("shop").slice(0, 8)}`], true],
  [["pod=other"], false],
  [["image=busybox"], true],
  [["image=busybox:1.36"], true],
  [["image=library/busybox"], true],
  [["image=box"], false],
  [["event=die"], true],
  [["event=died", "type=pod"], false],
  [["event!=died"], false],
  [["event=start", "event=died", "container=web"], true],
  [["label=app"], true],
  [["label=app=db", "label=app=web"], true],
  [["label=app=db"], false],
] as const)("%j: %s", (filters, wanted) => {
  expect(fits(event, ...filters)).toBe(wanted);
});

test("images have neither pods nor containers", () => {
  const pulled = imageEvent("pull", testId("image"), "docker.io/library/busybox:1.36", 1);
  expect(fits(pulled, "image=busybox")).toBe(true);
  expect(fits(pulled, `image=${testId("image").slice(0, 8)}`)).toBe(true);
  expect(fits(pulled, "container=busybox")).toBe(false);
  expect(fits(pulled, "pod=shop")).toBe(false);
});

test("what is no filter is named", async () => {
  const failure = await failureOf(() => parseEventFilters(["colour=red"]));
  expect(failure).toMatchObject({ code: "BAD_ARGUMENT" });
  const { message } = await failureOf(() => parseEventFilters(["type=volume"]));
  expect(message).toContain("container, image or pod");
});
