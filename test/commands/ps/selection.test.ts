import { command as ps } from "../../../src/commands/ps/command";
import { containerSortKeys, selectContainers, sortContainers } from "../../../src/commands/ps/selection";
import type { Listing } from "../../../src/commands/shared/listing";
import { parseContainerFilters } from "../../../src/lib/operations/filter-containers";
import type { TestServer } from "../../helpers/server";
import { job, listed, sick, web } from "./listed";

let node: TestServer;
let source: Listing;

beforeAll(async () => {
  ({ node, source } = await listed());
});

describe("which are shown", () => {
  const flags = { all: false, latest: false, last: undefined };
  const shown = (more: Partial<Parameters<typeof selectContainers>[0]>, ...filters: string[]) =>
    selectContainers(
      { ...flags, ...more },
      node.server.listContainers(),
      parseContainerFilters(filters),
      ({ metadata }) => metadata.name !== "never",
    ).map(({ metadata }) => metadata.name);

  test("those that run or may run, else what the flags say", () => {
    expect(shown({})).toEqual(["sick", "web"]);
    expect(shown({ all: true })).toEqual(["fresh", "sick", "job", "web"]);
    expect(shown({ latest: true })).toEqual(["fresh"]);
    expect(shown({ last: 2 })).toEqual(["fresh", "sick"]);
    expect(shown({ last: 0 })).toEqual([]);
    expect(shown({}, "status=created")).toEqual(["fresh", "sick", "job", "web"]);
    expect(shown({}, "name=x")).toEqual(["sick", "web"]);
  });

  test("-n and -l count what fits", () => {
    const fits = ({ metadata }: { metadata: { name: string } }) => metadata.name !== "fresh";
    const all = node.server.listContainers();
    expect(selectContainers({ ...flags, latest: true }, all, [], fits).map(({ id }) => id)).toEqual([
      sick.id,
    ]);
  });
});

describe("sorting", () => {
  const sizes = new Map([
    [web.id, { rw: 1, rootFs: 10 }],
    [job.id, { rw: 500, rootFs: 10 }],
  ]);

  test.each([
    ["created", "fresh sick job web"],
    ["id", "web job sick fresh"],
    ["names", "fresh job sick web"],
    ["status", "fresh web job sick"],
    ["runningfor", "web job fresh sick"],
    ["size", "job web fresh sick"],
    ["image", "fresh sick job web"],
    ["pod", "fresh sick job web"],
    ["command", "fresh sick job web"],
  ] as const)("by %s", (key, expected) => {
    const sorted = sortContainers({ ...source, sizes }, node.server.listContainers(), key);
    expect(sorted.map(({ metadata }) => metadata.name).join(" ")).toBe(expected);
  });

  test("has the keys that the flag takes", () => {
    expect(ps.flags.sort.choices).toEqual(containerSortKeys);
  });
});
