import { closeSync, existsSync, mkdirSync, openSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Journal } from "../../../src/lib/doctor/mend/journal";
import { mendFinding } from "../../../src/lib/doctor/mend/mend";
import { examinedBy } from "../../helpers/doctor";
import { testdir } from "../../helpers/testdir";
import { versionServer, versionWorld } from "../../helpers/version-worlds";

function old(path: string): void {
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}

test("what pulls and execs have left in temporary directories, as far as nobody has it open", async () => {
  const directory = versionWorld("1.26");
  const { server } = versionServer(directory, { kpodStateDir: join(directory, "state") });
  const place = testdir({});
  const options = { temporaryDirectories: [place] };
  const checks = ["storage.temp-left", "proc.exec-piled"];
  const [tree, file, used, own] = [
    "container_images_storage12",
    "oci34",
    "container_images_56",
    "kpod-pull-aB3dE6",
  ].map((name) => join(place, name)) as [string, string, string, string];
  const others = ["storage-of-mine", "kpod-pull-of-mine"].map((name) => join(place, name));
  for (const directory of [tree, own]) mkdirSync(join(directory, "blobs"), { recursive: true });
  for (const path of [file, used, ...others]) writeFileSync(path, "bytes");
  // Somebody is at work there, whoever it is.
  expect(await examinedBy(server, checks, options)).toEqual([]);
  for (const path of [tree, file, used, own, ...others]) old(path);
  const fd = openSync(used, "r");
  try {
    const found = await examinedBy(server, checks, options);
    expect(found.map(({ id, severity, object, mend }) => [id, severity, object.path, mend.class])).toEqual(
      expect.arrayContaining([
        ["storage.temp-left", "leaks", tree, "S"],
        ["storage.temp-left", "leaks", file, "S"],
        ["storage.temp-left", "leaks", own, "S"],
      ]),
    );
    expect(found).toHaveLength(3);
    const journal = Journal.begin(server.config);
    try {
      for (const finding of found)
        await mendFinding(server, finding, journal, { live: true, quick: false, ...options });
    } finally {
      journal.close();
    }
    const paths = [tree, file, own, used, ...others];
    expect(paths.filter((path) => existsSync(path))).toEqual([used, ...others]);
    expect(await examinedBy(server, checks, options)).toEqual([]);
  } finally {
    closeSync(fd);
  }

  for (let number = 0; number < 9; number++) writeFileSync(join(place, `exec-process-${number}`), "{}");
  for (let number = 0; number < 9; number++) old(join(place, `exec-process-${number}`));
  // A few are left by any CRI-O that was killed.
  const words = ["proc.exec-piled"];
  expect(await examinedBy(server, words, options)).toEqual([]);
  writeFileSync(join(place, "exec-process-9"), "{}");
  expect(await examinedBy(server, words, options)).toEqual([]);
  old(join(place, "exec-process-9"));
  expect(await examinedBy(server, words, options)).toMatchObject([
    { id: "proc.exec-piled", severity: "leaks", object: { path: place }, mend: { class: "S" } },
  ]);
});
