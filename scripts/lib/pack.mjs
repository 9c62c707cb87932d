// Bundles the command line into a few files, the packs, each of which node reads at once and V8 compiles as one
// script. A pack is opened when something in it is wanted first.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { dirname, join } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import nodeResolve from "@rollup/plugin-node-resolve";
import { transform } from "esbuild";
import { rollup } from "rollup";

/**
 * What each pack is made of: these modules and what they import, unless it belongs to another pack by name or to one
 * above. The first pack is opened by every call, so it holds what a list needs and nothing else; what no pack names
 * comes into the last one.
 */
const PACKS = {
  kpod: [
    "src/main.ts",
    "src/cli/start.ts",
    "src/lib/config/index.ts",
    "src/lib/container-server.ts",
    "src/commands/ps.ts",
    "src/lib/lookup.ts",
    "src/cli/words.ts",
    "src/lib/storage/mount-points.ts",
    "src/lib/logs/log-path.ts",
  ],
  flags: ["commander"],
  toml: ["src/lib/config/toml-parser.ts"],
  colors: ["chalk"],
  tables: ["cli-table3"],
  dates: ["date-fns"],
  programs: ["execa"],
  complete: ["src/cli/completion/answer.ts"],
  inspect: [
    "src/cli/table/inspect.ts",
    "src/commands/inspect.ts",
    "src/lib/operations/container-data.ts",
    "src/lib/storage/images.ts",
    "src/lib/storage/overlay.ts",
  ],
  logs: ["src/cli/table/logs.ts", "src/commands/logs.ts", "src/lib/operations/logs.ts"],
  stats: [
    "src/cli/table/stats.ts",
    "src/commands/stats.ts",
    "src/lib/operations/stats.ts",
    "src/lib/cgroups/files.ts",
    "src/lib/cgroups/process-cgroups.ts",
  ],
  forms: [
    "src/format/template/index.ts",
    "src/commands/container-template.ts",
    "src/commands/container-json.ts",
    "src/commands/container-sort.ts",
    "src/cli/live-screen.ts",
  ],
  commands: [
    "src/cli/table/completion.ts",
    "src/cli/table/images.ts",
    "src/cli/table/info.ts",
    "src/cli/table/kill.ts",
    "src/cli/table/pause.ts",
    "src/cli/table/pod-change.ts",
    "src/cli/table/pod-ps.ts",
    "src/cli/table/pod-run.ts",
    "src/cli/table/rename.ts",
    "src/cli/table/rm.ts",
    "src/cli/table/rmi.ts",
    "src/cli/table/run.ts",
    "src/cli/table/stop.ts",
    "src/cli/table/version.ts",
    "src/cli/table/wait.ts",
  ],
  failure: ["src/cli/report.ts"],
  settings: ["src/lib/config/write.ts", "src/lib/config/unknown-keys.ts", "src/lib/config/toml-scan.ts"],
  runtimes: [
    "src/lib/oci/conmon.ts",
    "src/lib/oci/node-sight.ts",
    "src/lib/oci/runtime-call.ts",
    "src/lib/oci/runtime-handler.ts",
    "src/lib/oci/runtime-state.ts",
    "src/lib/oci/exit-file.ts",
  ],
  change: [
    "src/lib/operations/kill.ts",
    "src/lib/operations/pause.ts",
    "src/lib/operations/remove.ts",
    "src/lib/operations/rename.ts",
    "src/lib/operations/stop.ts",
    "src/lib/operations/wait.ts",
  ],
  more: [
    "src/cli/help.ts",
    "src/lib/hooks/read-hooks.ts",
    "src/lib/operations/sizes.ts",
    "src/lib/storage/image-server.ts",
    "src/lib/storage/runtime-server.ts",
  ],
};

/** Names that begin so are certain not to stand for anything else in the code. */
const PREFIX = "kpod_pack_";
const NODE_PREFIX = "kpod_node_";

