import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answerShell } from "../../../src/program/completion/answer/answer";
import { containerNames, podNames } from "../../../src/program/completion/answer/object-names";
import { newestFirst, readStoreRecords } from "../../../src/program/completion/answer/store-records";
import { commands } from "../../../src/program/command-list";
import { systemTerminal } from "../../../src/shell/terminal";
import { completionIds, completionStore } from "../../helpers/completion-store";
import { nodeConfig, testServer } from "../../helpers/server";
import { testId } from "../../helpers/store-tree";
import { testdir, writeTree } from "../../helpers/testdir";

const node = testdir(completionStore());
const config = join(node, "crio.conf");
writeFileSync(
  config,
  `[crio.network]\nnetwork_dir = "${join(node, "net.d")}"\nplugin_dirs = ["${join(node, "bin")}"]\n`,
);
const globals = ["--config", config, "--root", join(node, "root"), "--runroot", join(node, "runroot")];

/** What kpod answers to a shell, line by line. */
async function lines(place: string, word: string, before: readonly string[] = globals): Promise<string[]> {
  let text = "";
  const out = jest.spyOn(systemTerminal, "out").mockImplementation((part) => {
    text += part.toString();
  });
  try {
    expect(await answerShell([...before, "__complete", place, word])).toBe(true);
  } finally {
    out.mockRestore();
  }
  return text.split("\n").slice(0, -1);
}

async function values(place: string, word: string): Promise<string[]> {
  return (await lines(place, word)).map((line) => line.split("\t")[0] ?? "");
}

const job = "k8s_job_shop_default_u1_";
const imagesOffered = ["busybox:latest", "localhost/app:1", completionIds.nameless.slice(0, 13)];

function fiveIds(): string[] {
  return newestFirst(readStoreRecords(nodeConfig(node)).containers).map(({ record }) => short(record.id));
}

test.each([
  // One name each, the shortest that means it alone, newest first.
  ["rename", "", [`${job}1`, "shop/web", "cache", `${job}0`, "dns/web"]],
  ["stop", "", [`${job}1`, "shop/web"]],
  ["pause", "", [`${job}1`, "shop/web"]],
  ["kill", "", [`${job}1`, "shop/web", "cache"]],
  ["unpause", "", ["cache"]],
  // Of several attempts the newest is meant.
  ["exec", "", ["job", "shop/web"]],
  ["logs", "", ["job", "shop/web", "cache", `${job}0`, "dns/web"]],
  ["logs", "shop/j", ["shop/job"]],
  ["rm", "", [`${job}0`, "dns/web", `${job}1`, "shop/web", "cache"]],
  ["rm", "shop/", ["shop/web", "shop/cache"]],
  ["rm", "sh", ["shop/web", "shop/cache"]],
  ["rm", "kube-system/", ["kube-system/dns/web"]],
  ["rm", "default/shop/c", ["default/shop/cache"]],
  ["rm", "k8s_web_s", ["k8s_web_shop_default_u1_0"]],
  ["rm", "nothing", []],
  ["pod stop", "", ["shop", "idle"]],
  ["network inspect", "", ["blue", "green"]],
  ["network check", "", ["blue", "green", "shop", "dns", "idle"]],
  ["pod ps --filter network", "b", ["blue"]],
  ["run --network", "", ["blue", "green", "cni", "host", "none"]],
  ["run --network", "h", ["host"]],
  // A list with commas between.
  ["pod run --network", "blue,", ["blue,green"]],
  ["pod run --network", "blue,g", ["blue,green"]],
  ["pod run --network", "green,x", []],
  ["pod unpause", "", ["shop"]],
  ["pod rm", "", ["dns", "shop", "idle"]],
  ["pod rm", "default/", ["default/shop", "default/idle"]],
  ["run --pod", "s", ["shop"]],
  ["run", "", imagesOffered],
  ["run", "docker", ["docker.io/library/busybox:latest"]],
  [
    "inspect",
    "",
    ["job", "shop/web", "cache", `${job}0`, "dns/web", "shop", "dns", "idle", ...imagesOffered],
  ],
  ["inspect", "kube", ["kube-system/dns/web", "kube-system/dns"]],
  ["ps --filter pod", "s", ["shop"]],
  ["ps --filter id", "ab1", [short(completionIds.shopWeb)]],
  ["ps --filter id", "", fiveIds()],
  ["ps --filter name", "", ["job", "web", "cache"]],
  ["ps --filter namespace", "", ["default", "kube-system"]],
  ["ps --filter label", "", []],
  ["pod ps --filter name", "i", ["idle"]],
])("kpod __complete %j %j", async (place, word, expected) => {
  expect(await values(place, word)).toEqual(expected);
});

