import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { attach, check, detach } from "../../../src/lib/network/attachment";
import { readCachedAttachments, type Attachment } from "../../../src/lib/network/cache";
import { parseNetworkList } from "../../../src/lib/network/network-list";
import { isAlive } from "../../../src/lib/system/process";
import { failureOf } from "../../helpers/failure";
import { testdir, type Tree } from "../../helpers/testdir";
import { until } from "../../helpers/until";

const id = "0123456789abcdef".repeat(4);

/** Notes how it is called, and does what its configuration says. */
const plugin = {
  mode: 0o755,
  content: `#!/bin/sh
directory=$(dirname "$0")
name=$(basename "$0")
input=$(cat)
printf '%s %s %s %s %s\\n' "$CNI_COMMAND" "$name" "$CNI_CONTAINERID" "$CNI_IFNAME" "$CNI_ARGS" >> "$directory/calls"
printf '%s\\n' "$input" > "$directory/$name.$CNI_COMMAND"
[ -e "$directory/$name.$CNI_COMMAND.do" ] && . "$directory/$name.$CNI_COMMAND.do"
[ "$CNI_COMMAND" = ADD ] && echo '{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.2/16"}],"made":"by '$name'"}'
exit 0
`,
};

/** A network of two plugins; `acts` are what they do at a command, as a shell does it. */
function world(acts: Record<string, string> = {}, cniVersion = "1.0.0") {
  const scripts: Tree = Object.fromEntries(
    Object.entries(acts).map(([name, script]) => [`bin/${name}.do`, script]),
  );
  const directory = testdir({ "bin/one": plugin, "bin/two": plugin, ...scripts });
  const text = JSON.stringify({
    ...{ cniVersion, name: "net" },
    plugins: [{ type: "one", capabilities: { mac: true }, dialect: "<low>" }, { type: "two" }],
  });
  const attachment: Attachment = {
    network: parseNetworkList("/net.d/10.conflist", text),
    ...{ containerId: id, netns: "/proc/self/ns/net", ifName: "eth0" },
    args: [["IgnoreUnknown", "1"]],
    capabilityArgs: { mac: "02:00:00:00:00:01", bandwidth: { ingressRate: 1 } },
  };
  const cacheDirectory = join(directory, "cache");
  const calls = { pluginDirs: ["/nowhere", join(directory, "bin")], cacheDirectory, timeoutMs: 30_000 };
  const input = (name: string): unknown => JSON.parse(readFileSync(join(directory, "bin", name), "utf8"));
  const called = (): string[] =>
    existsSync(join(directory, "bin/calls"))
      ? readFileSync(join(directory, "bin/calls"), "utf8").trim().split("\n")
      : [];
  const pidsOf = (): string => readFileSync(join(directory, "bin/pids"), "utf8");
  return { calls, attachment, input, called, pidsOf, cacheDirectory, text };
}

test("ADD in order, the result handed on and cached as libcni does; DEL from the last to the first", async () => {
  const { calls, attachment, input, called, cacheDirectory, text } = world();
  const result = await attach(calls, attachment);
  expect(result).toMatchObject({ made: "by two" });
  expect(input("one.ADD")).toEqual({
    ...{ type: "one", dialect: "<low>", name: "net", cniVersion: "1.0.0" },
    runtimeConfig: { mac: "02:00:00:00:00:01" },
  });
  expect(input("two.ADD")).toMatchObject({ prevResult: { made: "by one" } });
  const cached = readFileSync(join(cacheDirectory, `net-${id}-eth0`), "utf8");
  // Keys in the order of libcni's, and those of maps in order.
  expect(cached).toBe(
    `{"kind":"cniCacheV1","containerId":"${id}","config":"${Buffer.from(text).toString("base64")}","ifName":"eth0",` +
      `"networkName":"net","netns":"/proc/self/ns/net","cniArgs":[["IgnoreUnknown","1"]],` +
      `"capabilityArgs":{"bandwidth":{"ingressRate":1},"mac":"02:00:00:00:00:01"},` +
      `"result":{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.2/16"}],"made":"by two"}}`,
  );
  const [read] = readCachedAttachments(id, cacheDirectory);
  expect(read).toMatchObject({ networkName: "net", config: text, args: [["IgnoreUnknown", "1"]], result });
  expect(await check(calls, attachment, read?.result)).toBe(true);
  await detach(calls, attachment, read?.result);
  expect(input("one.DEL")).toMatchObject({ prevResult: { made: "by two" } });
  expect(called()).toEqual(
    ["ADD one", "ADD two", "CHECK one", "CHECK two", "DEL two", "DEL one"].map(
      (words) => `${words} ${id} eth0 IgnoreUnknown=1`,
    ),
  );
  expect(readdirSync(cacheDirectory)).toEqual([]);
});

