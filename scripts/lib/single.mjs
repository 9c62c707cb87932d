// Makes kpod one executable file: a copy of node with the bundle and the native addon inside. Node calls it a single
// executable application, https://nodejs.org/docs/latest-v20.x/api/single-executable-applications.html.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { COMMON } from "./pack.mjs";
import { ScriptError, leanEnvironment, runProgram } from "./run.mjs";

// By these node finds what was put into it.
const RESOURCE = "NODE_SEA_BLOB";
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** There is no directory of packages beside the executable: the addon comes out of it. */
const embeddedAddon = {
  name: "embedded-addon",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/koffi$/ }, ({ resolveDir }) => ({
      path: join(resolveDir, "koffi-embedded.ts"),
    }));
  },
};

async function bundle(root, outfile) {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  await build({
    absWorkingDir: root,
    ...COMMON,
    stdin: {
      contents: 'import { run } from "./main"; void run(process.argv.slice(2));',
      resolveDir: join(root, "src"),
      loader: "ts",
    },
    outfile,
    format: "cjs",
    external: [],
    // Only modules that are built in can be imported; the bundle holds all others, and runs them when called.
    supported: { "dynamic-import": false },
    define: { KPOD_VERSION: JSON.stringify(version) },
    plugins: [...COMMON.plugins, embeddedAddon],
  });
}

function addonOf(root) {
  const { arch } = process;
  return join(root, `node_modules/@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
}

async function runNode(args, what) {
  const { code, output } = await runProgram(process.execPath, args, { env: leanEnvironment() });
  if (code !== 0) throw new ScriptError(`${what} failed:\n${output.trimEnd()}`);
}

/** What node takes in: the bundle, its compiled code and the addon. */
async function makeBlob(root, directory) {
  const main = join(directory, "kpod.cjs");
  const output = join(directory, "kpod.blob");
  await bundle(root, main);
  const config = join(directory, "sea-config.json");
  const assets = { "koffi.node": addonOf(root) };
  const options = { disableExperimentalSEAWarning: true, useCodeCache: true };
  writeFileSync(config, JSON.stringify({ main, output, assets, ...options }));
  await runNode(["--experimental-sea-config", config], "preparing the executable");
  return output;
}

/** See single.d.mts. */
export async function buildSingle(root, path) {
  const node = realpathSync(process.execPath);
  if (!readFileSync(node).includes(FUSE)) {
    throw new ScriptError(`${node} takes no application in: use the node of nodejs.org for this`);
  }
  const directory = join(dirname(path), `.kpod.${process.pid}`);
  mkdirSync(directory, { recursive: true });
  try {
    const blob = await makeBlob(root, directory);
    const program = join(directory, "kpod");
    copyFileSync(node, program);
    const postject = join(root, "node_modules/postject/dist/cli.js");
    await runNode([postject, program, RESOURCE, blob, "--sentinel-fuse", FUSE], "writing the executable");
    chmodSync(program, 0o755);
    renameSync(program, path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