test("ids are offered once two hexadecimal digits are typed, after the names", async () => {
  expect(await values("rm", "a")).toEqual([]);
  expect(await values("rm", "ab")).toEqual([completionIds.dnsWeb, completionIds.shopWeb].map(short));
  expect(await values("rm", "ab1")).toEqual([short(completionIds.shopWeb)]);
  expect(await values("stop", "ab")).toEqual([short(completionIds.shopWeb)]);
  expect(await values("rename", completionIds.cache.slice(0, 20))).toEqual([completionIds.cache]);
  expect(await values("pod rm", "5a")).toEqual([short(completionIds.shop)]);
});

function short(id: string): string {
  return id.slice(0, 13);
}

test("beside a name stand state, image and pod", async () => {
  expect(await lines("unpause", "")).toEqual(["cache\tpaused, localhost/busybox:latest, pod default/shop"]);
  expect(await lines("pod rm", "")).toEqual([
    "dns\tnot ready, 1 container, namespace kube-system",
    "shop\tready, 4 containers, namespace default",
    "idle\tready, 0 containers, namespace default",
  ]);
  expect(await lines("run", "busy")).toEqual([`busybox:latest\t${completionBusybox()}, made 2023-10-01`]);
});

function completionBusybox(): string {
  const { images } = readStoreRecords(nodeConfig(node));
  return short(images()[0]?.id ?? "");
}

test("the words of a command may be one argument or several", async () => {
  for (const asked of [
    ["pod", "rm", "d"],
    ["pod rm", "d"],
  ]) {
    const out = jest.spyOn(systemTerminal, "out").mockImplementation(() => {});
    await answerShell([...globals, "__complete", ...asked]);
    expect(out.mock.calls).toEqual([[expect.stringMatching(/^dns\t/)]]);
    out.mockRestore();
  }
});

test("every name that is offered is one that the commands find, and no other thing's", async () => {
  const { server } = testServer(node);
  await server.updateRecords();
  const records = readStoreRecords(nodeConfig(node));
  let looked = 0;
  for (const meant of [{}, { attempt: "newest" }] as const) {
    const namesOfContainer = containerNames(records, "attempt" in meant ? { newest: true } : {});
    for (const container of records.containers) {
      const names = namesOfContainer(container);
      for (const name of names)
        expect([name, server.lookupContainer(name, "", meant).id]).toEqual([name, container.record.id]);
      looked += names.length;
    }
  }
  const namesOfPod = podNames(records);
  for (const pod of records.pods) {
    const names = namesOfPod(pod);
    for (const name of names) expect([name, server.lookupSandbox(name).id]).toEqual([name, pod.record.id]);
    looked += names.length;
  }
  expect(looked).toBeGreaterThan(30);
});

test("a name that is the beginning of another's id is not offered", () => {
  const store = testdir(completionStore());
  const path = join(store, "root/overlay-containers/containers.json");
  const name = short(completionIds.shopWeb);
  const records = JSON.parse(readFileSync(path, "utf8")) as { id: string; metadata: string }[];
  const changed = records.map((record) => {
    if (record.id !== completionIds.cache && record.id !== completionIds.shop) return record;
    const metadata = JSON.parse(record.metadata) as Record<string, unknown>;
    return { ...record, metadata: JSON.stringify({ ...metadata, "metadata-name": name, name }) };
  });
  writeFileSync(path, JSON.stringify(changed));
  const known = readStoreRecords(nodeConfig(store));
  const cache = known.containers.find(({ record }) => record.id === completionIds.cache);
  const pod = known.pods.find(({ record }) => record.id === completionIds.shop);
  expect(cache && containerNames(known)(cache)).toEqual([`${name}/${name}`, `default/${name}/${name}`]);
  expect(pod && podNames(known)(pod)).toEqual([`default/${name}`, "k8s_shop_default_u1_0"]);
});

test("a name that a shell would take for something else is not offered: the id stands in", async () => {
  const evil = testdir(completionStore());
  const path = join(evil, "root/overlay-containers/containers.json");
  const records = readStoreRecords(nodeConfig(evil)).containers.map(({ record }) => record);
  const [first] = records;
  const metadata = {
    "pod-name": "k8s_p_n_u_0",
    "pod-id": completionIds.shop,
    name: "k8s_$(reboot)",
    "metadata-name": "a\tb\n`c`",
    "image-name": "\x1b[31m;red",
  };
  writeFileSync(path, JSON.stringify([{ ...first, names: ["x"], metadata: JSON.stringify(metadata) }]));
  expect(await lines("rename", "", ["--root", join(evil, "root")])).toEqual([
    `${short(first?.id ?? "")}\trunning, \\x1b[31m;red`,
  ]);
});

