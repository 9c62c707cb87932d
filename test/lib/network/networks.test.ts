import { join } from "node:path";
import { defaultConfig } from "../../../src/lib/config";
import { defaultNetwork, networkNamed, readNetworks } from "../../../src/lib/network/networks";
import { failureOf } from "../../helpers/failure";
import { testdir, type Tree } from "../../helpers/testdir";

const versions = (...supported: string[]): { content: string; mode: number } => ({
  content: `#!/bin/sh\necho '${JSON.stringify({ cniVersion: "1.0.0", supportedVersions: supported })}'\n`,
  mode: 0o755,
});
const plugins = {
  "bin/bridge": versions("0.4.0", "1.0.0"),
  "bin/portmap": versions("0.4.0"),
  "bin/link": versions("1.0.0"),
};

const list = (name: string, ...types: string[]): string =>
  JSON.stringify({ cniVersion: "1.0.0", name, plugins: types.map((type) => ({ type })) });

function networksIn(tree: Tree, cniDefaultNetwork = "") {
  const directory = testdir({ ...plugins, ...tree });
  const config = defaultConfig();
  config.networkDir = join(directory, "net.d");
  config.pluginDirs = [join(directory, "bin")];
  config.cniDefaultNetwork = cniDefaultNetwork;
  const all = readNetworks(config);
  return { directory, config, all, names: all.networks.map(({ name }) => name) };
}

test("files are read by name: lists, single plugins, of two with one name the first", () => {
  const { all, names, directory } = networksIn({
    "net.d/20-b.conflist": list("b", "bridge"),
    "net.d/10-a.conf": JSON.stringify({ type: "bridge", bridge: "cni0" }),
    "net.d/30-c.json": JSON.stringify({ name: "c", cniVersion: "0.3.1", type: "link" }),
    "net.d/40-b.conflist": list("b", "link"),
    "net.d/50.conf.bak": "{",
    "net.d/60.conflist/": null,
  });
  expect(names).toEqual(["10-a.conf", "b", "c"]);
  expect(all.networks.map(({ cniVersion }) => cniVersion)).toEqual(["0.1.0", "1.0.0", "0.3.1"]);
  expect(all.passedOver).toEqual([
    {
      file: join(directory, "net.d/40-b.conflist"),
      name: "b",
      why: `its name b is already that of ${join(directory, "net.d/20-b.conflist")}`,
    },
  ]);
});

test("no directory, no networks", async () => {
  const { all, config } = networksIn({});
  expect(all).toMatchObject({ networks: [], passedOver: [] });
  expect(await defaultNetwork(all, config)).toBeUndefined();
});

test.each([
  ["10.conflist", "{", /^it is not valid JSON: /],
  ["10.conflist", "[]", /^it does not hold an object$/],
  ["10.conflist", '{"plugins":[{"type":"bridge"}]}', /^it has no name$/],
  ["10.conflist", '{"name":"../x","plugins":[{"type":"bridge"}]}', /^its name "..\/x" must be of letters/],
  ["10.conflist", '{"name":"a","plugins":[]}', /^it has no plugins$/],
  ["10.conflist", '{"name":"a","plugins":{}}', /^its plugins are no list$/],
  ["10.conflist", '{"name":"a","plugins":[{}]}', /^one of its plugins has no type$/],
  ["10.conflist", '{"name":"a","plugins":[{"type":"../sh"}]}', /no name of a program$/],
  [
    "10.conflist",
    '{"name":"a","cniVersion":"7.0","plugins":[{"type":"bridge"}]}',
    /"7.0" is none that kpod knows/,
  ],
  [
    "10.conflist",
    '{"name":"a","disableCheck":"maybe","plugins":[{"type":"bridge"}]}',
    /disableCheck must be/,
  ],
  ["10.conf", '{"name":"a","plugins":[{"type":"bridge"}]}', /must be called \*\.conflist$/],
  ["10.conflist", list("a", "bridge", "nowhere"), /^its plugin nowhere is not in \//],
])("%s with %s is passed over", async (name, text, why) => {
  const { all, config, directory } = networksIn({ [`net.d/${name}`]: text });
  expect(all).toMatchObject({ networks: [], passedOver: [{ file: join(directory, "net.d", name) }] });
  expect(all.passedOver[0]?.why).toMatch(why);
  const failure = await failureOf(defaultNetwork(all, config));
  expect(failure).toMatchObject({ code: "BAD_CONFIG" });
  expect(failure.message).toContain(all.passedOver[0]?.why);
});

test("of several versions the highest that is known; flags may be texts; plugins beside the file", () => {
  const { all } = networksIn({
    "net.d/10.conflist": JSON.stringify({
      ...{ name: "a", cniVersions: ["0.4.0", "1.1.0", "9.0.0"], disableCheck: "true", unknown: 1 },
      plugins: [{ type: "bridge", capabilities: { portMappings: true, mac: false } }],
    }),
    "net.d/a/20.conf": JSON.stringify({ type: "link" }),
    "net.d/20.conflist": JSON.stringify({
      ...{ name: "b", cniVersion: "1.0.0", loadOnlyInlinedPlugins: true },
      plugins: [{ type: "bridge" }],
    }),
    "net.d/b/20.conf": "{",
  });
  const [a, b] = all.networks;
  expect(a).toMatchObject({ cniVersion: "1.1.0", disableCheck: true });
  expect(a?.plugins.map(({ type, capabilities }) => [type, capabilities])).toEqual([
    ["bridge", ["portMappings"]],
    ["link", []],
  ]);
  // What is cached of it says all, and keeps what nobody knows.
  expect(JSON.parse(a?.text ?? "")).toMatchObject({
    unknown: 1,
    plugins: [{ type: "bridge" }, { type: "link" }],
  });
  expect(b?.plugins).toHaveLength(1);
});

test("the default: what is configured, else the first whose plugins know its version", async () => {
  const tree = {
    "net.d/10.conflist": list("first", "portmap"),
    "net.d/20.conflist": list("second", "bridge"),
    "net.d/30.conflist": list("third", "link", "missing"),
  };
  const { all, config } = networksIn(tree);
  expect((await defaultNetwork(all, config))?.name).toBe("second");
  config.cniDefaultNetwork = "first";
  expect((await defaultNetwork(all, config))?.name).toBe("first");
  config.cniDefaultNetwork = "third";
  expect(await failureOf(defaultNetwork(all, config))).toMatchObject({
    code: "BAD_CONFIG",
    message: expect.stringMatching(/30\.conflist is no network: its plugin missing is not in/) as string,
  });
});

test("a network that is not there", async () => {
  const { all } = networksIn({ "net.d/10.conflist": list("first", "bridge") });
  const failure = await failureOf(() => networkNamed(all, "second"));
  expect(failure).toMatchObject({ code: "NOT_FOUND", hint: "there is first" });
});
