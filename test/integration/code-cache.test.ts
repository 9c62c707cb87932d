import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathsBelow } from "../helpers/listing";
import { runProcess, type ProcessResult } from "../helpers/process";
import { testdir } from "../helpers/testdir";

const repository = join(__dirname, "../..");
const keeps = Number(process.versions.node.split(".")[0]) >= 22;
const directory = testdir({ "root/overlay-containers/containers.json": "[]", "home/": null });
const cache = join(directory, "home/.cache/kpod");

beforeAll(() => {
  for (const name of ["bin", "dist"])
    cpSync(join(repository, name), join(directory, name), { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(directory, "node_modules"));
});

afterEach(() => {
  rmSync(join(directory, "home"), { recursive: true });
  mkdirSync(join(directory, "home"));
});

function list(env: Readonly<Record<string, string | undefined>> = {}): Promise<ProcessResult> {
  const words = ["--root", join(directory, "root"), "ps", "-a", "--format", "json"];
  const home = { HOME: join(directory, "home"), XDG_CACHE_HOME: undefined };
  return runProcess(join(directory, "bin/kpod"), words, { env: { ...home, ...env } });
}

const listed = { exitCode: 0, stdout: "[]\n", stderr: "" };
const places = (): string[] => ["bin", "dist", "root"].flatMap((name) => pathsBelow(join(directory, name)));

test("nothing is written beside the package, and what is kept of it where node can keep it", async () => {
  const before = places();
  for (let call = 0; call < 3; call++) expect(await list()).toEqual(listed);
  expect(places()).toEqual(before);
  expect(readdirSync(join(directory, "home"))).toEqual(keeps ? [".cache"] : []);
  const caches = join(directory, "home/caches");
  expect(await list({ XDG_CACHE_HOME: caches })).toEqual(listed);
  if (keeps) expect(readdirSync(join(caches, "kpod"))).toHaveLength(1);
});

test("what others may write is neither read nor written, and no home is no error", async () => {
  mkdirSync(cache, { recursive: true });
  chmodSync(cache, 0o777);
  expect(await list()).toEqual(listed);
  expect(readdirSync(cache)).toEqual([]);
  expect(await list({ HOME: undefined })).toEqual(listed);
  expect(await list({ HOME: "/proc/nowhere" })).toEqual(listed);
});