test.each([
  ["a command that there is not", [], "bogus"],
  ["a command without names to complete", [], "ps"],
  ["a flag without names to complete", [], "run --env"],
  ["a flag that there is not", [], "run --constructor"],
  ["nothing", [], ""],
  ["a store that is not there", ["--root", "/nowhere"], "rm"],
  ["a configuration that is not there", ["--config", "/nowhere.conf"], "rm"],
  ["a graph driver that kpod does not know", ["-s", "btrfs"], "rm"],
])("for %s there is no answer, and no error", async (_, before, place) => {
  expect(await lines(place, "", before)).toEqual([]);
});

test("names are found in transient stores and in split image stores as well", () => {
  const tree = completionStore();
  const moved = Object.fromEntries(
    Object.entries(tree).map(([name, entry]) => [
      name
        .replace("root/overlay-containers/containers.json", "runroot/overlay-containers/containers.json")
        .replace("root/overlay-images/", "images/overlay-images/"),
      entry,
    ]),
  );
  const directory = testdir(moved);
  const config = nodeConfig(directory);
  config.imageStore = join(directory, "images");
  config.transientStore = true;
  expect(readStoreRecords(config).images()).toHaveLength(3);
  writeTree(directory, {
    "runroot/overlay-containers/volatile-containers.json":
      moved["runroot/overlay-containers/containers.json"] ?? "",
  });
  expect(readStoreRecords(config).containers).toHaveLength(5);
});

test("corrupt records are no error either, and a corrupt state is an unknown one", async () => {
  const broken = testdir(completionStore());
  const flags = ["--root", join(broken, "root"), "--runroot", join(broken, "runroot")];
  const state = join(broken, "root/overlay-containers", completionIds.cache, "userdata/state.json");
  writeFileSync(state, "{");
  expect(await lines("unpause", "", flags)).toEqual([
    "cache\tunknown, localhost/busybox:latest, pod default/shop",
  ]);
  const images = join(broken, "root/overlay-images/images.json");
  const before = readFileSync(images, "utf8");
  writeFileSync(images, "[{");
  expect(await lines("inspect", "cac", flags)).toEqual([expect.stringMatching(/^cache\tcontainer, /)]);
  expect(await lines("rmi", "", flags)).toEqual([]);
  writeFileSync(images, before);
  writeFileSync(join(broken, "root/overlay-containers/containers.json"), '[{"id":');
  expect(await lines("unpause", "", flags)).toEqual([]);
  expect(await lines("rmi", "busy", flags)).toHaveLength(1);
});

test("an image that was asked for by its id is described by its name", async () => {
  const byId = testdir(completionStore());
  const path = join(byId, "root/overlay-containers/containers.json");
  const [image] = readStoreRecords(nodeConfig(byId)).images();
  const id = image?.id ?? "";
  const text = readFileSync(path, "utf8").replaceAll(testId("busybox"), id);
  writeFileSync(path, text.replaceAll("localhost/busybox:latest", id));
  const flags = ["--root", join(byId, "root"), "--runroot", join(byId, "runroot")];
  expect(await lines("unpause", "", flags)).toEqual(["cache\tpaused, busybox:latest, pod default/shop"]);
});

test("looking changes nothing", async () => {
  const before = readdirSync(node, { recursive: true });
  await values("rm", "");
  expect(readdirSync(node, { recursive: true })).toEqual(before);
  const absent = join(node, "absent");
  await lines("rm", "", ["--root", absent]);
  expect(existsSync(absent)).toBe(false);
});

test.each([[[]], [["run", "busybox", "__complete"]], [["--root"]]])(
  "kpod %j asks for something else",
  async (argv) => {
    expect(await answerShell(argv)).toBe(false);
  },
);

test("what commands let a shell ask for is answered for every command", async () => {
  const asking = commands.filter(({ arguments: { completes } }) => {
    const first = completes?.[0];
    return typeof first === "string" && !["nothing", "file", "directory", "command"].includes(first);
  });
  expect(asking.length).toBeGreaterThan(10);
  for (const { path } of asking) expect(await values(path.join(" "), "")).not.toEqual([]);
});