const COMMANDER = /[/\\]node_modules[/\\]commander[/\\]lib[/\\]command\.js$/;

/**
 * commander loads node:child_process for commands that are programs of their own. kpod has none, and loading it
 * takes longer than all the rest of commander.
 */
function withoutChildProcess(path, contents) {
  const before = "const childProcess = require('node:child_process');";
  if (!contents.includes(before)) throw new Error(`${path} does not hold: ${before}`);
  return contents.replace(before, "const childProcess = undefined;");
}

/** The same for esbuild, which makes the library and the single executable. */
const leanCommander = {
  name: "lean-commander",
  setup({ onLoad }) {
    onLoad({ filter: COMMANDER }, async ({ path }) => ({
      contents: withoutChildProcess(path, await readFile(path, "utf8")),
      loader: "js",
    }));
  },
};

export const COMMON = {
  bundle: true,
  platform: "node",
  target: "node20",
  external: ["koffi", "@koromix/*"],
  // A file of one-byte characters is read and kept at half the price.
  charset: "ascii",
  logLevel: "warning",
  plugins: [leanCommander],
};

/** Reads TypeScript, whose files import each other without an ending. Modules of node get names that are found again. */
function typescript(define) {
  return {
    name: "typescript",
    resolveId(source, importer) {
      if (source.startsWith("node:") && importer?.endsWith(".ts"))
        return { id: `${NODE_PREFIX}${source.slice("node:".length).replace("/", "__")}`, external: true };
      if (!source.startsWith(".") || !importer?.endsWith(".ts")) return null;
      const path = join(dirname(importer), source);
      return [`${path}.ts`, join(path, "index.ts")].find((candidate) => existsSync(candidate)) ?? null;
    },
    async transform(code, id) {
      if (COMMANDER.test(id)) return { code: withoutChildProcess(id, code), map: null };
      if (!id.endsWith(".ts")) return null;
      const result = await transform(code, { loader: "ts", target: "node20", define });
      return { code: result.code, map: null };
    },
  };
}

/** Tells of a module which pack it belongs to; the graph of modules must be whole. */
function packOf(root, getModuleInfo, ids) {
  // What the code of CommonJS packages calls: it is small, and several packs want it.
  const owners = new Map(ids.filter((id) => id.includes("commonjsHelpers")).map((id) => [id, "kpod"]));
  const isIn = (id, module) =>
    module.endsWith(".ts") ? id === join(root, module) : id.includes(`/node_modules/${module}/`);
  for (const [pack, modules] of Object.entries(PACKS)) {
    for (const module of modules) {
      const own = ids.filter((id) => isIn(id, module));
      if (own.length === 0) throw new Error(`${module}, which PACKS names, is not there`);
      for (const id of own) owners.set(id, pack);
    }
  }
  for (const pack of Object.keys(PACKS)) {
    const own = new Set([...owners].filter(([, owner]) => owner === pack).map(([id]) => id));
    for (const id of own) {
      for (const imported of getModuleInfo(id)?.importedIds ?? []) {
        if (owners.has(imported) || getModuleInfo(imported)?.isExternal !== false) continue;
        owners.set(imported, pack);
        own.add(imported);
      }
    }
  }
  return (id) => owners.get(id) ?? "more";
}

/**
 * What rollup warns of, and what does no harm here: packages of others import each other in circles, and so do packs,
 * which load each other when something in them is used; the parser of TOML asks whether it runs in node by eval.
 */
const expected = new Set(["CIRCULAR_DEPENDENCY", "CIRCULAR_CHUNK", "EVAL"]);

const isBuiltin = (name) => name.startsWith("node:") || builtinModules.includes(name);

/** What a module is required by, whose name in the code is `variable`; undefined for those of others. */
function ownModule(variable) {
  if (variable.startsWith(PREFIX)) return `./${variable.slice(PREFIX.length)}.cjs`;
  if (variable.startsWith(NODE_PREFIX))
    return `node:${variable.slice(NODE_PREFIX.length).replace("__", "/")}`;
  return undefined;
}

