// Bundles the command line into a few files, the packs, each of which node reads at once and V8 compiles as one
// script. A pack is opened when something in it is wanted first.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, relative } from "node:path";
import { build, transform } from "esbuild";

/**
 * What each pack is made of: these modules and what they import, unless it belongs to a pack above. What stands here
 * is a part of its own, and so is loaded only where it is used; what no pack names comes into the last one.
 */
const PACKS = {
  kpod: [
    "src/main.ts",
    "src/cli/start.ts",
    "src/lib/config/index.ts",
    "src/lib/container-server.ts",
    "src/commands/ps.ts",
  ],
  flags: ["node_modules/commander/esm.mjs"],
  toml: ["src/lib/config/toml-parser.ts"],
  complete: ["src/cli/completion/answer.ts"],
  look: [
    "src/commands/inspect.ts",
    "src/commands/logs.ts",
    "src/commands/stats.ts",
    "src/lib/operations/container-data.ts",
    "src/lib/operations/inspect.ts",
    "src/lib/operations/logs.ts",
    "src/lib/operations/stats.ts",
    "src/lib/operations/storage-container.ts",
  ],
  more: [
    "src/cli/report.ts",
    "src/lib/hooks/read-hooks.ts",
    "src/lib/oci/conmon.ts",
    "src/lib/oci/runtime-call.ts",
    "src/lib/operations/kill.ts",
    "src/lib/operations/pause.ts",
    "src/lib/operations/remove.ts",
    "src/lib/operations/rename.ts",
    "src/lib/operations/stop.ts",
    "src/lib/operations/wait.ts",
    "src/lib/storage/image-server.ts",
    "src/lib/storage/images.ts",
    "src/lib/storage/runtime-server.ts",
  ],
};

/** The packs that hold a package alone. */
const PACKAGES = { flags: "commander", toml: "@iarna/toml" };

const COMMANDER = /[/\\]node_modules[/\\]commander[/\\]lib[/\\]command\.js$/;

/**
 * commander loads node:child_process for commands that are programs of their own. kpod has none, and loading it
 * takes longer than all the rest of commander.
 */
const leanCommander = {
  name: "lean-commander",
  setup({ onLoad }) {
    onLoad({ filter: COMMANDER }, async ({ path }) => {
      const before = "const childProcess = require('node:child_process');";
      const contents = await readFile(path, "utf8");
      if (!contents.includes(before)) throw new Error(`${path} does not hold: ${before}`);
      return { contents: contents.replace(before, "const childProcess = undefined;"), loader: "js" };
    });
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

/**
 * The code of a chunk with what it imports loaded where it is used first instead of at the beginning: other chunks,
 * and node's own modules, of which some take longer to load than kpod takes for a list. Only fs and path are always
 * there. None of our modules does anything when it is loaded but define what it exports, so that the order does not
 * matter.
 */
function lazyImports(code) {
  const imports = [
    ...code.matchAll(/var (import_\w+)=require\("(\.\/[\w.-]+|node:(?!(?:fs|path)")[\w/]+)"\);/g),
  ];
  return imports.reduce(
    (text, [statement, variable, module]) =>
      text.replace(statement, "").replace(new RegExp(`\\b${variable}\\b`, "g"), `(require("${module}"))`),
    code,
  );
}

/** A chunk as the body of a function: esbuild splits only ES modules, and node starts CommonJS faster. */
async function partOf({ path, text }) {
  const { code } = await transform(text, {
    format: "cjs",
    platform: "node",
    target: "node20",
    charset: "ascii",
    minifyWhitespace: true,
    supported: { "dynamic-import": false },
  });
  return `${JSON.stringify(nameOf(path))}:function(exports,require,module,__filename){${lazyImports(code)}}`;
}

function nameOf(path) {
  return `./${basename(path)}`;
}

/** Which pack each chunk belongs to. */
function sortIntoPacks(outputs) {
  const chunkOf = (module) => {
    const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(module));
    if (found === undefined) throw new Error(`${module}, which PACKS names, is not there`);
    return found[0];
  };
  const packOf = new Map();
  const entries = Object.entries(PACKS).map(([pack, modules]) => [pack, modules.map(chunkOf)]);
  for (const [pack, chunks] of entries) for (const chunk of chunks) packOf.set(chunk, pack);
  // The body of a package that is CommonJS is a chunk beside that of its entry.
  for (const [chunk, { inputs }] of Object.entries(outputs)) {
    const paths = Object.keys(inputs);
    for (const [pack, name] of Object.entries(PACKAGES))
      if (paths.some((path) => path.includes(`node_modules/${name}/`))) packOf.set(chunk, pack);
  }
  for (const [pack, chunks] of entries) {
    const own = new Set(chunks);
    for (const chunk of own) {
      for (const { path, kind, external } of outputs[chunk].imports) {
        if (external === true || kind !== "import-statement" || packOf.has(path)) continue;
        packOf.set(path, pack);
        own.add(path);
      }
    }
  }
  return packOf;
}

/** The first line names the content, for what is cached of it, and what else a reader of the file wants to know. */
function withHead(body, words = []) {
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 16);
  return `//${[hash, ...words].join(" ")}\n${body}`;
}

function partsText(parts) {
  return `{\n${parts.join(",\n")}\n}`;
}

/**
 * The texts of the packs by their names. A pack is an expression: its parts by name, and in the first pack what runs
 * them, a function of node's `require`, of what opens another pack, of the pack's own path and of the words after
 * `kpod`. A part runs when it is first required.
 */
export async function makePacks(root, { version, commands }) {
  const { outputFiles, metafile } = await build({
    ...COMMON,
    absWorkingDir: root,
    entryPoints: Object.values(PACKS).flat(),
    outbase: ".",
    outdir: root,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    splitting: true,
    format: "esm",
    write: false,
    metafile: true,
    define: { KPOD_VERSION: JSON.stringify(version) },
  });
  const packOf = sortIntoPacks(metafile.outputs);
  const parts = Object.fromEntries(Object.keys(PACKS).map((pack) => [pack, []]));
  const places = {};
  for (const file of outputFiles) {
    const pack = packOf.get(relative(root, file.path)) ?? "more";
    parts[pack].push(await partOf(file));
    if (pack !== "kpod") places[nameOf(file.path)] = pack;
  }
  const [main] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === "src/main.ts");
  const body = `(function(nodeRequire,openPack,filename,argv){"use strict";
const parts=${partsText(parts.kpod)};
const places=${JSON.stringify(places)};
const packs={};
const loaded={};
function load(name){
let module=loaded[name];
if(module!==undefined)return module.exports;
const place=places[name];
if(place!==undefined)packs[place]??=openPack(place);
const part=place===undefined?parts[name]:packs[place][name];
if(part===undefined)return nodeRequire(name);
module=loaded[name]={exports:{},require:load};
part(module.exports,load,module,filename);
return module.exports;
}
return load(${JSON.stringify(nameOf(main))}).run(argv);
})
`;
  const others = Object.entries(parts).filter(([pack]) => pack !== "kpod");
  return {
    kpod: withHead(body, commands),
    ...Object.fromEntries(others.map(([pack, own]) => [pack, withHead(`(${partsText(own)})\n`)])),
  };
}