test("before 0.4 there is no CHECK, and DEL is not told of the result", async () => {
  const { calls, attachment, input } = world({}, "0.3.1");
  const result = await attach(calls, attachment);
  expect(await check(calls, attachment, result)).toBe(false);
  await detach(calls, attachment, result);
  expect(input("one.DEL")).not.toHaveProperty("prevResult");
});

const error = (code: number, msg: string): string =>
  `printf %s '${JSON.stringify({ cniVersion: "1.0.0", code, msg, details: "no\nluck" })}'; exit 1`;

test.each([
  ["fails", error(7, "bad net"), "failed: bad net; no luck"],
  ["prints rubbish", "echo hello >&1; exit 0", 'printed no result but "hello"'],
  ["prints nothing", "exit 0", "printed no result"],
  ["breaks down", "echo panic: oh >&2; exit 2", "failed: panic: oh"],
  [
    "has another version",
    'echo \'{"cniVersion":"9"}\'; exit 0',
    'printed a result of the unknown version "9"',
  ],
])("a plugin that %s: its own message in one line, and nothing is cached", async (_, script, says) => {
  const { calls, attachment, cacheDirectory } = world({ "two.ADD": script });
  const failure = await failureOf(attach(calls, attachment));
  expect(failure).toMatchObject({ code: "NETWORK_FAILED" });
  expect(failure.message).toBe(`CNI plugin two, ADD for network net (/net.d/10.conflist), ${says}`);
  expect(existsSync(cacheDirectory)).toBe(false);
});

test("a plugin that hangs is ended with what it started; so is one when the caller does not want any more", async () => {
  const { calls, attachment, pidsOf } = world({
    "one.ADD": 'sleep 1000 & echo $$ $! >> "$directory/pids"; wait',
  });
  const failure = await failureOf(attach({ ...calls, timeoutMs: 1000 }, attachment));
  expect(failure.message).toMatch(/^CNI plugin one, ADD for network net \(.*\), did not end within 1 s$/);
  const controller = new AbortController();
  const attaching = failureOf(attach({ ...calls, signal: controller.signal }, attachment));
  setTimeout(() => {
    controller.abort();
  }, 300);
  expect(await attaching).toMatchObject({ code: "INTERRUPTED" });
  const pids = pidsOf().trim().split(/\s/).map(Number);
  expect(pids).toHaveLength(4);
  await until("the end of both", () => !pids.some((pid) => isAlive({ pid })));
});

test("a plugin that says to try later is tried again", async () => {
  const { calls, attachment, called } = world({
    "one.ADD": `[ $(grep -c "ADD one" "$directory/calls") -lt 3 ] && { ${error(11, "later")}; }`,
  });
  expect(await attach(calls, attachment)).toMatchObject({ made: "by two" });
  expect(called().filter((line) => line.startsWith("ADD one"))).toHaveLength(3);
});

test("DEL goes on after a failure, tells of it, and leaves the cache", async () => {
  const { calls, attachment, called, cacheDirectory } = world({ "two.DEL": error(5, "stuck") });
  const result = await attach(calls, attachment);
  expect((await failureOf(detach(calls, attachment, result))).message).toContain("failed: stuck");
  expect(called().at(-1)).toContain("DEL one");
  expect(readdirSync(cacheDirectory)).toHaveLength(1);
});

test("a plugin that is missing is named, with where it was looked for", async () => {
  const { calls, attachment } = world();
  const failure = await failureOf(attach({ ...calls, pluginDirs: ["/nowhere"] }, attachment));
  expect(failure.message).toContain("its plugin one is not in /nowhere");
});
