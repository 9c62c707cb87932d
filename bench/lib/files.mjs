// What commands of images and file systems are measured on: a container with many files, a store with many images, and
// an image of one large layer.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxImage } from "../../scripts/lib/image.mjs";
import { ScriptError, runProgram } from "../../scripts/lib/run.mjs";
import { BENCH_DIRECTORY } from "./bench-layout.mjs";

/** As many as an interpreter and its modules are that somebody installs in a container; most containers write far fewer. */
const FILES = 20_000;
const SMALL_FILE = Buffer.alloc(4096, "kpod ");
const LARGE_FILE_BLOCKS = 200;
const BLOCK = Buffer.alloc(1024 * 1024, "0123456789abcdef");

/** The layer of a running container of a world: its id and name in Kubernetes, its directory of changes and its file system. */
export function containerOf({ layout }, name) {
  const records = JSON.parse(readFileSync(join(layout.root, "overlay-containers/containers.json"), "utf8"));
  const record = records.find(({ metadata }) => JSON.parse(metadata)["metadata-name"] === name);
  const layer = join(layout.root, "overlay", record.layer);
  return { id: record.id, name, upper: join(layer, "diff"), merged: join(layer, "merged") };
}

/** Writes files into a container: many small ones and a large one below /data. */
export function fillContainer({ merged }) {
  const data = join(merged, "data");
  if (existsSync(join(data, "large"))) return;
  for (let number = 0; number < FILES; number++) {
    const directory = join(data, String(number % 200));
    if (number < 200) mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `file-${number}`), SMALL_FILE);
  }
  writeBlocks(join(data, "large"), LARGE_FILE_BLOCKS);
}

/** Has a container run so many processes, its first among them. */
export async function crowdContainer(world, name, count) {
  // Once, also where the node was kept.
  const script = `mkdir /crowd || exit 0; for i in $(seq ${count - 1}); do sleep 1000000 < /dev/null > /dev/null 2>&1 & done`;
  const { program, args, environment } = world.command("executable", "exec", name, "sh", "-c", script);
  await must(program, args, environment);
}

function writeBlocks(path, blocks) {
  const file = openSync(path, "w");
  for (let written = 0; written < blocks; written++) writeSync(file, BLOCK);
  closeSync(file);
}

/** Loads images into a world until it has so many; they share their layer. */
export async function fillImages(world, count) {
  const { program, args, environment } = world.command("executable", "load", "-q");
  const records = readFileSync(join(world.layout.root, "overlay-images/images.json"), "utf8");
  for (let number = JSON.parse(records).length; number < count; number++) {
    const name = `localhost/other-${number}:latest`;
    const directory = join(BENCH_DIRECTORY, "images", `other-${number}`);
    const { ociArchive } = makeBusyboxImage(directory, { name, config: { Labels: { number: `${number}` } } });
    await must(program, [...args, ociArchive], environment);
  }
}

/** Makes an archive of an image with one layer of 1 GB; gives back its path and the image's name. */
export async function largeImage() {
  const directory = join(BENCH_DIRECTORY, "images/large");
  const archive = join(directory, "image.tar");
  const name = "localhost/large:latest";
  if (existsSync(archive)) return { archive, name };
  mkdirSync(directory, { recursive: true });
  const within = (path) => join(directory, path);
  writeBlocks(within("large"), 1024);
  await must("tar", ["--create", `--file=${within("layer.tar")}`, `--directory=${directory}`, "large"]);
  const digest = (await must("sha256sum", [within("layer.tar")])).split(" ")[0];
  const rootfs = { type: "layers", diff_ids: [`sha256:${digest}`] };
  writeFileSync(
    within("config.json"),
    JSON.stringify({ architecture: goArchitecture(), os: "linux", rootfs }),
  );
  const id = (await must("sha256sum", [within("config.json")])).split(" ")[0];
  const entry = { Config: `${id}.json`, RepoTags: [name], Layers: ["layer.tar"] };
  writeFileSync(within("manifest.json"), JSON.stringify([entry]));
  const renamed = `--transform=s/^config.json$/${id}.json/`;
  const members = ["manifest.json", "config.json", "layer.tar"];
  await must("tar", ["--create", `--file=${archive}`, `--directory=${directory}`, renamed, ...members]);
  await must("rm", [within("large"), within("layer.tar")]);
  return { archive, name };
}

const goArchitecture = () => (process.arch === "x64" ? "amd64" : process.arch);

async function must(program, args, environment = {}) {
  const { code, output } = await runProgram(program, args, { env: { ...process.env, ...environment } });
  if (code !== 0) throw new ScriptError(`${program} ${args.join(" ")} failed:\n${output.trimEnd()}`);
  return output;
}