/**
 * The code of a pack with what it imports loaded where it is used first instead of at the beginning: other packs,
 * and node's own modules, of which some take longer to load than kpod takes for a list. Only fs and path, and the
 * first pack, are always there. None of our modules does anything when it is loaded but define what it exports, so
 * that the order does not matter.
 */
function lazyImports(pack, code) {
  const always = ["node:fs", "node:path", "./kpod.cjs"];
  const names = new Set();
  const statements = code.replace(/^const (\w+) = require\('[^']+'\);\n/gm, (statement, variable) => {
    const module = ownModule(variable);
    if (module === undefined) return statement;
    if (always.includes(module)) return `const ${variable} = require('${module}');\n`;
    names.add(variable);
    return "";
  });
  const text = statements
    .replace(/require\('(?:\.\/)?(\w+)(?:\.cjs)?'\)/g, (call, name) =>
      ownModule(name) === undefined ? call : `require('${ownModule(name)}')`,
    )
    .replace(/\b\w+\b(?=\.)/g, (name) => (names.has(name) ? `(require('${ownModule(name)}'))` : name));
  const left = text.match(/\b\w+\b/g).find((word) => names.has(word));
  if (left !== undefined) throw new Error(`pack ${pack}: ${left} is used in another way than by a member`);
  return text;
}

/** A pack is an expression: what node makes of a CommonJS module. Its first line names its content for what is cached of it. */
async function packText(pack, code, words) {
  const lean = await transform(lazyImports(pack, code), {
    target: "node20",
    charset: "ascii",
    minifyWhitespace: true,
  });
  const body = `(function(exports,require,module){${lean.code.trimEnd()}\n})\n`;
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 16);
  return `//${[hash, ...words].join(" ")}\n${body}`;
}

/**
 * The texts of the packs by their names.
 * @param commands what the first line of the first pack lists after the hash: the words that have a cache of their own
 */
export async function makePacks(root, { version, commands }) {
  const bundle = await rollup({
    input: { [`${PREFIX}kpod`]: join(root, "src/main.ts") },
    external: (id, importer) => isBuiltin(id) && !importer?.endsWith(".ts"),
    preserveEntrySignatures: "allow-extension",
    treeshake: { moduleSideEffects: (id) => id.includes("/node_modules/") },
    plugins: [
      typescript({ KPOD_VERSION: JSON.stringify(version) }),
      nodeResolve({ exportConditions: ["node"], preferBuiltins: true }),
      commonjs({ ignoreDynamicRequires: true }),
    ],
    onwarn(warning, warn) {
      if (!expected.has(warning.code)) warn(warning);
    },
  });
  try {
    let ownerOf;
    const { output } = await bundle.generate({
      format: "cjs",
      exports: "named",
      esModule: false,
      freeze: false,
      strict: false,
      interop: "default",
      externalLiveBindings: false,
      hoistTransitiveImports: false,
      dynamicImportInCjs: false,
      minifyInternalExports: false,
      generatedCode: { constBindings: true, arrowFunctions: true, objectShorthand: true },
      entryFileNames: "[name].cjs",
      chunkFileNames: "[name].cjs",
      manualChunks(id, { getModuleInfo, getModuleIds }) {
        ownerOf ??= packOf(root, getModuleInfo, [...getModuleIds()]);
        return `${PREFIX}${ownerOf(id)}`;
      },
    });
    const packs = {};
    for (const { fileName, code } of output) {
      const name = fileName.slice(PREFIX.length, -".cjs".length);
      if (!Object.hasOwn(PACKS, name)) throw new Error(`${fileName} is no pack: what is it made of?`);
      packs[name] = await packText(name, code, name === "kpod" ? commands : []);
    }
    return packs;
  } finally {
    await bundle.close();
  }
}
